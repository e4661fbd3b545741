"""The characters of a PDF page with their boxes: the one place that speaks to PDFium's text API."""

import ctypes
import re
from typing import Any

import pypdfium2.raw as pdfium_raw

_BOLD_NAME = re.compile(rb"bold|black|heavy|demi", re.IGNORECASE)
_FORCE_BOLD = 1 << 18

# Left, bottom, right, top, in points from the lower left corner of the page.
Box = tuple[float, float, float, float]


class PageText:
    """A page's text, in which `text[i]` is the character of index i of every other method."""

    def __init__(self, textpage: Any, *, number: int, height: float) -> None:
        # pypdfium2 has no types; `textpage` is its PdfTextPage. `number` counts from 1.
        self._textpage = textpage
        self.number = number
        self.height = height
        n_characters = textpage.count_chars()
        text = textpage.get_text_range() if n_characters else ""
        # PDFium's own text leaves out characters without a code point, which shifts the indexes.
        self.text: str = text if len(text) == n_characters else self._by_character(n_characters)

    def _by_character(self, n_characters: int) -> str:
        codes = (pdfium_raw.FPDFText_GetUnicode(self._textpage.raw, index) for index in range(n_characters))
        return "".join(chr(code) if 0 < code < 0xD800 or 0xDFFF < code < 0x110000 else "\ufffd" for code in codes)

    def box(self, index: int) -> Box:
        """The box of a character at the height of its font, not of its ink."""
        left, bottom, right, top = self._textpage.get_charbox(index, loose=True)
        return float(left), float(bottom), float(right), float(top)

    def is_bold(self, index: int) -> bool:
        flags = ctypes.c_int()
        name = ctypes.create_string_buffer(128)
        pdfium_raw.FPDFText_GetFontInfo(self._textpage.raw, index, name, 128, ctypes.byref(flags))
        return bool(_BOLD_NAME.search(name.value)) or bool(flags.value & _FORCE_BOLD)
