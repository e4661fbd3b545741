"""Framing of server-sent events."""

import json

import pytest

from kauri.lib import sse


def test_no_character_of_a_text_can_end_a_line() -> None:
    text = "a\r\nb\rc\nd\u2028e\u2029f\x85g\x0bh\x0ci\x1cj\x1dk\x1el"
    line = sse.one_line({"delta": text})
    assert line.splitlines() == [line]
    assert json.loads(line) == {"delta": text}


def test_an_event_is_framed_with_its_id() -> None:
    frame = sse.frame(event="response.created", text='{"é":1}', event_id="1-0")
    assert frame == 'id: 1-0\nevent: response.created\ndata: {"é":1}\n\n'.encode()


@pytest.mark.parametrize(("event_id", "seq"), [("", 0), ("7-0", 7), ("7", 7), ("1000000-0", 1_000_000)])
def test_it_reads_the_ids_that_it_wrote(event_id: str, seq: int) -> None:
    assert sse.sequence_of(event_id) == seq


@pytest.mark.parametrize("event_id", ["x", "-1", "7-1", "7-0-0", "٣", "1e3", "9999999999", "7 "])
def test_it_refuses_other_ids(event_id: str) -> None:
    with pytest.raises(ValueError, match="not the id"):
        sse.sequence_of(event_id)
