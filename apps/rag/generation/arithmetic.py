"""Calculations written out in a sentence, computed again."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from apps.rag.generation.numbers import Mention

_NOISE = re.compile(
    r"\[\d+\]|\bF\s?CFA\b|\bFCFA\b|\bfrancs?(?:\s+CFA)?\b|\b(?:XOF|XAF|CFA|F)\b|€|\beuros?\b|%|\bpour cent\b"
    r"|\b(?:jours?|mois|ans?|ann[ée]es?|days?|months?|years?)\b|[*_\s\u00a0\u202f,]+",
    re.IGNORECASE,
)
_OPERATORS = {
    "×": "*", "x": "*", "X": "*", "·": "*", "∗": "*", "multipliépar": "*", "times": "*", "*": "*",
    "÷": "/", "/": "/", ":": "/", "divisépar": "/", "dividedby": "/",
    "+": "+", "plus": "+", "−": "-", "-": "-", "–": "-", "moins": "-", "minus": "-",
    "=": "=", "soit": "=", "soitde": "=", "c'est-à-dire": "=", "donne": "=", "or": "=", "thatis": "=", "equals": "=",
    "est": "=", "is": "=", "font": "=", "fait": "=", "->": "=", "→": "=", "représente": "=",
}  # fmt: skip
_APPLY: dict[str, Callable[[Fraction, Fraction], Fraction]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
}


@dataclass(frozen=True, slots=True)
class Step:
    """One written calculation: indexes of the mentions it starts from, and of those it states as results."""

    operands: tuple[int, ...]
    results: tuple[int, ...]
    is_right: bool


def steps(text: str, found: Sequence[Mention]) -> tuple[Step, ...]:
    """Return the calculations that a sentence writes out, each computed again exactly.

    A result may be rounded to the digits that it shows.
    """
    written: list[Step] = []
    chain: list[int] = []
    signs: list[str] = []
    for index in range(len(found)):
        sign = _sign(text, found, index - 1) if index else ""
        if chain and not sign:
            written.extend(_judge(text, found, chain, signs))
            chain, signs = [], []
        if chain:
            signs.append(sign)
        chain.append(index)
    written.extend(_judge(text, found, chain, signs))
    return tuple(written)


def _sign(text: str, found: Sequence[Mention], index: int) -> str:
    """Return the operator between two neighbours, "" when they do not calculate."""
    left, right = found[index], found[index + 1]
    between = text[left.end : right.start].replace("’", "'")
    if "ref" in {left.unit, right.unit}:
        return ""
    if between.strip() in {"*", ":"}:
        return _OPERATORS.get(between.strip(), "")
    bare = _NOISE.sub("", between)
    if bare == "(" and index + 2 < len(found) and ")" not in text[right.end : found[index + 2].start]:
        return "="  # 850 000 F (10 % × 8 500 000)
    bare = bare.strip("()")
    # "10 % de 8 500 000" multiplies; "deux mois de 2018" does not.
    if bare in {"de", "d'", "du", "of", "dela"}:
        return "*" if left.unit in {"%", "part"} else ""
    return "" if bare == ":" else _OPERATORS.get(bare, "")


def _judge(text: str, found: Sequence[Mention], chain: list[int], signs: list[str]) -> list[Step]:
    sides = _sides(chain, signs)
    expressions = [side for side in sides if len(side[0]) > 1]
    results = [side[0][0] for side in sides if len(side[0]) == 1]
    if not expressions or not results:
        return []
    values = [
        value for indexes, operators in expressions if (value := _evaluate(found, indexes, operators)) is not None
    ]
    is_right = len(values) == len(expressions) and all(
        _shows(text, found[i], value) for i in results for value in values
    )
    return [Step(tuple(i for indexes, _ in expressions for i in indexes), tuple(results), is_right)]


def _sides(chain: list[int], signs: list[str]) -> list[tuple[list[int], list[str]]]:
    sides: list[tuple[list[int], list[str]]] = [([], [])]
    for position, index in enumerate(chain):
        if position and signs[position - 1] == "=":
            sides.append(([], []))
        elif position:
            sides[-1][1].append(signs[position - 1])
        sides[-1][0].append(index)
    return [side for side in sides if side[0]]


def _value(mention: Mention) -> Fraction | None:
    if not mention.values:
        return None
    value = min(mention.values) if mention.unit == "part" else max(mention.values)
    return value / 100 if mention.unit == "%" else value


def _evaluate(found: Sequence[Mention], indexes: list[int], operators: list[str]) -> Fraction | None:
    """Compute products before sums; None where a step cannot be computed."""
    values = [_value(found[i]) for i in indexes]
    terms: list[Fraction] = []
    for value, operator in zip(values, ["+", *operators], strict=True):
        if value is None or (operator == "/" and value == 0):
            return None
        if operator in "*/":
            terms[-1] = _APPLY[operator](terms[-1], value)
        else:
            terms.append(value if operator == "+" else -value)
    return sum(terms, Fraction(0))


def _shows(text: str, result: Mention, value: Fraction) -> bool:
    """Tell whether the figure written is `value`, rounded half up to the decimals that it shows."""
    figure = text[result.start : result.end]
    decimals = len(figure.rpartition(",")[2]) if "," in figure else 0
    shown = {v / 100 if result.unit == "%" else v for v in result.values}
    unit = Fraction(1, 10**decimals) / (100 if result.unit == "%" else 1)
    return any(abs(candidate - value) <= unit / 2 for candidate in shown)
