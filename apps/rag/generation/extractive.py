"""The built-in answerer: the sentences of the texts that answer best, quoted word for word and cited.

It returns a draft whose markers count `result.passages` from 1; the draft goes through the same checks as a
model's. It states nothing of its own.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.utils.translation import override

from apps.rag.analysis import terms
from apps.rag.generation import wording
from apps.rag.generation.asked import Wanted, wanted
from apps.rag.generation.chart_rows import Account, ChartRow, chart_rows, is_chart
from apps.rag.generation.choosing import chosen, sides
from apps.rag.generation.excerpts import Excerpt, Weights, excerpt, weigh, whole
from apps.rag.generation.markers import markers
from apps.rag.generation.sentences import is_list_line
from apps.rag.types import Passage, Question, RankedPassage, SearchResult

_N_CANDIDATES = 6  # passages that are read closely
_MAX_QUOTES = 3
_NEAR_SHARE = 0.7
_LEVEL_SHARE = 0.95
_MAX_ARTICLE_CHARS = 2_000
_EXCERPT_CHARS = (0, 900, 600, 450)  # of each passage, by how many are quoted
_LEAST_CHARS = 420
_MAX_BELOW = 12
_MAX_OTHERS = 3


def draft(question: Question, result: SearchResult) -> str:
    """Return the answer in Markdown, "" when no passage has words to quote."""
    with override(question.language):
        paragraphs = _paragraphs(question, result)
        text = "\n\n".join(paragraphs)
        note = _samples_note(text, result.passages)
    return f"{text}\n\n{note}" if note else text


def _paragraphs(question: Question, result: SearchResult) -> list[str]:
    asked = wanted(question, result.understanding)
    exact = [index for index, ranked in enumerate(result.passages) if ranked.is_exact_reference]
    rows = chart_rows(result.passages)
    exact_rows = [row for row in rows if row.index in exact]
    if exact_rows:
        return _chart_answer(exact_rows, ())
    if exact and asked.kind == "article":
        return _articles(result.passages, exact)
    if rows and rows[0].index == 0 and not asked.asks_entry and not _wants_prose(asked, result.passages):
        near = [row for row in rows if result.passages[row.index].score >= _NEAR_SHARE * result.passages[0].score]
        best = _best_row(asked, near, result.passages)
        others = [row for row in near if row is not best] if asked.asks_account and not best.is_class else []
        return _chart_answer([best], others)
    return _quotes(asked, result.passages)


def _wants_prose(asked: Wanted, passages: Sequence[RankedPassage]) -> bool:
    """Tell whether a definition is asked for, and not of an account, and there is running text to take it from."""
    is_about_accounts = asked.asks_account or asked.kind in ("account", "class")
    return asked.kind == "definition" and not is_about_accounts and any(not is_chart(r.passage) for r in passages[:3])


def _best_row(asked: Wanted, near: Sequence[ChartRow], passages: Sequence[RankedPassage]) -> ChartRow:
    """Choose the row that is meant: a class where one is asked for, else the best label of the best rows."""
    classes = [row for row in near if row.is_class]
    if classes and "classe" in asked.folded:
        return classes[0]
    own = {term for term, weight in asked.weights if weight == 1.0}
    level = [row for row in near if passages[row.index].score >= _LEVEL_SHARE * passages[near[0].index].score]
    return max(level, key=lambda row: len(own & set(terms(row.account.label))))


def _chart_answer(rows: Sequence[ChartRow], others: Sequence[ChartRow]) -> list[str]:
    paragraphs = [_row_answer(row) for row in rows[:_MAX_QUOTES]]
    named = {
        account.number for row in rows for account in (row.account, *row.below, *([row.parent] if row.parent else []))
    }
    near = [row for row in others if not row.is_class and row.plan == rows[0].plan and row.account.number not in named]
    near = near[:_MAX_OTHERS]
    if near:
        lines = [f"- {row.account.number} : {wording.quoted(row.account.label, row.index + 1)}" for row in near]
        paragraphs.append("\n".join([wording.other_accounts(), "", *lines]))
    return paragraphs


def _row_answer(row: ChartRow) -> str:
    number = row.index + 1
    label = wording.quoted(row.account.label, number)
    if row.is_class:
        return f"{wording.class_is(row.account.number, label)}{_below(row.below, wording.class_accounts(number))}"
    sentences = [wording.account_is(row.account.number, label, row.plan)]
    if row.parent:
        parent = wording.quoted(row.parent.label, number)
        sentences.append(wording.account_belongs(row.parent.number, parent, row.class_digit, row.class_title))
    else:
        sentences.append(wording.account_class(row.class_digit, row.class_title, number))
    return f"{' '.join(sentences)}{_below(row.below, wording.accounts_below(len(row.below), number))}"


def _below(accounts: Sequence[Account], introduction: str) -> str:
    if not accounts:
        return ""
    lines = [f"- {account.number} : {wording.quoted(account.label, None)}" for account in accounts[:_MAX_BELOW]]
    rest = f"\n\n{wording.list_goes_on()}" if len(accounts) > _MAX_BELOW else ""
    return "\n\n" + "\n".join([introduction, "", *lines]) + rest


def _articles(passages: Sequence[RankedPassage], exact: Sequence[int]) -> list[str]:
    """Quote whole articles, each part of one that was cut in several passages in turn."""
    paragraphs: list[str] = []
    left = _MAX_ARTICLE_CHARS
    for index in sorted(exact, key=lambda i: (_first_rank(passages, exact, i), passages[i].passage.ordinal)):
        if left < _LEAST_CHARS and paragraphs:
            paragraphs.append(wording.article_goes_on())
            break
        text = passages[index].passage.text
        found, is_whole = whole(index, text, max_chars=left, within=(0, len(text)))
        quotation = _quotation(passages[index].passage, found)
        left -= sum(end - start for start, end in found.ranges)
        paragraphs.append(wording.article_says(passages[index].passage, quotation))
        if not is_whole:
            paragraphs.append(wording.article_goes_on())
    return paragraphs


def _first_rank(passages: Sequence[RankedPassage], exact: Sequence[int], index: int) -> int:
    version = passages[index].passage.version_id
    return min(i for i in exact if passages[i].passage.version_id == version)


def _quotes(asked: Wanted, passages: Sequence[RankedPassage]) -> list[str]:
    read = _read_closely(passages)
    weights = weigh(asked, [passages[index].passage for index in read])
    first = _excerpts(asked, passages, read, weights, _EXCERPT_CHARS[1])
    compared = sides(asked, passages, first) if asked.kind == "comparison" else []
    quoted = compared if len(compared) > 1 else chosen(asked, passages, first)
    # The more passages are quoted, the less is quoted of each.
    max_chars = _EXCERPT_CHARS[len(quoted)]
    final = _excerpts(asked, passages, [each.index for each in quoted], weights, max_chars)
    return [
        wording.according_to(
            passages[each.index].passage,
            _quotation(passages[each.index].passage, each),
            is_first=position == 0 or quoted is compared,
        )
        for position, each in enumerate(final)
    ]


def _read_closely(passages: Sequence[RankedPassage]) -> list[int]:
    """Return the first passages of running text by their index; a row of a chart is no sentence to quote."""
    running = [index for index, ranked in enumerate(passages) if not is_chart(ranked.passage)]
    return running[:_N_CANDIDATES] or list(range(len(passages[:1])))


def _excerpts(
    asked: Wanted, passages: Sequence[RankedPassage], read: Sequence[int], weights: Weights, max_chars: int
) -> list[Excerpt]:
    made = [excerpt(index, passages[index].passage, asked, weights, max_chars=max_chars) for index in read]
    return [each for each in made if each is not None]


def _quotation(passage: Passage, excerpted: Excerpt) -> str:
    """Join the ranges of an excerpt into one quotation; what was skipped between them is shown as skipped."""
    words = ""
    previous_end: int | None = None
    for start, end in excerpted.ranges:
        text = " ".join(passage.text[start:end].split())
        if previous_end is None:
            words = text
        elif passage.text[previous_end:start].strip():
            words += f" […] {text}"
        else:
            words += ("\n" if is_list_line(text) and text[0] in "-*" else "\n\n") + text
        previous_end = end
    return wording.quoted(words, excerpted.index + 1)


def _samples_note(text: str, passages: Sequence[RankedPassage]) -> str:
    cited = {number for marker in markers(text) for number in marker.numbers}
    n_samples = sum(passages[number - 1].passage.kind == "sample" for number in cited)
    return wording.samples_note(n_samples, len(cited)) if n_samples else ""
