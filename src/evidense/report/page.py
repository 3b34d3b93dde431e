"""Page: records → one HTML file that needs nothing else: no network, no fonts, no library."""

from collections.abc import Callable
from dataclasses import dataclass

from jinja2 import Template
from markupsafe import Markup

import evidense
from evidense.boundary.numerals import level
from evidense.report import texts
from evidense.report.banner import banner
from evidense.report.checkpoints import curves
from evidense.report.comparison import answer, forest, methods, proof, setup_table
from evidense.report.comparison.expected import expected_lines
from evidense.report.comparison.leaderboard import leaderboard
from evidense.report.comparison.looks import STORE, sentences
from evidense.report.comparison.paper.figures import figures_of
from evidense.report.comparison.queries import QueryTable, query_tables
from evidense.report.comparison.readings import Limits
from evidense.report.comparison.sections import section
from evidense.report.comparison.seeds import lists_note
from evidense.report.comparison.shared import shared_sentences
from evidense.report.comparison.tables import latex
from evidense.report.contents import Contents
from evidense.report.factorial import beside
from evidense.report.factorial import page as factorial
from evidense.report.factorial import tables as effect_tables
from evidense.report.factorial.effects import Effects
from evidense.report.factorial.kinds import kinds
from evidense.report.inside import fit
from evidense.report.inside import page as inside
from evidense.report.rendering import MOST_BYTES, asset, assets, environment, light, query_assets
from evidense.report.words import ICONS, WORDS, margin_text
from evidense.store import Store

_FRAME_OF_TABLES = 60_000
"""Bytes of what stands around the tables of all queries: their script, their style sheet, their headings."""
_STEPS = (Limits(600, 5), Limits(240, 5), Limits(160, 3), Limits(80, 2, pictures=False), Limits(0, 0, pictures=False))


@dataclass(frozen=True)
class Frame:
    """What a page says beside its records."""

    command: str = ""
    text: bool = True
    inside: str = ""
    """File name of the page of the dissection, where this one stands beside it."""


def page_html(contents: Contents, store: Store, frame: Frame) -> str:
    """Return the page, at most 5 MB of it; of a study that looked inside, that of the dissection."""
    if inside.is_dissection(contents):
        return _inside_html(contents, frame)
    return compare_html(contents, store, frame)


def compare_html(contents: Contents, store: Store, frame: Frame) -> str:
    """Return the page of the comparison, or of what was trained."""
    if factorial.is_factorial(contents):
        return _factorial_html(contents, store, frame)
    return _fitting(
        environment().get_template("page.html.j2"),
        lambda limits: _context(contents, store, frame, limits),
        lambda room: query_tables(contents, store, room, text=frame.text),
        contents,
    )


def _factorial_html(contents: Contents, store: Store, frame: Frame) -> str:
    fixed = {
        **factorial.context(contents, store), **assets(), **query_assets(), "factorial_css": asset("factorial.css"), "frame": frame,
        "latex": effect_tables.latex(contents), "lists_note": beside.lists_note(contents),
    }  # fmt: skip
    effects = Effects.of(contents.study, contents.records)
    return _fitting(
        environment().get_template("factorial.html.j2"),
        lambda limits: {**fixed, "kinds": kinds(effects, contents, limits, frame.text)},
        lambda room: query_tables(contents, store, room, text=frame.text, sides=beside.sides_of_cells),
        contents,
    )


def _fitting(
    template: Template,
    context: Callable[[Limits], dict[str, object]],
    tables: Callable[[int], list[QueryTable]],
    contents: Contents,
) -> str:
    """Return the page with as much of texts and pictures as its size allows, then of the tables of all queries."""
    own, public = texts.n_texts(contents)
    for limits in _STEPS:
        values = {**context(limits), "tables": [], "n_own": own, "n_public": public}
        room = MOST_BYTES - len(template.render(values).encode()) - _FRAME_OF_TABLES
        if room >= 0:
            break
    packed = tables(room)
    own, public = texts.n_texts(contents, *(table.shown for table in packed))
    return light(template.render(values | {"tables": packed, "n_own": own, "n_public": public}))


def _inside_html(contents: Contents, frame: Frame) -> str:
    """Return the page of a dissection; of one that is too large, without the tables of its largest figures."""
    grounds = inside.grounds(contents)
    styles = {**assets(), "factorial_css": asset("factorial.css"), "inside_css": asset("inside.css")}
    own = {"frame": frame, "version": evidense.__version__, "grounds": grounds}
    figures = fit.pieces(grounds, environment().get_template("inside_figure.html.j2").module)
    template, fixed = environment().get_template("inside.html.j2"), {**inside.context(contents), **styles, **own}
    html = template.render(fixed, figures=figures)
    excess = len(html.encode()) - MOST_BYTES
    if excess > 0:
        room = sum(p.size_bytes for p in figures.values()) - excess
        html = template.render(fixed, figures=fit.fitted(figures, room))
    return html


def _context(contents: Contents, store: Store, frame: Frame, limits: Limits) -> dict[str, object]:
    study, scale = contents.study, forest.scale_of(contents)
    overview = [setup_table.values_row(contents, c) for c in contents.collections]
    return {
        **assets(), **query_assets(), "version": evidense.__version__, "frame": frame,
        "title": answer.title(contents), "primary": study.primary, "margin": margin_text(study.margin), "confidence": level(study.confidence),
        "family": answer.family(contents), "difference": _difference(contents), "study": study, "baseline": contents.baseline,
        "best": [answer.best(f) for f in contents.winners], "observed": sentences(study), "store_meaning": STORE, "shared": shared_sentences(contents),
        "lists_note": lists_note(contents), "places": leaderboard(contents), "checkpoints": curves(contents),
        "figures": _figures(contents),
        "answers": answer.said_first([answer.answer(contents, s) for s in contents.systems]),
        "groups": [forest.group(contents, s, scale) for s in contents.systems],
        "warnings": {s: answer.warnings(contents, s) for s in contents.systems},
        "costs": {s: answer.costs(contents, s) for s in contents.systems},
        "scale": scale, "words": list(WORDS.values()), "icons": ICONS, "claims": contents.claims,
        "overview": overview, "expected": expected_lines(contents), "has_letters": any(cell.letters for row in overview for cell in row.cells),
        "everyone": contents.everyone, "roles": {s: setup_table.role_of(contents, s) for s in contents.everyone},
        "sections": [section(contents, c, store, limits) for c in contents.collections],
        "setup": setup_table.rows(contents), "proof": proof, "contents": contents, "banner": banner(contents),
        "methods": methods.paragraph(contents), "bibtex": methods.bibtex(contents, evidense.__version__), "latex": latex(contents),
    }  # fmt: skip


def _figures(contents: Contents) -> dict[str, Markup]:
    """Return the files of the folder of figures by name, as the page hands them out."""
    return {name: Markup(svg) for name, svg in figures_of(contents).items()}


def _difference(contents: Contents) -> Markup:
    system = contents.systems[0] if len(contents.systems) == 1 else "system"
    return Markup("<bdi>{}</bdi> − <bdi>{}</bdi>").format(system, contents.baseline)
