"""Heat maps: every layer of one encoder against every layer of another, the number in the cell where there is room."""

from collections.abc import Sequence
from dataclasses import dataclass

from evidense.boundary.numerals import plain
from evidense.dissection.sentences import is_number
from evidense.records import Finding, Json
from evidense.report.inside.axes import MOST_LABELS
from evidense.report.places import Figure, grouped, said, who

SIZE = 200.0
FROM = 34.0
"""Where the cells begin, right of and above the labels."""
MOST_NUMBERED = 8
"""Layers of a map whose cells hold their numbers."""


@dataclass(frozen=True)
class HeatCell:
    """One cell; its strength is the share of the largest value."""

    x: float
    y: float
    size_x: float
    size_y: float
    strength: float
    text: str
    is_dark: bool
    missing: bool


@dataclass(frozen=True)
class HeatMap:
    """One map."""

    title: str
    across: str
    up: str
    squares: tuple[HeatCell, ...]
    columns: tuple[tuple[float, str], ...]
    rows: tuple[tuple[float, str], ...]
    spoken: str


@dataclass(frozen=True)
class HeatMaps:
    """The maps of a figure: those in sight, and those that are folded away."""

    shown: tuple[HeatMap, ...]
    folded: tuple[HeatMap, ...]


MOST_SHOWN = 6


def heats(figure: Figure) -> HeatMaps | None:
    """Return the maps of a figure: matrices in the details of its findings, and findings over two depths; first what is not random weights."""
    maps = [*_matrices(figure), *_grids(figure)]
    first = next((measure for measure, _, _ in maps), "")
    shown = [heat for measure, is_random, heat in maps if measure == first and not is_random][:MOST_SHOWN] or [
        heat for _, _, heat in maps[:1]
    ]
    return HeatMaps(tuple(shown), tuple(heat for _, _, heat in maps if heat not in shown)) if maps else None


def _matrices(figure: Figure) -> list[tuple[str, bool, HeatMap]]:
    maps = []
    measures = list(dict.fromkeys(str(f.site.get("measure")) for f in figure.findings))
    for f in sorted(
        figure.findings, key=lambda f: (f.site.get("role") == "random", measures.index(str(f.site.get("measure"))))
    ):
        matrix = f.details.get("matrix")
        if isinstance(matrix, list | tuple) and len(matrix) > 1 and isinstance(matrix[0], list | tuple):
            title = " · ".join(
                said(k, f.site[k]) for k in figure.varying if k in f.site and (k, f.site[k]) != ("pooling", "own")
            )
            names = f"layers of {f.site.get('subject', '')}", f"layers of {f.site.get('against', '')}"
            maps.append(
                (str(f.site.get("measure")), f.site.get("role") == "random", _heat(title or _pair(f), names, matrix))
            )
    return maps


def _pair(finding: Finding) -> str:
    return f"{finding.site.get('subject', '')} and {finding.site.get('against', '')}"


def _grids(figure: Figure) -> list[tuple[str, bool, HeatMap]]:
    maps = []
    layered = [f for f in figure.measured if f.site.get("layer_document") is not None]
    keys = {p.key: p for p in figure.panels}
    for key, panel in keys.items():
        for name, group in grouped([f for f in panel.findings if f in layered], who).items():
            columns = sorted({int(f.site["layer"]) for f in group})
            rows = sorted({int(f.site["layer_document"]) for f in group})
            if len(columns) < 2 and len(rows) < 2:
                continue
            value_at = {(int(f.site["layer_document"]), int(f.site["layer"])): f.value for f in group}
            title = " · ".join([name, *(said(k, v) for k, v in key)])
            names = ("layers of the queries’ tower", "layers of the documents’ tower")
            matrix = [[value_at.get((r, c)) for c in columns] for r in rows]
            maps.append(("", group[0].site.get("role") == "random", _heat(title, names, matrix, (columns, rows))))
    return maps


def _heat(
    title: str,
    names: tuple[str, str],
    matrix: Sequence[Sequence[Json]],
    layers: tuple[Sequence[int], Sequence[int]] | None = None,
) -> HeatMap:
    n_rows, n_columns = len(matrix), len(matrix[0])
    columns, rows = layers or (range(n_columns), range(n_rows))
    wide, high = (SIZE / n_columns, SIZE / n_rows)
    top = max([abs(float(x)) for row in matrix for x in row if is_number(x)] or [1.0])
    numbered = max(n_rows, n_columns) <= MOST_NUMBERED
    squares = [
        _square((FROM + c * wide, FROM / 4 + (n_rows - 1 - r) * high), (wide, high), x, (max(top, 1.0) if top <= 1.0 else top, numbered))
        for r, row in enumerate(matrix) for c, x in enumerate(row)
    ]  # fmt: skip
    every_c, every_r = (max(1, -(-n // MOST_LABELS)) for n in (n_columns, n_rows))
    return HeatMap(
        title=title, across=names[0], up=names[1], squares=tuple(squares),
        columns=tuple((round(FROM + (c + 0.5) * wide, 1), str(columns[c])) for c in range(n_columns) if c % every_c == 0),
        rows=tuple((round(FROM / 4 + (n_rows - r - 0.5) * high, 1), str(rows[r])) for r in range(n_rows) if r % every_r == 0),
        spoken=f"{title}: {names[0]} against {names[1]}, first {plain(_number(matrix[0][0]))}, last {plain(_number(matrix[-1][-1]))}",
    )  # fmt: skip


def _number(x: Json) -> float | None:
    return float(x) if is_number(x) else None


def _square(place: tuple[float, float], size: tuple[float, float], x: Json, how: tuple[float, bool]) -> HeatCell:
    top, numbered = how
    strength = 0.0 if not is_number(x) else min(1.0, max(0.0, float(x) / top))
    text = plain(_number(x), 2) if numbered else ""
    return HeatCell(
        round(place[0], 1),
        round(place[1], 1),
        round(size[0], 1),
        round(size[1], 1),
        round(strength, 2),
        text,
        strength > 0.55,
        not is_number(x),
    )
