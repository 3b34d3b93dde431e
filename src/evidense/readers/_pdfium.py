"""Pdfium: what a PDF shows, read in a child process: text by lines with their places, and apart from it what nobody can see.

Pages whose text objects are all plainly visible are read at once; on the others every character is looked at.
"""

import ctypes
import json
import math
import re
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
_AT_ONCE = 1_024
"""Objects or characters that pdfium is asked about in one go."""
_FARTHEST = 1e9
"""Tenths of a point; nothing farther out is told apart."""
_INVISIBLE_MODES = (3, 7)
MOST_HIDDEN = 400
"""Characters of one hidden text that are listed."""
_LINE = re.compile(r"\S(?:[^\r\n]*\S)?")
"""A line without the space around it."""
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


class _Handle(ctypes.c_void_p):
    """Something of pdfium's: a page, its text, an object on it."""


class _Calls:
    """The functions of pdfium that are called for each object, line or character.

    Their arguments are not declared, since checking them takes longer than the calls: handles, whole numbers and references only.
    """

    def __init__(self) -> None:
        from pypdfium2 import raw

        def declared(name: str, result: Any = ctypes.c_int) -> Any:
            return ctypes.PYFUNCTYPE(result)(ctypes.cast(getattr(raw, name), ctypes.c_void_p).value or 0)

        self.count, self.get = declared("FPDFPage_CountObjects"), declared("FPDFPage_GetObject", _Handle)
        self.count_in_form = declared("FPDFFormObj_CountObjects")
        self.get_in_form = declared("FPDFFormObj_GetObject", _Handle)
        self.kind, self.mode = declared("FPDFPageObj_GetType"), declared("FPDFTextObj_GetTextRenderMode")
        self.drawn = declared("FPDFPath_GetDrawMode")
        self.object_size, self.matrix = declared("FPDFTextObj_GetFontSize"), declared("FPDFPageObj_GetMatrix")
        self.character = declared("FPDFText_GetUnicode", ctypes.c_uint)
        self.object_of = declared("FPDFText_GetTextObject", ctypes.c_void_p)
        self.character_size = declared("FPDFText_GetFontSize", ctypes.c_double)
        self.bounds = _Rows(declared("FPDFPageObj_GetBounds"), ctypes.c_float, 4)
        self.colours = _Rows(declared("FPDFPageObj_GetFillColor"), ctypes.c_uint, 4, (0, 0, 0, 255))
        self.loose_boxes = _Rows(declared("FPDFText_GetLooseCharBox"), ctypes.c_float, 1)
        self.path, self.picture, self.form = raw.FPDF_PAGEOBJ_PATH, raw.FPDF_PAGEOBJ_IMAGE, raw.FPDF_PAGEOBJ_FORM


class _Rows:
    """Rows of four numbers that a function of pdfium writes, one of each thing that it is called for."""

    def __init__(self, function: Any, kind: Any, n_references: int, otherwise: Sequence[int] = (0, 0, 0, 0)) -> None:
        self._function, self._otherwise, size = function, otherwise, ctypes.sizeof(kind)
        buffer = (kind * (4 * _AT_ONCE))()
        self._written = np.frombuffer(buffer, kind).reshape(_AT_ONCE, 4)
        self._references = [
            [ctypes.byref(buffer, size * (4 * row + column)) for row in range(_AT_ONCE)]
            for column in range(n_references)
        ]

    def of(self, things: Sequence[Any], *before: Any) -> np.ndarray:
        """Return a row of each thing, or what stands for it where pdfium has none; `before` are arguments that stand before it."""
        rows = np.zeros((len(things), 4), self._written.dtype)
        for begin in range(0, len(things), _AT_ONCE):
            some = things[begin : begin + _AT_ONCE]
            has_any = list(map(self._function, *map(repeat, before), some, *self._references))
            rows[begin : begin + len(some)] = self._written[: len(some)]
            if 0 in has_any:
                rows[begin : begin + len(some)][np.array(has_any) == 0] = self._otherwise
        return rows


class _Objects:
    """Objects of a page in the order in which they are drawn, those inside forms among them."""

    def __init__(self, calls: _Calls, page: _Handle) -> None:
        self._calls, self._n_objects = calls, 0
        self.texts: list[_Handle] = []
        self.modes: list[int] = []
        """How each text is drawn."""
        self.places: list[int] = []
        """Of each text among all objects."""
        self.levels: list[int] = []
        """Of each text: 0 on the page itself, 1 in a form of it …"""
        self.others: list[tuple[int, int, _Handle]] = []
        """Place, kind and handle of each other object of the page itself."""
        self._add(page, 0)

    def _add(self, holder: _Handle, level: int) -> None:
        calls = self._calls
        count, get = (calls.count_in_form, calls.get_in_form) if level else (calls.count, calls.get)
        handles = list(map(get, repeat(holder), range(count(holder))))
        modes = list(map(calls.mode, handles))
        begin = 0
        for end in [place for place, mode in enumerate(modes) if mode < 0]:
            self._add_texts(handles[begin:end], modes[begin:end], level)
            kind, begin = calls.kind(handles[end]), end + 1
            if kind == calls.form and level < _DEEPEST:
                self._add(handles[end], level + 1)
            elif level == 0:
                self.others.append((self._n_objects, kind, handles[end]))
            self._n_objects += 1
        self._add_texts(handles[begin:], modes[begin:], level)

    def _add_texts(self, handles: list[_Handle], modes: list[int], level: int) -> None:
        self.texts += handles
        self.modes += modes
        self.places += range(self._n_objects, self._n_objects + len(handles))
        self.levels += [level] * len(handles)
        self._n_objects += len(handles)


class _Page:
    """One page, and what pdfium says of its objects and characters."""

    def __init__(self, calls: _Calls, page: Any, textpage: Any) -> None:
        self.calls, self.page, self.textpage = calls, page, textpage
        self._handle, self._characters = _handle(page), _handle(textpage)
        crop = page.get_cropbox()
        self.box: Box = (crop[0], crop[1], crop[2], crop[3])
        self._matrix, self._size_of = (ctypes.c_float * 6)(), ctypes.c_float()
        self._size_of_height: dict[float, int] = {}

    def shown(self) -> dict[str, Any]:
        """Return size, lines `[text, x0, y0, x1, y1, size]` in tenths of a point, hidden texts `[text, reason]`, and whether a picture covers the page."""
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
        objects = _Objects(self.calls, self._handle)
        surfaces, is_scan = self._surfaces(objects.others)
        return self._doubts_of(objects, surfaces) if objects.texts else {}, is_scan

    def _surfaces(self, others: Sequence[tuple[int, int, _Handle]]) -> tuple[list[tuple[int, Colour, Box]], bool]:
        """Return the filled surfaces on which text can stand, each with its place in the order, and whether a picture covers the page."""
        width, height = self.page.get_size()
        is_scan, surfaces, path, picture = False, [], self.calls.path, self.calls.picture
        seen = [other for other in others if other[1] == picture or (other[1] == path and self._is_filled(other[2]))]
        bounds = self.calls.bounds.of([handle for _, _, handle in seen]).tolist()
        for (place, kind, handle), (left, bottom, right, top) in zip(seen, bounds, strict=True):
            is_scan = is_scan or (kind == picture and (right - left) * (top - bottom) > _SCAN * width * height)
            if kind == path and right - left > 8 and top - bottom > 4:
                surfaces.append((place, self._colour(handle), (left, bottom, right, top)))
        return surfaces, is_scan

    def _is_filled(self, handle: _Handle) -> bool:
        mode, stroke = ctypes.c_int(), ctypes.c_int()
        self.calls.drawn(handle, ctypes.byref(mode), ctypes.byref(stroke))
        return bool(mode.value)

    def _doubts_of(self, objects: _Objects, surfaces: Sequence[tuple[int, Colour, Box]]) -> dict[int, str]:
        """Return the text objects that must be looked at, with what is doubtful; a later reason stands for an earlier one."""
        texts, page = objects.texts, self.box
        colours, bounds = self.calls.colours.of(texts).astype(np.int64), self.calls.bounds.of(texts)
        is_doubtful = np.any((bounds[:, :2] < page[:2]) | (bounds[:, 2:] > page[2:]), axis=1)
        if any(objects.levels):
            is_doubtful |= np.array(objects.levels) > 0
        is_low = np.flatnonzero(bounds[:, 3] - bounds[:, 1] < SMALLEST_PT).tolist()
        is_doubtful[[i for i in is_low if self._size(texts[i]) < SMALLEST_PT]] = True
        is_coloured = colours[:, :3].min(axis=1) >= _LIGHT
        places = np.array(objects.places)
        for place, colour, box in surfaces:
            is_coloured |= (places > place) & _are_on(bounds, colours, colour, box)
        is_invisible = [mode in _INVISIBLE_MODES for mode in objects.modes]
        doubts: dict[int, str] = {}
        for which, reason in (
            (is_doubtful, "place"), (is_coloured, "colour"), (colours[:, 3] < _OPAQUE, "transparent"), (is_invisible, "render mode"),
        ):  # fmt: skip
            for i in np.flatnonzero(which).tolist():
                doubts[texts[i].value or 0] = f"{reason} {objects.modes[i]}" if reason == "render mode" else reason
        return doubts

    def _size(self, handle: _Handle) -> float:
        self.calls.object_size(handle, ctypes.byref(self._size_of))
        self.calls.matrix(handle, ctypes.byref(self._matrix))
        return abs(self._size_of.value) * math.hypot(self._matrix[2], self._matrix[3])

    def _colour(self, handle: _Handle) -> Colour:
        red, green, blue, _ = self.calls.colours.of([handle])[0].tolist()
        return red, green, blue

    def _loose_boxes(self, places: Sequence[int]) -> np.ndarray:
        """Return left, bottom, right and top of characters, each as high as its font."""
        boxes = self.calls.loose_boxes.of(places, self._characters)
        return boxes[:, [0, 3, 2, 1]].astype(np.float64)  # pdfium writes left, top, right, bottom

    def _set_size(self, place: int, height: float) -> int:
        """Return the size that a character is set in, in tenths of a point; its height where a matrix scales it."""
        known = self._size_of_height.get(height)
        if known is None:
            size = float(self.calls.character_size(self._characters, place))
            known = round(10 * round(size if 0.4 * height < size < 1.7 * height else height, 1))
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
                    doubt = picture.reason(box, self._colour(_Handle(addresses[place])))
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
        seen = [place for place in range(len(text)) if place not in hidden] if hidden else range(len(text))
        shown = "".join([text[place] for place in seen]) if hidden else text
        lines, ends = [], []
        for match in _LINE.finditer(shown):
            line, start = match[0], match.start()
            length = len(line.rstrip("\ufffe")) if line[-1] == "\ufffe" else len(line)
            lines.append(line)
            ends += [seen[start], seen[start + max(length, 1) - 1]]
        boxes = self._loose_boxes(ends)
        (left, bottom, _, top), (_, low, right, high) = boxes[::2].T, boxes[1::2].T
        edges = np.stack([left, np.minimum(bottom, low), np.maximum(left, right), np.maximum(top, high)], axis=1)
        heights = np.round(top - bottom, 2).tolist()
        tenths = np.trunc(np.clip(edges * 10, -_FARTHEST, _FARTHEST)).astype(np.int64).tolist()
        for line, place, edge, height in zip(lines, ends[::2], tenths, heights, strict=True):
            edge.append(self._set_size(place, height))
            yield [line, *edge]


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


def _handle(holder: Any) -> _Handle:
    return _Handle(ctypes.cast(holder.raw, ctypes.c_void_p).value)


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
