"""Releasing an answer piece by piece: hold until whole, check, renumber, send; never take back."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _
from django.utils.translation import override

from apps.rag.generation.citations import citation, quotes_before
from apps.rag.generation.framing import introduces, is_structure
from apps.rag.generation.grounding import Checked, Context, check, open_context
from apps.rag.generation.markers import markers, released_markers, rewrite
from apps.rag.generation.sentences import next_piece_end
from apps.rag.types import CitationAdded, Passage, Question, TextDelta

ReleaseEvent = TextDelta | CitationAdded


@dataclass(frozen=True, slots=True)
class Counts:
    """Pieces with words that were sent or left out, and results that Kauri computed again."""

    n_sentences: int = 0
    n_dropped: int = 0
    n_computed: int = 0


class Releaser:
    """The state of one answer's release. Feed it a draft; it yields checked text and citations.

    Markers of the draft count `passages` from 1; released markers count cited passages from 1 in order of
    appearance. Headings and introductions are held until something that they introduce is released.
    """

    def __init__(self, question: Question, passages: Sequence[Passage]) -> None:
        self.counts = Counts()
        self.text_length = 0
        self._language = question.language
        self._passages = tuple(passages)
        self._context: Context = open_context(question, passages)
        self._buffer = ""
        self._held = ""
        self._n_newlines = 0
        self._numbers: dict[int, int] = {}

    @property
    def has_released(self) -> bool:
        """Whether any text left."""
        return self.text_length > 0

    def feed(self, delta: str) -> Iterator[ReleaseEvent]:
        """Take more of the draft and yield what became whole and passed its check."""
        self._buffer += delta
        yield from self._drain(is_last=False)

    def close(self, *, is_complete: bool = True) -> Iterator[ReleaseEvent]:
        """Yield what is left; with `is_complete` false, an unfinished last sentence is left out and counted."""
        if is_complete:
            yield from self._drain(is_last=True)
        elif self._buffer.strip():
            self.counts = replace(self.counts, n_dropped=self.counts.n_dropped + 1)
        self._buffer = self._held = ""

    def _drain(self, *, is_last: bool) -> Iterator[ReleaseEvent]:
        while self._buffer:
            end = next_piece_end(self._buffer, is_last=is_last)
            if not end:
                return
            piece, self._buffer = self._buffer[:end], self._buffer[end:]
            yield from self._judge(piece)

    def _judge(self, piece: str) -> Iterator[ReleaseEvent]:
        checked = check(piece, self._context)
        self._context = checked.context
        if not checked.is_kept:
            self.counts = replace(self.counts, n_dropped=self.counts.n_dropped + 1)
            if piece.endswith("\n"):
                self._held += "\n" * (len(piece) - len(piece.rstrip("\n")))
            return
        if checked.is_framing and (introduces(piece) or not self.has_released):
            self._hold(piece)
            return
        self.counts = replace(
            self.counts,
            n_sentences=self.counts.n_sentences + 1,
            n_computed=self.counts.n_computed + checked.n_computed,
        )
        yield from self._send(piece, checked)

    def _hold(self, piece: str) -> None:
        """Keep framing for what follows; a new heading or introduction replaces one that introduced nothing."""
        if not is_structure(piece):
            is_heading = piece.lstrip().startswith("#")
            kept = [line for line in self._held.split("\n") if line.startswith("#") and not is_heading]
            self._held = "\n\n".join(["\n" if self._held.startswith("\n") else "", *kept]) + ("\n\n" if kept else "")
        self._held += piece

    def _send(self, piece: str, checked: Checked) -> Iterator[ReleaseEvent]:
        drafted = [number for marker in markers(piece) for number in dict.fromkeys(marker.numbers)]
        for number in drafted:
            self._numbers.setdefault(number, len(self._numbers) + 1)
        held = _tidy(self._held, self._n_newlines if self.has_released else 2)
        text = held + _mark_computed(rewrite(piece, self._numbers), checked.n_computed, self._language)
        start = self.text_length
        self._held, self.text_length = "", start + len(text)
        self._n_newlines = len(text) - len(text.rstrip("\n"))
        yield TextDelta(text)
        sources = {released: drafted_number - 1 for drafted_number, released in self._numbers.items()}
        for marker in released_markers(text):
            index = sources.get(marker.numbers[0])
            if index is not None:
                located = quotes_before(marker.start - len(held), index, checked.quotes)
                yield CitationAdded(
                    citation(
                        marker.numbers[0], start + marker.start, self._passages[index], claim=piece, located=located
                    )
                )


def _mark_computed(text: str, n_computed: int, language: str) -> str:
    """Say beside a calculation that Kauri computed it again; a table row keeps its cells."""
    if not n_computed or text.lstrip().startswith("|"):
        return text
    body = text.rstrip()
    with override(language):
        note = _("(calculation checked)")
    stop = "." if body.endswith(".") else ""
    return f"{body.removesuffix('.')}\u00a0{note}{stop}{text[len(body) :]}"


def _tidy(held: str, n_newlines: int) -> str:
    """Keep at most one blank line anywhere; the text before ends with `n_newlines`."""
    tidy = re.sub(r"\n\s*\n", "\n\n", held)
    body = tidy.lstrip("\n")
    return "\n" * min(len(tidy) - len(body), max(0, 2 - n_newlines)) + body
