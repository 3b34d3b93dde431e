"""Build the Study of `evidense compare` and `evidense dissect`. The study file beside the page repeats the same run."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from evidense.errors import Mistakes, UnknownName
from evidense.records import Study
from evidense.stats.critical import steady_draws
from evidense.study.files.dissect_tables import toy_rows
from evidense.study.files.form import MOST_RESAMPLES
from evidense.study.files.seeds import named_systems
from evidense.study.files.spelt import texts
from evidense.study.files.toml import SETTINGS, study_from
from evidense.study.trained.arms import toy_arms
from evidense.study.trained.factorial import TOY_STUDY, by_collection, laid_over
from evidense.values import Spelling
from evidense.values.labels import label_of

LISTS = ("measures", "slices", "claims", "references", "trained_on")
"""Settings that hold several names; a text is one of them."""
IN_TABLE = ("analyses", "options", "seeds", "states")
"""Settings of `dissect` that belong into the table [[dissect]] of the study file."""
WHO_WORKS = ("workers", "runner")
"""Settings of the Python functions that are no keys of a study file."""
_MOST_NAMED = 2
"""Collections that a study's default name spells out."""
_ENDING = re.compile(r"\.(csv|tsv|txt|json|jsonl|parquet|gz)$")
TOY = {"sample_queries": 60, "sample_documents": 200, "n_resamples": 2000}


def comparison(base: str, others: Sequence[str], on: Sequence[str], **settings: object) -> Study:
    """Return the study that compares some systems with a baseline on some collections.

    `settings` are keys of a study file. A key whose value is None takes its default.

    Raises:
        InvalidInput, UnknownName: as `study_from`.
    """
    check_settings(settings, *SETTINGS, "dissect")
    keys: dict[str, Any] = {
        key: texts(value) if key in LISTS else list(value) if isinstance(value, tuple) else value
        for key, value in settings.items()
        if value is not None
    }
    named = named_systems((base, *others), keys.get("references", ()), keys.get("seeds"))
    keys |= {key: value for key, value in named.keys().items() if key in keys or (key == "seeds" and value)}
    names = [label_of(s) for s in named.systems]
    if any(key.startswith("sample_") for key in keys) and "dissect" not in keys:
        keys.setdefault("drawn_by", "name")
    data = {
        "name": default_name(names, on),
        "question": f"Did {', '.join(names[1:])} change what {names[0]} retrieves?",
        "seed": 0,
        "systems": list(named.systems),
        "collections": list(on),
        "n_resamples": min(steady_draws(len(on)), MOST_RESAMPLES),
        **keys,
    }
    return study_from(data, "compare")


def check_settings(settings: Iterable[str], *known: str) -> None:
    """Refuse unknown settings.

    Raises:
        UnknownName: a setting is unknown. The message names the nearest known setting and lists all of them.
    """
    for key in settings:
        if key not in known:
            raise UnknownName.among("setting", key, {*known, *WHO_WORKS} - {"dissect"})


def dissection(
    systems: Sequence[str],
    on: Sequence[str],
    *,
    n_random: int = 1,
    table: Mapping[str, Any] = MappingProxyType({}),
    **settings: Any,
) -> Study:
    """Return the study that compares some encoders with the first one and runs analyses inside all of them.

    `n_random` copies of the base get random weights. `table` holds keys of [[dissect]]: seeds, analyses, options. `settings` are keys of a study file.

    Raises:
        InvalidInput, UnknownName: as `study_from`.
    """
    check_settings({**settings, **table}, *SETTINGS, "n_random", *IN_TABLE)
    base = Spelling.parse(systems[0])
    random = [f"random-init:{Spelling(base.head, {**base.options, 'seed': str(seed)})}" for seed in range(n_random)]
    lists = {key: texts(table[key]) for key in ("analyses", "seeds") if table.get(key)}
    row = {"name": "inside", "random": random, **{key: value for key, value in table.items() if value}, **lists}
    names = [label_of(s) for s in systems]
    keys = {
        "name": default_name(names, on, "inside-"),
        "question": f"What changed inside {names[0]} when {', '.join(names[1:])} came of it?",
    }
    keys |= {key: value for key, value in settings.items() if value is not None}
    return comparison(systems[0], systems[1:], on, **keys, dissect=[row])


def default_name(systems: Sequence[str], collections: Sequence[str], kind: str = "") -> str:
    """Return the name of a study that has none, from the labels of its systems (the first is the baseline) and its collections.

    >>> default_name(["e5", "tuned"], ["my/pairs.csv"]), default_name(["bm25", "a", "b"], ["x", "y", "z"], "inside-")
    ('tuned-vs-e5-on-pairs', '2-systems-vs-bm25-inside-on-3-collections')
    """
    who = systems[1] if len(systems) == 2 else f"{len(systems) - 1}-systems"
    labels = [
        _ENDING.sub("", label_of(collection).removeprefix("trec:")) for collection in collections if collection.strip()
    ]
    where = "-".join(labels) if len(labels) <= _MOST_NAMED else f"{len(labels)}-collections"
    return slug(f"{who}-vs-{systems[0]}-{kind}on-{where}")


def toy(study: Study) -> Study:
    """Return the miniature of a study: small samples and few resamples. It shows that the study runs; its results mean nothing.

    For a study that trains, [factorial.toy] also sets seeds, budgets and collections.
    """
    miniature = study.factorial.get("toy", {}) if study.factorial else {}
    changes: dict[str, Any] = {**TOY, **{key: miniature[key] for key in TOY_STUDY if key in miniature}}
    changes = {key: tuple(value) if isinstance(value, list) else value for key, value in changes.items()}
    small = replace(study, name=f"{study.name}-toy", dissect=toy_rows(study.dissect), **changes)
    if not study.factorial:
        return small
    factorial = laid_over(study.factorial, miniature)
    roles = by_collection(factorial.get("roles", {}), "roles", Mistakes())
    factorial["roles"] = {c: role for c, role in roles.items() if c in small.collections}
    return replace(small, factorial=factorial, arms=toy_arms(study.arms, miniature.get("arms", {})))


def full(study: Study) -> Study:
    """Return the same study on whole collections, without samples."""
    return replace(study, name=f"{study.name}-full", sample_queries=None, sample_documents=None)


def slug(text: str) -> str:
    """Return a name that is a valid folder name on every operating system.

    >>> slug("../My tuned (v2)-vs-e5")
    'my-tuned-v2-vs-e5'
    """
    return re.sub(r"[^a-z0-9._]+", "-", text.lower()).strip("-._")[:80] or "study"
