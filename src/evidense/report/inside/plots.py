"""Plots: layers across, checkpoints as lines with bands; chance and controls drawn with them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evidense.boundary.numerals import interval, plain
from evidense.dissection.sentences import differs, is_number
from evidense.records import Finding, Json
from evidense.report.inside.axes import Axis, Layers, Point, points
from evidense.report.inside.numbers import number
from evidense.report.places import FINAL, Figure, FigurePanel, grouped, who

NONE = ("none", "", None)


@dataclass(frozen=True)
class LayerMark:
    """One value: a dot, with its interval for whoever points at it."""

    x: float
    y: float
    low: float
    high: float
    solid: bool
    """Whether it differs from 0 with all layers looked at together; always, where 0 means nothing."""
    reach: bool
    """Whether its interval is drawn as a bar, since no band does."""
    text: str


@dataclass(frozen=True)
class LayerLine:
    """One checkpoint, or one of its controls."""

    name: str
    css: str
    is_control: bool
    control: str
    """Its name without the checkpoint's; "" of a checkpoint itself."""
    pieces: tuple[str, ...]
    """The line, broken where a layer has no value."""
    bands: tuple[str, ...]
    marks: tuple[LayerMark, ...]
    level: float | None = None
    """Of a control without layers: one height."""


@dataclass(frozen=True)
class LayerPlot:
    """One panel, ready to draw."""

    title: str
    lines: tuple[LayerLine, ...]
    ticks: tuple[tuple[float, str], ...]
    layers: tuple[tuple[float, str], ...]
    chance: str
    """Points of the line of chance; "" where there is none."""
    zero: float | None
    spoken: str


@dataclass(frozen=True)
class LayerPlots:
    """A figure's panels on one scale, and the lines that its legend names."""

    plots: tuple[LayerPlot, ...]
    legend: tuple[tuple[str, str, bool], ...]
    """(css, name, is_control)"""
    chance: str
    """What the dashed line is; "" where there is none."""
    has_zero: bool
    has_final: bool
    beyond: tuple[str, ...]
    """Lines that leave the frame, since they would flatten all others."""
    has_own_scales: bool
    """Whether its panels have more than one scale."""


class Colours:
    """Subject → class of its line: the same in all figures of the page."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        counts: dict[str, int] = {}
        self._css: dict[str, str] = {}
        for f in findings:
            name, role = str(f.site.get("subject", "")), str(f.site.get("role", "") or "other")
            if name not in self._css and role != "floor":
                counts[role] = counts.get(role, 0) + 1
                self._css[name] = f"is-{role}" + (f"-{min(counts[role], 4)}" if counts[role] > 1 else "")

    def of(self, finding: Finding) -> str:
        """Return the class of a finding's line."""
        return (
            "is-floor"
            if finding.site.get("role") == "floor"
            else self._css.get(str(finding.site.get("subject", "")), "is-other")
        )


def draw(figure: Figure, colours: Colours) -> LayerPlots | None:
    """Draw all panels of a figure on one scale; None where it has no layers."""
    shown = [f for p in figure.panels for f in (*p.findings, *p.beside) if is_number(f.value)]
    layers = sorted({int(f.site["layer"]) for f in shown if f.site.get("layer") is not None})
    if not layers or _is_grid(shown):
        return None
    has_final = any(_is_final(f) for f in shown)
    axes, beyond = _axes(figure, shown)
    plots = [
        _plot(p, (axes[_own(p)], Layers(tuple(layers), has_final)), figure.is_change, colours) for p in figure.panels
    ]
    has_chance = any(p.chance for p in plots)
    return LayerPlots(
        tuple(plots),
        _legend(plots),
        _chance_name(figure) if has_chance else "",
        figure.is_change,
        has_final,
        beyond,
        len(set(axes.values())) > 1,
    )


def _is_grid(shown: Sequence[Finding]) -> bool:
    """Say whether depths of two towers are crossed: a map shows that, lines do not."""
    pairs = {
        (f.site.get("layer"), f.site.get("layer_document")) for f in shown if f.site.get("layer_document") is not None
    }
    return len({layer for layer, _ in pairs}) < len(pairs)


def _legend(plots: Sequence[LayerPlot]) -> tuple[tuple[str, str, bool], ...]:
    """Return checkpoints by colour, then controls by dash: a control has its checkpoint's colour."""
    lines = [line for p in plots for line in p.lines]
    checkpoints = dict.fromkeys((line.css, line.name, False) for line in lines if not line.is_control)
    controls = dict.fromkeys(
        (f"is-other {line.css.partition(' ')[2]}", line.control, True) for line in lines if line.is_control
    )
    return (*checkpoints, *controls)


APART = 0.35
"""Panels whose values span less than this share of the figure's get a scale of their own, with those of the same module, measure and target."""


def _own(panel: FigurePanel) -> str:
    return str([(k, v) for k, v in panel.key if k in ("module", "measure", "target")])


def _axes(figure: Figure, shown: Sequence[Finding]) -> tuple[dict[str, Axis], tuple[str, ...]]:
    """Return the scale of each kind of panel, one for all unless one kind would be flat on it, and the lines that leave their scale."""
    common, beyond = _axis(shown, figure.is_change)
    kinds = {
        kind: [f for p in group for f in (*p.findings, *p.beside) if is_number(f.value)]
        for kind, group in grouped(figure.panels, _own).items()
    }
    axis_of_kind = {kind: _axis(group, figure.is_change) for kind, group in kinds.items()}
    if min(axis.high - axis.low for axis, _ in axis_of_kind.values()) >= APART * (common.high - common.low):
        return {kind: _within(common, shown, figure.is_change) for kind in kinds}, beyond
    out = dict.fromkeys(name for _, names in axis_of_kind.values() for name in names)
    return {kind: _within(axis, kinds[kind], figure.is_change) for kind, (axis, _) in axis_of_kind.items()}, tuple(out)


MOST_WIDER = 1.5
"""Random weights may widen the scale of a figure by this factor; beyond it their line leaves the frame."""


def _axis(shown: Sequence[Finding], is_change: bool) -> tuple[Axis, tuple[str, ...]]:
    """Return the scale of a figure, and the lines of random weights that leave it."""
    also = [*(x for f in shown if (x := chance_of(f)) is not None), *([0.0] if is_change else [])]
    real = [f for f in shown if f.site.get("role") != "random"] or list(shown)
    all_of_it, narrow = (
        Axis.over([x for f in findings for x in (f.value, f.low, f.high) if is_number(x)], also)
        for findings in (shown, real)
    )
    if all_of_it.high - all_of_it.low <= MOST_WIDER * (narrow.high - narrow.low):
        return all_of_it, ()
    out = [who(f) for f in shown if not narrow.low <= float(f.value) <= narrow.high]
    return narrow, tuple(dict.fromkeys(out))


SHARES = ("accuracy",)
"""Units that lie between 0 and 1 by nature, whatever an interval says."""


def _within(axis: Axis, shown: Sequence[Finding], is_change: bool) -> Axis:
    """Return the scale without what no value can be."""
    if is_change or any(f.unit not in SHARES for f in shown):
        return axis
    return Axis(max(0.0, axis.low), min(1.02, axis.high))


def _is_final(finding: Finding) -> bool:
    return (
        finding.site.get("layer") is None
        and finding.site.get("pooling") == FINAL
        and finding.site.get("control") in NONE
    )


def chance_of(finding: Finding) -> float | None:
    """Return what an estimate would be without any information, where the finding says so.

    >>> chance_of(Finding(estimand="accuracy", site={}, value=.5, low=.4, high=.6, n=9, n_clusters=9, unit="", details={"chance": 0.25}))
    0.25
    """
    value = finding.details.get("chance")
    return float(value) if value is not None and is_number(value) and finding.site.get("control") in NONE else None


def _chance_name(figure: Figure) -> str:
    values = {plain(x, 2) for f in figure.measured if (x := chance_of(f)) is not None}
    return f"chance{f' ({values.pop()})' if len(values) == 1 else ''}"


def _plot(panel: FigurePanel, scales: tuple[Axis, Layers], is_change: bool, colours: Colours) -> LayerPlot:
    axis, layers = scales
    final = {who(f): f for f in panel.beside if _is_final(f) and is_number(f.value)}
    lines = [
        _line(group, scales, is_change, colours, final.get(name))
        for name, group in grouped(panel.findings, who).items()
    ]
    lines += [_level(f, axis, colours) for f in panel.beside if is_number(f.value) and not _is_final(f)]
    lines.sort(key=lambda x: not x.is_control)
    chance = {int(f.site["layer"]): axis.y(x) for f in panel.findings if (x := chance_of(f)) is not None}
    flat = [(layers.x(layer), y) for layer, y in sorted(chance.items())]
    zero = axis.y(0.0) if axis.low < 0 < axis.high else None
    return LayerPlot(
        panel.title, tuple(lines), tuple(axis.ticks), tuple(layers.ticks), points(flat), zero, _spoken(panel)
    )


def _spoken(panel: FigurePanel) -> str:
    sentences = []
    for name, group in grouped(panel.findings, who).items():
        f = max(group, key=lambda f: int(f.site["layer"]))
        sentences.append(f"{name} at layer {f.site['layer']}: {plain(f.value)} {interval(f.low, f.high, sign=False)}")
    return "; ".join(sentences)


def _line(
    findings: Sequence[Finding], scales: tuple[Axis, Layers], is_change: bool, colours: Colours, final: Finding | None
) -> LayerLine:
    axis, layers = scales
    by_layer = {int(f.site["layer"]): f for f in findings}
    runs = _runs(by_layer, axis)
    is_control = findings[0].site.get("control") not in NONE
    marks = [_mark((layers.x(layer), f"layer {layer}"), f, axis, is_change) for run in runs for layer, f in run]
    marks += (
        [_mark((layers.final, "final vectors"), final, axis, is_change, reach=True)]
        if final and not _is_outside(final, axis)
        else []
    )
    return LayerLine(
        name=who(findings[0]),
        css=colours.of(findings[0]) + (f" control-{_slug(findings[0].site['control'])}" if is_control else ""),
        is_control=is_control,
        control=f"control: {findings[0].site['control']}" if is_control else "",
        pieces=tuple(
            points([(layers.x(layer), axis.y(float(f.value))) for layer, f in run]) for run in runs if len(run) > 1
        ),
        bands=() if is_control else tuple(_band(run, axis, layers) for run in runs if len(run) > 1),
        marks=() if is_control else tuple(marks),
    )


def _is_outside(finding: Finding, axis: Axis) -> bool:
    return is_number(finding.value) and not axis.low <= float(finding.value) <= axis.high


def _slug(control: Json) -> str:
    return str(control).replace(" ", "-")


def _runs(by_layer: Mapping[int, Finding], axis: Axis) -> list[list[tuple[int, Finding]]]:
    """Return the stretches of layers with values inside the frame; a layer that the line never has does not break it."""
    runs: list[list[tuple[int, Finding]]] = [[]]
    for layer, finding in sorted(by_layer.items()):
        if is_number(finding.value) and not _is_outside(finding, axis):
            runs[-1].append((layer, finding))
        else:
            runs.append([])
    return [run for run in runs if run]


def _band(run: Sequence[tuple[int, Finding]], axis: Axis, layers: Layers) -> str:
    known = [(layer, f) for layer, f in run if f.low is not None and f.high is not None]
    up: list[Point] = [(layers.x(layer), axis.y(float(f.high or 0))) for layer, f in known]
    down: list[Point] = [(layers.x(layer), axis.y(float(f.low or 0))) for layer, f in known[::-1]]
    return points([*up, *down])


def _mark(place: tuple[float, str], finding: Finding, axis: Axis, is_change: bool, reach: bool = False) -> LayerMark:
    value = float(finding.value)
    low, high = (axis.y(value if x is None else x) for x in (finding.low, finding.high))
    text = f"{place[1]}: {number(finding.value)} {interval(finding.low, finding.high, sign=False)}"
    return LayerMark(place[0], axis.y(value), low, high, not is_change or differs(finding), reach, text)


def _level(finding: Finding, axis: Axis, colours: Colours) -> LayerLine:
    css = f"{colours.of(finding)} control-{_slug(finding.site.get('control') or 'level')}"
    name = who(finding) if finding.site.get("control") not in NONE else f"{who(finding)}, without layer"
    control = f"control: {finding.site.get('control') or 'without layer'}"
    return LayerLine(name, css, True, control, (), (), (), axis.y(float(finding.value)))
