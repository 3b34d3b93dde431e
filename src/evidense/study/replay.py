"""Replay: does a page still say what its records say, and do the records still come out of the same study?"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from evidense.boundary.documents import Form, read_as
from evidense.boundary.files import read_bytes, regular
from evidense.boundary.scratch import Scratch
from evidense.boundary.strangers import foreign
from evidense.compute.environment import differences, environment
from evidense.compute.similarity import UNAPPLIED, unapplied
from evidense.errors import InvalidInput
from evidense.records import Finding, Ranking, Record, Score, Verdict, canonical_json, from_json
from evidense.store import Store
from evidense.study.run import Wishes, run_study
from evidense.study.toml import read_study

TOLERANCE = 0.001
"""Largest difference of a mean or an interval's end, in units of the measure, that counts as the same on another machine.

Vectors agree to 1e-6 across machines; a rank can turn where two scores are that close, and one query of a few hundred then
moves a mean by less than this.
"""


@dataclass(frozen=True)
class Replay:
    """What a replay found. `same` = every record has the id that it had: the same bytes."""

    n_records: int
    same: bool
    largest: float
    """Largest absolute difference of an effect, an end of an interval or a mean."""
    changed: tuple[str, ...]
    """One sentence for each verdict whose word changed, or number beyond the tolerance."""
    environment: tuple[str, ...]
    """What is not as it was: versions, threads, processor, set-up."""

    @property
    def held(self) -> bool:
        """Whether the page's claims came out again, within the tolerance."""
        return not self.changed


def replay(
    folder: Path,
    *,
    progress: Callable[[int, int, float], None] | None = None,
    line: Callable[[str, float], None] | None = None,
) -> Replay:
    """Hash the records of a page again, then recompute all of them in an empty store and compare; what was trained is trained again.

    `progress` hears of encoding, `line` of a study that trains.

    Raises:
        InvalidInput: the folder holds no page, or a record or file was altered.
    """
    then = read_records(folder)
    study = read_study(folder / "study.toml")
    with Scratch() as scratch:
        now = run_study(study, Store(scratch), Wishes(progress=progress, line=line)).records
    with foreign(str(folder / "page.json"), "Expected what evidense wrote there; run the study again."):
        return compare_records(then, list(now))


class StoredRecord(Form):
    """A record as page.json holds it; `content` is checked by its own hash."""

    kind: str
    id: str
    parents: list[str]
    content: dict[str, Any]
    observed: dict[str, Any]
    redacted: bool = False


class StoredPage(Form):
    """What a replay reads of page.json."""

    files: dict[str, str]
    """File of the folder → its sha256."""
    records: list[StoredRecord]


def read_records(folder: Path) -> list[Record]:
    """Read the records beside a page; each is hashed again, and so is every file of the folder.

    Findings whose texts were kept out of the folder cannot be hashed and are left to the recomputation.

    Raises:
        InvalidInput: no records there, or something was altered, or a file is listed that does not lie in the folder.
    """
    path = folder / "page.json"
    if not path.exists():
        raise InvalidInput(
            f"'{folder}' holds no page.json; expected a folder that evidense wrote (--out); name that one"
        )
    held = read_as(StoredPage, read_bytes(path, "the records of a page"), str(path))
    altered = [f"{name}: {said[:12]} was written" for name, said in held.files.items() if _sha256(folder, name) != said]
    if altered:
        raise InvalidInput.all_of(f"'{folder}' is not what was written; run the study again", altered)
    with foreign(str(path), "Expected what evidense wrote there; run the study again."):
        return [from_json(r.model_dump()) for r in held.records if not r.redacted]


def _sha256(folder: Path, name: str) -> str:
    """Return the hash of a file of the folder; "nothing" where there is none.

    Raises:
        InvalidInput: the name leads out of the folder, or to something else than a file.
    """
    with foreign(name, "Expected the name of a file of the page."):
        path = (folder / name).resolve()
        if not path.is_relative_to(folder.resolve()):
            raise InvalidInput(
                f"'{name}' lies outside of '{folder}'; expected files of the page only; this page was not written by evidense"
            )
        if not path.exists():
            return "nothing"
        with regular(path, "a file of the page") as file:
            return hashlib.file_digest(cast(Any, file), "sha256").hexdigest()


def compare_records(then: list[Record], now: list[Record]) -> Replay:
    """Compare two sets of records of one study by what they are about."""
    numbers_then, numbers_now = _numbers(then), _numbers(now)
    gone = [f"{site}: not recomputed" for site in numbers_then if site not in numbers_now]
    moved = {s: abs(v - numbers_now[s]) for s, v in numbers_then.items() if s in numbers_now}
    far = [f"{s}: was {numbers_then[s]:.6f}, is {numbers_now[s]:.6f}" for s, by in moved.items() if by > TOLERANCE]
    return Replay(
        n_records=len(then),
        same={r.id for r in then} <= {r.id for r in now},
        largest=max(moved.values(), default=0.0),
        changed=(*gone, *_changed_words(then, now), *far),
        environment=(*_unapplied(then), *_environment(then, now), *_setups(then, now)),
    )


def _numbers(records: list[Record]) -> dict[str, float]:
    found: dict[str, float] = {}
    for r in records:
        if isinstance(r, Score):
            found[f"{r.system} on {r.collection}, mean {r.measure}"] = r.mean
        elif isinstance(r, Finding):
            where = ", ".join(f"{k} {v}" for k, v in sorted(r.site.items()))
            found |= {
                f"{r.estimand} ({where}), {end}": v
                for end, v in (("effect", r.value), ("low", r.low), ("high", r.high))
                if v is not None
            }
    return found


def _changed_words(then: list[Record], now: list[Record]) -> list[str]:
    words = [
        {
            (v.claim if v.verdict in {"HOLDS", "FAILS"} else "", v.system, v.collection): v.verdict
            for v in rs
            if isinstance(v, Verdict)
        }
        for rs in (then, now)
    ]
    return [
        f"{s} on {c}: was {word}, is {words[1].get((claim, s, c))}"
        for (claim, s, c), word in words[0].items()
        if words[1].get((claim, s, c)) != word
    ]


def _setups(then: list[Record], now: list[Record]) -> list[str]:
    """Say which cell of a system's set-up (prompt, pooling, length, weights …) is not as it was."""
    tables = [{r.system: dict(r.setup) for r in records if isinstance(r, Ranking)} for records in (then, now)]
    return [
        f"{system}: {cell} was {value!r}, is {tables[1][system].get(cell)!r}"
        for system, setup in tables[0].items()
        if system in tables[1]
        for cell, value in setup.items()
        if canonical_json(value) != canonical_json(tables[1][system].get(cell))
    ]


def _unapplied(then: list[Record]) -> list[str]:
    """Say which systems were ranked before similarity was applied, in one sentence."""
    found = [r for r in then if isinstance(r, Ranking) and unapplied(r.setup, r.policies)]
    said = dict.fromkeys(f"{r.system} (set up as {r.setup['similarity']})" for r in found)
    return [f"{', '.join(said)}: {UNAPPLIED}"] if said else []


def _environment(then: list[Record], now: list[Record]) -> list[str]:
    """Compare where the first ranking of each was made (of a study that trains, in a worker)."""
    seen = [
        [dict(r.observed.get("environment", {})) for r in records if isinstance(r, Ranking)] for records in (then, now)
    ]
    return differences(seen[0][0], (seen[1][0] if seen[1] else {}) or environment()) if seen[0] else []
