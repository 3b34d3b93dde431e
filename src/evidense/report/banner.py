"""Banner: says in the head of a page that a study is a toy, or that its collections are samples."""

import re

from evidense.report.contents import Contents
from evidense.report.rendering import without_sample

MOST_SAMPLES = 4
"""Collections whose sample is spelled out."""
_SAMPLE = re.compile(r"a sample \(.*?\): ([^;]+);")


def banner(contents: Contents) -> str:
    """Say that a study is a toy, and which part of its collections it drew; empty of a study of whole collections."""
    toy = ["A toy: it shows that the study runs; its numbers mean nothing."] if _is_toy(contents) else []
    samples = samples_of(contents)
    if len(samples) == 1:
        return " ".join([*toy, f"A sample: {next(iter(samples.values()))}."])
    named = [f"{without_sample(name)} {sizes}" for name, sizes in samples.items()]
    more = [f"{len(named) - MOST_SAMPLES} more"] if len(named) > MOST_SAMPLES else []
    return " ".join([*toy, *([f"Samples: {'; '.join([*named[:MOST_SAMPLES], *more])}."] if named else [])])


def samples_of(contents: Contents) -> dict[str, str]:
    """Return collection → what was drawn of it ('400 of 6,027 queries, 2,000 of 6,358 documents'); no entry for whole ones."""
    notes = {ranking.collection["name"]: ranking.collection.get("notes", ()) for ranking in contents.rankings.values()}
    found = {name: [drawn[1] for note in said if (drawn := _SAMPLE.match(note))] for name, said in notes.items()}
    return {name: sizes[0] for name, sizes in found.items() if sizes}


def with_sample(contents: Contents, collection: str) -> str:
    """Return the name of a collection for people, with what was drawn of it ('docstrings: 400 of 6,027 queries, 2,000 of 6,358 documents')."""
    sizes = samples_of(contents).get(collection)
    return f"{without_sample(collection)}: {sizes}" if sizes else collection


def _is_toy(contents: Contents) -> bool:
    return contents.study.name.endswith("-toy")
