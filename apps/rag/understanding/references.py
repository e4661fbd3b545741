"""Reference keys: the strings by which an article, an account or a class is found exactly."""

from __future__ import annotations

import re

PLAN_REVISED = "syscohada-revise"
PLAN_FORMER = "syscohada-ancien"
PLAN_NON_PROFIT = "sycebnl"

_DASHES = re.compile(r"[‐-―−]")
_SEPARATORS = re.compile(r"[\s.]+")
_FIRST = re.compile(r"^(?:1er|1ère|1ere|premier|première|premiere)\b")


def normalise_article(number: str) -> str:
    """Return an article number in its one form: `L. 123-4` is `l123-4`, `1er` is `1`, `269 - 2` is `269-2`."""
    folded = _DASHES.sub("-", number.strip().lower())
    folded = _FIRST.sub("1", folded)
    folded = re.sub(r"\s*-\s*", "-", folded)
    return _SEPARATORS.sub("", folded).strip("-")


def article_reference(code: str, number: str) -> str:
    """Return the key of an article, such as `art:AUSCGIE:269-2-1`."""
    return f"art:{code.upper()}:{normalise_article(number)}"


def account_reference(plan: str, number: str) -> str:
    """Return the key of an account, such as `compte:syscohada-revise:401`."""
    return f"compte:{plan}:{number.strip()}"


def class_reference(plan: str, digit: str) -> str:
    """Return the key of an account class, such as `classe:syscohada-revise:4`."""
    return f"classe:{plan}:{digit.strip()}"
