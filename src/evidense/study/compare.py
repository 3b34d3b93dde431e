"""Compare: the everyday use, as a Study. What `evidense compare` writes is a study file that runs the same again."""

import re
from collections.abc import Sequence
from dataclasses import replace

from evidense.records import Study
from evidense.study.toml import study_from
from evidense.verbs.retrieve import label_of

TOY = {"sample_queries": 60, "sample_documents": 200, "n_resamples": 2000}


def comparison(base: str, others: Sequence[str], on: Sequence[str], **settings: object) -> Study:
    """Return the study that compares some systems with a baseline on some collections.

    `settings` are keys of a study file; those that are None take their defaults.

    Raises:
        InvalidInput, UnknownName: as `study_from`.
    """
    names = [label_of(s) for s in (base, *others)]
    wanted = {
        key: list(value) if isinstance(value, tuple) else value for key, value in settings.items() if value is not None
    }
    data = {
        "name": slug(f"{names[1] if len(names) > 1 else ''}-vs-{names[0]}"),
        "question": f"Did {', '.join(names[1:])} change what {names[0]} retrieves?",
        "seed": 0,
        "systems": [base, *others],
        "collections": list(on),
        **wanted,
    }
    return study_from(data, "compare")


def toy(study: Study) -> Study:
    """Return the same study on small samples with few resamples: to see that it runs, not to believe it."""
    return replace(study, name=f"{study.name}-toy", **TOY)  # type: ignore[arg-type]


def full(study: Study) -> Study:
    """Return the same study on everything: no samples."""
    return replace(study, name=f"{study.name}-full", sample_queries=None, sample_documents=None)


def slug(text: str) -> str:
    """Return a name that is safe as a folder on every system.

    >>> slug("../My tuned (v2)-vs-e5")
    'my-tuned-v2-vs-e5'
    """
    return re.sub(r"[^a-z0-9._]+", "-", text.lower()).strip("-._")[:80] or "study"
