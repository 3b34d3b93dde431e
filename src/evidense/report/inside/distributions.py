"""Distributions: Lorenz curves of neurons, curves of pruning, and learning curves: what a finding's details hold beside its value."""

from collections.abc import Sequence
from dataclasses import dataclass

from evidense.dissection.sentences import is_number
from evidense.records import Finding, Json
from evidense.report.inside.axes import BOTTOM, LEFT, RIGHT, TOP, Axis, Point, numeral, points
from evidense.report.inside.plots import Colours
from evidense.report.places import Figure, grouped, said, who


@dataclass(frozen=True)
class DistributionCurve:
    """One line of a distribution."""

    name: str
    css: str
    points: str


@dataclass(frozen=True)
class DistributionPanel:
    """One panel of curves."""

    title: str
    across: str
    up: str
    curves: tuple[DistributionCurve, ...]
    xs: tuple[tuple[float, str], ...]
    ys: tuple[tuple[float, str], ...]
    even: str
    """The line of equal shares; "" where there is none."""


@dataclass(frozen=True)
class Distribution:
    """The curves of one figure, with what they are."""

    title: str
    see: str
    panels: tuple[DistributionPanel, ...]
    more: tuple[DistributionPanel, ...]
    """Panels that are folded away: the layers between."""
    legend: tuple[tuple[str, str], ...]


def lorenz(figure: Figure, colours: Colours) -> Distribution | None:
    """Return the Lorenz curves of a figure's neurons, the first and the last layer in sight."""
    having = [f for f in figure.measured if _listed(f.details.get("lorenz"))]
    if not having:
        return None
    layers = sorted({int(f.site["layer"]) for f in having})
    near = {layers[0], layers[-1]}
    panels: list[DistributionPanel] = []
    more: list[DistributionPanel] = []
    for (layer, *_), findings in grouped(
        having, lambda f: (int(f.site["layer"]), str(f.site.get("module", "")), str(f.site.get("side", "")))
    ).items():
        title = " · ".join(
            x
            for x in (
                f"layer {layer}",
                *(said(k, findings[0].site[k]) for k in ("module", "side") if k in findings[0].site),
            )
            if x
        )
        (panels if layer in near else more).append(_lorenz(title, findings, colours))
    legend = dict.fromkeys((c.css, c.name) for p in panels for c in p.curves)
    return Distribution("Lorenz curves", _LORENZ, tuple(panels), tuple(more), tuple(legend))


_LORENZ = (
    "Neurons from the least to the most attributed (across) and the share of the attribution that they carry together (up). The diagonal is equal shares: "
    "the deeper a curve sags, the fewer neurons carry the score. It says nothing of which neurons these are."
)


def _listed(value: Json) -> bool:
    return isinstance(value, list | tuple) and len(value) > 1


def _lorenz(title: str, findings: Sequence[Finding], colours: Colours) -> DistributionPanel:
    curves = tuple(
        DistributionCurve(who(f), colours.of(f), _within(_pairs(f.details["lorenz"]), (Axis(0, 1), Axis(0, 1))))
        for f in findings
    )
    even = points([(LEFT, BOTTOM), (RIGHT, TOP)])
    ends = tuple((round(LEFT + (RIGHT - LEFT) * x, 1), t) for x, t in ((0.0, "0"), (0.5, ".5"), (1.0, "1")))
    ups = tuple((Axis(0, 1).y(x), t) for x, t in ((0.0, "0"), (0.5, ".5"), (1.0, "1")))
    return DistributionPanel(title, "share of neurons", "share of attribution", curves, ends, ups, even)


def _pairs(value: Json) -> list[tuple[float, float]]:
    """Return points of a curve that is given as points, or as heights at even places."""
    if isinstance(value[0], list | tuple):
        return [(float(x[0]), float(x[1])) for x in value]
    return [(i / (len(value) - 1), float(y)) for i, y in enumerate(value)]


def _within(pairs: Sequence[tuple[float, float]], axes: tuple[Axis, Axis]) -> str:
    across, up = axes
    width = across.high - across.low
    places: list[Point] = [(round(LEFT + (RIGHT - LEFT) * (x - across.low) / width, 1), up.y(y)) for x, y in pairs]
    return points(places)


def learning(figure: Figure, colours: Colours) -> Distribution | None:
    """Return the learning curves of probes in their last layer: whether more queries would have helped."""
    having = [
        f
        for f in figure.measured
        if _listed(f.details.get("learning_curve")) and f.site.get("control") in ("none", None)
    ]
    if not having:
        return None
    last = max(int(f.site.get("layer") or 0) for f in having)
    groups = grouped(
        [f for f in having if int(f.site.get("layer") or 0) == last],
        lambda f: tuple((k, f.site[k]) for k in ("probe", "pooling") if k in f.site),
    )
    panels = tuple(
        _learned(" · ".join(said(k, v) for k, v in key), findings, colours) for key, findings in groups.items()
    )
    legend = dict.fromkeys((c.css, c.name) for p in panels for c in p.curves)
    return Distribution(f"Learning curves, layer {last}", _LEARNING, panels, (), tuple(legend))


_LEARNING = (
    "Accuracy on queries that were held out (up) by how many a probe was trained on (across). A curve that still climbs at its end says that this many queries "
    "show less than the layer holds."
)


def _learned(title: str, findings: Sequence[Finding], colours: Colours) -> DistributionPanel:
    curves = [
        (f, [(float(p[0]), float(p[1])) for p in f.details["learning_curve"] if is_number(p[0]) and is_number(p[1])])
        for f in findings
    ]
    return spread((title, "queries trained on", "accuracy"), [(who(f), colours.of(f), pairs) for f, pairs in curves])


def spread(
    names: tuple[str, str, str], curves: Sequence[tuple[str, str, Sequence[tuple[float, float]]]]
) -> DistributionPanel:
    """Return a panel of curves (name, class, points) with its title and what its axes are."""
    xs, ys = ([p[i] for _, _, pairs in curves for p in pairs] for i in (0, 1))
    across, up = Axis(min(xs), max(xs) if max(xs) > min(xs) else min(xs) + 1), Axis.over(ys)
    middle = (across.low + across.high) / 2
    marks = tuple(
        (round(LEFT + (RIGHT - LEFT) * (x - across.low) / (across.high - across.low), 1), numeral(x, _step(across)))
        for x in (across.low, middle, across.high)
    )
    return DistributionPanel(
        names[0],
        names[1],
        names[2],
        tuple(DistributionCurve(n, c, _within(p, (across, up))) for n, c, p in curves),
        marks,
        tuple(up.ticks),
        "",
    )


def _step(axis: Axis) -> float:
    return 1.0 if axis.high - axis.low >= 4 else 0.01


def pruned(figure: Figure, colours: Colours) -> Distribution | None:
    """Return what retrieval loses as neurons are silenced: the attributed ones beside each control."""
    having = [f for f in figure.measured if _listed(f.details.get("attributed")) and _listed(f.details.get("parts"))]
    if not having:
        return None
    keys = tuple(
        k
        for k in ("subject", "side", "module", "measure", "ablation", "order")
        if len({repr(f.site.get(k)) for f in having}) > 1
    )
    panels = []
    for values, findings in grouped(having, lambda f: tuple(f.site.get(k) for k in keys)).items():
        title = " · ".join(
            str(v) if k == "subject" else said(k, v) for k, v in zip(keys, values, strict=True) if v is not None
        )
        parts = findings[0].details["parts"]
        curves = [("attributed neurons", colours.of(findings[0]), _along(parts, findings[0].details["attributed"]))]
        curves += [
            (
                f"{f.site['control']} neurons",
                f"is-other control-{f.site['control']}",
                _along(parts, f.details["control"]),
            )
            for f in findings
            if _listed(f.details.get("control"))
        ]
        panels.append(spread((title, "share of neurons", findings[0].unit), curves))
    legend = dict.fromkeys((c.css, c.name) for p in panels for c in p.curves)
    return Distribution("Curves", _PRUNED, tuple(panels[:MOST_PRUNED]), tuple(panels[MOST_PRUNED:]), tuple(legend))


MOST_PRUNED = 6
_PRUNED = (
    "The measure (up) as more neurons are silenced, or as more of them speak (across). Where the attributed neurons fall no faster than as many others, "
    "attribution has not found what retrieval needs."
)


def _along(parts: Json, values: Json) -> list[tuple[float, float]]:
    return [(float(p), float(v)) for p, v in zip(parts, values, strict=True)]


def spreads(figure: Figure, colours: Colours) -> list[Distribution]:
    """Return every distribution that a figure's findings hold."""
    return [curves for make in (lorenz, learning, pruned) if (curves := make(figure, colours)) is not None]


def summaries(findings: Sequence[Finding]) -> list[Distribution]:
    """Return the curves that several estimands of an analysis make together."""
    shares = [
        f
        for f in findings
        if f.estimand in _STEPS
        and f.site.get("layer") is not None
        and f.site.get("role") != "random"
        and is_number(f.value)
    ]
    panels = []
    keys = ("subject", "against", "side", "pooling")
    for values, group in grouped(shares, lambda f: tuple(f.site.get(k) for k in keys)).items():
        by_step = [{int(f.site["layer"]): float(f.value) for f in group if f.estimand == step} for step in _STEPS]
        layers = sorted(set.intersection(*(set(x) for x in by_step)))
        if len(layers) < 2:
            continue
        sums = [
            (name, css, [(float(layer), sum(x[layer] for x in by_step[: k + 1])) for layer in layers])
            for k, (name, css) in enumerate(_STEPS.values())
        ]
        subject, against, side, pooling = values
        title = " · ".join(
            x
            for x in (
                f"{subject} by {against}",
                said("side", side),
                "" if pooling == "own" else said("pooling", pooling),
            )
            if x
        )
        panels.append(
            spread(
                (title, "layer", "explained"), [(n, c, [(x, max(FLOOR, y)) for x, y in pairs]) for n, c, pairs in sums]
            )
        )
    legend = tuple((css, name) for name, css in _STEPS.values())
    return [Distribution("Moved, rotated, re-mapped, new", _MOVED, tuple(panels), (), legend)] if panels else []


FLOOR = -0.2
"""Shares below it (a fit worse than none) are drawn here."""
_STEPS = {
    "moved": ("as it is", "is-base"),
    "rotated": ("once rotated", "is-tuned"),
    "re-mapped": ("once re-mapped linearly", "is-tuned-2"),
}
_MOVED = (
    "How much of each layer’s variance the base’s layer explains on items that were held out. All lines at 1: nothing moved. "
    "A gap between the first and the second line: the space turned. Between the second and the third: directions were weighed anew. "
    "Above the third: new. Below 0: worse than no map at all, as with few items."
)
