"""Notebook: the first screen as one HTML fragment that fits into somebody else's page."""

from evidense.boundary.numerals import level
from evidense.report.comparison.answer import answer, family, title
from evidense.report.comparison.forest import group, scale_of
from evidense.report.contents import Contents
from evidense.report.rendering import environment
from evidense.report.words import margin_text

_HEADS = (
    "verdict",
    "system",
    "collection",
    "",
    "baseline → system",
    "effect [interval]",
    "queries",
    "better / equal / worse",
)
_COLOURS = {"HARMS": "#d9541e", "HELPS": "#3d7fe0"}
"""Readable on white and on black alike (contrast at least 3.8 : 1, in bold)."""


def fragment(contents: Contents) -> str:
    """Return the fragment; it has no script, no class and no id, so that it cannot clash with the notebook."""
    study, scale = contents.study, scale_of(contents)
    return environment().get_template("notebook.html.j2").render(
        title=title(contents), primary=study.primary, margin=margin_text(study.margin), confidence=level(study.confidence), family=family(contents),
        answers=[answer(contents, s) for s in contents.systems], groups=[group(contents, s, scale) for s in contents.systems],
        scale=scale, heads=_HEADS, colours=_COLOURS,
    )  # fmt: skip
