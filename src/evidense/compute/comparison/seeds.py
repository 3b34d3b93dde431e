"""Seeds: the Ranking and the Scores of a system that was trained several times, from those of its seeds."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from evidense.errors import InvalidInput
from evidense.records import Json, Ranking, Score
from evidense.store import Store

POLICY = "seeds"
"""Policy of such a Ranking: whose lists it holds."""
_NOTES = "warnings"
"""Key of a set-up that holds notes, which are kept of every seed."""


def ranking_over_seeds(label: str, rankings: Sequence[Ranking], store: Store) -> Ranking:
    """Return the Ranking of a system by the Rankings of its seeds, stored. Of the set-up it keeps what is the same in all seeds.

    Raises:
        InvalidInput: two seeds have the same lists and scores, so that they are one run.
    """
    _check_different(label, rankings)
    first, seeds = rankings[0], tuple(ranking.system for ranking in rankings)
    ranking = replace(
        first, system=label, spelling=", ".join(ranking.spelling for ranking in rankings), setup=_setup(rankings), seeds=seeds,
        parents=tuple(ranking.id for ranking in rankings), observed={},
        policies={**first.policies, POLICY: f"values are means over {len(seeds)} seeds; lists are those of {seeds[0]}"},
    )  # fmt: skip
    store.put(ranking)
    return ranking


def scores_over_seeds(label: str, by_seed: Sequence[Sequence[Score]], store: Store) -> list[Score]:
    """Return the Scores of a system, stored: of every measure each query's mean over the seeds. `by_seed` holds each seed's Scores."""
    scores = []
    for of_measure in zip(*by_seed, strict=True):
        values = np.mean([np.asarray(store.array(score.values)) for score in of_measure], axis=0)
        score = replace(
            of_measure[0], system=label, values=store.put_array(values), mean=float(values.mean()),
            parents=tuple(score.id for score in of_measure),
        )  # fmt: skip
        store.put(score)
        scores.append(score)
    return scores


def _check_different(label: str, rankings: Sequence[Ranking]) -> None:
    seen: dict[tuple[str, ...], str] = {}
    for ranking in rankings:
        twin = seen.setdefault((ranking.doc_ids, ranking.documents, ranking.scores), ranking.system)
        if twin != ranking.system:
            raise InvalidInput(
                f"'{twin}' and '{ranking.system}' have the same lists and scores on {ranking.collection['name']}; "
                f"expected that every seed of '{label}' ranks by itself; leave one of them out"
            )


def _setup(rankings: Sequence[Ranking]) -> dict[str, Json]:
    setups = [dict(ranking.setup) for ranking in rankings]
    kept = {key: value if all(s.get(key) == value for s in setups) else None for key, value in setups[0].items()}
    return {**kept, _NOTES: said_of_seeds({ranking.system: ranking.setup.get(_NOTES) or () for ranking in rankings})}


def said_of_seeds(notes: Mapping[str, Sequence[str]]) -> list[str]:
    """Return the notes on the seeds of a system, each once, with the seeds that it is about unless these are all.

    >>> said_of_seeds({"a": ["short lists"], "b": ["short lists", "2 queries without results"]})
    ['short lists', 'b: 2 queries without results']
    """
    seeds_of: dict[str, list[str]] = {}
    for seed, of_seed in notes.items():
        for note in of_seed:
            seeds_of.setdefault(note, []).append(seed)
    return [note if len(s) == len(notes) else f"{', '.join(s)}: {note}" for note, s in seeds_of.items()]
