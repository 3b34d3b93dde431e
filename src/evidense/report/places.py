"""Places: findings of analyses sorted into tables, collections, analyses, figures and panels."""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from evidense.dissection.sentences import is_number
from evidense.records import Finding, Json
from evidense.report.analysis_words import estimand_of

WHO = (
    "analysis",
    "collection",
    "dissection",
    "subject",
    "against",
    "role",
    "control",
    "layer",
    "layer_against",
    "layer_document",
)
"""Keys of a site that never make a panel of their own: where the figure stands, its lines, and what runs along its axis."""
FIRST = (
    "half",
    "side",
    "target",
    "probe",
    "measure",
    "pooling",
    "module",
    "order",
    "ablation",
    "n_candidates",
    "negatives",
)
"""The others, in the order in which a caption names them; keys that are not here come after."""

Key = tuple[tuple[str, Json], ...]
K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


@dataclass(frozen=True)
class FigurePanel:
    """One small picture of a figure: the findings that differ in line and layer only."""

    key: Key
    """What tells it from the other panels."""
    findings: tuple[Finding, ...]
    beside: tuple[Finding, ...] = ()
    """Findings without layer that go with it: a line that no layer changes."""

    @property
    def title(self) -> str:
        """Return the caption."""
        return " · ".join(said(k, v) for k, v in self.key)


@dataclass(frozen=True)
class Figure:
    """All findings of one estimand, of one analysis on one collection of one dissection."""

    estimand: str
    analysis: str
    findings: tuple[Finding, ...]
    common: Key
    """Site keys that have one value in all of it."""
    varying: tuple[str, ...]
    """Site keys that tell its panels, or its estimates, apart."""
    panels: tuple[FigurePanel, ...]

    @property
    def measured(self) -> tuple[Finding, ...]:
        """Return the findings with a value."""
        return tuple(f for f in self.findings if is_number(f.value))

    @property
    def is_change(self) -> bool:
        """Say whether values are differences, around 0."""
        return estimand_of(self.analysis, self.estimand).is_change


def grouped(items: Iterable[V], key: Callable[[V], K]) -> dict[K, list[V]]:
    """Return key → items, both in the order in which they came."""
    groups: dict[K, list[V]] = {}
    for item in items:
        groups.setdefault(key(item), []).append(item)
    return groups


def figures(findings: Sequence[Finding]) -> list[Figure]:
    """Return the figures of one analysis on one collection, in the order of its findings."""
    return [
        _figure(estimand, tuple(findings_of_estimand))
        for estimand, findings_of_estimand in grouped(findings, lambda f: f.estimand).items()
    ]


def _figure(estimand: str, findings: tuple[Finding, ...]) -> Figure:
    shown = [f for f in findings if is_number(f.value)] or list(findings)
    layered = [f for f in shown if f.site.get("layer") is not None]
    alone = [f for f in shown if f.site.get("layer") is None]
    captioned = layered or shown
    varying = tuple(k for k in _keys(captioned) if len({repr(f.site.get(k)) for f in captioned}) > 1)
    common = tuple(
        (k, captioned[0].site[k]) for k in _keys(captioned) if k not in varying and captioned[0].site.get(k) is not None
    )
    gaps = (
        [f for f in findings if not is_number(f.value) and f.site.get("layer") is not None]
        if len(shown) < len(findings)
        else []
    )
    panels = []
    for values, panel_findings in grouped(layered, lambda f: tuple(_plain(f.site.get(k)) for k in varying)).items():
        empty = [f for f in gaps if tuple(_plain(f.site.get(k)) for k in varying) == values]
        key = tuple((k, v) for k, v in zip(varying, values, strict=True) if v is not None)
        panels.append(FigurePanel(key, (*panel_findings, *empty), _beside(varying, panel_findings[0], alone)))
    return Figure(estimand, str(shown[0].site["analysis"]), findings, common, varying, _with_controls(panels))


def _with_controls(panels: Sequence[FigurePanel]) -> tuple[FigurePanel, ...]:
    """Return the panels, those that hold controls only (one control of several probes) drawn into the others instead of alone."""
    shared = [p for p in panels if all(is_control(f) for f in p.findings)]
    others = [p for p in panels if p not in shared]
    if not others:
        return tuple(panels)
    with_controls = []
    for panel in others:
        controls = [f for p in shared if _without_probe(p.key) == _without_probe(panel.key) for f in p.findings]
        with_controls.append(replace(panel, findings=(*panel.findings, *controls)))
    return tuple(with_controls)


def is_control(finding: Finding) -> bool:
    """Say whether a finding is a control of another, not a result of its own."""
    return finding.site.get("control") not in (None, "", "none")


def _without_probe(key: Key) -> Key:
    return tuple((k, v) for k, v in key if k != "probe")


def _beside(varying: Sequence[str], first: Finding, alone: Sequence[Finding]) -> tuple[Finding, ...]:
    return tuple(f for f in alone if all(_goes_with(k, f, first) for k in varying))


def _goes_with(key: str, alone: Finding, layered: Finding) -> bool:
    """Say whether a finding without layer belongs to a panel: final vectors to the encoder's own pooling, what no probe reads to all probes."""
    own_value, panel_value = alone.site.get(key), layered.site.get(key)
    if own_value is None or own_value == panel_value:
        return True
    return (key == "pooling" and own_value == FINAL and panel_value == "own") or (
        key == "probe" and own_value == "lexical"
    )


FINAL = "vectors"
"""The pooling of final vectors, which have no layer."""


def _keys(findings: Sequence[Finding]) -> list[str]:
    keys = list(dict.fromkeys(k for f in findings for k in f.site if k not in WHO))
    return sorted(keys, key=lambda k: FIRST.index(k) if k in FIRST else len(FIRST))


def _plain(value: Json) -> Json:
    return tuple(value) if isinstance(value, list) else value


_SAID: dict[str, Callable[[Json], str]] = {
    "side": lambda v: {"query": "queries", "document": "documents", "both": "queries and documents"}.get(v, str(v)),
    "pooling": lambda v: {"own": "its own pooling", "vectors": "final vectors", "mean": "mean of tokens", "cls": "first token", "first": "first token",
                          "last": "last token", "max": "maximum of tokens"}.get(v, f"pooling {v}"),
    "n_candidates": lambda v: f"N = {v}",
    "probe": lambda v: {"cosine": "cosine, untrained", "hadamard": "probe q ⊙ p", "bilinear": "low-rank bilinear probe",
                        "pair": "probe of the whole pair", "published": "published probe [q; p1 … pN]"}.get(v, f"probe {v}"),
    "negatives": lambda v: f"negatives: {v}",
    "order": lambda v: f"order: {v}",
    "target": lambda v: f"target: {v}",
    "ablation": lambda v: f"ablation: {v}",
    "half": lambda v: f"{v} tower",
}  # fmt: skip


def said(key: str, value: Json) -> str:
    """Return one key of a site in words.

    >>> said("n_candidates", 4), said("side", "query"), said("measure", "CKA")
    ('N = 4', 'queries', 'CKA')
    """
    if key in _SAID:
        return _SAID[key](value)
    return (
        str(value).replace("_", " ") if key in ("module", "measure", "control") else f"{key.replace('_', ' ')} {value}"
    )


def who(finding: Finding) -> str:
    """Return the line that a finding belongs to: subject, what it is compared with, and its control.

    >>> who(Finding(estimand="change in accuracy", site={"subject": "b", "against": "a"}, value=0, low=0, high=0, n=1, n_clusters=1, unit=""))
    'b − a'
    >>> who(Finding(estimand="accuracy", site={"control": "lexical"}, value=0, low=0, high=0, n=1, n_clusters=1, unit=""))
    'lexical'
    """
    site = finding.site
    is_change = estimand_of(str(site.get("analysis", "")), finding.estimand).is_change
    joint = " − " if is_change else " and "
    name = f"{site.get('subject', '')}{joint}{site['against']}" if site.get("against") else str(site.get("subject", ""))
    control = site.get("control")
    parts = (name, "" if control in (None, "none") else str(control).replace("_", " "))
    return ", ".join(part for part in parts if part)
