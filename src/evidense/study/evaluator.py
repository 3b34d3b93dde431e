"""Evaluator for a sentence-transformers trainer: logs each measure with its interval, and the difference from the start of the training.

With a folder it also keeps a page of all checkpoints so far.
"""

import importlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from evidense.boundary.consent import consenting
from evidense.boundary.scratch import Scratch
from evidense.compute.search.rankings import load_lists
from evidense.encoders.python import from_function
from evidense.errors import MissingExtra
from evidense.parts import Encoder, Ranker, Setup
from evidense.records import Ranking
from evidense.report.contents import Contents
from evidense.store import Store
from evidense.study.compare import comparison
from evidense.study.result import Result
from evidense.study.run import RunOptions, run_study
from evidense.values import Collection, RankedLists

_UNSAFE = re.compile(r"[^0-9A-Za-z_./-]")
"""What MLflow refuses in the name of a metric, and W&B does not find again: @, ~, :, arrows."""
START = "start"
"""Name of the baseline: the model at the first call, or `base`."""


@dataclass(frozen=True)
class FrozenLists:
    """The ranked lists of a model at one call: of the first, the baseline of all later calls."""

    name: str
    lists: dict[str, RankedLists]
    fingerprint: str
    setup: Setup = field(default_factory=Setup)

    def rank(self, collection: Collection, depth: int) -> RankedLists:
        """Return the frozen lists of a collection."""
        return self.lists[collection.name]


def evaluator(
    on: str | Sequence[str],
    *,
    base: str | None = None,
    name: str = "evidense",
    out: Path | None = None,
    **settings: Any,
) -> Any:
    """Return a sentence-transformers evaluator that compares the model in training with `base`.

    Without `base`, the model as it is at the first call is the baseline. Each call returns, for every collection and
    measure, the mean with the ends of its interval, and the difference from the baseline with its interval (of the first
    measure that of the verdict; of the others unadjusted). The names have letters that TensorBoard, MLflow and W&B take:
    `evidense_pairs.csv_nDCG_10_difference_low`.
    With `out`, each call also writes a page of all checkpoints so far, whose intervals hold together: those that are
    returned are then adjusted over all checkpoints, too. `settings` are keys of a study file, as in `evidense.compare`.

    Raises:
        MissingExtra: sentence-transformers is not installed.
    """
    parent = _sentence_evaluator()
    collections = [on] if isinstance(on, str) else [*on]
    settings = {"name": "checkpoints", **settings} if out is not None else settings
    scratch = Scratch()  # the vectors of one step are not needed at the next

    class EvidenseEvaluator(parent):  # type: ignore[misc, valid-type]
        """Logs each measure with its interval at each evaluation step."""

        def __init__(self) -> None:
            super().__init__()
            self.frozen_baseline: FrozenLists | None = None
            self.checkpoints: dict[str, FrozenLists] = {}
            self.result: Result | None = None
            self.primary_metric: str | None = None
            self.folder = scratch

        def __call__(
            self, model: Any, output_path: str | None = None, epoch: int = -1, steps: int = -1
        ) -> dict[str, float]:
            store, label = Store(scratch.path), f"step-{steps}" if steps >= 0 else "model"
            now = _encoder(model, label)
            is_first = base is None and self.frozen_baseline is None
            others = {} if out is None else {key: held for key, held in self.checkpoints.items() if key != label}
            engines: dict[str, Encoder | Ranker] = {**others, label: now}
            if base is None:
                engines = {START: self.frozen_baseline or now, **engines}
            options = RunOptions(engines=engines, out=None if is_first else out, command="ev.evaluator(…)")
            self.result = _compare(base or START, collections, settings, store, options)
            if is_first:
                self.frozen_baseline = _freeze(self.result, store, START)
            elif out is not None:
                self.checkpoints = {**others, label: _freeze(self.result, store, label)}
            metrics = _metrics(self.result, name, label)
            self.primary_metric = next(iter(metrics))
            return metrics

    return EvidenseEvaluator()


def _sentence_evaluator() -> Any:
    """Import the base class that a trainer expects; version 6 of the library keeps it in another module than earlier ones."""
    for module in ("sentence_transformers.sentence_transformer.evaluation", "sentence_transformers.evaluation"):
        try:
            return importlib.import_module(module).SentenceEvaluator
        except ImportError:
            continue
    raise MissingExtra.named("sentence-transformers", "an evaluator in training", "sentence-transformers")


def _encoder(model: Any, name: str) -> Encoder:
    def embed(texts: list[str], side: str = "document") -> Any:
        encode = model.encode_query if side == "query" else model.encode_document
        return encode(texts, convert_to_numpy=True, show_progress_bar=False)

    similarity = getattr(model, "similarity_fn_name", None)
    return cast(Encoder, from_function(embed, name, {"similarity": str(similarity)} if similarity else None))


def _compare(base: str, on: Sequence[str], settings: Mapping[str, Any], store: Store, options: RunOptions) -> Result:
    """Compare the systems that exist in this process with the base, which may be one of them."""
    study = comparison(base, [system for system in options.engines if system != base], on, **settings)
    with consenting([*study.systems, *study.references]):
        return run_study(study, store, options)


def _freeze(result: Result, store: Store, system: str) -> FrozenLists:
    rankings = [r for r in result.of(Ranking) if r.system == system]
    lists = {r.collection["name"]: load_lists(r, store) for r in rankings}
    return FrozenLists(
        system, {name: _in_memory(ranked_lists) for name, ranked_lists in lists.items()}, fingerprint=rankings[0].id
    )


def _in_memory(lists: RankedLists) -> RankedLists:
    return RankedLists(lists.query_ids, lists.doc_ids, lists.documents.copy(), lists.scores.copy())


def _metrics(result: Result, name: str, system: str) -> dict[str, float]:
    """Return metric → value: of each collection and measure the mean and its difference from the baseline, with the ends of both intervals."""
    contents = Contents.of(result.study, result.records)
    metrics: dict[str, float] = {}
    for collection, stem in _stems(name, contents.collections).items():
        for measure in result.study.measures:
            mean = contents.means[system, collection, measure]
            at = f"{stem}_{_UNSAFE.sub('_', measure)}"
            metrics |= _with_ends(at, mean.value, mean.low, mean.high)
            if measure == result.study.primary:
                verdict = contents.verdicts[system, collection]
                metrics |= _with_ends(f"{at}_difference", verdict.effect, verdict.low, verdict.high)
            elif (difference := contents.differences.get((system, collection, measure))) is not None:
                metrics |= _with_ends(f"{at}_difference", difference.value, difference.low, difference.high)
    return metrics


def _stems(name: str, collections: Sequence[str]) -> dict[str, str]:
    """Return collection → the beginning of its metrics' names, all distinct, in letters that every tracker takes.

    >>> _stems("evidense", ["shop.csv:a→b~30q", "shop.csv:a_b~30q"])
    {'shop.csv:a→b~30q': 'evidense_shop.csv_a_b_30q', 'shop.csv:a_b~30q': 'evidense_shop.csv_a_b_30q_2'}
    """
    stems: dict[str, str] = {}
    for collection in collections:
        stem = _UNSAFE.sub("_", f"{name}_{collection}")
        n_equal = sum(_UNSAFE.sub("_", f"{name}_{other}") == stem for other in stems)
        stems[collection] = f"{stem}_{n_equal + 1}" if n_equal else stem
    return stems


def _with_ends(name: str, value: float | None, low: float | None, high: float | None) -> dict[str, float]:
    """Return a value with the ends of its interval, without what is not known."""
    named = {name: value, f"{name}_low": low, f"{name}_high": high}
    return {key: number for key, number in named.items() if number is not None}
