"""Fit: what is left out of a page that would be too large: first the tables of the largest figures, then figures that are folded away."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from jinja2.environment import TemplateModule
from markupsafe import Markup

from evidense.report.inside.page import CollectionSection, FigureView


@dataclass(frozen=True)
class RenderedFigure:
    """One figure as the page prints it, in three parts, any of which may be left out."""

    head: Markup
    table: Markup
    tail: Markup
    n_rows: int
    is_folded: bool

    @property
    def size_bytes(self) -> int:
        """Return its length on the page."""
        return sum(len(part.encode()) for part in (self.head, self.table, self.tail))


def pieces(grounds: Sequence[CollectionSection], macros: TemplateModule) -> dict[str, RenderedFigure]:
    """Return anchor → figure, every one rendered once."""
    rendered: dict[str, RenderedFigure] = {}
    for part in (p for g in grounds for p in g.parts):
        for shown in part.figures:
            rendered[shown.anchor] = _piece(shown, macros, shown in part.others, shown in part.scalars)
    return rendered


def _piece(shown: FigureView, macros: TemplateModule, is_folded: bool, is_scalar: bool) -> RenderedFigure:
    make = {name: getattr(macros, name) for name in ("figure", "behind", "tail", "scalar")}
    table = make["behind"](shown.table, shown.n_rows) if shown.table is not None and shown.n_rows else Markup("")
    return RenderedFigure(
        make["scalar" if is_scalar else "figure"](shown), table, make["tail"](shown), shown.n_rows, is_folded
    )


def fitted(rendered: Mapping[str, RenderedFigure], room_bytes: int) -> dict[str, RenderedFigure]:
    """Return the figures that have room: largest tables go first, then the largest folded figures, then any."""
    fitting = dict(rendered)
    excess = sum(p.size_bytes for p in fitting.values()) - room_bytes
    by_rows = sorted(fitting, key=lambda a: (-fitting[a].n_rows, a))
    by_size = sorted(fitting, key=lambda a: (not fitting[a].is_folded, -len(fitting[a].head), a))
    steps = [*((anchor, _without_table) for anchor in by_rows), *((anchor, _without_figure) for anchor in by_size)]
    for anchor, change in steps:
        if excess <= 0:
            break
        smaller = change(fitting[anchor])
        excess -= fitting[anchor].size_bytes - smaller.size_bytes
        fitting[anchor] = smaller
    return fitting


def _without_table(piece: RenderedFigure) -> RenderedFigure:
    return replace(
        piece, table=_note(piece, "their table is left out to keep this page small") if piece.table else piece.table
    )


def _without_figure(piece: RenderedFigure) -> RenderedFigure:
    return replace(
        piece, head=_note(piece, "this figure is left out to keep this page small"), table=Markup(""), tail=Markup("")
    )


def _note(piece: RenderedFigure, what: str) -> Markup:
    n = f"{piece.n_rows} finding{'s' if piece.n_rows != 1 else ''}"
    return Markup('<p class="sub">{}: {}; findings.csv has every value.</p>').format(n, what)
