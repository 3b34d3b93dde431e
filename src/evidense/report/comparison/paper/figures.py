"""Figures: what the page draws, each as one SVG file for a paper or slides; the page hands out the same drawings."""

from dataclasses import dataclass

from evidense.boundary.numerals import count, level
from evidense.report.checkpoints import Curve, curves
from evidense.report.comparison.forest import Row, group, scale_of
from evidense.report.comparison.leaderboard import leaderboard
from evidense.report.contents import Contents
from evidense.report.names import measure_name
from evidense.report.rendering import environment, without_sample
from evidense.report.words import margin_text

FOLDER = "figures"
"""Folder of the files, beside the page."""
COLOURS = {"is-helps": "#1d5bbf", "is-harms": "#b93a0b"}
_LONGEST = 36
"""Letters of a name that stand beside a plot."""
_ROW, _FRAME = 26, 56
"""Height of a row, and of what stands above and below all rows."""
_MOST_LABELS = 8
"""Checkpoints that are all labelled; of more only the first and the last are."""


@dataclass(frozen=True)
class FigureLine:
    """One line of the forest: the name of a system, or one of its effects."""

    heading: str = ""
    name: str = ""
    row: Row | None = None


def figures_of(contents: Contents) -> dict[str, str]:
    """Return name → SVG of everything that is drawn: the forest, possible ranks, and the curve of a training on each collection."""
    figures = {"forest": forest_svg(contents)} if contents.verdicts else {}
    if leaderboard(contents):
        figures["ranks"] = ranks_svg(contents)
    trainings = training_svgs(contents)
    for number, svg in enumerate(trainings, 1):
        figures[f"training-{number}" if len(trainings) > 1 else "training"] = svg
    return figures


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
        lines=lines, scale=scale, caption=caption, colours=COLOURS, measure=measure_name(study, study.primary),
        confidence=level(study.confidence), height=_FRAME + _ROW * len(lines), row_height=_ROW, indent=20 if many else 8,
    )  # fmt: skip


def ranks_svg(contents: Contents) -> str:
    """Return the leaderboard: the ranks that each system may have, and its mean with its interval."""
    study, n = contents.study, len(contents.collections)
    standings = leaderboard(contents)
    over = f", mean of these {n} collections" if n > 1 else ""
    measure = measure_name(study, study.primary)
    caption = f"Possible ranks by {measure}{over}, all pairs tested together. Systems whose bars overlap are not shown to differ in rank."
    return environment().get_template("ranks.svg.j2").render(
        standings=standings, names=[_shortened(s.system) for s in standings], caption=caption, measure=measure,
        confidence=level(study.confidence), height=_FRAME + _ROW * len(standings), row_height=_ROW,
    )  # fmt: skip


def training_svgs(contents: Contents) -> list[str]:
    """Return the curve over the steps of a training on each collection; nothing where the systems are no checkpoints."""
    return [_training_svg(contents, curve) for curve in curves(contents)]


def _training_svg(contents: Contents, curve: Curve) -> str:
    study = contents.study
    n = contents.means[contents.baseline, curve.collection, study.primary].n
    where = f"{measure_name(study, study.primary)} on {without_sample(curve.collection)}, {count(n)} queries"
    return environment().get_template("training.svg.j2").render(
        curve=curve, colours=COLOURS, all_labelled=len(curve.steps) <= _MOST_LABELS,
        caption=f"{where} [{level(study.confidence)}]. {curve.sentence}",
    )  # fmt: skip


def _shortened(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
