"""Why a parser gives up, without Django: raised in the parsing child, told to the parent as JSON."""

from typing import Literal

RefusalKind = Literal[
    "encrypted", "empty", "scan_without_text", "unsupported_format", "broken", "too_large", "timed_out"
]


class Refused(Exception):
    """A file that is not read, and why; `found` is what it was recognised as, where that matters."""

    def __init__(self, kind: RefusalKind, *, found: str = "", pages: int = 0) -> None:
        super().__init__(kind, found, pages)
        self.kind = kind
        self.found = found
        self.pages = pages
