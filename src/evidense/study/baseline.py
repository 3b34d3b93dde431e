"""Save what the baseline put first, in a file small enough to be committed: the next comparison need not encode it."""

import gzip
from pathlib import Path
from typing import Any

from evidense import measures
from evidense.boundary.disk import write_named
from evidense.compute.rankings import load_lists
from evidense.errors import InvalidInput
from evidense.records import Ranking, canonical_json
from evidense.store import Store
from evidense.study.result import Result

ENDING = ".baseline.json.gz"


def save_baseline(result: Result, path: Path) -> None:
    """Write the baseline's lists as deep as the primary measure looks; read back by the ranker part `baseline`.

    Raises:
        InvalidInput: the name does not end in .baseline.json.gz.
    """
    check_ending(path)
    base = result.rankings[0].system
    rankings = [r for r in result.rankings if r.system == base]
    depth = measures.cutoff(result.study.primary) or result.study.depth
    held = {
        "label": base,
        "spelling": rankings[0].spelling,
        "setup": dict(rankings[0].setup),
        "policies": dict(rankings[0].policies),
        "depth": depth,
        "collections": {r.collection["name"]: _lists(r, depth, result.store) for r in rankings},
    }
    write_named(path, gzip.compress(canonical_json(held).encode(), mtime=0))


def check_ending(path: Path) -> None:
    """Refuse a name that would not be read back, before anything is computed.

    Raises:
        InvalidInput: the name does not end in .baseline.json.gz.
    """
    if not path.name.endswith(ENDING):
        raise InvalidInput(f"baseline file '{path}' has another ending; expected NAME{ENDING}; rename it")


def _lists(ranking: Ranking, depth: int, store: Store) -> dict[str, Any]:
    lists = load_lists(ranking, store)
    rows = [
        [[int(d) for d in documents if d >= 0], [float(s) for d, s in zip(documents, scores, strict=True) if d >= 0]]
        for documents, scores in zip(lists.documents[:, :depth], lists.scores[:, :depth], strict=True)
    ]
    return {"checksum": ranking.collection["checksum"], "lists": rows}
