"""Mend words that were cut at line ends, keeping the hyphens that belong to the word."""

import re
from collections import Counter
from collections.abc import Iterable

# PDFium writes this where a line ended in a hyphen and it joined the two lines itself.
CUT = "\ufffe"
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_CUT_WORD = re.compile(rf"([^\W\d_]+(?:-[^\W\d_]+)*){CUT}\s*([^\W\d_]+(?:-[^\W\d_]+)*)")
# Parts that keep their hyphen: ci-après, sous-section, celui-ci, peut-il, lui-même.
_BEFORE = re.compile(
    r"ci|là|non|sous|vice|ex|contre|avant|après|demi|semi|mi|au|par|peut|celui|celle|ceux|celles|lui|elle|eux|soi|"
    r"moi|nous|vous|quasi|sus|pré|extra|inter|grand|porte|haut|bas|vingt|trente|quarante|cinquante|soixante|quatre|"
    r"dix|a|est|sont|ont|fait|doit"
)
_AFTER = re.compile(r"ci|là|mêmes?|t|ils?|elles?|on|ce|je|y|en|dessus|dessous|après|tiers")


def vocabulary(texts: Iterable[str]) -> Counter[str]:
    """Count the words that stand uncut, lower case, compounds both whole and with their hyphens."""
    counts: Counter[str] = Counter()
    for text in texts:
        counts.update(word.lower() for word in _WORD.findall(text) if CUT not in word)
    return counts


def mend(text: str, words: Counter[str]) -> str:
    """Replace each cut by nothing or by a hyphen, as the same word is written elsewhere."""
    if CUT not in text:
        return text
    mended = _CUT_WORD.sub(lambda match: _joined(match[1], match[2], words), text)
    # What is left stood beside a figure or a sign, where the hyphen was a real one.
    return re.sub(rf"{CUT}\s*", "-", mended)


def _joined(left: str, right: str, words: Counter[str]) -> str:
    whole, compound = (left + right).lower(), f"{left}-{right}".lower()
    if words[whole] != words[compound]:
        return left + right if words[whole] > words[compound] else f"{left}-{right}"
    if _BEFORE.fullmatch(left.lower().rsplit("-", 1)[-1]) or _AFTER.fullmatch(right.lower().split("-", 1)[0]):
        return f"{left}-{right}"
    both_are_words = len(left) > 3 and len(right) > 3 and words[left.lower()] > 1 and words[right.lower()] > 1
    return f"{left}-{right}" if both_are_words or right[0].isupper() else left + right
