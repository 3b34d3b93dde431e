"""Fit: what is left out of a page that would be too large: first the tables of the largest figures, then figures that are folded away."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from jinja2.environment import TemplateModule
from markupsafe import Markup

from evidense.report.inside.page import Ground, Shown


@dataclass(frozen=True)
class Piece:
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


def pieces(grounds: Sequence[Ground], macros: TemplateModule) -> dict[str, Piece]:
    """Return anchor → figure, every one rendered once."""
    found: dict[str, Piece] = {}
    for part in (p for g in grounds for p in g.parts):
        for shown in part.figures:
            found[shown.anchor] = _piece(shown, macros, shown in part.others, shown in part.scalars)
    return found


def _piece(shown: Shown, macros: TemplateModule, is_folded: bool, is_scalar: bool) -> Piece:
    make = {name: getattr(macros, name) for name in ("figure", "behind", "tail", "scalar")}
    table = make["behind"](shown.table, shown.n_rows) if shown.table is not None and shown.n_rows else Markup("")
    return Piece(make["scalar" if is_scalar else "figure"](shown), table, make["tail"](shown), shown.n_rows, is_folded)


def fitted(found: Mapping[str, Piece], room_bytes: int) -> dict[str, Piece]:
    """Return the figures that have room: largest tables go first, then the largest folded figures, then any."""
    kept = dict(found)
    excess = sum(p.size_bytes for p in kept.values()) - room_bytes
    by_rows = sorted(kept, key=lambda a: (-kept[a].n_rows, a))
    by_size = sorted(kept, key=lambda a: (not kept[a].is_folded, -len(kept[a].head), a))
    steps = [*((anchor, _without_table) for anchor in by_rows), *((anchor, _without_figure) for anchor in by_size)]
    for anchor, change in steps:
        if excess <= 0:
            break
        smaller = change(kept[anchor])
        excess -= kept[anchor].size_bytes - smaller.size_bytes
        kept[anchor] = smaller
    return kept


def _without_table(piece: Piece) -> Piece:
    return replace(
        piece, table=_note(piece, "their table is left out to keep this page small") if piece.table else piece.table
    )


def _without_figure(piece: Piece) -> Piece:
    return replace(
        piece, head=_note(piece, "this figure is left out to keep this page small"), table=Markup(""), tail=Markup("")
    )


def _note(piece: Piece, what: str) -> Markup:
    n = f"{piece.n_rows} finding{'s' if piece.n_rows != 1 else ''}"
    return Markup('<p class="sub">{}: {}; findings.csv has every value.</p>').format(n, what)
