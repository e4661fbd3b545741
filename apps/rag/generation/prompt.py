"""What a language model sees: rules, numbered passages as untrusted text, the question."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from datetime import timedelta

from django.utils.translation import override

from apps.rag.config import RagConfig
from apps.rag.generation.markers import markers
from apps.rag.generation.templates import Template, template, versions_of_all
from apps.rag.ports import ChatTurn
from apps.rag.types import Passage, Question, RankedPassage, display_locator
from kauri.lib.countries import country_label

# An answer made with other rules is another answer: part of the key that answers are kept by.
PROMPT_VERSION = versions_of_all()
NO_TEXT = "AUCUN_TEXTE"
_CHARS_PER_TOKEN = 3.4  # French legal text, on the careful side
_MIN_PASSAGE_CHARS = 400
_MAX_LABEL_CHARS = 200
_FRAME_CHARS = 150  # of a number, a seal twice, the country and the dates
_MAX_HISTORY = 3
_LANGUAGES = ("fr", "en")


def build_prompt(question: Question, passages: Sequence[RankedPassage], config: RagConfig) -> tuple[ChatTurn, ...]:
    """Return the messages for a question. Marker [n] names `passages[n - 1]`, whatever the order of display."""
    language = question.language if question.language in _LANGUAGES else _LANGUAGES[0]
    wording = template(f"answer.{language}")
    shown = within_budget(passages, config.context_tokens)
    seal = _seal(ranked.passage.text for ranked in passages)
    rules = wording.fill(
        "rules",
        as_of=f"{question.scope.as_of:%d/%m/%Y}",
        no_text=NO_TEXT,
        seal=seal,
        max_sentences=config.max_answer_sentences,
    )
    with override(language):
        context = _context(shown, seal, wording)
    earlier = [wording.fill("earlier", text=_defuse(text, seal)) for text in question.history[-_MAX_HISTORY:]]
    asked = "\n".join([*earlier, wording.fill("question", text=_defuse(question.text, seal))])
    return (ChatTurn("system", rules), ChatTurn("user", f"{context}\n\n{asked}".strip()))


def within_budget(passages: Sequence[RankedPassage], max_tokens: int) -> tuple[tuple[int, Passage, str], ...]:
    """Return (number, passage, text) of the best passages that fit; the last one may be cut at a line or word."""
    left = int(max_tokens * _CHARS_PER_TOKEN)
    shown: list[tuple[int, Passage, str]] = []
    for number, ranked in enumerate(passages, start=1):
        text = ranked.passage.text
        left -= _n_label_chars(ranked.passage)
        if len(text) > left:
            if left >= _MIN_PASSAGE_CHARS:
                shown.append((number, ranked.passage, text[:left].rsplit(maxsplit=1)[0]))
            break
        shown.append((number, ranked.passage, text))
        left -= len(text)
    return tuple(shown)


def _n_label_chars(passage: Passage) -> int:
    """Return what a passage costs beside its text; titles that several share are counted for each."""
    labels = (passage.document_title, passage.locator, *passage.heading_path)
    return _FRAME_CHARS + sum(min(len(label), _MAX_LABEL_CHARS) for label in labels)


def _context(shown: Sequence[tuple[int, Passage, str]], seal: str, wording: Template) -> str:
    """Write passages grouped by document in order of their best one, in reading order within a document."""
    first_seen = {passage.version_id: number for number, passage, _ in reversed(shown)}
    ordered = sorted(shown, key=lambda entry: (first_seen[entry[1].version_id], entry[1].ordinal))
    lines: list[str] = []
    previous: Passage | None = None
    for number, passage, text in ordered:
        if previous is None or previous.version_id != passage.version_id:
            lines.append(f"\n# {_label(passage.document_title, seal)}{_nature(passage, wording)}")
        if not _is_neighbour(previous, passage):
            path = [_label(heading, seal) for heading in passage.heading_path]
            lines.append(f"## {' › '.join(path)}" if path else "")
        place = _label(display_locator(passage.locator, passage.code), seal)
        lines.append(
            f"[{number}] {place}{_period(passage, wording)}\n<passage-{seal}>\n{_defuse(text, seal)}\n</passage-{seal}>"
        )
        previous = passage
    return "\n".join(line for line in lines if line).strip()


def _is_neighbour(previous: Passage | None, passage: Passage) -> bool:
    return (
        previous is not None
        and previous.version_id == passage.version_id
        and previous.ordinal + 1 == passage.ordinal
        and previous.heading_path == passage.heading_path
    )


def _nature(passage: Passage, wording: Template) -> str:
    country = [wording.fill("national", country=country_label(passage.country))] if passage.country else []
    words = [*country, *([wording.fill("sample")] if passage.kind == "sample" else [])]
    return f" ({'; '.join(words)})" if words else ""


def _period(passage: Passage, wording: Template) -> str:
    """Say since when a passage is in force and until when; its end is the first day without it."""
    start, end = passage.in_force.start, passage.in_force.end
    if not (start or end):
        return f" ({wording.fill('undated')})"
    name = "between" if start and end else "since" if start else "until"
    last = end - timedelta(days=1) if end else None
    days = {"start": f"{start:%d/%m/%Y}" if start else "", "end": f"{last:%d/%m/%Y}" if last else ""}
    return f" ({wording.fill(name, **days)})"


def _seal(texts: Iterable[str]) -> str:
    """Return a word that no passage can contain by design: it is made from all of them."""
    return hashlib.sha256("\x00".join(texts).encode()).hexdigest()[:12]


def _label(text: str, seal: str) -> str:
    """Return a title for one line: it stands outside the frames, and whoever wrote the document wrote it too."""
    return _defuse(" ".join(text.split()), seal)[:_MAX_LABEL_CHARS]


def _defuse(text: str, seal: str) -> str:
    """Keep a text from closing its frame, from opening one, and from looking like a marker or a chat role."""
    framed = text.replace(seal, "").replace("<", "‹").replace(">", "›")
    for marker in reversed(markers(framed)):
        framed = f"{framed[: marker.start]}({framed[marker.start + 1 : marker.end - 1]}){framed[marker.end :]}"
    return re.sub(r"(?im)^\s*(system|assistant|user)\s*:", r"\1 -", framed)
