"""Score one run file against judgements, with intervals. Needs no study, no store and no model."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from evidense import measures, registry, stats
from evidense.compute.comparison.grouping import grouping_of
from evidense.compute.search.list_notes import list_notes
from evidense.compute.search.scoring import score
from evidense.stats.critical import steady_draws
from evidense.study.files.spelt import texts
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
    """The form in which the run file was read, in one line."""


def score_run(
    run: str, qrels: str, measure_names: str | Sequence[str] | None = None, *, confidence: float = 0.95, seed: int = 0
) -> list[Scored]:
    """Score a run file against judgements, with the intervals that a page of `compare` shows beside each mean. A judged query that the run
    lacks scores 0. `run` may end in `@form=ranks`, `@form=scores` or `@form=trec`.

    Raises:
        InvalidInput: a file cannot be read. The message lists every mistake with its line.
        UnknownName: a measure is unknown.
    """
    asked = [
        name for names in texts(measure_names or measures.DEFAULT[:3]) for name in _BETWEEN_COMMAS.split(str(names))
    ]
    names = [measures.canonical(name) for name in ([name for name in asked if name.strip()] or asked)]
    part, path = registry.dataset(f"trec:{qrels}")
    (collection,) = part.open(path)
    ranker = registry.part("rankers", "trec_run").open(_spelling(run))
    lists = ranker.rank(collection, DEPTH)
    values = score(lists, collection, names).values
    rows = np.stack([values[name] for name in names])
    limits = stats.Bounds.stacked([stats.Bounds.constant(measures.limits(name), (1, rows.shape[1])) for name in names])
    queries = stats.Differences(rows, grouping_of(collection), limits)
    intervals = stats.mean_intervals(
        rows, queries.clusters, confidence=confidence, n_resamples=steady_draws(1, 1 - confidence), seed=seed, bounds=limits
    )  # fmt: skip
    few = stats.too_few(queries.n_clusters)
    notes = list_notes(lists, collection, names)
    warnings = (*collection.provenance.notes, *ranker.setup.warnings, *notes, *([few] if few else []))
    return [
        Scored(name, *interval, dict(zip(collection.query_ids, row.tolist(), strict=True)), warnings, ranker.setup.similarity)
        for name, interval, row in zip(names, intervals, rows, strict=True)
    ]  # fmt: skip


_BETWEEN_COMMAS = re.compile(r",(?![^(]*\))")
"""Cuts `nDCG@10,R@5`, and leaves `AP(rel=2,judged_only=True)` whole."""
DEPTH = 1000
"""Number of documents per query that are scored, as in trec_eval."""


def _spelling(run: str) -> Spelling:
    """Return the spelling of a run file. The name of an existing file is taken literally, whatever characters it has."""
    return Spelling(run) if Path(run).is_file() else Spelling.parse(run)
