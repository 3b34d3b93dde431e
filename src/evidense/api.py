"""The public functions and types: `import evidense as ev; ev.compare("base", "tuned", on="pairs.csv")`."""

import os
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from evidense import registry
from evidense.boundary.consent import consenting
from evidense.compute.texts.function_tower import Function
from evidense.errors import EvidenseError, InvalidInput
from evidense.parts import Encoder, Ranker
from evidense.records import Check, Checkpoint, Finding, Ranking, Recipe, Record, Score, Study, Verdict
from evidense.store import Store
from evidense.study.ask.ask import AskResult, run_ask
from evidense.study.ask.order import AskOrder
from evidense.study.audit.audit import AuditResult, run_audit
from evidense.study.audit.order import Order, gate_of
from evidense.study.catalogue import catalogue_page
from evidense.study.check.check import CheckResult, run_check
from evidense.study.check.order import CheckOrder
from evidense.study.compare import IN_TABLE, check_settings, comparison, dissection
from evidense.study.fetch import fetch_dataset
from evidense.study.files.names_tables import read_names
from evidense.study.files.spelt import Where, collections_given, is_path, not_a_system
from evidense.study.files.toml import read_study
from evidense.study.result import Result
from evidense.study.run import RunOptions, run_study
from evidense.study.scoring import Scored, score_run
from evidense.study.search.order import SearchOrder
from evidense.study.search.search import SearchResult, run_search
from evidense.study.shipped import BUILT_IN, shipped
from evidense.study.trained.training import Training, read_recipe, recipe_of, train_into
from evidense.values import Collection, Item, Pairs, Picture

System = str | Path | Encoder | Ranker | Function
"""A spelling or a path, an open encoder or ranker, or a function from texts to an array of vectors."""

__all__ = [
    "AskResult",
    "AuditResult",
    "Check",
    "CheckResult",
    "Checkpoint",
    "Collection",
    "EvidenseError",
    "Finding",
    "Item",
    "Pairs",
    "Picture",
    "Ranking",
    "Recipe",
    "Record",
    "Result",
    "Score",
    "Scored",
    "SearchResult",
    "Store",
    "Study",
    "Training",
    "Verdict",
    "ask",
    "audit",
    "catalogue",
    "check",
    "compare",
    "demo",
    "dissect",
    "evaluator",
    "fetch",
    "list",
    "run",
    "score",
    "search",
    "train",
]


def compare(
    base: System,
    *others: System,
    on: Where | Sequence[Where] = (),
    qrels: str | Path | Sequence[str | Path] | None = None,
    out: str | Path | None = None,
    **settings: Any,
) -> Result:
    """Compare systems with a baseline on collections: did it help, where did it harm, how sure can you be?

    `on` takes spellings (files, folders, names of built-in collections), paths or Collections. If the systems are run files, `qrels`
    replaces it. `settings` are keys of a study file: margin, measures, slices, seed, claims, references, trained_on,
    depth, sample_queries, sample_documents, confidence, n_resamples, best_of, looks, name, names (short names: a TOML file, or
    {"systems": {full: short}, "collections": …, "measures": …}), seeds (system → its runs or checkpoints, one a training seed; a system that
    is spelt as a pattern, `'dpr.seed*.run'`, has seeds, too). A page is written only if `out` names a folder.
    `workers` (a number of processes) and `runner` ("ray", "ray://HOST:PORT") say who does the work; the results are the same.

    Raises:
        EvidenseError: the message says what is wrong, what was expected, and what to do.
    """
    spellings, values = collections_given(on, qrels)
    if not spellings:
        raise InvalidInput(
            "no collection is named; expected on=… (a file, a folder, a built-in name) or qrels=…; "
            "see evidense.list('datasets')"
        )
    engines, names = _engines((base, *others))
    who = _who_works(settings)
    if is_path(settings.get("names")):
        settings["names"] = read_names(Path(settings["names"]))
    study = comparison(names[0], names[1:], spellings, **settings)
    with consenting([*names, *study.rankers]):
        return run_study(study, Store(), replace(who, out=Path(out) if out else None, engines=engines, values=values))


def dissect(
    base: System,
    *others: System,
    on: Where | Sequence[Where],
    out: str | Path | None = None,
    **settings: Any,
) -> Result:
    """Find what changed inside between encoders: layers, geometry, neurons. `result.findings` holds every estimate.

    `settings`: analyses (names; default: the quick ones), options (analysis → its options), seeds (encoders tuned in the same way with other
    seeds), n_random (number of copies of the base with random weights; default 1), claims, and keys of a study file, `workers` and `runner` as in
    `compare`.

    Raises:
        EvidenseError: the message says what is wrong, what was expected, and what to do.
    """
    engines, names = _engines((base, *others))
    spellings, values = collections_given(on)
    who = _who_works(settings)
    settings = {"n_random": 0 if engines else 1, **settings}
    settings["table"] = {key: settings.pop(key) for key in IN_TABLE if key in settings}
    study = dissection(names, spellings, **settings)
    with consenting([*names, *study.references, *settings["table"].get("seeds", ())]):
        return run_study(study, Store(), replace(who, out=Path(out) if out else None, engines=engines, values=values))


def run(
    study: str | Path | Study = BUILT_IN, *, out: str | Path | None = None, allow_code: bool = False, **who: Any
) -> Result:
    """Run a study: a TOML file, the name of a shipped study, or a Study. A page is written only if `out` names a folder.

    Python functions that the study names (`python:module:function`) run only if `allow_code` is true. `workers` and `runner` as in `compare`.

    Raises:
        EvidenseError: the message says what is wrong, what was expected, and what to do.
    """
    if not isinstance(study, Study):
        study = read_study(Path(study)) if str(study).endswith(".toml") else shipped(str(study))
    options = _who_works(who)
    check_settings(who)
    with consenting(everything=allow_code):
        return run_study(study, Store(), replace(options, out=Path(out) if out else None))


def train(
    start: str | Path | Recipe = "",
    *,
    data: str | Path | Pairs | Sequence[str | Path | Pairs] = (),
    objective: str | None = None,
    out: str | Path | None = None,
    recipe: str | Path | None = None,
    **settings: Any,
) -> Training:
    """Train an encoder on pairs. It starts from `start`, or is a new one that `architecture` describes.

    `start` takes a spelling or a whole Recipe. `data` takes spellings (files, built-in names such as docstrings@train) or Pairs. `settings` are keys
    of a Recipe (batch_size, learning_rate, negatives, n_negatives, tuned, temperature, chunk, early_stop, architecture, seed …) and one budget:
    steps, pairs, epochs, seconds or flops (default: the data once). An equal training that is done is not repeated; a killed one continues.
    The checkpoint is written to the store, or to the folder that `out` names.

    Raises:
        EvidenseError: the message says what is wrong, what was expected, and what to do.
    """
    named = [data] if isinstance(data, str | Path | Pairs) else data
    pairs_by_spelling = {pairs.name: pairs for pairs in named if isinstance(pairs, Pairs)}
    if isinstance(start, Recipe):
        full_recipe = start
    else:
        keys: dict[str, Any] = read_recipe(Path(recipe)) if recipe else {}
        keys |= {"start": str(start)} if str(start) else {}
        keys |= (
            {"data": [source.name if isinstance(source, Pairs) else str(source) for source in named]} if named else {}
        )
        keys |= {"objective": objective} if objective else {}
        full_recipe = recipe_of(keys | settings, "train", pairs_by_spelling)
    with consenting([full_recipe.start]):
        return train_into(full_recipe, Store(), Path(out) if out else None, pairs_by_spelling=pairs_by_spelling)


def audit(
    file: str | Path,
    sources: str | Sequence[str] = (),
    *,
    out: str | Path | None = None,
    gate: bool | str | Sequence[str] = False,
    **settings: Any,
) -> AuditResult:
    """Say of every reference of a file whether it exists and is right, and of every statement where it comes from.

    `sources` takes names of indexes and folders (`folder:PATH`); none: every index. `gate` takes words that must not be there (True: OTHER
    WORK, RETRACTED, NOT FOUND, REFUTED, CHANGED, DIFFERS), and `result.passes` says whether it is met. `settings`: offline, policy, fix, encoder, max_requests,
    max_seconds, max_usd. A page is written only where `out` names a folder.

    Raises:
        EvidenseError: what is wrong, what was expected, what to do.
    """
    named = [sources] if isinstance(sources, str) else sources
    verdicts = (
        gate_of(gate) if isinstance(gate, bool) else gate_of(True, gate if isinstance(gate, str) else ",".join(gate))
    )
    order = Order(Path(file), tuple(named), gate=verdicts, **settings)
    return run_audit(order, Store(), Path(out) if out else None)


def check(
    subject: str | Path, inside: str | Path | Sequence[str | Path], *, out: str | Path | None = None, **settings: Any
) -> CheckResult:
    """Say of a statement, or of every statement of a file, what its sources and other works say: a verdict, or the passage to read.

    `inside` takes papers, folders, bibliographies with abstracts, or a corpus of JSON lines. `settings`: risk (.10), entailer ("features"),
    encoder, offline, calibrate, calibration (a path). A page is written only where `out` names a folder.

    Raises:
        EvidenseError: what is wrong, what was expected, what to do.
    """
    if settings.get("calibration") is not None:
        settings["calibration"] = Path(settings["calibration"])
    named = [inside] if isinstance(inside, str | Path) else inside
    order = CheckOrder(str(subject), tuple(map(Path, named)), **settings)
    return run_check(order, Store(), Path(out) if out else None)


def search(
    question: str, sources: str | Sequence[str] = (), *, out: str | Path | None = None, **settings: Any
) -> SearchResult:
    """Find the works on a question, join what several sources found, and screen them by criteria and labels.

    `sources` takes names of indexes and folders (`folder:PATH`); none: every index. `settings`: criteria, plan, labels (paths), limit,
    recall, offline, max_requests, max_seconds, max_usd. A page is written only where `out` names a folder.

    Raises:
        EvidenseError: what is wrong, what was expected, what to do.
    """
    named = [sources] if isinstance(sources, str) else sources
    settings |= {
        name: Path(settings[name]) for name in ("criteria", "plan", "labels") if settings.get(name) is not None
    }
    return run_search(SearchOrder(question, tuple(named), **settings), Store(), Path(out) if out else None)


def ask(
    question: str, sources: str | Sequence[str] = (), *, out: str | Path | None = None, **settings: Any
) -> AskResult:
    """Answer a question from works: search, screen, read, check each finding, review, report.

    `sources` as in `search`. `settings`: risk (.10), entailer ("features"), calibration (a path), encoder, gate (the least tier, for
    `result.passes`), and those of `search`; without criteria and labels a work passes that holds a term of each facet of the question. A report
    is written only where `out` names a folder.

    Raises:
        EvidenseError: what is wrong, what was expected, what to do.
    """
    named = [sources] if isinstance(sources, str) else sources
    checking = {
        name: settings.pop(name) for name in ("risk", "entailer", "encoder", "gate", "calibration") if name in settings
    }
    if checking.get("calibration") is not None:
        checking["calibration"] = Path(checking["calibration"])
    settings |= {
        name: Path(settings[name]) for name in ("criteria", "plan", "labels") if settings.get(name) is not None
    }
    search_order = SearchOrder(question, tuple(named), passes_by_facets=True, **settings)
    return run_ask(AskOrder(search_order, **checking), Store(), Path(out) if out else None)


def demo(*, out: str | Path | None = None) -> Result:
    """Run the ten-second study: BM25 against character n-grams on the docstrings of Python's own library."""
    return run("demo", out=out)


def score(
    run: str | Path, qrels: str | Path, measures: str | Sequence[str] | None = None, **settings: Any
) -> Sequence[Scored]:
    """Score a run file against judgements: one row per measure, with interval and per-query values. Needs no torch.

    `settings`: confidence (.95), seed (0).

    Raises:
        EvidenseError: the message says what is wrong, what was expected, and what to do.
    """
    return score_run(str(run), str(qrels), measures, **settings)


def fetch(name: str, *, say: Callable[[str], None] | None = None) -> tuple[str, ...]:
    """Download the packages that bring a dataset's data (`stamps`), check them, and return their names with versions.

    The ordinary client of each registry does it (apt-get, npm); nothing is installed. `say`, if given, is called with a line on each step.

    Raises:
        EvidenseError: the message says what is wrong, what was expected, and what to do.
    """
    return fetch_dataset(name, say or (lambda line: None))


def catalogue(out: str | Path) -> Path:
    """Write a page into the folder `out` that shows four pictures of each collection of pictures, its size, source and licence; return its path.

    Collections that are not on this machine are named with the command that gets them; nothing is downloaded.

    Raises:
        EvidenseError: the message says what is wrong, what was expected, and what to do.
    """
    return catalogue_page(Path(out))


def _who_works(settings: dict[str, Any]) -> RunOptions:
    """Take `workers` and `runner` out of the settings: they are no keys of a study file."""
    return RunOptions(
        n_workers=settings.pop("workers", None),
        runner=settings.pop("runner", None) or "",
        warn=lambda sentence: warnings.warn(sentence, stacklevel=2),
    )


def _engines(systems: Sequence[System]) -> tuple[dict[str, Encoder | Ranker], Sequence[str]]:
    """Return the systems that exist in this process only, by a new spelling, and the spellings of all systems."""
    engines: dict[str, Encoder | Ranker] = {}
    names = []
    for system in systems:
        if is_path(system):
            names.append(os.fspath(system))
            continue
        if not callable(system) and not isinstance(system, Encoder | Ranker):
            raise not_a_system(system)
        engine = system if isinstance(system, Encoder | Ranker) else _function_encoder(system)
        names.append(_unused(f"python:{engine.name}", engines))
        engines[names[-1]] = engine
    return engines, names


def _function_encoder(function: Function) -> Encoder:
    from evidense.encoders.python import from_function

    return cast(Encoder, from_function(function, getattr(function, "__name__", type(function).__name__)))


def _unused(name: str, taken: Mapping[str, Any]) -> str:
    """Return the name, with a number if another system has the same name."""
    again = sum(other.split("@")[0] == name for other in taken)
    return f"{name}@revision={again + 1}" if again else name


def evaluator(
    on: str | Path | Sequence[str | Path],
    *,
    base: str | Path | None = None,
    out: str | Path | None = None,
    **settings: Any,
) -> Any:
    """Return an evaluator for a sentence-transformers trainer. It logs each measure with its interval, compared with `base` or with the start.

    With `out`, each call also writes a page of all checkpoints so far into this folder: the curve over steps, the ranks that
    they may have, and every query. All its intervals hold together, however many checkpoints there are.

    Raises:
        MissingExtra: sentence-transformers is not installed.
    """
    from evidense.study.evaluator import evaluator as make

    return make(
        collections_given(on)[0],
        base=None if base is None else str(base),
        out=None if out is None else Path(out),
        **settings,
    )


list = registry.listing  # noqa: A001  (the public name is ev.list)
