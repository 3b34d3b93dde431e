"""Decide spread: the effects of the stages on collections of several kinds → Findings on what explains that they differ.

A moderator is judged by independent families of collections: by differences within families where two or more families have both levels,
else by a random-effects regression between families. Where the families are too few, the finding says so and has no interval.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from evidense import stats
from evidense.compute.comparison.lineup import Effect, Lineup
from evidense.compute.comparison.scored import CollectionSet, ScoredCells
from evidense.compute.comparison.strata import FamilyWeights, Moderator, Strata
from evidense.errors import InvalidInput
from evidense.records import Finding, Json, Record, Study
from evidense.stats import MetaRegression, Seeded
from evidense.store import Store

ESTIMAND = "effect by moderator"
_TEST = "random effects over independent families, Paule-Mandel and Knapp-Hartung, Student's t"
_LEAST_SIDE = 2


def decide_spread(study: Study, lineup: Lineup, collections: CollectionSet, store: Store) -> list[Record]:
    """Return the Findings on what explains the spread of each stage's effect, stored; nothing for a study that names no strata."""
    members = collections.members
    effects = [e for e in lineup.effects if e.group == "factorial" and e.name != "interaction"]
    if not effects or not any(member.strata for member in members):
        return []
    strata = Strata(
        [{**member.strata, "direction": member.direction} for member in members],
        collections.sharing.families([len(member.collection.query_ids) for member in members]),
    )
    moderators = strata.moderators()
    n_sentences = max(1, len(moderators) * len(effects))
    records: list[Record] = []
    for effect in effects:
        spread = _Spread(study, lineup, collections, effect, store)
        records += [spread.finding(moderator, n_sentences) for moderator in moderators]
    for record in records:
        store.put(record)
    return records


@dataclass(frozen=True)
class _Spread:
    """One effect on all collections."""

    study: Study
    lineup: Lineup
    collections: CollectionSet
    effect: Effect
    store: Store

    @cached_property
    def tables(self) -> list[Seeded]:
        """Return the effect in each seed on each query of each collection."""
        cells = [cell for cell in self.lineup.cells if cell.name in self.effect.weights]
        weights = np.array([[self.effect.weights[cell.name] for cell in cells]])
        members = self.collections.members
        tables = [member.table(cells, self.study.primary, self.store) for member in members]
        return [Seeded(stats.contrasts(table.values, weights), table.clusters) for table in tables]

    def finding(self, moderator: Moderator, n_sentences: int) -> Finding:
        """Return what a moderator does to the effect; all sentences of the study hold together."""
        confidence = (self.study.confidence) ** (1 / n_sentences)
        estimates = [self._estimate(family) for family in moderator.families]
        fitted, row, reason = self._fitted(moderator, estimates, confidence)
        details: dict[str, Json] = {
            "how": "within families" if moderator.is_within else "between families", "n_families": len(moderator.families), "reason": reason,
            "families": [self._names(family) for family in moderator.families], "by_family": [float(value) for value, _ in estimates],
            "levels": [family.level for family in moderator.families], "margin": self.study.margin, "verdict": "UNDECIDED",
        }  # fmt: skip
        value = low = high = p = None
        if fitted is not None:
            value, low, high, p = (float(x[row]) for x in (fitted.coefficients, fitted.lows, fitted.highs, fitted.p))
            details |= {
                "tau2": fitted.tau2,
                "tau2_alone": fitted.tau2_alone,
                "explained": fitted.explained,
                "df": fitted.df,
            }
            details["verdict"] = _word(low, high, self.study.margin)
        places = sorted({place for family in moderator.families for place in family.members})
        members = [self.collections.members[place] for place in places]
        return Finding(
            parents=self._parents(members), estimand=ESTIMAND, unit=self.study.primary, value=value, low=low, high=high, p=p,
            confidence=self.study.confidence, n=len(members), n_clusters=len(moderator.families), test=_TEST,
            site={"effect": self.effect.name, "moderator": moderator.name, "level": moderator.level, "against": moderator.against,
                  "measure": self.study.primary, "collections": [member.collection.name for member in members]},
            family=f"{n_sentences} intervals: stages × levels of moderators, together", details=details,
        )  # fmt: skip

    def _fitted(
        self, moderator: Moderator, estimates: Sequence[tuple[float, float]], confidence: float
    ) -> tuple[MetaRegression | None, int, str]:
        """Return the regression and the row of its coefficient, or why there is none."""
        if reason := too_few(moderator):
            return None, 0, reason
        values, errors = (np.array(column) for column in zip(*estimates, strict=True))
        numbers = np.ones((len(values), 1))
        if not moderator.is_within:
            levels = [family.level for family in moderator.families]
            column = [float(level == moderator.level) if moderator.level else float(str(level)) for level in levels]
            numbers = np.column_stack([numbers, column])
        try:
            return stats.meta_regression(values, errors, numbers, confidence), numbers.shape[1] - 1, ""
        except InvalidInput as error:
            return None, 0, str(error).partition(" → ")[0]

    def _estimate(self, family: FamilyWeights) -> tuple[float, float]:
        """Return the weighted sum of a family's effects and its standard error, over seeds and queries."""
        n = len(family.members)
        tables = [self.tables[place] for place in family.members]
        weighed = [
            Seeded(table.values * weight * n, table.clusters)
            for table, weight in zip(tables, family.weights, strict=True)
        ]
        sizes = [len(member.collection.query_ids) for member in self.collections.members]
        return stats.mean_and_error(weighed, self.collections.sharing.of(family.members, sizes))

    def _names(self, family: FamilyWeights) -> list[str]:
        return [self.collections.members[place].collection.name for place in family.members]

    def _parents(self, members: Sequence[ScoredCells]) -> tuple[str, ...]:
        labels = [label for cell in self.lineup.cells if cell.name in self.effect.weights for label in cell.labels]
        ids = [member.scores[label, self.study.primary].id for member in members for label in labels]
        return (self.study.id, *dict.fromkeys(ids))


def too_few(moderator: Moderator) -> str:
    """Return why the families are too few to decide on a moderator; "" if they are enough."""
    n = len(moderator.families)
    if n < stats.MIN_COLLECTIONS:
        return f"{n} independent families, fewer than {stats.MIN_COLLECTIONS}"
    if moderator.is_within or not moderator.level:
        return ""
    n_level = sum(family.level == moderator.level for family in moderator.families)
    if min(n_level, n - n_level) < _LEAST_SIDE:
        return f"{n_level} and {n - n_level} independent families, fewer than {_LEAST_SIDE} on a side"
    return ""


def _word(low: float, high: float, margin: float) -> str:
    if low > 0 or high < 0:
        return "DIFFERS"
    return "SAME" if -margin < low and high < margin else "UNDECIDED"
