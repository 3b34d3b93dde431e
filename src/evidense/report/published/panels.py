"""Panels: accuracy over layers, one small picture for each data set, pooling and N; and how wide a margin equality would need."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from evidense.boundary.numerals import plain, short
from evidense.published.facts import Published, PublishedCurve
from evidense.records import Finding

WIDTH, HEIGHT = 220.0, 156.0
LEFT, RIGHT, TOP, BOTTOM = 32.0, 212.0, 8.0, 130.0
BELOW, ABOVE = 0.03, 0.22
"""Every panel shows accuracies from 3 points below chance to 22 above: one scale for all N."""
LEGEND = (("base", "backbone (BERT, LLaMA)"), ("tuned", "tuned (DPR question encoder, Contriever, RepLLaMA)"),
          ("context", "DPR context encoder"), ("paired", "both DPR encoders"))  # fmt: skip
_CSS = {"bert-base-uncased": "base", "llama": "base", "dpr-context": "context", "dpr-paired": "paired"}


@dataclass(frozen=True)
class AccuracyLine:
    """One model: its line over layers, its band, and layer 0 where that is a label frequency."""

    model: str
    css: str
    points: str
    band: str
    zero: tuple[float, float] | None
    last: str


@dataclass(frozen=True)
class AccuracyPanel:
    """One N of one data set and pooling."""

    n_passages: int
    chance: float
    ticks: tuple[tuple[float, str], ...]
    layers: tuple[tuple[float, str], ...]
    lines: tuple[AccuracyLine, ...]

    @property
    def spoken(self) -> str:
        """Return what a screen reader says instead."""
        return f"N = {self.n_passages}, chance {plain(1 / self.n_passages)}; last layer: " + "; ".join(
            f"{x.model} {x.last}" for x in self.lines
        )


@dataclass(frozen=True)
class AccuracyPanels:
    """One data set and pooling, its four panels."""

    dataset: str
    pooling: str
    models: tuple[tuple[str, str], ...]
    panels: tuple[AccuracyPanel, ...]


def curves(study: Published, findings: Sequence[Finding]) -> list[AccuracyPanels]:
    """Draw every published curve with the interval that questions leave."""
    ends = {
        (f.site["collection"].rpartition("/")[2], f.site["pooling"], f.site["subject"], f.site["n_candidates"], f.site["layer"]): (f.low, f.high)
        for f in findings if f.estimand == "accuracy" and f.low is not None and f.high is not None
    }  # fmt: skip
    groups_of_data: dict[tuple[str, str], list[tuple[PublishedCurve, ...]]] = {}
    for group in study.groups():
        groups_of_data.setdefault((group[0].dataset, group[0].pooling), []).append(group)
    return [
        AccuracyPanels(d, p, tuple((c.model, _css(c.model)) for c in groups[0]), tuple(_panel(g, ends) for g in groups))
        for (d, p), groups in groups_of_data.items()
    ]


def _css(model: str) -> str:
    return _CSS.get(model, "tuned")


def _panel(
    group: tuple[PublishedCurve, ...], ends: dict[tuple[str, str, str, int, int], tuple[float, float]]
) -> AccuracyPanel:
    first = group[0]
    ticks = tuple((_y(first.chance + up, first), short(round(first.chance + up, 2))) for up in (0.0, 0.1, 0.2))
    last = first.n_layers - 1
    shown = tuple((_x(layer, last), str(layer)) for layer in ((0, 4, 8, 12) if last == 12 else (0, 8, 16, 24, 32)))
    return AccuracyPanel(
        first.n_passages, round(_y(first.chance, first), 1), ticks, shown, tuple(_line(c, ends) for c in group)
    )


def _line(curve: PublishedCurve, ends: dict[tuple[str, str, str, int, int], tuple[float, float]]) -> AccuracyLine:
    intervals = [
        ends[curve.dataset, curve.pooling, curve.model, curve.n_passages, layer] for layer in range(curve.n_layers)
    ]
    last = curve.n_layers - 1
    start = 0 if curve.pooling == "mean" else 1
    xs = [_x(layer, last) for layer in range(start, last + 1)]
    ys = [_y(float(a), curve) for a in curve.accuracy[start:]]
    low, high = ([_y(e[i], curve) for e in intervals[start:]] for i in (0, 1))
    zero = (_x(0, last), round(_y(float(curve.accuracy[0]), curve), 1)) if start else None
    return AccuracyLine(curve.model, _css(curve.model), _points(xs, ys), _points([*xs, *xs[::-1]], [*high, *low[::-1]]), zero,
                plain(float(curve.accuracy[-1])))  # fmt: skip


def _x(layer: float, last: int) -> float:
    return round(LEFT + 4 + (RIGHT - LEFT - 8) * layer / last, 1)


def _y(accuracy: float, curve: PublishedCurve) -> float:
    share = (accuracy - curve.chance + BELOW) / (BELOW + ABOVE)
    return BOTTOM - (BOTTOM - TOP) * min(1.0, max(0.0, share))


def _points(xs: Sequence[float], ys: Sequence[float]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in zip(xs, ys, strict=True))


MOST_MARGIN = 0.12


@dataclass(frozen=True)
class Equivalence:
    """At which share of layers and N two encoders would count as equal, for every margin up to 12 points."""

    title: str
    dataset: str
    independent: str
    worst: str
    at_margin: tuple[str, str]
    everywhere: tuple[str, str]


def equivalence(findings: Sequence[Finding]) -> list[Equivalence]:
    """Draw the equivalence curve of each tuned model: as if all examples were independent, and in the worst case."""
    changes: dict[tuple[str, str, str], list[Finding]] = {}
    for f in findings:
        if (
            f.estimand == "change in accuracy"
            and f.site["role"] == "tuned"
            and not f.details.get("failed")
            and f.site["layer"] > 0
        ):
            changes.setdefault(
                (f.site["collection"].rpartition("/")[2], f.site["subject"], f.site["against"]), []
            ).append(f)
    drawn = []
    for (dataset, subject, against), pair_changes in changes.items():
        naive, worst = (
            np.sort([f.details[k] for f in pair_changes]) for k in ("smallest_margin_independent", "smallest_margin")
        )
        drawn.append(
            Equivalence(
                f"{subject} and {against}", dataset, _steps(naive), _steps(worst),
                (f"{np.mean(naive <= 0.02) * 100:.0f} %", f"{np.mean(worst <= 0.02) * 100:.0f} %"), (plain(naive[-1]), plain(worst[-1])),
            )
        )  # fmt: skip
    return drawn


def _steps(margins: Float[np.ndarray, " k"]) -> str:
    grid = np.linspace(0, MOST_MARGIN, 121)
    share = np.searchsorted(margins, grid, side="right") / len(margins)
    xs, ys = LEFT + (RIGHT - LEFT) * grid / MOST_MARGIN, BOTTOM - (BOTTOM - TOP) * share
    return _points(xs.tolist(), ys.tolist())


def margin_x(margin: float) -> float:
    """Return where a margin stands in the picture of `equivalence`."""
    return round(LEFT + (RIGHT - LEFT) * margin / MOST_MARGIN, 1)
