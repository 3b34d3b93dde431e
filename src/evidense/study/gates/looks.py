"""Looks: how often the queries of a collection were used, in this store and by the author of the baseline file.

A look is named by its comparisons: the same comparisons again are the same look, on any machine. Looks at samples of one collection
count together, since samples share queries, and whoever draws samples until one pleases has looked as often. Its time is observed only:
it stands beside the records (`Study.observed`) and changes none of them.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any

from evidense import stats
from evidense.compute.comparison.no_harm import used_up
from evidense.compute.comparison.scored import ScoredSystems
from evidense.errors import InvalidInput
from evidense.records import Json, Study, sha256_of
from evidense.stats.critical import steady_draws
from evidense.store import Store
from evidense.values import Look

ROOM = "looks"
"""Folder of the store with one note per collection and look."""
MOST_TIMES = 10
"""Largest factor on the usual number of resamples. The smaller error of each look lies farther out in the tail."""


def planned(study: Study, baseline: Any) -> Study:
    """Return the study with its plan of looks, and with enough resamples for it. The plan is the study's own, else that of the baseline file.

    Raises:
        InvalidInput: the two plans differ.
    """
    saved = int(getattr(baseline, "planned", 0))
    if study.looks and saved and study.looks != saved:
        raise InvalidInput(
            f"'looks' is {study.looks}, but the baseline '{study.baseline}' was saved for {saved} looks; expected the same plan in both; "
            "leave --looks out, or begin a new plan on fresh queries and save its baseline (--save-baseline)"
        )
    looks = study.looks or saved
    usual = study.n_resamples in (Study.n_resamples, steady_draws(len(study.collections)))
    enough = min(max(looks, 1), MOST_TIMES) * Study.n_resamples if usual else 0
    return replace(study, looks=looks, n_resamples=max(enough, study.n_resamples))


def looked(study: Study, scored: ScoredSystems, store: Store, baseline: Any) -> Study:
    """Note in the store that a collection was looked at. Return the study with all looks at that collection in `observed`."""
    name, key = scored.collection.name, scored.collection.question_key
    current = _look(study, scored)
    saved = getattr(baseline, "looks", {}).get(name, ())
    before = {look.look_id: look for look in (*saved, *_noted(store, key))}
    if current is not None:
        earlier = before.get(current.look_id, current)
        # The plan counts from the look at which it was made.
        first = current.first if current.planned and not earlier.planned else earlier.first
        current = replace(
            current, first=first, error=max(current.error, earlier.error), planned=current.planned or earlier.planned
        )
        if current != before.get(current.look_id):
            store.note(ROOM, f"{key}-{current.look_id}", current.to_json())
        before[current.look_id] = current
    looks = sorted(before.values(), key=lambda look: (look.first, look.look_id))
    own_facts = _facts(study, looks, current) | {"is_from_file": bool(saved)}
    facts = {**dict(study.observed.get("looks", {})), name: own_facts}
    return replace(study, observed={**study.observed, "looks": facts})


def _look(study: Study, scored: ScoredSystems) -> Look | None:
    """Return the current look; None if all systems have equal scores, since such a comparison cannot find anything."""
    values = [scored.scores[label, study.primary].values for label in scored.labels]
    pairs = sorted(
        {
            sha256_of([study.primary, *sorted((values[0], values_of_system))])[:32]
            for values_of_system in values[1:]
            if values_of_system != values[0]
        }
    )
    if not pairs:
        return None
    level = stats.level(study.confidence, study.looks)
    error = 1 - level ** (1 / scored.n_collections)
    now = datetime.now(UTC).isoformat(timespec="microseconds")
    return Look(sha256_of(pairs)[:32], now, tuple(pairs), error, study.looks, scored.collection.checksum)


def _noted(store: Store, key: str) -> list[Look]:
    looks = []
    for note in store.notes(ROOM, f"{key}-"):
        with suppress(KeyError, TypeError):
            looks.append(Look.of(note))
    return looks


def _facts(study: Study, looks: Sequence[Look], now: Look | None) -> dict[str, Json]:
    """Return the facts on the looks at one collection, and the looks themselves for the baseline file."""
    all_pairs = {pair for look in looks for pair in look.comparisons}
    others = [look for look in looks if now is None or look.look_id != now.look_id]
    samples = {look.sample for look in looks if look.sample}
    plan = [look for look in looks if look.planned]
    place = plan.index(now) + 1 if now in plan else 0
    return {
        "n_comparisons": len(all_pairs), "n_looks": len(looks), "n_other_looks": len(others), "n_samples": len(samples),
        "since": looks[0].first[:10] if looks else "",
        "chance": stats.chance_of_an_error(look.error for look in looks), "planned": study.looks, "place": place,
        "used_up": _spent(plan[:place]) > 1, "seen": [look.to_json() for look in looks],
    }  # fmt: skip


def _spent(looks: Iterable[Look]) -> Fraction:
    """Return the share of the allowed error that the planned looks have spent."""
    return sum((Fraction(1, look.planned) for look in looks), Fraction())


def spent_plans(study: Study) -> list[str]:
    """Return one sentence for each collection on which all planned looks are used up."""
    looks = study.observed.get("looks", {})
    return [
        f"{name}: this is look {looks[name]['place']}, and {study.looks} were planned; the error of {1 - study.confidence:.2g} is spent. "
        "Take fresh queries, and save the baseline on them anew"
        for name in used_up(study)
    ]
