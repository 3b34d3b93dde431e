"""Factorial: the page of a study that trains its own systems: the effects, the cells, the trainings and their costs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import evidense
from evidense.boundary.numerals import count, interval, level, plain
from evidense.compute.comparison import floor
from evidense.compute.comparison.budget_grid import is_grid_cell
from evidense.records import Finding
from evidense.report.banner import banner
from evidense.report.comparison import proof
from evidense.report.comparison.shared import shared_sentences
from evidense.report.contents import Contents
from evidense.report.factorial import budgets, interaction
from evidense.report.factorial import rows as effect_rows
from evidense.report.factorial.arms import TrainedArm, arms
from evidense.report.factorial.effects import GROUPS, Effects
from evidense.report.factorial.kinds import kind_of
from evidense.report.factorial.learning import curves
from evidense.report.factorial.spread import spread_lines
from evidense.report.words import WORDS, margin_text
from evidense.stats import EFFECTS, few_seeds
from evidense.store import Store


@dataclass(frozen=True)
class CellValue:
    """One cell's mean on one collection with its interval, and what leaks were found beside it."""

    value: str
    interval: str
    percent: int = 0
    """How great it is beside the greatest value of its table: the strength of its colour."""


@dataclass(frozen=True)
class ValueLine:
    """One collection: the mean of every cell, and near duplicates of training items among its own."""

    collection: str
    tags: tuple[str, ...]
    n: str
    cells: tuple[CellValue, ...]
    leaks: str


def is_factorial(contents: Contents) -> bool:
    """Say whether a study trained its own systems."""
    return bool(contents.study.factorial or contents.study.arms)


def context(contents: Contents, store: Store) -> dict[str, object]:
    """Return what the template of a factorial prints beside what every page has."""
    study = contents.study
    effects = Effects.of(study, contents.records)
    primary = study.primary
    scale = effect_rows.scale_of(effects, primary)
    groups = {
        key: [effect_rows.group(effects, e, primary, scale) for e in effects.names(key)]
        for key in GROUPS
        if effects.names(key)
    }
    trained = arms(effects, contents.records)
    single = [arm for arm in trained if not is_grid_cell(arm.name)]
    cell_names = [name for name in effects.cell_names if not is_grid_cell(name)]
    return {
        "study": study, "primary": primary, "margin": margin_text(study.margin), "scale": scale, "groups": groups, "group_titles": GROUPS,
        "leads": _leads(groups), "plots": interaction.plots(effects, primary), "box": interaction, "n_seeds": effects.n_seeds,
        "few_seeds": _few_seeds(effects), "cell_names": cell_names, "values": {m: _values(effects, m, cell_names) for m in study.measures}, "arms": trained,
        "curves": curves(effects, single, store), "budget_parts": budgets.budget_parts(contents.records), "budget_box": budgets,
        "spread": spread_lines(contents.records),
        "is_one_budget": bool(study.factorial) and not study.factorial.get("budgets"), "arm_warnings": _warnings(trained), "methods": paragraph(effects),
        "words": list(WORDS.values()), "proof": proof, "contents": contents, "banner": banner(contents), "version": evidense.__version__,
        "confidence": level(study.confidence), "homes": _homes(study.arms),
        "floors": [(name, floor.floor_reason(f)) for name, f in effects.floors.items()], "question": study.question, "shared": shared_sentences(contents),
    }  # fmt: skip


def _few_seeds(effects: Effects) -> str:
    """Say that two seeds hardly ever decide, where some cell was trained with two."""
    counts = {int(finding.details.get("n_seeds", 1)) for finding in effects.cells.values()}
    return next(filter(None, map(few_seeds, sorted(counts))), "")


def _leads(groups: dict[str, list[effect_rows.EffectGroup]]) -> list[effect_rows.EffectGroup]:
    return [g for g in groups.get("factorial", []) if g.effect in EFFECTS]


def _values(effects: Effects, measure: str, cell_names: Sequence[str]) -> dict[str, list[ValueLine]]:
    """Return kind → one line for each of its collections."""
    lines: dict[str, list[ValueLine]] = {}
    greatest = max((f.value for (c, _, m), f in effects.cells.items() if m == measure and c in cell_names), default=0)
    for place in effects.collections:
        means = [effects.cells.get((cell, place.name, measure)) for cell in cell_names]
        known_means = [f for f in means if f is not None]
        if known_means:
            tags = tuple(t for t in (place.role, place.direction) if t)
            cells = tuple(_value(f, greatest) for f in means)
            line = ValueLine(place.name, tags, count(known_means[0].n), cells, _leaks(known_means))
            lines.setdefault(kind_of(place.name), []).append(line)
    return lines


def _value(finding: Finding | None, greatest: float) -> CellValue:
    if finding is None:
        return CellValue("—", "")
    percent = round(100 * max(0.0, finding.value) / greatest) if greatest > 0 else 0
    return CellValue(plain(finding.value), interval(finding.low, finding.high, sign=False), percent)


def _leaks(means: list[Finding]) -> str:
    """Return how many test items equal or nearly equal a training item; the most that any cell has."""
    duplicates: list[dict[str, Any]] = [f.details["near_duplicates"] for f in means if f.details.get("near_duplicates")]
    if not duplicates:
        return "—"
    most = max(duplicates, key=lambda d: (d["n_equal"] + d["n_near"], d["n_checked"]))
    return f"{count(most['n_equal'])} equal, {count(most['n_near'])} near of {count(most['n_checked'])}"


def _warnings(trained: list[TrainedArm]) -> list[tuple[str, str]]:
    return [(arm.name, warning) for arm in trained for warning in arm.warnings]


def _homes(declared: Any) -> dict[str, str]:
    return {str(arm["label"]): str(arm.get("home", "")) for arm in declared if "label" in arm}


def paragraph(effects: Effects) -> str:
    """Return the methods in words, each number of it from the records."""
    study = effects.study
    n = len(effects.places)
    where = f"{n} collection{'s' if n != 1 else ''}"
    return " ".join([
        f"Every cell was trained from one backbone under one budget a stage with {effects.n_seeds} seeds;",
        "cells that share a stage and a seed share its checkpoint.",
        f"{study.primary} was computed per query with ir-measures on {where};",
        "the effect of a stage is the mean of its two simple effects, the interaction is both − pre-trained − fine-tuned + neither.",
        "Intervals treat seeds and clusters of queries as random together (Sellam et al., 2022)",
        "and hold simultaneously for the family that the evidence names.",
        f"The smallest effect of interest is {margin_text(study.margin)}, twice that for the interaction, a difference of two gains.",
        "The interaction is stated on the measure and on the logits of the cell means;",
        "where the two disagree it depends on the scale and is not decided.",
    ])  # fmt: skip
