"""Charts of accounts as delimited text: number, label and, where the file says it, the plan."""

import csv
import io
import itertools
import re
from collections import Counter

from apps.knowledge.parsers.cleaning import clean_line
from apps.knowledge.parsers.refusals import Refused
from apps.knowledge.parsers.types import AccountRow, Block, ParsedDocument
from kauri.lib.text import fold

_DELIMITERS = ",;\t|"
# Column names, folded and with "_" for spaces.
_NUMBER_NAME = re.compile(
    r"(?:n°?|no|num|numero|code|number)(?:_(?:de_|du_)?comptes?)?|comptes?(?:_.*)?|account(?:_.*)?"
)
_LABEL_NAME = re.compile(r"(?:libelles?|intitules?|label|designation|nom|name|description)(?:_.*)?")
_PLAN_NAME = re.compile(r"plan(?:_comptable)?|referentiel|systeme|system|norme")
_NUMBER = re.compile(r"^\d{1,10}$")
_LETTERS = re.compile(r"[^\W\d_]{3}")
_SAMPLE_LINES = 50
_MIN_ACCOUNTS = 3


def looks_like_chart(text: str) -> bool:
    """Tell a chart by its header, or without one by numbers in the first and words in another column."""
    rows = _rows(text, max_rows=_SAMPLE_LINES)
    if len(rows) < 2 or max(len(row) for row in rows) < 2:
        return False
    columns = _columns(rows[0])
    if columns is not None:
        numbers = sum(1 for row in rows[1:] if _number(row, columns[0]))
        return numbers > 0 and numbers >= 0.5 * (len(rows) - 1)
    # Without a header only a pure list of accounts, sorted as a chart is, is taken for one.
    accounts = [row for row in rows if 2 <= len(row) <= 4 and len(_number(row, 0)) >= 2 and _LETTERS.search(row[1])]
    return len(accounts) >= max(_MIN_ACCOUNTS, 0.8 * len(rows)) and _is_sorted_as_text(rows)


def is_delimited_table(text: str) -> bool:
    """Tell other delimited data: every line has the same number, two at least, of one delimiter."""
    lines = [line for line in text.splitlines() if line.strip()][:_SAMPLE_LINES]
    if len(lines) < 3:
        return False
    for delimiter in ",;\t":
        counts = {line.count(delimiter) for line in lines}
        if min(counts) >= 2 and (len(counts) == 1 or (max(counts) - min(counts) <= 2 and delimiter != ",")):
            return True
        if min(counts) >= 3 and len({len(row) for row in csv.reader(lines, delimiter=delimiter)}) == 1:
            return True
    return False


def read_chart(text: str) -> ParsedDocument:
    """Read every account row in file order; rows without a number are left out.

    Raises Refused `empty` when no row has a number and a label.
    """
    rows = _rows(text)
    columns = _columns(rows[0])
    number_at, label_at, plan_at = columns or (0, 1, None)
    blocks = []
    for row in rows[1:] if columns else rows:
        number = _number(row, number_at)
        label = clean_line(row[label_at]) if label_at < len(row) else ""
        if number and label:
            plan = clean_line(row[plan_at]) if plan_at is not None and plan_at < len(row) else ""
            blocks.append(Block("account", f"{number} {label}", account=AccountRow(number, label, plan)))
    if not blocks:
        raise Refused("empty")
    return ParsedDocument("chart", tuple(blocks))


def _rows(text: str, *, max_rows: int | None = None) -> list[list[str]]:
    delimiter = _delimiter(text)
    reader = csv.reader(io.StringIO(text.replace("\x00", ""), newline=""), delimiter=delimiter)
    rows: list[list[str]] = []
    try:
        for row in reader:
            if any(cell.strip() for cell in row):
                rows.append(row)
            if max_rows is not None and len(rows) >= max_rows:
                break
    except csv.Error:
        # An unclosed quotation mark or an endless field: what was read so far tells enough to sniff.
        if max_rows is None:
            raise
    return rows


def _delimiter(text: str) -> str:
    """The delimiter that most first lines have, by the header where that is clear."""
    lines = [line for line in text[:20_000].splitlines() if line.strip()][:_SAMPLE_LINES]
    if not lines:
        return ","
    for delimiter in _DELIMITERS:
        if _columns(lines[0].split(delimiter)) is not None:
            return delimiter
    counts = Counter({delimiter: sum(delimiter in line for line in lines) for delimiter in _DELIMITERS})
    return counts.most_common(1)[0][0]


def _columns(header: list[str]) -> tuple[int, int, int | None] | None:
    """Where number, label and plan stand, or None when the row is no header."""
    names = [re.sub(r"[\s.\-]+", "_", fold(cell.strip().strip('"'))).strip("_") for cell in header]
    number = _first(names, _NUMBER_NAME)
    label = _first(names, _LABEL_NAME)
    if number is None or label is None:
        return None
    return number, label, _first(names, _PLAN_NAME)


def _first(names: list[str], known: re.Pattern[str]) -> int | None:
    return next((index for index, name in enumerate(names) if known.fullmatch(name)), None)


def _number(row: list[str], index: int) -> str:
    if index >= len(row):
        return ""
    compact = re.sub(r"[\s.]", "", row[index])
    return compact if _NUMBER.match(compact) and compact[0] != "0" else ""


def _is_sorted_as_text(rows: list[list[str]]) -> bool:
    numbers = [number for number in (_number(row, 0) for row in rows) if number]
    rising = sum(left <= right for left, right in itertools.pairwise(numbers))
    return rising >= 0.9 * (len(numbers) - 1)
