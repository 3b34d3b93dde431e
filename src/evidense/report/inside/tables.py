"""Tables: behind every figure its values, each with interval, n, test and id; and estimates that no layer belongs to."""

from collections.abc import Sequence
from dataclasses import dataclass

from evidense.boundary.numerals import count, probability
from evidense.dissection.sentences import differs, is_number, together
from evidense.records import Finding
from evidense.report.inside.numbers import number
from evidense.report.ledger.words import anchor
from evidense.report.places import Figure, said, who
from evidense.report.scale import Scale


@dataclass(frozen=True)
class FindingRow:
    """One finding."""

    anchor: str
    name: str
    place: str
    layer: str
    value: str
    interval: str
    together: str
    n: str
    clusters: str
    p: str
    test: str
    """Letter of the note below the table that names the test."""


@dataclass(frozen=True)
class FindingsTable:
    """The findings of one figure."""

    rows: tuple[FindingRow, ...]
    tests: tuple[tuple[str, str], ...]
    unit: str
    has_together: bool
    has_p: bool
    has_place: bool
    has_layer: bool


def table(figure: Figure) -> FindingsTable:
    """Return the table behind a figure."""
    tests = {t: _letter(i) for i, t in enumerate(dict.fromkeys(f.test for f in figure.measured if f.test))}
    constant = dict(figure.common)
    rows = tuple(_row(f, tests, constant) for f in figure.measured)
    return FindingsTable(
        rows, tuple((letter, t) for t, letter in tests.items()), ", ".join(dict.fromkeys(f.unit for f in figure.measured if f.unit)),
        any(r.together for r in rows), any(r.p != "—" for r in rows), any(r.place for r in rows), any(r.layer for r in rows),
    )  # fmt: skip


def _letter(i: int) -> str:
    return chr(ord("a") + i) if i < 26 else f"a{i}"


_LINE = ("analysis", "collection", "dissection", "subject", "against", "role", "control", "layer")


def _row(f: Finding, tests: dict[str, str], constant: dict[str, object]) -> FindingRow:
    low, high = together(f)
    joint = bounds(low, high) if f.details.get("together") else ""
    place = " · ".join(
        said(k, v) for k, v in f.site.items() if k not in _LINE and constant.get(k) != v and v is not None
    )
    layer = "" if f.site.get("layer") is None else str(f.site["layer"])
    p = f.p_adjusted if f.p_adjusted is not None else f.p
    clusters = count(f.n_clusters) if f.n_clusters != f.n else ""
    return FindingRow(
        anchor(f),
        who(f),
        place,
        layer,
        number(f.value),
        bounds(f.low, f.high),
        joint,
        count(f.n),
        clusters,
        probability(p),
        tests.get(f.test, ""),
    )


def bounds(low: float | None, high: float | None) -> str:
    """Return an interval as these tables print it; nothing where there is none, or nothing to estimate."""
    return "" if low is None or high is None else f"[{number(low)}, {number(high)}]"


@dataclass(frozen=True)
class EstimateRow:
    """One estimate without layer, drawn on the scale of its figure."""

    anchor: str
    name: str
    place: str
    value: str
    interval: str
    n: str
    at: float
    start: float
    end: float
    is_open: bool
    """A change whose interval holds 0."""


@dataclass(frozen=True)
class Estimates:
    """The estimates of a figure that has no layers."""

    rows: tuple[EstimateRow, ...]
    scale: Scale


def estimates(figure: Figure) -> Estimates | None:
    """Return the estimates of a figure without layers, drawn; None where it has layers."""
    if figure.panels or not figure.measured:
        return None
    ends = [float(x) for f in figure.measured for x in (f.value, f.low, f.high) if x is not None]
    scale = Scale(min([0.0, *ends]), max([0.0, *ends]) or 1.0, 0.0, 0.0)
    constant = dict(figure.common)
    return Estimates(tuple(_drawn(f, scale, constant, figure.is_change) for f in figure.measured), scale)


def _drawn(f: Finding, scale: Scale, constant: dict[str, object], is_change: bool) -> EstimateRow:
    low, high = (x if x is not None else f.value for x in (f.low, f.high))
    place = " · ".join(
        said(k, v) for k, v in f.site.items() if k not in _LINE and constant.get(k) != v and v is not None
    )
    return EstimateRow(
        anchor(f),
        who(f),
        place,
        number(f.value),
        bounds(f.low, f.high),
        count(f.n),
        scale.at(f.value),
        scale.at(low),
        scale.at(high),
        is_change and not differs(f),
    )


def missing(findings: Sequence[Finding]) -> list[tuple[str, str, int]]:
    """Return (what, reason, how often) of findings without value, each reason once."""
    counts: dict[tuple[str, str], int] = {}
    for f in findings:
        if not is_number(f.value) and f.details.get("reason"):
            key = (f"{f.estimand}, {who(f)}", str(f.details["reason"]))
            counts[key] = counts.get(key, 0) + 1
    return [(what, reason, n) for (what, reason), n in counts.items()]
