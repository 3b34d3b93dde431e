"""Facts edited out of a backbone or into it, then fine-tuned with their pairs absent or present: does retrieval follow the edit.

The base must tell the facts of `dissection.editing.facts` on masked tokens (`dissection.editing.backbone.knowing_backbone` makes such a one; the
option `backbone = "built"` builds it here). Findings; `subject` is the base:

| estimand | site | unit | details |
|---|---|---|---|
| edit success | direction, method, layer, prompts: edited, paraphrase | share of facts | told before and after |
| edit locality | direction, method, layer, over: neighbours, top-10 | share | told right before; common documents |
| difference in differences | direction: removed, added; method; training: absent, present; measure | measure | (edited − unedited copy on edited facts) − (the same on matched untouched facts); seeds × pairs of facts; together; means of the four cells |
| closed-book retrieval | facts: known, untold; training; measure | measure | of the unedited copy, untouched facts; chance |

Success: removed facts that are no longer told, added ones that are. Methods: knowledge neurons (value slots zeroed) with random neurons as their
control; rank one (ROME) with the same at another layer as its control. B5 is about direction × training: removed facts stay unretrievable
where the difference in differences is below 0 although their pairs are present; added facts become retrievable where it is above 0 although they
are absent.
"""  # noqa: E501

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
from jaxtyping import Float64

from evidense.dissection.editing.backbone import BackboneSize, knowing_backbone, known
from evidense.dissection.editing.difference_in_differences import ContrastEffect, FourCells, effects
from evidense.dissection.editing.facts import Fact, World, questions, world
from evidense.dissection.editing.split import split
from evidense.dissection.editing.trials import (
    METHODS,
    TRAININGS,
    UNEDITED,
    Trial,
    TrialSetting,
    TunedCopies,
    Tuning,
    neighbours,
    overlaps,
    told,
    trials,
)
from evidense.dissection.findings import without_value
from evidense.errors import InvalidInput
from evidense.parts import AnalysisWords, Bench, Capability, Case, Encoder, TokenPredictor
from evidense.parts.estimands import Estimand
from evidense.records import Finding, Json
from evidense.stats import mean_interval

_DEFAULTS: Mapping[str, Json] = {
    "backbone": "base",
    "n_entities": 60,
    "n_relations": 2,
    "world_seed": 0,
    "backbone_steps": 1200,
    "n_removed": 16,
    "n_added": 10,
    "layer": 2,
    "seeds": [0, 1, 2, 3, 4],
    "steps": 60,
    "methods": ["knowledge neurons", "random neurons", "rank one", "rank one elsewhere"],
    "trainings": ["absent", "present"],
    "measures": ["RR@100", "R@1"],
}

WORDS = AnalysisWords(
    title="Editing knowledge, then fine-tuning",
    asks="Facts are written into a copy of the encoder, and both copies are tuned alike: does the edit carry over?",
    beware="Facts that fine-tuning data teach again say nothing of what an edit does by itself.",
    estimands=(
        Estimand("edit success"),
        Estimand("edit locality"),
        Estimand("difference in differences"),
        Estimand("closed-book retrieval"),
    ),
    place=110,
)  # fmt: skip


@dataclass(frozen=True)
class Editing:
    """Edits facts, fine-tunes edited and unedited copies alike, and compares their retrieval by differences in differences."""

    name: str = "editing"
    source: str = "after Reichman & Heck 2024, third experiment; edits: Dai et al. 2022, Meng et al. 2022 (ROME), eq. 2"
    needs: frozenset[Capability] = frozenset({"vectors"})
    version: int = 1
    words: AnalysisWords = WORDS
    options: Mapping[str, Json] = field(default_factory=lambda: dict(_DEFAULTS))

    def examine(self, case: Case, bench: Bench) -> Sequence[Finding]:
        """Return the findings, or one without value that says why the base cannot be asked for facts.

        Raises:
            InvalidInput: too few entities for the facts that are wanted.
        """
        options = {**self.options, **case.options}
        there = world(options["n_entities"], options["n_relations"], seed=options["world_seed"])
        encoder, whose = case.base.encoder, f"'{case.base.label}'"
        if options["backbone"] == "built":
            whose = "the backbone that was built"
            encoder = knowing_backbone(there, bench.train, BackboneSize(n_steps=options["backbone_steps"], seed=options["world_seed"]))  # fmt: skip
        facts, reason = _known(encoder, whose, there, 2 * options["n_removed"])
        if reason:
            site = case.site("editing", subject=case.base.label, role=case.base.role)
            return [without_value("difference in differences", site, "", reason)]
        dealt = split(there, facts, options["n_removed"], options["n_added"], case.seed)
        setting = _EditingSetting(
            case, bench, options, TrialSetting(there, dealt, encoder, options["layer"], case.seed)
        )
        return list(_found(setting))


def _known(encoder: Encoder, whose: str, there: World, n_needed: int) -> tuple[list[Fact], str]:
    """Return the facts that the encoder tells, or why it cannot be asked."""
    tower: Any = encoder.tower("query")
    if "train" not in encoder.can or not isinstance(tower, TokenPredictor) or not hasattr(tower, "backbone"):
        return [], f"{whose} cannot predict masked tokens, so that nobody can say which facts it knows"
    try:
        facts_told = known(cast(Any, tower), there.told)
    except InvalidInput as error:
        return [], str(error)
    if len(facts_told) < n_needed:
        return [], (
            f"{whose} tells {len(facts_told)} of {len(there.told)} facts right in every statement; at least {n_needed} are needed; "
            "pre-train it on them for longer (backbone = 'built' with more backbone_steps), or edit fewer facts"
        )
    return facts_told, ""


@dataclass(frozen=True)
class _EditingSetting:
    case: Case
    bench: Bench
    options: Mapping[str, Any]
    bed: TrialSetting

    def site(self, **where: Json) -> dict[str, Json]:
        base = self.case.base
        return self.case.site("editing", subject=base.label, role=base.role, **where)

    def score(self, encoder: Encoder, facts: Sequence[Fact]) -> dict[str, Float64[np.ndarray, " f"]]:
        collection = questions(self.bed.world, facts)
        lists = self.bench.rank(encoder, collection, 100)
        return {measure: self.bench.score(lists, collection, measure) for measure in self.options["measures"]}

    def mean(self, estimand: str, where: Mapping[str, Json], values: Float64[np.ndarray, " f"], unit: str, **details: Json) -> Finding:  # fmt: skip
        case = self.case
        value, low, high = mean_interval(
            values, np.arange(len(values)), confidence=case.confidence, n_resamples=case.n_resamples, seed=case.seed
        )
        return Finding(
            estimand=estimand, site=self.site(**where), value=value, low=max(0.0, low), high=min(1.0, high), n=len(values),
            n_clusters=len(values), unit=unit, confidence=case.confidence, test="studentised bootstrap over facts", details=details,
        )  # fmt: skip


def _found(setting: _EditingSetting) -> Iterator[Finding]:
    methods_of_direction = {
        d: [m for m in methods if m in setting.options["methods"]] for d, methods in METHODS.items()
    }
    edits = trials(setting.bed, methods_of_direction)
    for trial in edits:
        yield from _of_edit(setting, trial)
    tuning = Tuning(setting.options["seeds"], setting.options["steps"])
    tuned = TunedCopies(setting.bed, setting.bench.train, tuning, setting.score)
    copies = {UNEDITED: setting.bed.encoder} | {_key(t): t.encoder for t in edits}
    trainings = [t for t in TRAININGS if t in setting.options["trainings"]]
    tuned.run(copies, trainings, lambda done, total: setting.bench.tell("fine-tuning edited copies", done, total))
    for measure in setting.options["measures"]:
        yield from _levels(setting, tuned, trainings, measure)
        for direction in METHODS:
            yield from _differences(
                setting, tuned, [t for t in edits if t.direction == direction], (trainings, measure)
            )


def _key(trial: Trial) -> str:
    return f"{trial.direction}, {trial.method}"


def _where(trial: Trial) -> dict[str, Json]:
    layer = {} if trial.layer is None else {"layer": trial.layer}
    return {"direction": trial.direction, "method": trial.method, **layer}


def _of_edit(setting: _EditingSetting, trial: Trial) -> Iterator[Finding]:
    """Efficacy, paraphrases, neighbours, unrelated rankings: before any fine-tuning."""
    bed, dealt = setting.bed, setting.bed.split
    facts = dealt.removed if trial.direction == "removed" else dealt.added
    for prompts, tested in (("edited", False), ("paraphrase", True)):
        before, after = (told(bed, encoder, facts, tested=tested) for encoder in (bed.encoder, trial.encoder))
        success = after if trial.direction == "added" else 1 - after
        more = {"told_before": float(before.mean()), "told_after": float(after.mean()), "n_neurons": trial.n_neurons}
        yield setting.mean("edit success", {**_where(trial), "prompts": prompts}, success, "share of statements", **more)  # fmt: skip
    others = neighbours(bed, trial.direction)
    before, after = (told(bed, encoder, others, tested=True) for encoder in (bed.encoder, trial.encoder))
    more = {"told_before": float(before.mean())}
    yield setting.mean("edit locality", {**_where(trial), "over": "neighbours"}, after, "share of statements", **more)
    common = overlaps(bed, trial)
    n_documents = len(questions(bed.world, others).corpus)
    where = {**_where(trial), "over": "top-10"}
    yield setting.mean("edit locality", where, common, "share of documents", n_documents=n_documents)


def _places(setting: _EditingSetting, direction: str) -> tuple[slice, slice]:
    """Where edited facts and their controls stand among the asked ones."""
    n, m = len(setting.bed.split.removed), len(setting.bed.split.added)
    return (slice(0, n), slice(n, 2 * n)) if direction == "removed" else (slice(2 * n, 2 * n + m), slice(2 * n + m, None))  # fmt: skip


def _levels(setting: _EditingSetting, tuned: TunedCopies, trainings: Sequence[str], measure: str) -> Iterator[Finding]:
    chance = _chance(setting, measure)
    for training in trainings:
        values = tuned.table(UNEDITED, training, measure).mean(axis=0)
        for facts, direction in (("known", "removed"), ("untold", "added")):
            control_values = values[_places(setting, direction)[1]]
            where = {"facts": facts, "training": training, "measure": measure}
            yield setting.mean("closed-book retrieval", where, control_values, measure, chance=chance, seeds=list(setting.options["seeds"]))  # fmt: skip


def _chance(setting: _EditingSetting, measure: str) -> Json:
    """Return what a random order gives: of reciprocal ranks the mean of 1/rank, of recall k over the documents."""
    n = len(questions(setting.bed.world, setting.bed.split.taught[:1]).corpus)
    name, _, cutoff = measure.partition("@")
    k = min(int(cutoff or n), n)
    known_chances = {"RR": sum(1 / rank for rank in range(1, k + 1)) / n, "R": k / n}
    return known_chances.get(name)


def _differences(
    setting: _EditingSetting, tuned: TunedCopies, some: Sequence[Trial], how: tuple[Sequence[str], str]
) -> Iterator[Finding]:
    trainings, measure = how
    contrasts = [(trial, training) for trial in some for training in trainings]
    if not contrasts:
        return
    edited, controls = _places(setting, some[0].direction)
    copies = [np.stack([tuned.table(_key(t), training, measure) for t, training in contrasts])]
    copies.append(np.stack([tuned.table(UNEDITED, training, measure) for _, training in contrasts]))
    table = FourCells(*(copy[:, :, place] for copy in copies for place in (edited, controls)))
    case = setting.case
    differences = effects(table, case.confidence, case.n_resamples, case.seed)
    for k, ((trial, training), effect) in enumerate(zip(contrasts, differences, strict=True)):
        cells = [float(part[k].mean()) for part in table.parts]
        where = {**_where(trial), "training": training, "measure": measure}
        yield _difference(setting, where, effect, cells)


def _difference(
    setting: _EditingSetting, where: Mapping[str, Json], effect: ContrastEffect, cells: Sequence[float]
) -> Finding:
    e = effect.alone
    named = (
        "edited_copy_edited_facts",
        "edited_copy_control_facts",
        "plain_copy_edited_facts",
        "plain_copy_control_facts",
    )
    return Finding(
        estimand="difference in differences",
        site=setting.site(**where),
        value=e.effect,
        low=e.low,
        high=e.high,
        n=e.n,
        n_clusters=e.n_clusters,
        unit=str(where["measure"]),
        confidence=setting.case.confidence,
        p=e.p,
        p_adjusted=effect.together.p_adjusted,
        test=e.test,
        family="methods and trainings of one direction and measure",
        details={
            "together": [effect.together.low, effect.together.high],
            "n_seeds": e.n_seeds,
            "standard_error": e.standard_error,
            **dict(zip(named, cells, strict=True)),
        },
    )


PART = Editing()
