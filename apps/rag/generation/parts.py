"""The parts of a passage that may be quoted: sentences, lists with their introductions, tables; no page furniture."""

from __future__ import annotations

import re
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import lru_cache

from apps.rag.analysis import terms
from apps.rag.generation.sentences import Sentence, paragraphs, split_sentences
from kauri.lib.text import fold

_DIVISION = (
    r"(?:livre|(?:sous-)?titre|chapitre|(?:sous-)?section|partie|paragraphe)\s+(?:\d+|[ivx]+|premi[eè]re?|1er"
    r"|pr[ée]liminaire)\b[^.;:]*(?:[.:–-]\s*[^.;:]*)?"
)
_ARTICLE = r"art(?:icle|\.)?\s*(?:premier|1er|[\dlrd][\w.-]*)\s*[:.–-]*(?:\s[^.;:]{,90})?"
_HEADING = re.compile(rf"(?i)(?:{_DIVISION}|{_ARTICLE}|\d+\s*/\s*\d+|page\s+\d+.*)")
_HEADS = re.compile(rf"(?i)(?:{_DIVISION}|{_ARTICLE})")
_ARTICLE_HEADING = re.compile(r"(?im)^\s*art(?:icle|\.)\s*(?P<number>premier|1er|[lrd]?[ .]?\d[\w.-]*)\s*[:.–-]*\s*$")
# "AU/DCG : Acte uniforme… AU/OS : …": a list of abbreviations
_GLOSSED = re.compile(r"(?:^|\s)[A-Z][A-Z/&.-]{1,10}\s?: ")
_NUMBERED = re.compile(r"[ \t]*\(?(\d{1,2})\s?[°).]")
_BRACKETED_NUMBER = re.compile(r"\[\d{1,3}\]")


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


# A sentence of the law opens with one of these; a title with a noun.
_SENTENCE_OPENERS = _listed(
    "a apres au aucun aucune aux avant ce cependant ces cet cette ceux chaque dans de des elle elles en est"
    " il ils l la le les leur lorsqu lorsque ne nul on par pour quand sans sauf selon si sont sous sur"
    " tout toute toutefois toutes tous un une"
)
POINTS_BACK = re.compile(
    r"(?:il|elle|ils|elles|cette|ce|ces|cet|celui|celle|toutefois|cependant|en outre|dans (?:ce|ces"
    r"|les deux) cas|a defaut|de meme)\b"
)
_MAX_TITLE_CHARS = 160
_MAX_SHORT_TITLE_CHARS = 60


@dataclass(frozen=True, slots=True)
class Part:
    """Sentences that are quoted together: one alone, a list with its introduction, the rows of a table."""

    sentences: tuple[Sentence, ...]
    text: str
    folded: str
    terms: frozenset[str]

    @property
    def start(self) -> int:
        """Where it starts in the passage's text."""
        return self.sentences[0].start

    @property
    def end(self) -> int:
        """Where it ends in the passage's text."""
        return self.sentences[-1].end

    @property
    def is_table(self) -> bool:
        """Whether it is rows of a table."""
        return self.sentences[-1].kind == "table"


# The same passages come back in many answers, and reading one costs about a millisecond.
@lru_cache(maxsize=4_096)
def parts_of(text: str) -> tuple[Part, ...]:
    """Return the parts of a passage in reading order: no headings, no titles, no halves of sentences, no markers."""
    groups = _groups(text, _quotable(text))
    return tuple(_part(text, group) for group in groups)


def section_of(text: str, number: str) -> tuple[int, int] | None:
    """Return the range of the article `number` inside a passage that holds several, None where it has no heading."""
    headings = list(_ARTICLE_HEADING.finditer(text))
    for place, heading in enumerate(headings):
        if _same_number(heading["number"], number):
            return heading.end(), headings[place + 1].start() if place + 1 < len(headings) else len(text)
    return None


def first_section(text: str) -> tuple[int, int]:
    """Return the range before the heading of another article that stands inside a passage."""
    heading = next((each for each in _ARTICLE_HEADING.finditer(text) if text[: each.start()].strip()), None)
    return 0, heading.start() if heading else len(text)


def _same_number(written: str, number: str) -> bool:
    return _plain(written) == _plain(number)


def _plain(number: str) -> str:
    return re.sub(r"[\s.]|[.-]+\Z", "", number.lower()).replace("premier", "1").replace("1er", "1")


def _part(text: str, group: Sequence[Sentence]) -> Part:
    words = text[group[0].start : group[-1].end]
    return Part(tuple(group), words, fold(words), frozenset(terms(words)))


def _quotable(text: str) -> list[Sentence]:
    """Return the sentences that may be quoted: no headings, nothing half, none with bracketed numbers."""
    sentences = [s for s in split_sentences(text) if not _BRACKETED_NUMBER.search(text[s.start : s.end])]
    kept = [s for s in sentences if not _is_heading(text, s)]
    while kept and (_is_tail(text, kept) or _is_short_title(text, kept[0])):
        kept.pop(0)
    return _without_last_title(text, kept) if kept else []


def _is_tail(text: str, sentences: Sequence[Sentence]) -> bool:
    """Tell whether the first sentence is the end of one that the passage before began."""
    first = sentences[0]
    return len(sentences) > 1 and first.kind == "sentence" and text[first.start].islower() and _ends(text, first)


def _without_last_title(text: str, sentences: list[Sentence]) -> list[Sentence]:
    """Drop what stands after the last full stop and reads like the title of what follows: no row of a table does."""
    kept = list(sentences)
    while len(kept) > 1 and kept[-1].kind != "table" and _is_title(text[kept[-1].start : kept[-1].end]):
        kept.pop()
    return kept if _ends(text, kept[-1]) or kept[-1].kind != "sentence" else sentences


def _is_title(words: str) -> bool:
    opener = re.match(r"[^\W\d_]+", fold(words))
    is_sentence = opener is not None and opener[0] in _SENTENCE_OPENERS
    return len(words) < _MAX_TITLE_CHARS and words.rstrip()[-1] not in ".;:!?»,)" and not is_sentence


def _is_heading(text: str, sentence: Sentence) -> bool:
    words = text[sentence.start : sentence.end].strip()
    if len(_GLOSSED.findall(words)) > 1:
        return True
    is_title = sentence.kind == "sentence" and words.isupper() and words[-1] not in ".;" and len(words.split()) > 1
    return is_title or _HEADING.fullmatch(words) is not None


def _is_short_title(text: str, sentence: Sentence) -> bool:
    words = text[sentence.start : sentence.end].rstrip()
    is_short = len(words) < _MAX_SHORT_TITLE_CHARS and words[-1] not in ".;:!?»,)"
    return sentence.kind == "sentence" and is_short and not re.search(r"\d", words)


def _ends(text: str, sentence: Sentence) -> bool:
    return text[sentence.end - 1] in ".!?»"


def _groups(text: str, sentences: Sequence[Sentence]) -> list[list[Sentence]]:
    """Keep a list together with its introduction, the sentences inside its items and the words that close it."""
    groups: list[list[Sentence]] = []
    openings = frozenset(start for start, _end in paragraphs(text))
    introduced, number = 0, 0  # the last list that a sentence introduces: its group, and the number of its last item
    since: list[Sentence] = []  # that item, and what stands after it
    for sentence in sentences:
        if groups and _is_headed(text[groups[-1][-1].end : sentence.start]):
            # headings are left out of the sentences, and end every list
            groups.append([sentence])
            number, since = 0, [sentence]
            continue
        previous = text[groups[-1][-1].start : groups[-1][-1].end].rstrip() if groups else "."
        is_listed = sentence.kind == "list" and previous[-1] in ":;,"
        is_listed |= sentence.kind == "table" and bool(groups) and groups[-1][-1].kind == "table"
        goes_on = text[sentence.start].islower() and previous[-1] in ":;,"
        own = _number(text, sentence)
        is_next = number > 0 and own == number + 1 and _is_one_item(text, [*since, sentence], openings)
        if is_next:
            # "4°) La valeur nominale. Toutefois, […] ; 5°) Un numéro d'ordre": the items before it go on
            groups[introduced:] = [[each for group in groups[introduced:] for each in group]]
            is_listed = True
        if groups and (is_listed or goes_on or previous.endswith(":")):
            groups[-1].append(sentence)
        else:
            groups.append([sentence])
        if own == 1 and previous.endswith(":"):
            introduced, number, since = len(groups) - 1, 1, []
        elif own:
            number, since = own if is_next else 0, []
        since.append(sentence)
    return groups


def _is_headed(between: str) -> bool:
    return bool(between.strip()) and any(_HEADS.fullmatch(line.strip()) for line in between.splitlines())


def _is_one_item(text: str, sentences: Sequence[Sentence], openings: AbstractSet[int]) -> bool:
    """Tell whether what stands from one item of a list up to the next, which comes last, belongs to the list.

    Prose between them does, be it a paragraph of its own: without the next item, those before it would pass for the
    whole list. A paragraph of its own that ends with a colon does not: it begins another list.
    """
    between = sentences[1:-1]
    if not between or text[between[-1].end - 1] != ":":
        return True
    return not any(each.kind == "sentence" and each.start in openings for each in between)


def _number(text: str, sentence: Sentence) -> int:
    """Return the number of a line of a list, 0 where it has none."""
    found = _NUMBERED.match(text, sentence.start) if sentence.kind == "list" else None
    return int(found[1]) if found else 0
