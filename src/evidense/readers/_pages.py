"""Pages: the lines of a PDF in reading order, without running heads, divided into blocks and references."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

from evidense.texts.reference_list import is_heading

MOST_CHANGES = 3
"""Changes of column on a page up to which the order of its lines is believed."""
_LEAST_WIDTH = 120.0
"""Points from which on a line counts: formulas, labels and names of authors stand where they like."""
_MARGIN = 0.1
"""Part of a page's height in which running heads and page numbers stand."""
_LABEL = re.compile(r"^\s*(?:\[(?P<label>\d{1,4}|[A-Za-z+]{1,10}\d{2,4}[a-z]?)\]|(?P<number>\d{1,3})\.)\s*(?=\S)")
_ENDS = re.compile(r"[.!?:;][\"”’)\]]*$")
_NUMBERED = re.compile(
    r"^(?:\d{1,2}(?:\.\d{1,2}){0,3}\.?|[A-Z](?:\.\d{1,2})?\.?|[IVX]{1,5}\.)\s+[^\W\d_a-z][^.(]{2,70}$"
)
CAPTION = re.compile(r"^(?:Figure|Fig\.|FIG\.|Table|TABLE|Algorithm|Listing)\s*[\dA-Z]")
_END_MATTER = re.compile(
    r"^(?:affiliations?|(?:author|contact|correspondence|corresponding author)s?(?:[’']s?)?(?: (?:affiliations?|address(?:es)?|biograph(?:y|ies)|information))?"
    r"|about the authors?|(?:received|submitted|accepted)\b.{0,60})\s*:?$",
    re.IGNORECASE,
)
"""A line that opens what stands behind a list of references."""
Column = Literal["left", "right", "wide"]


@dataclass(frozen=True)
class Line:
    """One line, or several that a hyphen joins."""

    text: str
    x0: float
    y0: float
    x1: float
    y1: float
    size: float
    page: int
    column: Column = "wide"


def has_columns(pages: Sequence[Mapping[str, Any]]) -> bool:
    """Say whether a paper is set in two columns: a third of its pages are; on one page alone, tables and formulas look so too."""
    n_pages = sum(1 for page in pages if page.get("lines"))
    return 3 * sum(_is_two_column(_lines(page, 1)) for page in pages if "lines" in page) >= n_pages


def lines_of(page: Mapping[str, Any], number: int, may_have_columns: bool = True) -> tuple[list[Line], bool]:
    """Return the lines of a page in reading order, and whether that order is sure: at most three changes of column."""
    lines = _lines(page, number)
    if not may_have_columns or not _is_two_column(lines):
        return [_wide(line) for line in lines], True
    if changes(lines) <= MOST_CHANGES:
        return lines, True
    ordered = _by_place(lines)
    return ordered, changes(ordered) <= MOST_CHANGES


def _lines(page: Mapping[str, Any], number: int) -> list[Line]:
    width = float(page["size"][0]) or 1.0
    return [
        Line(text, x0 / 10, y0 / 10, x1 / 10, y1 / 10, size / 10, number, _column(x0 / 10, x1 / 10, width))
        for text, x0, y0, x1, y1, size in page["lines"]
    ]


def changes(lines: Sequence[Line]) -> int:
    """Return how often the order of lines goes from one column to the other; short lines (formulas, labels) do not count."""
    columns = [line.column for line in lines if line.column != "wide" and line.x1 - line.x0 > _LEAST_WIDTH]
    return sum(one != other for one, other in pairwise(columns))


def _column(x0: float, x1: float, width: float) -> Column:
    if x0 < 0.46 * width and x1 > 0.56 * width:
        return "wide"
    return "left" if (x0 + x1) / 2 < 0.5 * width else "right"


def _wide(line: Line) -> Line:
    return Line(line.text, line.x0, line.y0, line.x1, line.y1, line.size, line.page)


def _is_two_column(lines: Sequence[Line]) -> bool:
    counts = Counter(line.column for line in lines if line.x1 - line.x0 > _LEAST_WIDTH)
    n_narrow = min(counts["left"], counts["right"])
    return n_narrow >= 5 and counts["wide"] <= 2 * n_narrow


def _by_place(lines: Sequence[Line]) -> list[Line]:
    """Order lines by bands between those that span the page: in each the left column, then the right one."""
    wide = sorted((line for line in lines if line.column == "wide" and len(line.text) > 30), key=lambda line: -line.y1)
    edges = [line.y0 for line in wide]

    def place(line: Line) -> tuple[int, int, float]:
        band = sum(edge > line.y0 + 1 for edge in edges)
        return band, {"wide": 2, "left": 0, "right": 1}[line.column], -line.y1

    return sorted(lines, key=place)


def without_furniture(pages: Sequence[Sequence[Line]], heights: Sequence[float]) -> list[list[Line]]:
    """Drop running heads and page numbers: lines near the edge that recur on other pages but for their digits."""
    recurring: Counter[str] = Counter()
    for lines, height in zip(pages, heights, strict=True):
        recurring.update({_shape(line) for line in lines if _is_at_edge(line, height)})
    least = 2 if len(pages) < 8 else 3
    return [
        [
            line
            for line in lines
            if not (
                _is_at_edge(line, height)
                and (recurring[_shape(line)] >= least or re.fullmatch(r"[\divxlc–\- ]{1,9}", line.text))
            )
        ]
        for lines, height in zip(pages, heights, strict=True)
    ]


def _shape(line: Line) -> str:
    return re.sub(r"\d+", "0", line.text)


def _is_at_edge(line: Line, height: float) -> bool:
    return line.y1 > (1 - _MARGIN) * height or line.y0 < _MARGIN * height


def body_size(lines: Sequence[Line]) -> float:
    """Return the size in which most of the text is set."""
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[line.size] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0


def is_head(line: Line, body: float) -> bool:
    """Say whether a line looks like a heading: larger than the text, numbered, or in capitals."""
    text = line.text.strip()
    if not 2 < len(text) <= 110 or CAPTION.match(text) or not re.search(r"[^\W\d_]{3}", text):
        return False
    if line.size > body + 0.9 and not _ENDS.search(text):
        return True
    return _NUMBERED.match(text) is not None or (text.isupper() and len(text.split()) <= 10 and not text.endswith("."))


def blocks_of(lines: Sequence[Line], body: float) -> Iterator[list[Line]]:
    """Divide lines into paragraphs and headings: at gaps, indents, other sizes, and where a column ends with a sentence."""
    leading = _leading(lines)
    block: list[Line] = []
    for line in lines:
        if block and _is_new(block, line, leading, body):
            yield block
            block = []
        block.append(line)
    if block:
        yield block


def _leading(lines: Sequence[Line]) -> float:
    steps = [round(one.y0 - other.y0, 1) for one, other in pairwise(lines) if 0 < one.y0 - other.y0 < 40]
    return Counter(steps).most_common(1)[0][0] if steps else 12.0


def _is_new(block: Sequence[Line], line: Line, leading: float, body: float) -> bool:
    last = block[-1]
    has_moved = line.page != last.page or line.column != last.column or line.y1 > last.y1 + 2
    gap = last.y0 - line.y0
    has_ended = bool(_ENDS.search(last.text)) or gap > 1.2 * leading or has_moved or abs(line.size - last.size) > 0.4
    if (is_head(line, body) and not is_head(last, body) and has_ended) or CAPTION.match(line.text):
        return True
    if is_head(last, body) and all(is_head(one, body) for one in block) and not is_head(line, body):
        return True
    if abs(line.size - last.size) > 1.2 and min(len(line.text), len(last.text)) > 3:
        return True
    if has_moved:
        return bool(_ENDS.search(last.text)) or not line.text[:1].islower()
    if gap > 1.5 * leading:
        return True
    return line.x0 > block[0].x0 + 5 and len(block) > 1 and bool(_ENDS.search(last.text)) and line.x0 > last.x0 + 5


def bibliography(lines: Sequence[Line], body: float) -> tuple[int, int]:
    """Return the places of the first and after the last line of the list of references, without its heading; (n, n) if there is none."""
    n = len(lines)
    headings = [place + 1 for place in range(n - 1, -1, -1) if is_heading(lines[place].text)]
    begin = next((place for place in headings if _cites_years(lines[place : place + 30])), _first_label(lines))
    if begin >= n:
        return n, n
    size = body_size(lines[begin : begin + 40])
    end = begin
    while end < n and not (end > begin and _ends_list(lines[end], size)):
        end += 1
    return begin, end


def _ends_list(line: Line, size: float) -> bool:
    """Say whether a line opens what follows the list of references."""
    if _END_MATTER.match(line.text.strip()):
        return True
    return line.size > size + 1.2 and is_head(line, size) and not re.search(r"\d{3}|https?:|doi", line.text)


def _cites_years(lines: Sequence[Line]) -> bool:
    """Say whether every sixth line at least names a year or begins with a label, as those of a list of references do."""
    n_signs = sum(
        1
        for line in lines
        if re.search(r"\b(?:1[89]|20)\d\d[a-z]?\b|\barXiv|\bdoi|https?:", line.text) or _LABEL.match(line.text)
    )
    return n_signs >= max(1, len(lines) / 6)


def _first_label(lines: Sequence[Line]) -> int:
    """Return where the last [1] stands that [2] and [3] follow at the beginnings of lines."""
    starts = [
        (place, match["label"])
        for place, line in enumerate(lines)
        if (match := _LABEL.match(line.text)) and match["label"]
    ]
    for at in range(len(starts) - 3, -1, -1):
        if [label for _, label in starts[at : at + 3]] == ["1", "2", "3"]:
            return starts[at][0]
    return len(lines)


def entries(lines: Sequence[Line]) -> Iterator[list[Line]]:
    """Divide the lines of a list of references into its entries: by labels, else by hanging indents, else by gaps."""
    size = body_size(lines)
    lines = [line for line in lines if abs(line.size - size) <= 2.5 and line.size > size - 1.2]
    begins = _by_label(lines) or _by_indent(lines) or _by_gap(lines)
    entry: list[Line] = []
    for place, line in enumerate(lines):
        if place in begins and entry:
            yield entry
            entry = []
        if entry or place in begins:
            entry.append(line)
    if entry:
        yield entry


def _by_label(lines: Sequence[Line]) -> set[int]:
    """Return the lines that begin with a label; numbers must go up."""
    places: set[int] = set()
    expected = 0
    for place, line in enumerate(lines):
        match = _LABEL.match(line.text)
        if match is None:
            continue
        label = match["label"] or match["number"]
        if not label.isdigit():
            places.add(place)
        elif int(label) == expected + 1 or (expected == 0 and int(label) <= 1) or 0 < int(label) - expected <= 3:
            places.add(place)
            expected = int(label)
    return places if len(places) >= 2 or (len(lines) < 6 and places) else set()


def _by_indent(lines: Sequence[Line]) -> set[int]:
    """Return the lines that stand at the left edge of their column, where others are indented."""
    edges: dict[tuple[int, str], float] = defaultdict(lambda: 1e9)
    for line in lines:
        if len(line.text) > 15:
            edges[line.page, line.column] = min(edges[line.page, line.column], line.x0)
    places = {place for place, line in enumerate(lines) if line.x0 <= edges[line.page, line.column] + 3}
    return places if 0 < len(places) < 0.95 * len(lines) else set()


def _by_gap(lines: Sequence[Line]) -> set[int]:
    leading = _leading(lines)
    return {0} | {
        place
        for place, (one, other) in enumerate(pairwise(lines), 1)
        if one.y0 - other.y0 > 1.3 * leading or (other.y1 > one.y1 and bool(_ENDS.search(one.text)))
    }
