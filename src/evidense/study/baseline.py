"""Save the ranked lists of the baseline in a file that is small enough to commit. The next comparison reads it and encodes nothing for the baseline."""

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
    """Write the baseline's ranked lists, cut at the depth of the primary measure. The ranker part `baseline` reads them back.

    Raises:
        InvalidInput: the file name does not end in .baseline.json.gz.
    """
    check_ending(path)
    if is_own(path, result.study):
        _count(result, path)
        return
    base = result.rankings[0].system
    rankings = [r for r in result.rankings if r.system == base]
    depth = measures.cutoff(result.study.primary) or result.study.depth
    content = {
        "label": base,
        "spelling": rankings[0].spelling,
        "setup": dict(rankings[0].setup),
        "policies": dict(rankings[0].policies),
        "depth": depth,
        "collections": {r.collection["name"]: _lists(r, depth, result.store) for r in rankings},
    }
    _write(path, content | _looks(result.study))


def is_own(path: Path, study: Study) -> bool:
    """Say whether `path` is the baseline file that the study itself reads. Its lists then stay, and only the looks in it are counted."""
    return (
        path.name.endswith(ENDING) and path.exists() and Path(study.baseline).expanduser().resolve() == path.resolve()
    )


def check_one_run(study: Study) -> None:
    """Refuse to save a baseline that stands for several seeds.

    Raises:
        InvalidInput: the baseline has seeds.
    """
    if seeds := study.seeds.get(study.baseline):
        raise InvalidInput(
            f"--save-baseline writes the lists of one run, and the baseline '{study.baseline}' has {len(seeds)} seeds; expected one run; "
            f"save each seed by itself: evidense compare {seeds[0]} {seeds[0]} … --save-baseline FILE"
        )


def check_own(study: Study) -> None:
    """Refuse to overwrite the baseline file that a study reads, unless the study counts looks in it.

    Raises:
        InvalidInput: the study plans no looks.
    """
    if not study.looks:
        raise InvalidInput(
            f"--save-baseline names '{study.baseline}', which is an input of this command; expected another file, or a plan of looks that "
            "this file counts; name another file, or plan looks (--looks)"
        )


def _count(result: Result, path: Path) -> None:
    """Update the looks in a baseline file. Everything else in the file stays as it is."""
    content = json.loads(gzip.decompress(path.read_bytes()))
    saved = content.get("looks", {}).get("seen", {})
    looks = _looks(result.study)["looks"]
    _write(path, content | {"looks": {**looks, "seen": {**saved, **looks["seen"]}}})


def _looks(study: Study) -> dict[str, Any]:
    """Return the planned and the past looks; an empty dict without a plan, so that equal lists give equal files."""
    if not study.looks:
        return {}
    looks_seen = {name: facts["seen"] for name, facts in study.observed.get("looks", {}).items()}
    return {"looks": {"planned": study.looks, "seen": looks_seen}}


def _write(path: Path, content: dict[str, Any]) -> None:
    write_named(path, gzip.compress(canonical_json(content).encode(), mtime=0))


def check_ending(path: Path) -> None:
    """Refuse a file name that could not be read back, before anything is computed.

    Raises:
        InvalidInput: the file name does not end in .baseline.json.gz.
    """
    if not path.name.endswith(ENDING):
        raise InvalidInput(f"baseline file '{path}' does not end in {ENDING}; expected NAME{ENDING}; rename it")


def _lists(ranking: Ranking, depth: int, store: Store) -> dict[str, Any]:
    lists, n_documents = load_lists(ranking, store), int(ranking.collection["n_documents"])
    cut = lists.documents[:, :depth]
    unjudged = sorted({int(d) for d in cut[cut >= n_documents]})  # a run file also names documents that nobody judged
    places = {d: n_documents + index for index, d in enumerate(unjudged)}
    rows = [
        [
            [places.get(int(d), int(d)) for d in documents if d >= 0],
            [float(s) for d, s in zip(documents, scores, strict=True) if d >= 0],
        ]
        for documents, scores in zip(cut, lists.scores[:, :depth], strict=True)
    ]
    content: dict[str, Any] = {"checksum": ranking.collection["checksum"], "lists": rows}
    return content | ({"others": [lists.doc_ids[d] for d in unjudged]} if unjudged else {})
