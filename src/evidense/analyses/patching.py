"""Tuned blocks, attention or MLP put into the base and back: which of them carry what fine-tuning changed.

Findings; `subject` is the tuned encoder, `against` the base, `half` the tower (text, image; query, document where these are two models):

| estimand | site | unit | details |
|---|---|---|---|
| tuning difference | measure | measure, or cosine | F(tuned) − F(base); the denominator of every share |
| patching difference | half, module, layer, order, measure | as above | what adding gains, or removing loses; together |
| patching effect | the same; order also "mean of both" | share | a ratio of sums; together; or no value, with the `reason` |

`module`: block, attention, mlp, blocks up to, blocks from (all of them cumulative in `layer`), embeddings, final (norms, pooler, projections), all.
`layer`: 1 … n (block l makes layer l). `order`: add to base, remove from tuned. `measure`: nDCG@10 as a rule, and margin, which is s(q, d⁺) −
max s(q, d⁻) over candidates. A share of 1 is all of what tuning changed; shares do not add up to 1, since effects are not additive.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from jaxtyping import Float64

from evidense.dissection.candidates import Draw, candidates
from evidense.dissection.findings import IntervalSettings, without_value
from evidense.dissection.patching.runs import MARGIN, ORDERS, PatchingTask, Runs
from evidense.dissection.patching.shares import Share, both_orders, shares
from evidense.dissection.patching.sites import Site, halves, sites, unlike
from evidense.errors import EvidenseError
from evidense.parts import AnalysisWords, Bench, Capability, Case, Subject
from evidense.parts.estimands import Estimand
from evidense.records import Finding, Json
from evidense.stats import Differences, Estimate, simultaneous
from evidense.values.build import sample

_DEFAULTS: Mapping[str, Json] = {
    "modules": ["block", "attention", "mlp", "blocks up to", "embeddings", "final", "all"],
    "measure": "nDCG@10",
    "n_queries": 60,
    "n_documents": 150,
    "n_candidates": 10,
    "halves": [],
}

WORDS = AnalysisWords(
    title="Patching: which parts carry the change",
    asks="Parts of the tuned encoder are put into the base, and back: what each gains or loses, as a share of what tuning changed.",
    beware="Shares do not add up to 1, since parts act together.",
    estimands=(
        Estimand("tuning difference", "What tuning changed in all: the whole that the shares are of.", is_change=True),
        Estimand("patching difference", "The same in the measure itself.", is_change=True),
        Estimand("patching effect", "Share of what tuning changed that this part brings, or takes away with it. 1 is all of it.", is_change=True),
    ),
    leads=("patching effect", "tuning difference",),
    place=90,
)  # fmt: skip


@dataclass(frozen=True)
class Patching:
    """Swaps every site of the tuned encoder into the base, and of the base into the tuned, and scores what comes of it."""

    name: str = "patching"
    source: str = (
        "Zhang & Nanda 2024 (arXiv 2309.16042), denoising, here across checkpoints; ratio of sums after Fieller 1954"
    )
    needs: frozenset[Capability] = frozenset({"vectors", "layers"})
    version: int = 1
    words: AnalysisWords = WORDS
    options: Mapping[str, Json] = field(default_factory=lambda: dict(_DEFAULTS))

    def examine(self, case: Case, bench: Bench) -> Sequence[Finding]:
        """Return the findings of every tuned encoder.

        Raises:
            InvalidInput: no tuned encoder, or a collection that is too small for its candidates.
        """
        options = {**self.options, **case.options}
        small = sample(case.collection, options["n_queries"], options["n_documents"], case.seed)
        drawn = candidates(small, Draw(n_candidates=options["n_candidates"], n_folds=1, seed=case.seed))
        task = PatchingTask(small, drawn, options["measure"])
        return [finding for tuned in case.of("tuned") for finding in _of_tuned(_PatchingSetting(case, bench, options, task), tuned)]  # fmt: skip


@dataclass(frozen=True)
class _PatchingSetting:
    case: Case
    bench: Bench
    options: Mapping[str, Any]
    task: PatchingTask

    @property
    def how(self) -> IntervalSettings:
        return IntervalSettings.of(self.case)

    def site(self, place: Mapping[str, Json]) -> dict[str, Json]:
        return self.case.site("patching", **place)

    def without_value(self, place: Mapping[str, Json], reason: str) -> Finding:
        return without_value("patching effect", self.site(place), "share", reason)

    def unit(self, place: Mapping[str, Json]) -> str:
        measure = str(place["measure"])
        tuned = next(s for s in self.case.subjects if s.label == place["subject"])
        return str(tuned.encoder.setup.similarity or "score") if measure == MARGIN else measure

    def numbers(self) -> dict[str, Json]:
        clusters = self.task.candidates.clusters
        return {"n": len(clusters), "n_clusters": len(np.unique(clusters)), "confidence": self.case.confidence}

    def simultaneous(self, values: Float64[np.ndarray, "k q"]) -> list[Estimate]:
        differences = Differences(values, self.task.candidates.clusters)
        return simultaneous([differences], confidence=self.case.confidence, n_resamples=self.case.n_resamples, seed=self.case.seed)[0]  # fmt: skip


def _of_tuned(setting: _PatchingSetting, tuned: Subject) -> Iterator[Finding]:
    base, where = setting.case.base, {"subject": tuned.label, "against": setting.case.base.label, "role": tuned.role}
    try:
        mine, theirs = halves(base.encoder), halves(tuned.encoder)
    except EvidenseError as error:
        yield setting.without_value(where, str(error))
        return
    half_names = setting.options["halves"] or list(mine)
    for name in mine:
        if name not in half_names:
            continue
        place = {**where, "half": name}
        reason = unlike(mine[name], theirs[name]) if name in theirs else f"{tuned.label} has no {name} half"
        if reason:
            yield setting.without_value(place, reason)
            continue
        runs = Runs(setting.task, setting.bench, base, tuned, name)
        yield from _whole(setting, runs, place)
        for module in setting.options["modules"]:
            try:
                places = sites(mine[name], module)
            except EvidenseError as error:
                yield setting.without_value({**place, "module": module}, str(error))
                continue
            yield from _of_module(_Family(setting, runs, {**place, "module": module}), places)


def _whole(setting: _PatchingSetting, runs: Runs, place: Mapping[str, Json]) -> Iterator[Finding]:
    base, tuned = runs.plain()
    for measure in setting.task.measures:
        e = setting.simultaneous((tuned[measure] - base[measure])[None])[0]
        details = {"base_mean": float(base[measure].mean()), "tuned_mean": float(tuned[measure].mean())}
        yield _finding(setting, "tuning difference", {**place, "measure": measure}, e, details)


@dataclass(frozen=True)
class _Family:
    """The sites of one kind in one half: intervals `together` hold over them."""

    setting: _PatchingSetting
    runs: Runs
    place: Mapping[str, Json]

    def site(self, site: Site, order: str, measure: str) -> dict[str, Json]:
        layer = {} if site.layer is None else {"layer": site.layer}
        return {**self.place, **layer, "order": order, "measure": measure}


def _of_module(family: _Family, places: Sequence[Site]) -> Iterator[Finding]:
    setting, runs = family.setting, family.runs
    if not places:
        yield setting.without_value(family.place, "there is nothing of the kind in this half")
        return
    base, tuned = runs.plain()
    by_order = {order: runs.effects(places, order, _teller(setting, family, len(places))) for order in ORDERS}
    for measure in setting.task.measures:
        tables: dict[str, Any] = {order: effects[measure] for order, effects in by_order.items()}
        for order, values in tables.items():
            for site, e in zip(places, setting.simultaneous(values), strict=True):
                yield _finding(setting, "patching difference", family.site(site, order, measure), e, {"n_tensors": len(site.names)})  # fmt: skip
        tables |= {"mean of both": both_orders(list(tables.values()))}
        whole = tuned[measure] - base[measure]
        for order, values in tables.items():
            for site, share in zip(
                places, shares(values, whole, setting.task.candidates.clusters, setting.how), strict=True
            ):
                yield _shared(setting, family.site(site, order, measure), share)


def _teller(setting: _PatchingSetting, family: _Family, n_sites: int) -> Callable[[], None]:
    done = iter(range(1, 2 * n_sites + 1))
    return lambda: setting.bench.tell(f"patching {family.place['module']}", next(done, n_sites), n_sites)


def _finding(
    setting: _PatchingSetting,
    estimand: str,
    place: Mapping[str, Json],
    e: Estimate,
    details: Mapping[str, Json],
) -> Finding:
    more = {"together": [e.low, e.high], "standard_error": e.standard_error, "win": e.win, "tie": e.tie, "loss": e.loss}
    return Finding(
        estimand=estimand,
        site=setting.site(place),
        value=e.effect,
        low=e.low,
        high=e.high,
        unit=setting.unit(place),
        p=e.p,
        p_adjusted=e.p_adjusted,
        test=e.test,
        family="layers of one kind of module, half, order and measure",
        details={**details, **more},
        **setting.numbers(),
    )


def _shared(setting: _PatchingSetting, place: Mapping[str, Json], share: Share) -> Finding:
    details: dict[str, Json] = {"together": list(share.together) if share.together else None}
    return Finding(
        estimand="patching effect",
        site=setting.site(place),
        value=share.value,
        low=share.low,
        high=share.high,
        unit="share",
        test="Fieller's interval of a ratio of sums over clusters of queries",
        family="layers of one kind of module, half, order and measure",
        details=details | ({"reason": share.reason} if share.reason else {}),
        **setting.numbers(),
    )


PART = Patching()
