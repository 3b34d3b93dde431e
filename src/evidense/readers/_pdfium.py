"""Pdfium: what a PDF shows, read in a child process: text by lines with their places, and apart from it what nobody can see.

Pages whose text objects are all plainly visible are read at once; on the others every character is looked at.
"""

import ctypes
import json
import math
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from itertools import repeat
from typing import Any

import numpy as np

from evidense.boundary.child import Work
from evidense.errors import InvalidInput
from evidense.readers._files import missing

Box = tuple[float, float, float, float]
"""Left, bottom, right, top, in points."""
Colour = tuple[int, int, int]
"""Red, green, blue, to 255."""
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
_NO_CHARACTERS = dict.fromkeys([0, *range(0xD800, 0xE000)], "\ufffd")


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

    calls = _Calls()

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
        pages = [_page_or_reason(calls, document, number) for number in range(min(n_pages, MOST_PAGES))]
        title = str(document.get_metadata_dict().get("Title", ""))[:500]
        return json.dumps({"n_pages": n_pages, "pages": pages, "title": title}).encode("utf-8", "replace")

    work(_SMALL)  # imports and fonts that are loaded late
    return work


def _page_or_reason(calls: "_Calls", document: Any, number: int) -> dict[str, Any]:
    """Return what a page shows; where that cannot be told, why, and nothing of its text."""
    try:
        page = document[number]
        return _Page(calls, page, page.get_textpage()).shown()
    except Exception as error:
        return {"failed": f"{type(error).__name__}: {error}"[:200]}


class _Calls:
    """The functions of pdfium that are called for each object, line or character.

    Declared anew with addresses for pointers: a pointer object for each argument and result would take longer than the calls.
    """

    def __init__(self) -> None:
        from pypdfium2 import raw

        address, whole, number = ctypes.c_void_p, ctypes.c_int, ctypes.c_uint

        def declared(name: str, result: Any, *arguments: Any) -> Any:
            return ctypes.PYFUNCTYPE(result, *arguments)(ctypes.cast(getattr(raw, name), address).value or 0)

        self.count = declared("FPDFPage_CountObjects", whole, address)
        self.get = declared("FPDFPage_GetObject", address, address, whole)
        self.count_in_form = declared("FPDFFormObj_CountObjects", whole, address)
        self.get_in_form = declared("FPDFFormObj_GetObject", address, address, number)
        self.kind = declared("FPDFPageObj_GetType", whole, address)
        self.mode = declared("FPDFTextObj_GetTextRenderMode", whole, address)
        self.colour = declared("FPDFPageObj_GetFillColor", whole, address, *[address] * 4)
        self.bounds = declared("FPDFPageObj_GetBounds", whole, address, *[address] * 4)
        self.drawn = declared("FPDFPath_GetDrawMode", whole, address, address, address)
        self.object_size = declared("FPDFTextObj_GetFontSize", whole, address, address)
        self.matrix = declared("FPDFPageObj_GetMatrix", whole, address, address)
        self.character = declared("FPDFText_GetUnicode", number, address, whole)
        self.object_of = declared("FPDFText_GetTextObject", address, address, whole)
        self.loose_box = declared("FPDFText_GetLooseCharBox", whole, address, whole, address)
        self.character_size = declared("FPDFText_GetFontSize", ctypes.c_double, address, whole)
        self.text, self.path = raw.FPDF_PAGEOBJ_TEXT, raw.FPDF_PAGEOBJ_PATH
        self.picture, self.form = raw.FPDF_PAGEOBJ_IMAGE, raw.FPDF_PAGEOBJ_FORM


class _Objects:
    """Objects of a page by their addresses, in the order in which they are drawn, those inside forms among them."""

    def __init__(self, calls: _Calls, page: int) -> None:
        self._calls = calls
        self.addresses: list[int] = []
        self.kinds: list[int] = []
        self.levels: list[int] = []
        """0 on the page itself, 1 in a form of it …"""
        self._add(page, 0)

    def _add(self, holder: int, level: int) -> None:
        calls = self._calls
        count, get = (calls.count_in_form, calls.get_in_form) if level else (calls.count, calls.get)
        addresses = list(map(get, repeat(holder), range(count(holder))))
        kinds = list(map(calls.kind, addresses))
        begin = 0
        for end in (place for place, kind in enumerate(kinds) if kind == calls.form and level < _DEEPEST):
            self._extend(addresses[begin:end], kinds[begin:end], level)
            self._add(addresses[end], level + 1)
            begin = end + 1
        self._extend(addresses[begin:], kinds[begin:], level)

    def _extend(self, addresses: list[int], kinds: list[int], level: int) -> None:
        self.addresses += addresses
        self.kinds += kinds
        self.levels += [level] * len(kinds)


class _Page:
    """One page, and what pdfium says of its objects and characters."""

    def __init__(self, calls: _Calls, page: Any, textpage: Any) -> None:
        self.calls, self.page, self.textpage = calls, page, textpage
        self._address, self._characters = _address(page), _address(textpage)
        crop = page.get_cropbox()
        self.box: Box = (crop[0], crop[1], crop[2], crop[3])
        self._matrix, self._size_of = (ctypes.c_float * 6)(), ctypes.c_float()
        self._matrix_at, self._size_at = ctypes.addressof(self._matrix), ctypes.addressof(self._size_of)
        self._size_of_height: dict[float, float] = {}

    def shown(self) -> dict[str, Any]:
        """Return size, lines `[text, x0, y0, x1, y1, size]`, hidden texts `[text, reason]`, and whether a picture covers the page."""
        text, n_characters = self.textpage.get_text_range(), self.textpage.count_chars()
        doubts, is_scan = self._doubts()
        if len(text) != n_characters or (not text.isascii() and max(text) > "\uffff"):
            codes = map(self.calls.character, repeat(self._characters), range(n_characters))
            text = "".join([chr(code) if code < 0x110000 else "\ufffd" for code in codes]).translate(_NO_CHARACTERS)
        hidden = list(self._hidden(text, doubts)) if doubts else []
        return {
            "size": list(self.page.get_size()),
            "lines": list(self._lines(text, frozenset(place for place, _ in hidden))),
            "hidden": list(_runs(text, hidden)),
            "is_scan": is_scan,
        }

    def _doubts(self) -> tuple[dict[int, str], bool]:
        """Return what must be looked at, and whether a picture covers the page.

        Address of a text object → a reason that is sure, "colour" or "place".
        """
        calls, objects = self.calls, _Objects(self.calls, self._address)
        kinds, levels = np.array(objects.kinds, np.int64), np.array(objects.levels, np.int64)
        texts = np.flatnonzero(kinds == calls.text)
        others = np.flatnonzero((levels == 0) & ((kinds == calls.picture) | (kinds == calls.path)))
        surfaces, is_scan = self._surfaces(
            [(place, objects.addresses[place], kinds[place]) for place in others.tolist()]
        )
        addresses = [objects.addresses[place] for place in texts.tolist()]
        return self._doubts_of(addresses, texts, levels[texts], surfaces), is_scan

    def _surfaces(self, others: Sequence[tuple[int, int, int]]) -> tuple[list[tuple[int, Colour, Box]], bool]:
        """Return the filled surfaces on which text can stand, each with its place in the order, and whether a picture covers the page."""
        width, height = self.page.get_size()
        is_scan, surfaces = False, []
        for place, address, kind in others:
            is_path = kind == self.calls.path
            if is_path and not self._is_filled(address):
                continue
            left, bottom, right, top = (float(edge) for edge in self._bounds([address])[0])
            is_scan = is_scan or (not is_path and (right - left) * (top - bottom) > _SCAN * width * height)
            if is_path and right - left > 8 and top - bottom > 4:
                red, green, blue, _ = self._colours([address])[0].tolist()
                surfaces.append((place, (red, green, blue), (left, bottom, right, top)))
        return surfaces, is_scan

    def _is_filled(self, address: int) -> bool:
        mode, stroke = ctypes.c_int(), ctypes.c_int()
        self.calls.drawn(address, ctypes.addressof(mode), ctypes.addressof(stroke))
        return bool(mode.value)

    def _doubts_of(
        self,
        addresses: Sequence[int],
        places: np.ndarray,
        levels: np.ndarray,
        surfaces: Sequence[tuple[int, Colour, Box]],
    ) -> dict[int, str]:
        """Return the text objects that must be looked at, with what is doubtful; a later reason stands for an earlier one."""
        modes = list(map(self.calls.mode, addresses))
        colours, bounds, page = self._colours(addresses), self._bounds(addresses), self.box
        is_outside = (bounds[:, :2] < page[:2]).any(axis=1) | (bounds[:, 2:] > page[2:]).any(axis=1)
        is_low = bounds[:, 3] - bounds[:, 1] < SMALLEST_PT
        is_low[is_low] = [self._size(addresses[i]) < SMALLEST_PT for i in np.flatnonzero(is_low).tolist()]
        is_coloured = (colours[:, :3] >= _LIGHT).all(axis=1)
        for place, colour, box in surfaces:
            is_coloured |= (places > place) & _are_on(bounds, colours, colour, box)
        doubts: dict[int, str] = {}
        for is_doubtful, reason in (
            ((levels > 0) | is_outside | is_low, "place"), (is_coloured, "colour"), (colours[:, 3] < _OPAQUE, "transparent"),
        ):  # fmt: skip
            doubts.update((addresses[i], reason) for i in np.flatnonzero(is_doubtful).tolist())
        invisible = (
            (address, mode) for address, mode in zip(addresses, modes, strict=True) if mode in _INVISIBLE_MODES
        )
        return doubts | {address: f"render mode {mode}" for address, mode in invisible}

    def _size(self, address: int) -> float:
        self.calls.object_size(address, self._size_at)
        self.calls.matrix(address, self._matrix_at)
        return abs(self._size_of.value) * math.hypot(self._matrix[2], self._matrix[3])

    def _bounds(self, addresses: Sequence[int]) -> np.ndarray:
        """Return left, bottom, right and top of each object."""
        bounds = np.zeros((len(addresses), 4), np.float32)
        _fill(self.calls.bounds, addresses, bounds)
        return bounds

    def _colours(self, addresses: Sequence[int]) -> np.ndarray:
        """Return red, green, blue and alpha of each object; black where it has none."""
        colours = np.zeros((len(addresses), 4), np.uint32)
        colours[np.flatnonzero(np.array(_fill(self.calls.colour, addresses, colours)) == 0)] = 0, 0, 0, 255
        return colours.astype(np.int64)

    def _loose_boxes(self, places: Sequence[int]) -> np.ndarray:
        """Return left, bottom, right and top of characters, each as high as its font."""
        boxes = np.zeros((len(places), 4), np.float32)
        rows = range(boxes.ctypes.data, boxes.ctypes.data + boxes.nbytes, 4 * boxes.itemsize)
        deque(map(self.calls.loose_box, repeat(self._characters), places, rows), maxlen=0)
        return boxes[:, [0, 3, 2, 1]].astype(np.float64)  # pdfium writes left, top, right, bottom

    def _set_size(self, place: int, height: float) -> float:
        """Return the size that a character is set in; its height where a matrix scales it."""
        known = self._size_of_height.get(height)
        if known is None:
            size = float(self.calls.character_size(self._characters, place))
            known = round(size if 0.4 * height < size < 1.7 * height else height, 1)
            self._size_of_height[height] = known
        return known

    def _hidden(self, text: str, doubts: Mapping[int, str]) -> Iterator[tuple[int, str]]:
        """Yield the places of characters that nobody can see, with the reason."""
        picture = _Picture(self.page)
        addresses = list(map(self.calls.object_of, repeat(self._characters), range(len(text))))
        places = [i for i, address in enumerate(addresses) if address in doubts and not text[i].isspace()]
        for place, (left, bottom, right, top) in zip(places, self._loose_boxes(places).tolist(), strict=True):
            doubt, box = doubts[addresses[place]], (left, bottom, right, top)
            if doubt in ("colour", "place"):
                is_colour = doubt == "colour"
                doubt = self._reason_of_place(box)
                if is_colour and not doubt:
                    red, green, blue, _ = self._colours([addresses[place]])[0].tolist()
                    doubt = picture.reason(box, (red, green, blue))
            if doubt:
                yield place, doubt

    def _reason_of_place(self, box: Box) -> str:
        left, bottom, right, top = box
        if max(top - bottom, right - left) < SMALLEST_PT:
            return f"{max(top - bottom, 0.0):.1f} pt"
        if right <= self.box[0] or left >= self.box[2] or top <= self.box[1] or bottom >= self.box[3]:
            return "off the page"
        return ""

    def _lines(self, text: str, hidden: frozenset[int]) -> Iterator[list[Any]]:
        lines, ends = [], []
        begin = 0
        for piece in text.replace("\n", "\r").split("\r"):
            end = begin + len(piece)
            places: Sequence[int] = range(begin, end)
            if hidden and not hidden.isdisjoint(places):
                places = [place for place in places if place not in hidden]
                piece = "".join(text[place] for place in places)
            if line := piece.strip():
                offset = len(piece) - len(piece.lstrip())
                lines.append(line)
                ends += [places[offset], places[offset + len(line.rstrip("\ufffe")) - 1]]
            begin = end + 1
        boxes = self._loose_boxes(ends)
        (left, bottom, _, top), (_, low, right, high) = boxes[::2].T, boxes[1::2].T
        edges = np.stack([left, np.minimum(bottom, low), np.maximum(left, right), np.maximum(top, high)], axis=1)
        edges, heights = np.trunc(edges * 10) / 10, (top - bottom).tolist()
        for line, first, edge, height in zip(lines, ends[::2], edges.tolist(), heights, strict=True):
            yield [line, *edge, self._set_size(first, round(height, 2))]


class _Picture:
    """The page as it looks, rendered when the first doubtful colour asks for it."""

    def __init__(self, page: Any) -> None:
        self._page = page
        self._bitmap: Any = None

    def reason(self, box: Box, colour: Colour) -> str:
        """Return why nothing can be seen in a box; "" where something can."""
        if self._bitmap is None:
            self._bitmap = self._page.render(scale=_SCALE, grayscale=True).to_numpy()
        shades = self._shades(box)
        if shades.size and int(shades.max()) - int(shades.min()) >= _LEAST_CONTRAST:
            return ""
        is_white = min(colour) >= _LIGHT and (not shades.size or int(shades.max()) >= _LIGHT)
        return "white on white" if is_white else "in the colour of its background"

    def _shades(self, box: Box) -> Any:
        crop, height = self._page.get_cropbox(), self._bitmap.shape[0]
        columns = slice(max(int((box[0] - crop[0]) * _SCALE), 0), max(int((box[2] - crop[0]) * _SCALE) + 1, 0))
        rows = slice(
            max(int(height - (box[3] - crop[1]) * _SCALE), 0), max(int(height - (box[1] - crop[1]) * _SCALE) + 1, 0)
        )
        return self._bitmap[rows, columns]


def _are_on(bounds: np.ndarray, colours: np.ndarray, colour: Colour, box: Box) -> np.ndarray:
    """Say of each text whether its middle lies on a surface of nearly its colour."""
    x, y = (bounds[:, 0] + bounds[:, 2]) / 2, (bounds[:, 1] + bounds[:, 3]) / 2
    left, bottom, right, top = box
    is_inside = (left <= x) & (x <= right) & (bottom <= y) & (y <= top)
    is_alike = np.all(abs(colours[:, :3] - colour) < _LEAST_CONTRAST, axis=1)
    return np.asarray(is_inside & is_alike)


def _fill(function: Any, addresses: Sequence[int], numbers: np.ndarray) -> list[int]:
    """Let pdfium write four numbers of each object into a row, and return what it answers."""
    begin, width, n_bytes = numbers.ctypes.data, 4 * numbers.itemsize, numbers.nbytes
    cells = (range(at, at + n_bytes, width) for at in range(begin, begin + width, numbers.itemsize))
    return list(map(function, addresses, *cells))


def _address(holder: Any) -> int:
    return ctypes.cast(holder.raw, ctypes.c_void_p).value or 0


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
