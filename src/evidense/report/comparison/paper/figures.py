"""Figure: the forest plot of the first screen as one SVG file, for a paper or slides."""

from dataclasses import dataclass

from evidense.report.comparison.forest import Row, group, scale_of
from evidense.report.contents import Contents
from evidense.report.rendering import environment, without_sample
from evidense.report.words import margin_text

_COLOURS = {"is-helps": "#1d5bbf", "is-harms": "#b93a0b"}
_LONGEST = 36
"""Letters of a collection's name that stand beside the plot."""
_ROW, _FRAME = 26, 56
"""Height of a row, and of what stands above and below all rows."""


@dataclass(frozen=True)
class FigureLine:
    """One line of the figure: the name of a system, or one of its effects."""

    heading: str = ""
    name: str = ""
    row: Row | None = None


def forest_svg(contents: Contents) -> str:
    """Return every effect of the first screen with its interval; the numbers are those of the page."""
    scale, many = scale_of(contents), len(contents.systems) > 1
    lines: list[FigureLine] = []
    for system in contents.systems:
        drawn = group(contents, system, scale)
        lines += [FigureLine(heading=f"{system} vs {contents.baseline}")] if many else []
        lines += [
            FigureLine(name=_shortened(without_sample(row.name)), row=row) for row in [*drawn.rows, *drawn.summary]
        ]
    study = contents.study
    who = "system" if many else contents.systems[0]
    caption = f"{who} − {contents.baseline}; {scale.caption}; the band is the margin {margin_text(study.margin)}"
    return environment().get_template("forest.svg.j2").render(
        lines=lines, scale=scale, caption=caption, colours=_COLOURS, measure=study.primary,
        confidence=f"{study.confidence:.0%}", height=_FRAME + _ROW * len(lines),
    )  # fmt: skip


def _shortened(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
