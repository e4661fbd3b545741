"""Sentences copied from a text but for a word or two that turn them round: "doit" made "n'est pas tenu de"."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import Match, SequenceMatcher
from itertools import pairwise

from apps.rag.analysis import terms
from apps.rag.generation.sides import BARRED, FREE, MAY, MUST, sides

_TOKEN = re.compile(r"[^\W_]+'?|[.;:,()]")
_FEWEST = 6  # words of a copy
_COPIED_SHARE = 0.75
_LONGEST_CHANGE = 5  # words: what is longer is a clause left out or put in, and is judged by itself
# "ne … pas" is one denial.
_DENIALS = frozenset(
    ("ne", "n'", "aucun", "aucune", "non", "sans", "nul", "nulle", "not", "never", "cannot", "without")
)
_OPPOSITE = {MUST: FREE, FREE: MUST, BARRED: MAY, MAY: BARRED}
_TURNS = (
    (r"moins|minimum|minimale?s?", r"plus|maximum|maximale?s?"),
    (r"superieure?s?|excede\w*|depasse\w*|above|more", r"inferieure?s?|below|less"),
    (r"avant|before|anterieur\w*|prealable\w*", r"apres|after|posterieur\w*"),
    (r"debit\w*", r"credit\w*"),
    (r"tout|toute|tous|toutes|chaque|all|every", r"aucune?|nulle?|no|none"),
)
_PAIRS = tuple((re.compile(rf"(?:{one})\Z"), re.compile(rf"(?:{other})\Z")) for one, other in _TURNS)
# What is told of a case, "la société qui ne déclare pas", denies nothing.
CASES = frozenset(
    ("qui", "si", "s'", "s'il", "s'ils", "lorsque", "lorsqu'", "dont", "quand", "ou", "cas", "tant", "faute", "defaut")
)


def is_turned_copy(claim: str, sentence: str) -> bool | None:
    """Tell whether a folded claim turns the sense of a folded sentence that it copies; None where it is no copy."""
    said, told = _TOKEN.findall(claim), _TOKEN.findall(sentence)
    if len(said) < _FEWEST:
        return None
    matcher = SequenceMatcher(None, told, said, autojunk=False)
    blocks = [block for block in matcher.get_matching_blocks() if block.size]
    core = _core(blocks)
    n_copied = sum(block.size for block in core)
    if n_copied < _FEWEST or n_copied < _COPIED_SHARE * (core[-1].b + core[-1].size - core[0].b):
        return None
    n_denials = 0
    for one, two in pairwise(blocks):
        before, after = told[one.a + one.size : two.a], said[one.b + one.size : two.b]
        if max(len(before), len(after)) > _LONGEST_CHANGE:
            continue
        stood, stands = sides(_joined(before)), sides(_joined(after))
        if _turns(stood - stands, stands, before, after):
            return True
        if stood & stands:
            return False  # "est interdit" is "n'est pas permis"
        if _are_same_words(before, after) and CASES.isdisjoint(after):
            n_denials += sum(each in _DENIALS for each in after) - sum(each in _DENIALS for each in before)
    return n_denials % 2 == 1


def _core(blocks: Sequence[Match]) -> Sequence[Match]:
    """Return the matches from the first to the last of two words or more: what stands around them is no copy."""
    long = [place for place, block in enumerate(blocks) if block.size > 1]
    return blocks[long[0] : long[-1] + 1] if long else ()


def _turns(stood: frozenset[str], stands: frozenset[str], before: Sequence[str], after: Sequence[str]) -> bool:
    if any(_OPPOSITE[side] in stands for side in stood):
        return True
    return any(_holds(one, before) and _holds(other, after) for pair in _PAIRS for one, other in (pair, pair[::-1]))


def _joined(tokens: Sequence[str]) -> str:
    return " ".join(tokens).replace("' ", "'")


def _are_same_words(before: Sequence[str], after: Sequence[str]) -> bool:
    """Tell whether two stretches differ in small words alone: other words may say the same without a denial."""
    return set(terms(" ".join(before))) == set(terms(" ".join(after))) or not before or not after


def _holds(pattern: re.Pattern[str], tokens: Sequence[str]) -> bool:
    return any(pattern.match(token) for token in tokens)
