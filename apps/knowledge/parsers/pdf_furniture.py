"""Drop what a PDF repeats on every page: running headers and footers, page numbers, contents."""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from apps.knowledge.parsers.lawtext import read_structure
from apps.knowledge.parsers.pdf_lines import Line

_DIGITS = re.compile(r"\d+")
_LEADER = re.compile(r"(?:(?:\.\s?){4,}|…{2,}|_{4,})[\s|]*(\d{1,4})\s*$")
_PAGE_NUMBER = re.compile(
    r"^(?:[-–—]\s*)?(?:page|p\.)?\s*\d{1,4}\s*(?:(?:/|sur|of|de)\s*\d{1,4})?(?:\s*[-–—])?$", re.IGNORECASE
)
_PRODUCER = re.compile(r"^powered by tcpdf \(www\.tcpdf\.org\)$", re.IGNORECASE)
_RULE = re.compile(r"^[_=*~.·•-]{5,}$")
# Share of the page's height at its top and bottom in which furniture stands.
_MARGIN = 0.14
_MIN_PAGES = 3
_MIN_SHARE = 0.3
# What stands on most pages may reach further in: forms carry headers of several lines.
_DEEP_MARGIN = 0.25
_DEEP_SHARE = 0.6


def without_furniture(pages: Sequence[Sequence[Line]]) -> tuple[tuple[Line, ...], ...]:
    """Give each page's lines without those that carry no content of their own."""
    repeated = _repeated(pages)
    kept = (_without_contents(lines, n_pages=len(pages)) for lines in pages)
    return tuple(tuple(line for line in lines if not _is_furniture(line, repeated)) for lines in kept)


def _without_contents(lines: Sequence[Line], *, n_pages: int) -> Sequence[Line]:
    """Drop a table of contents: dotted lines whose numbers are pages that never go back."""
    found = [(index, int(match[1])) for index, line in enumerate(lines) if (match := _LEADER.search(line.text))]
    numbers = [number for _, number in found]
    forward = sum(left <= right for left, right in pairwise(numbers))
    # Amounts are printed after dots too, but are no page numbers.
    if len(found) < 3 or max(numbers) > n_pages + 5 or forward < 0.8 * (len(numbers) - 1):
        return lines
    if len(found) >= 5 and len(found) >= 0.3 * len(lines):
        # The lines between are the upper halves of broken entries.
        return lines[: found[0][0]]
    leaders = {index for index, _ in found}
    return [line for index, line in enumerate(lines) if index not in leaders]


def _is_furniture(line: Line, repeated: frozenset[str]) -> bool:
    if _RULE.match(line.text) or _PRODUCER.match(line.text):
        return True
    if not _in_margin(line, _DEEP_MARGIN):
        return False
    # Columns often begin with "ARTICLE 5": the same words at the same place, and yet no header.
    is_repeated = _pattern(line) in repeated and read_structure(line.text) is None
    return is_repeated or (_in_margin(line, _MARGIN) and _PAGE_NUMBER.match(line.text) is not None)


def _repeated(pages: Sequence[Sequence[Line]]) -> frozenset[str]:
    """Patterns (digits masked) that stand in the margins of many pages."""
    written = sum(1 for lines in pages if lines)
    return _common(pages, _MARGIN, max(_MIN_PAGES, _MIN_SHARE * written)) | _common(
        pages, _DEEP_MARGIN, max(_MIN_PAGES, _DEEP_SHARE * written)
    )


def _common(pages: Sequence[Sequence[Line]], margin: float, min_pages: float) -> frozenset[str]:
    counts = Counter(
        pattern for lines in pages for pattern in {_pattern(line) for line in lines if _in_margin(line, margin)}
    )
    return frozenset(pattern for pattern, n_pages in counts.items() if n_pages >= min_pages)


def _in_margin(line: Line, share: float) -> bool:
    return line.y < share * line.page_height or line.y + line.height > (1 - share) * line.page_height


def _pattern(line: Line) -> str:
    return f"{_DIGITS.sub('#', line.text)}@{round(line.y / 6)}"
