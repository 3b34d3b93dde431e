"""Budgets: curves over the budgets of each stage, and in words where they cross and what a pair of one stage is worth in the other."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evidense.boundary.numerals import count, interval, plain, short, signed, significant
from evidense.records import Finding, Record

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 300.0, 170.0, 34.0, 290.0, 12.0, 140.0
STAGES = {"pretraining": "pre-training", "finetuning": "fine-tuning"}
_OTHER = {"pretraining": "finetuning", "finetuning": "pretraining"}


@dataclass(frozen=True)
class CurveLine:
    """One curve in the coordinates of its picture: the means as a line, the intervals as a band."""

    name: str
    line: str
    band: str
    is_with: bool
    spoken: str


@dataclass(frozen=True)
class BudgetPlot:
    """The curves of one stage: without the other stage, and with its largest budget."""

    stage: str
    lines: tuple[CurveLine, ...]
    x_ticks: tuple[tuple[float, str], ...]
    y_ticks: tuple[tuple[float, str], ...]


@dataclass(frozen=True)
class GainLine:
    """What a doubling of one stage gives beside one budget of the other."""

    stage: str
    beside: str
    gain: str
    change: str


@dataclass
class BudgetPart:
    """One collection, or the mean over several."""

    name: str
    gains: list[Finding] = field(default_factory=list)
    crossings: list[Finding] = field(default_factory=list)
    equivalents: list[Finding] = field(default_factory=list)
    rates: list[Finding] = field(default_factory=list)

    @property
    def plots(self) -> list[BudgetPlot]:
        """Return a picture for each stage that has several budgets, both on one scale."""
        top = max((max(f.details["highs"]) for f in self.gains), default=1.0)
        drawn = ((stage, [f for f in self.gains if f.site["stage"] == stage]) for stage in STAGES)
        return [_plot(stage, findings, min(1.0, top)) for stage, findings in drawn if findings]

    @property
    def lines(self) -> list[GainLine]:
        """Return the table of gains a doubling."""
        return [_gain_line(f) for f in self.gains]

    @property
    def sentences(self) -> list[str]:
        """Return what the curves say of each other."""
        return [*map(_crossing, self.crossings), *map(_equivalent, self.equivalents)]

    @property
    def rate_columns(self) -> list[str]:
        """Return the budgets of fine-tuning at which an exchange rate is known."""
        return [count(b) for b in dict.fromkeys(f.site["finetuning"] for f in self.rates)]

    @property
    def rate_rows(self) -> list[tuple[str, list[str]]]:
        """Return, for each budget of pre-training, the exchange rates beside those of fine-tuning."""
        rows: dict[str, list[str]] = {}
        for finding in self.rates:
            rows.setdefault(count(finding.site["pretraining"]), []).append(_rate(finding))
        return list(rows.items())


def budget_parts(records: Sequence[Record]) -> list[BudgetPart]:
    """Return the parts of the section on budgets: means over all collections first, then each collection; none without a budget grid."""
    parts: dict[str, BudgetPart] = {}
    lists = {"gain a doubling": "gains", "crossing of budget curves": "crossings", "equivalent budget": "equivalents", "exchange rate": "rates"}  # fmt: skip
    for finding in records:
        if isinstance(finding, Finding) and finding.estimand in lists:
            part = parts.setdefault(_name(finding.site), BudgetPart(_name(finding.site)))
            getattr(part, lists[finding.estimand]).append(finding)
    return sorted(parts.values(), key=lambda part: not part.name.startswith("mean of all"))


def _name(site: Mapping[str, Any]) -> str:
    if "collection" in site:
        return str(site["collection"])
    which = [str(site[key]) for key in ("role", "direction") if site[key] != "all"]
    return f"mean of {' '.join(which) if which else 'all'} {len(site['collections'])} collections"


# --- pictures


def _plot(stage: str, findings: Sequence[Finding], top: float) -> BudgetPlot:
    budgets = findings[0].details["budgets"]
    across = dict(zip(budgets, _spread(len(budgets)), strict=True))
    ends = [findings[0], findings[-1]] if len(findings) > 1 else [findings[0]]
    lines = tuple(_line(f, list(across.values()), top) for f in ends)
    x_ticks = tuple((x, short(b) if b < 1 else count(b)) for b, x in across.items())
    return BudgetPlot(STAGES[stage], lines, x_ticks, tuple((_y(s * top, top), short(round(s * top, 2))) for s in (0.0, 0.5, 1.0)))  # fmt: skip


def _spread(n: int) -> list[float]:
    """Return the places of n budgets, evenly from left to right, for they are read as doublings."""
    return [LEFT + 8 + (RIGHT - LEFT - 16) * i / (n - 1) for i in range(n)]


def _line(finding: Finding, across: Sequence[float], top: float) -> CurveLine:
    d, beside = finding.details, finding.site["beside"]
    upper, lower = ([_y(v, top) for v in d[key]] for key in ("highs", "lows"))
    band = _points([*across, *reversed(across)], [*upper, *reversed(lower)])
    spoken = "; ".join(f"{count(b)}: {plain(m)}" for b, m in zip(d["budgets"], d["means"], strict=True))
    name = _beside(finding)
    return CurveLine(name, _points(across, [_y(v, top) for v in d["means"]]), band, bool(beside), f"{name}: {spoken}")


def _points(x: Sequence[float], y: Sequence[float]) -> str:
    return " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))


def _y(value: float, top: float) -> float:
    return round(BOTTOM - (BOTTOM - TOP) * min(1.05, max(0.0, value) / top), 1)


# --- words


def _beside(finding: Finding) -> str:
    other, budget = STAGES[_OTHER[finding.site["stage"]]], finding.site["beside"]
    return f"with {count(budget)} of {other}" if budget else f"without {other}"


def _gain_line(finding: Finding) -> GainLine:
    change = finding.details.get("change_of_gain")
    words = f"{signed(change['value'])} {interval(change['low'], change['high'])}" if change else "—"
    return GainLine(
        STAGES[finding.site["stage"]], _beside(finding), f"{signed(finding.value)} {interval(finding.low, finding.high)}", words
    )  # fmt: skip


def _crossing(finding: Finding) -> str:
    d, unit = finding.details, finding.unit
    ahead = {1: "fine-tuning", -1: "pre-training"}
    below, above = int(d["sign_below"]), int(d["sign_above"])
    if below and below == above and finding.low is None:
        return f"Each alone, {ahead[below]} is ahead at every budget that was tried"
    where = _span(finding, unit)
    if below and above and below != above:
        return f"Each alone, {ahead[below]} is ahead at small budgets, {ahead[above]} at large ones; they are equal at {where}"
    ends = [f"{ahead[s]} is ahead at the {end}" for s, end in ((below, "smallest"), (above, "largest")) if s]
    return f"Each alone, {' and '.join(ends) or 'neither is ahead for sure at any end'}; where they are equal is not decided ({where})"


def _equivalent(finding: Finding) -> str:
    d, budget, unit = finding.details, float(finding.site["finetuning"]), finding.unit
    start = f"{count(budget)} {unit} of fine-tuning alone do "
    if finding.low is None:
        side = "better" if d["sign_above"] < 0 else "worse"
        return f"{start}{side} than any budget of pre-training alone that was tried"
    if d["is_open_below"] and d["is_open_above"]:
        return f"{start}as well as some budget of pre-training alone: which one is not decided"
    ends = (finding.low / budget, (finding.high or 0) / budget)
    worth = f"one of them is worth {_ratio_span(finding.value and finding.value / budget, ends, d)} of pre-training"
    return f"{start}as well as {_span(finding, unit)} of pre-training alone: {worth}"


def _rate(finding: Finding) -> str:
    if finding.low is None:
        return "none"
    if finding.details["is_open_below"] and finding.details["is_open_above"]:
        return "not decided"
    return _ratio_span(finding.value, (finding.low, finding.high or 0), finding.details)


def _span(finding: Finding, unit: str) -> str:
    if finding.value is None and (bound := _bound(finding.low, finding.high, finding.details, count)):
        return f"{bound} {unit}"
    value = f"{count(finding.value)} {unit}" if finding.value is not None else f"an unknown number of {unit}"
    return f"{value} [{_ends(finding.low, finding.high, finding.details, count)}]"


def _ratio_span(value: float | None, ends: tuple[float, float], details: Mapping[str, Any]) -> str:
    if value is None and (bound := _bound(*ends, details, significant)):
        return bound
    shown = "?" if value is None else significant(value)
    return f"{shown} [{_ends(*ends, details, significant)}]"


def _bound(low: float | None, high: float | None, details: Mapping[str, Any], show: Any) -> str:
    """Say at most or at least how much, of an interval that is open on one side; else nothing."""
    if details["is_open_below"] == details["is_open_above"]:
        return ""
    return f"at most {show(high)}" if details["is_open_below"] else f"at least {show(low)}"


def _ends(low: float | None, high: float | None, details: Mapping[str, Any], show: Any) -> str:
    left = "any fewer" if details["is_open_below"] else show(low)
    right = "any more" if details["is_open_above"] else show(high)
    return f"{left}, {right}"
