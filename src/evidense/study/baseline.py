"""Save what the baseline put first, in a file small enough to be committed: the next comparison need not encode it."""

import gzip
import json
from pathlib import Path
from typing import Any

from evidense import measures
from evidense.boundary.disk import write_named
from evidense.compute.search.rankings import load_lists
from evidense.errors import InvalidInput
from evidense.records import Ranking, Study, canonical_json
from evidense.store import Store
from evidense.study.result import Result

ENDING = ".baseline.json.gz"


def save_baseline(result: Result, path: Path) -> None:
    """Write the baseline's lists as deep as the primary measure looks; read back by the ranker part `baseline`.

    Raises:
        InvalidInput: the name does not end in .baseline.json.gz.
    """
    check_ending(path)
    if is_own(path, result.study):
        _count(result, path)
        return
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
    _write(path, held | _looks(result.study))


def is_own(path: Path, study: Study) -> bool:
    """Say whether a file to be written is the baseline that the study compares with: its lists stay, and looks are counted in it."""
    return (
        path.name.endswith(ENDING) and path.exists() and Path(study.baseline).expanduser().resolve() == path.resolve()
    )


def check_own(study: Study) -> None:
    """Refuse to write over the baseline of a study where there is nothing to count.

    Raises:
        InvalidInput: no looks are planned.
    """
    if not study.looks:
        raise InvalidInput(
            f"--save-baseline names '{study.baseline}', which is an input of this command; expected another file, or a plan of looks to "
            "count in this one; name another, or say how many looks are planned (--looks)"
        )


def _count(result: Result, path: Path) -> None:
    """Write the looks that were made into a baseline file, and leave all else in it as it is."""
    held = json.loads(gzip.decompress(path.read_bytes()))
    saved = held.get("looks", {}).get("seen", {})
    looks = _looks(result.study)["looks"]
    _write(path, held | {"looks": {**looks, "seen": {**saved, **looks["seen"]}}})


def _looks(study: Study) -> dict[str, Any]:
    """Return how many looks are planned, and which were made; nothing without a plan, so that the same lists make the same file."""
    if not study.looks:
        return {}
    looks_seen = {name: facts["seen"] for name, facts in study.observed.get("looks", {}).items()}
    return {"looks": {"planned": study.looks, "seen": looks_seen}}


def _write(path: Path, held: dict[str, Any]) -> None:
    write_named(path, gzip.compress(canonical_json(held).encode(), mtime=0))


def check_ending(path: Path) -> None:
    """Refuse a name that would not be read back, before anything is computed.

    Raises:
        InvalidInput: the name does not end in .baseline.json.gz.
    """
    if not path.name.endswith(ENDING):
        raise InvalidInput(f"baseline file '{path}' has another ending; expected NAME{ENDING}; rename it")


def _lists(ranking: Ranking, depth: int, store: Store) -> dict[str, Any]:
    lists, n_documents = load_lists(ranking, store), int(ranking.collection["n_documents"])
    cut = lists.documents[:, :depth]
    beyond = sorted({int(d) for d in cut[cut >= n_documents]})  # a run file also names documents that nobody judged
    places = {d: n_documents + index for index, d in enumerate(beyond)}
    rows = [
        [
            [places.get(int(d), int(d)) for d in documents if d >= 0],
            [float(s) for d, s in zip(documents, scores, strict=True) if d >= 0],
        ]
        for documents, scores in zip(cut, lists.scores[:, :depth], strict=True)
    ]
    held: dict[str, Any] = {"checksum": ranking.collection["checksum"], "lists": rows}
    return held | ({"others": [lists.doc_ids[d] for d in beyond]} if beyond else {})
