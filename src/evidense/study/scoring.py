"""Scoring: one run file against judgements, with intervals; no study, no store, no model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evidense import measures, registry, stats
from evidense.compute.search.list_notes import list_notes
from evidense.compute.search.scoring import score
from evidense.values import Spelling


@dataclass(frozen=True)
class Scored:
    """One measure of one run: the mean with its interval, and every query's value."""

    measure: str
    mean: float
    low: float
    high: float
    per_query: Mapping[str, float]
    warnings: tuple[str, ...] = ()
    form: str = ""
    """As what the run file was read, in one line."""


def score_run(
    run: str, qrels: str, measure_names: Sequence[str] | None = None, *, confidence: float = 0.95, seed: int = 0
) -> list[Scored]:
    """Score a run file against judgements. A judged query that the run lacks counts 0. `run` may end in `@form=ranks`, `scores` or `trec`.

    Raises:
        InvalidInput: a file that is not what it should be, with every mistake and its line.
        UnknownName: a measure that is not known.
    """
    names = [measures.canonical(m) for m in measure_names or measures.DEFAULT[:3]]
    part, path = registry.dataset(f"trec:{qrels}")
    (collection,) = part.open(path)
    ranker = registry.part("rankers", "trec_run").open(_spelling(run))
    lists = ranker.rank(collection, DEPTH)
    values = score(lists, collection, names).values
    clusters = stats.cluster_queries(collection.query_ids, collection.qrels, collection.groups)
    few = stats.too_few(len(np.unique(clusters)))
    notes = list_notes(lists, collection, names)
    warnings = (*collection.provenance.notes, *ranker.setup.warnings, *notes, *([few] if few else []))
    scored = []
    for name in names:
        bounds = stats.Bounds.constant(measures.limits(name), (1, len(clusters)))
        mean, low, high = stats.mean_interval(values[name], clusters, confidence=confidence, seed=seed, bounds=bounds)
        scored.append(
            Scored(
                name,
                mean,
                low,
                high,
                dict(zip(collection.query_ids, values[name].tolist(), strict=True)),
                warnings,
                ranker.setup.similarity,
            )
        )
    return scored


DEPTH = 1000
"""Documents of each query that are looked at, as trec_eval does by default."""


def _spelling(run: str) -> Spelling:
    """Return the spelling of a run file; the name of a file that is there is no spelling, whatever signs it has."""
    return Spelling(run) if Path(run).is_file() else Spelling.parse(run)
