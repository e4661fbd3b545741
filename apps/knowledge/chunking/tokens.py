"""The one tokenizer by which passages are measured, independent of any embedder or model.

A token is a run of letters, a run of digits, or one other visible character. French legal text has
about 1.15 such tokens a word; sub-word tokenizers of language models give some 1.3 times as many.
"""

import re

_TOKEN = re.compile(r"[^\W\d_]+|\d+|[^\w\s]|_")
MAX_TOKENS = 500
# Below this a rest is joined to its neighbour, if both together stay near the bound.
MIN_TOKENS = 60
_SLACK = 1.2


def count_tokens(text: str) -> int:
    return sum(1 for _ in _TOKEN.finditer(text))


def fits(n_tokens: int, *, with_slack: bool = False) -> bool:
    return n_tokens <= MAX_TOKENS * (_SLACK if with_slack else 1)
