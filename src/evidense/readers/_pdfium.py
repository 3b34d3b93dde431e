"""Pdfium: what a PDF shows, read in a child process: text by lines with their places, and apart from it what nobody can see.

Pages whose text objects are all plainly visible are read at once; on the others every character is looked at.
"""

import ctypes
import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from evidense.boundary.child import Work
from evidense.errors import InvalidInput
from evidense.readers._files import missing

Box = tuple[float, float, float, float]
"""Left, bottom, right, top, in points."""
MOST_PAGES = 300
SMALLEST_PT = 1.5
_LIGHT = 225
"""From here on (of 255) a colour is looked at on the rendered page; on white paper it may be invisible."""
_LEAST_CONTRAST = 30
_SCALE = 2.0
_OPAQUE = 40
_SCAN = 0.6
"""Part of a page that a picture must cover to be a scan."""
_DEEPEST = 4
_INVISIBLE_MODES = (3, 7)
MOST_HIDDEN = 400
"""Characters of one hidden text that are listed."""


_SMALL = (
    b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[4 0 R]/Count 1>>endobj "
    b"3 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj "
    b"4 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 99 99]/Resources<</Font<</F1 3 0 R>>>>/Contents 5 0 R>>endobj "
    b"5 0 obj<</Length 38>>stream\nBT 1 g /F1 9 Tf 9 50 Td (white) Tj ET  \nendstream endobj trailer<</Root 1 0 R>>"
)
"""A page with white text, which is looked at by every means."""


def reading() -> Work:
    """Return the function that reads the bytes of a PDF to JSON. All its imports are done: the child opens no file afterwards.

    Raises:
        MissingExtra: pypdfium2 is not installed.
    """
    try:
        import pypdfium2
        import pypdfium2.raw
    except ModuleNotFoundError:
        raise missing("PDF", "pypdfium2") from None

    def work(data: bytes) -> bytes:
        try:
            document = pypdfium2.PdfDocument(data)
        except pypdfium2.PdfiumError as error:
            if "password" in str(error).lower():
                raise InvalidInput(
                    "is encrypted. Expected a PDF that opens without a password; save it without one"
                ) from None
            raise InvalidInput(f"is a damaged PDF ({error}). Expected a whole one; download it again") from None
        n_pages = len(document)
        pages = [_page_or_reason(document, number) for number in range(min(n_pages, MOST_PAGES))]
        title = str(document.get_metadata_dict().get("Title", ""))[:500]
        return json.dumps({"n_pages": n_pages, "pages": pages, "title": title}).encode("utf-8", "replace")

    work(_SMALL)  # imports and fonts that are loaded late
    return work


def _page_or_reason(document: Any, number: int) -> dict[str, Any]:
    """Return what a page shows; where that cannot be told, why, and nothing of its text."""
    try:
        page = document[number]
        return _Page(page, page.get_textpage()).shown()
    except Exception as error:
        return {"failed": f"{type(error).__name__}: {error}"[:200]}


class _Page:
    """One page with the buffers that pdfium fills."""

    def __init__(self, page: Any, textpage: Any) -> None:
        from pypdfium2 import raw

        self.raw, self.page, self.textpage = raw, page, textpage
        crop = page.get_cropbox()
        self.box: Box = (crop[0], crop[1], crop[2], crop[3])
        self._floats = [ctypes.c_float() for _ in range(4)]
        self._float_refs = [ctypes.byref(value) for value in self._floats]
        self._uints = [ctypes.c_uint() for _ in range(4)]
        self._uint_refs = [ctypes.byref(value) for value in self._uints]
        self._mode, self._stroke = ctypes.c_int(), ctypes.c_int()
        self._mode_ref, self._stroke_ref = ctypes.byref(self._mode), ctypes.byref(self._stroke)
        self._size_of_height: dict[float, float] = {}
        self._rect, self._matrix = raw.FS_RECTF(), raw.FS_MATRIX()
        self._rect_ref, self._matrix_ref = ctypes.byref(self._rect), ctypes.byref(self._matrix)

    def shown(self) -> dict[str, Any]:
        """Return size, lines `[text, x0, y0, x1, y1, size]`, hidden texts `[text, reason]`, and whether a picture covers the page."""
        text = self.textpage.get_text_range()
        doubts, is_scan = self._doubts()
        if len(text) != self.textpage.count_chars() or (not text.isascii() and max(text) > "\uffff"):
            text = "".join(map(self._character, range(self.textpage.count_chars())))
        hidden = list(self._hidden(text, doubts)) if doubts else []
        return {
            "size": list(self.page.get_size()),
            "lines": list(self._lines(text, frozenset(place for place, _ in hidden))),
            "hidden": list(_runs(text, hidden)),
            "is_scan": is_scan,
        }

    def _character(self, place: int) -> str:
        code = self.raw.FPDFText_GetUnicode(self.textpage, place)
        return chr(code) if 0 < code < 0x110000 and not 0xD800 <= code < 0xE000 else "\ufffd"

    def _doubts(self) -> tuple[dict[int, str], bool]:
        """Return what must be looked at, and whether a picture covers the page.

        Address of a text object → a reason that is sure, "colour" or "place".
        """
        raw, is_scan = self.raw, False
        doubts: dict[int, str] = {}
        kind_of, text = raw.FPDFPageObj_GetType, raw.FPDF_PAGEOBJ_TEXT
        picture, path = raw.FPDF_PAGEOBJ_IMAGE, raw.FPDF_PAGEOBJ_PATH
        surfaces: list[tuple[tuple[int, ...], Box]] = []
        width, height = self.page.get_size()
        for holder, level in self._every(self.page, 0):
            kind = kind_of(holder)
            if kind == text:
                if doubt := self._doubt(holder, level, surfaces):
                    doubts[_address(holder)] = doubt
            elif level == 0 and (kind == picture or (kind == path and self._is_filled(holder))):
                left, bottom, right, top = box = self._bounds(holder)
                is_scan = is_scan or (kind == picture and (right - left) * (top - bottom) > _SCAN * width * height)
                if kind == path and right - left > 8 and top - bottom > 4:
                    surfaces.append((self._colour(holder)[:3], box))
        return doubts, is_scan

    def _is_filled(self, holder: Any) -> bool:
        self.raw.FPDFPath_GetDrawMode(holder, self._mode_ref, self._stroke_ref)
        return bool(self._mode.value)

    def _every(self, holder: Any, level: int) -> Iterator[tuple[Any, int]]:
        raw = self.raw
        count, get = raw.FPDFPage_CountObjects, raw.FPDFPage_GetObject
        if level > 0:
            count, get = raw.FPDFFormObj_CountObjects, raw.FPDFFormObj_GetObject
        for number in range(count(holder)):
            one = get(holder, number)
            if raw.FPDFPageObj_GetType(one) == raw.FPDF_PAGEOBJ_FORM and level < _DEEPEST:
                yield from self._every(one, level + 1)
            else:
                yield one, level

    def _doubt(self, holder: Any, level: int, surfaces: Sequence[tuple[tuple[int, ...], Box]]) -> str:
        """Return what must be looked at in a text object; "" where it is plainly visible."""
        raw, page = self.raw, self.box
        mode = raw.FPDFTextObj_GetTextRenderMode(holder)
        if mode in _INVISIBLE_MODES:
            return f"render mode {mode}"
        red, green, blue, alpha = self._colour(holder)
        if alpha < _OPAQUE:
            return "transparent"
        left, bottom, right, top = box = self._bounds(holder)
        if red >= _LIGHT and green >= _LIGHT and blue >= _LIGHT:
            return "colour"
        if surfaces and any(_is_on(box, (red, green, blue), surface) for surface in surfaces):
            return "colour"
        if level > 0 or left < page[0] or bottom < page[1] or right > page[2] or top > page[3]:
            return "place"
        return "place" if top - bottom < SMALLEST_PT and self._size(holder) < SMALLEST_PT else ""

    def _size(self, holder: Any) -> float:
        self.raw.FPDFTextObj_GetFontSize(holder, self._float_refs[0])
        self.raw.FPDFPageObj_GetMatrix(holder, self._matrix_ref)
        return abs(float(self._floats[0].value)) * math.hypot(self._matrix.c, self._matrix.d)

    def _bounds(self, holder: Any) -> Box:
        self.raw.FPDFPageObj_GetBounds(holder, *self._float_refs)
        left, bottom, right, top = self._floats
        return left.value, bottom.value, right.value, top.value

    def _colour(self, holder: Any) -> tuple[int, int, int, int]:
        if not self.raw.FPDFPageObj_GetFillColor(holder, *self._uint_refs):
            return 0, 0, 0, 255
        red, green, blue, alpha = self._uints
        return red.value, green.value, blue.value, alpha.value

    def _loose_box(self, place: int) -> Box:
        self.raw.FPDFText_GetLooseCharBox(self.textpage, place, self._rect_ref)
        rect = self._rect
        return rect.left, rect.bottom, rect.right, rect.top

    def _set_size(self, place: int, height: float) -> float:
        """Return the size that a character is set in; its height where a matrix scales it."""
        known = self._size_of_height.get(height)
        if known is None:
            size = float(self.raw.FPDFText_GetFontSize(self.textpage, place))
            known = round(size if 0.4 * height < size < 1.7 * height else height, 1)
            self._size_of_height[height] = known
        return known

    def _hidden(self, text: str, doubts: Mapping[int, str]) -> Iterator[tuple[int, str]]:
        """Yield the places of characters that nobody can see, with the reason."""
        picture, addresses = _Picture(self.page), self._addresses()
        for place in (place for place, address in enumerate(addresses) if address in doubts):
            if text[place].isspace():
                continue
            doubt, box = doubts[addresses[place]], self._loose_box(place)
            if doubt in ("colour", "place"):
                is_colour = doubt == "colour"
                doubt = self._reason_of_place(box)
                if is_colour and not doubt:
                    doubt = picture.reason(box, self._colour(self.raw.FPDFText_GetTextObject(self.textpage, place)))
            if doubt:
                yield place, doubt

    def _addresses(self) -> list[int]:
        """Return for each character the address of its text object; declared anew, since a pointer object for each is slow."""
        function = ctypes.cast(self.raw.FPDFText_GetTextObject, ctypes.c_void_p).value
        address_of = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int)(function or 0)
        textpage = ctypes.cast(self.textpage.raw, ctypes.c_void_p)
        return [address_of(textpage, place) or 0 for place in range(self.textpage.count_chars())]

    def _reason_of_place(self, box: Box) -> str:
        left, bottom, right, top = box
        if max(top - bottom, right - left) < SMALLEST_PT:
            return f"{max(top - bottom, 0.0):.1f} pt"
        if right <= self.box[0] or left >= self.box[2] or top <= self.box[1] or bottom >= self.box[3]:
            return "off the page"
        return ""

    def _lines(self, text: str, hidden: frozenset[int]) -> Iterator[list[Any]]:
        begin = 0
        for piece in text.replace("\n", "\r").split("\r"):
            end = begin + len(piece)
            places: Sequence[int] = range(begin, end)
            if hidden:
                places = [place for place in places if place not in hidden]
                piece = "".join(text[place] for place in places)
            if line := piece.strip():
                offset = len(piece) - len(piece.lstrip())
                left, bottom, _, top = self._loose_box(places[offset])
                last = self._loose_box(places[offset + len(line.rstrip("\ufffe")) - 1])
                box = [left, min(bottom, last[1]), max(left, last[2]), max(top, last[3])]
                size = self._set_size(places[offset], round(top - bottom, 2))
                yield [line, *[int(edge * 10) / 10 for edge in box], size]
            begin = end + 1


class _Picture:
    """The page as it looks, rendered when the first doubtful colour asks for it."""

    def __init__(self, page: Any) -> None:
        self._page = page
        self._bitmap: Any = None

    def reason(self, box: tuple[float, float, float, float], colour: tuple[int, int, int, int]) -> str:
        """Return why nothing can be seen in a box; "" where something can."""
        if self._bitmap is None:
            self._bitmap = self._page.render(scale=_SCALE, grayscale=True).to_numpy()
        shades = self._shades(box)
        if shades.size and int(shades.max()) - int(shades.min()) >= _LEAST_CONTRAST:
            return ""
        is_white = min(colour[:3]) >= _LIGHT and (not shades.size or int(shades.max()) >= _LIGHT)
        return "white on white" if is_white else "in the colour of its background"

    def _shades(self, box: tuple[float, float, float, float]) -> Any:
        crop, height = self._page.get_cropbox(), self._bitmap.shape[0]
        columns = slice(max(int((box[0] - crop[0]) * _SCALE), 0), max(int((box[2] - crop[0]) * _SCALE) + 1, 0))
        rows = slice(
            max(int(height - (box[3] - crop[1]) * _SCALE), 0), max(int(height - (box[1] - crop[1]) * _SCALE) + 1, 0)
        )
        return self._bitmap[rows, columns]


def _is_on(box: Box, colour: tuple[int, int, int], surface: tuple[tuple[int, ...], Box]) -> bool:
    """Say whether the middle of a text lies on a surface of nearly its colour."""
    x, y = (box[0] + box[2]) / 2, (box[1] + box[3]) / 2
    left, bottom, right, top = surface[1]
    return (
        left <= x <= right
        and bottom <= y <= top
        and all(abs(a - b) < _LEAST_CONTRAST for a, b in zip(colour, surface[0], strict=True))
    )


def _address(holder: Any) -> int:
    return ctypes.addressof(holder.contents) if holder else 0


def _runs(text: str, hidden: Sequence[tuple[int, str]]) -> Iterator[tuple[str, str]]:
    """Join neighbouring hidden characters of one reason, with the spaces between them."""
    begin, end, why = -1, -1, ""
    for place, reason in [*hidden, (1 << 60, "")]:
        if why and (reason != why or text[end:place].strip("\r\n \ufffe")):
            yield " ".join(text[begin:end].split())[:MOST_HIDDEN], why
            begin = -1
        if begin < 0:
            begin = place
        end, why = place + 1, reason
