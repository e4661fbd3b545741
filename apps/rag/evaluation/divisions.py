"""Gives the articles of a law their headings back, where whoever cut the law left them in the wrong passage.

What is cut at "Article 13" alone ends with the headings that stand above article 14: "Chapitre 3 - Dénomination
sociale". They say nothing of article 13, and all that follows stands under them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_LEVELS = (
    "partie",
    "livre",
    "titre",
    "sous-titre",
    "chapitre",
    "sous-chapitre",
    "section",
    "sous-section",
    "paragraphe",
    "sous-paragraphe",
)
_RUBRIC = len(_LEVELS)  # a title without a number, below all that have one
_NUMBERED = re.compile(
    rf"(?i)(?P<level>{'|'.join(sorted(_LEVELS, key=len, reverse=True))})\s+"
    r"(?:\d+|[ivxl]+|premi[eè]re?|1er|pr[ée]liminaire|unique)\b\s*(?:[-–—:.]\s*(?P<title>.*))?"
)
_LETTER = re.compile(r"[^\W\d_]")  # a line without one is a page number
_MAX_CHARS = 160
_MAX_RUBRIC_CHARS = 80
_SENTENCE = re.compile(r"(?i)(?:l[ea]s?|l['’]|une?|il|elle|ils|elles|ce|cette|sont|est)\b")
_ENDS = (".", ";", ":", ",", "!", "?", "»", ")")


def undivided(texts: Iterable[str]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield each passage of one law without the headings at its end, and the headings that it stands under.

    Outermost first, as they are written. Texts come in the order of the law.
    """
    above: dict[int, str] = {}
    for text in texts:
        own, headings = _parted(text)
        yield own, tuple(above[level] for level in sorted(above))
        for level, heading in headings:
            above = {higher: each for higher, each in above.items() if higher < level} | {level: heading}


def _parted(text: str) -> tuple[str, list[tuple[int, str]]]:
    """Split a passage into its own text and the (level, heading) pairs at its end."""
    lines = text.rstrip().split("\n")
    start = len(lines)
    while start > 1 and _may_head(lines[start - 1]):
        start -= 1
    # what opens no heading is the end of a sentence that lost its full stop
    while start < len(lines) and not (_numbered(lines[start]) or _is_rubric(lines, start)):
        start += 1
    headings: list[tuple[int, str]] = []
    for line in filter(_LETTER.search, map(str.strip, lines[start:])):
        numbered = _numbered(line)
        if numbered:
            headings.append((_LEVELS.index(numbered["level"].lower()), line))
        elif headings and (line[0].islower() or not _title(headings[-1][1])):
            headings[-1] = (headings[-1][0], f"{headings[-1][1]} {line}")
        else:
            headings.append((_RUBRIC, line))
    return "\n".join(lines[:start]).rstrip(), headings


def _numbered(line: str) -> re.Match[str] | None:
    line = line.strip()
    return _NUMBERED.fullmatch(line) if line[:1].isupper() else None


def _may_head(line: str) -> bool:
    line = line.strip()
    return bool(line) and len(line) <= _MAX_CHARS and not line.endswith(_ENDS)


def _is_rubric(lines: list[str], at: int) -> bool:
    """Tell whether the last line is a title without a number: short, with a capital, after a full stop."""
    line = lines[at].strip()
    is_short = at == len(lines) - 1 and len(line) <= _MAX_RUBRIC_CHARS
    is_title = line[0].isupper() and not _SENTENCE.match(line)
    return is_short and is_title and lines[at - 1].rstrip().endswith(".")


def _title(heading: str) -> str:
    numbered = _numbered(heading)
    return (numbered["title"] or "").strip() if numbered else heading
