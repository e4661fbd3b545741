"""The reader's lines: tables out of their rows."""

from apps.knowledge.templatetags.reading import blocks
from apps.knowledge.types import ReaderRun


def line(*runs: tuple[str, bool]) -> tuple[ReaderRun, ...]:
    return tuple(ReaderRun(text, is_marked=is_marked) for text, is_marked in runs)


def test_rows_of_one_width_become_a_table_and_keep_their_marks() -> None:
    lines = [
        line(("Les deux formes diffèrent.", False)),
        line(("Point | SARL | SA", False)),
        line(("Capital | 1 000 000 F", False), (" CFA | 10 000 000 F CFA", True)),
    ]

    paragraph, table = blocks(lines)

    assert paragraph.line == lines[0]
    assert not paragraph.rows
    head, row = table.rows
    assert head == (line(("Point", False)), line(("SARL", False)), line(("SA", False)))
    assert row[1] == line(("1 000 000 F", False), (" CFA", True))
    assert row[2] == line(("10 000 000 F CFA", True))


def test_a_single_line_with_a_bar_stays_a_paragraph() -> None:
    only = line(("débit | crédit", False))

    assert [block.line for block in blocks([only])] == [only]
