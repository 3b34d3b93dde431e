"""Replay: check that the files of a page are unchanged, then recompute its records from the study and compare."""

import hashlib
import shlex
from collections import ChainMap
from collections.abc import Callable, Sequence
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from pydantic import Field

from evidense.boundary.documents import Form, read_as
from evidense.boundary.files import read_bytes, regular
from evidense.boundary.inputs import existing
from evidense.boundary.manifest import NAME, Manifest
from evidense.boundary.numerals import plain
from evidense.boundary.scratch import Scratch
from evidense.boundary.strangers import foreign
from evidense.compute.environment import differences, environment
from evidense.compute.similarity import UNAPPLIED, unapplied
from evidense.errors import InvalidInput
from evidense.records import Check, Finding, Outcome, Ranking, Record, Score, canonical_json, from_json
from evidense.report.folder import LOSSES
from evidense.store import Store
from evidense.study.files.toml import read_study
from evidense.study.run import RunOptions, run_study

TOLERANCE = 0.001
"""Largest difference between two machines, of a mean or of an end of an interval, that counts as none. In units of the measure.

Vectors agree to 1e-6 across machines. If two scores are closer than that, two documents can change places; one such query among a
few hundred moves a mean by less than this.
"""


MOST_MISSING = 5
"""Most paths that a message lists."""
NOTHING = ""
"""Stands for the hash of a missing file."""


@dataclass(frozen=True)
class Replay:
    """The result of a replay. `same`: every record has the same id as before, so the bytes are the same."""

    same: bool
    largest: float
    """Largest absolute difference of an effect, an end of an interval, or a mean."""
    changed: tuple[str, ...]
    """One sentence for each changed verdict and for each number that moved by more than the tolerance."""
    environment: tuple[str, ...]
    """One sentence for each difference of versions, threads, processor or set-up."""

    @property
    def held(self) -> bool:
        """Whether all verdicts and numbers of the page came out again, within the tolerance."""
        return not self.changed


@dataclass(frozen=True)
class Page:
    """A page's folder after its records and files were checked against their hashes."""

    folder: Path
    records: list[Record]
    is_guarded: bool
    """Whether evidense.json is there. It holds the hash of page.json."""
    inputs: Sequence[str] = ()
    """Paths that the study reads, as spelt in the study."""
    inputs_from: str = ""
    """Relative path from the page's folder to the folder in which these paths were typed; empty if there is none."""

    def sentence(self) -> str:
        """Return one sentence on the result of the hash check."""
        n = f"{len(self.records):,} records"
        if self.is_guarded:
            return f"{n} and the page hash to what they say"
        return f"{n} hash to what they say; {NAME} is gone, so the files of the page are unguarded: a changed one may go unnoticed"

    def place_of_inputs(self) -> Path:
        """Return the folder in which all of the study's paths exist: where the page was made, else the working folder.

        Raises:
            InvalidInput: paths are missing in both. The message names them and the command to type.
        """
        made_in = [self.folder.resolve() / self.inputs_from] if self.inputs_from else []
        for place in (*made_in, Path.cwd()):
            if len(existing(self.inputs, place)) == len(self.inputs):
                return place
        missing = sorted(set(self.inputs) - set(existing(self.inputs)))
        more = f" and {len(missing) - MOST_MISSING:,} more" if len(missing) > MOST_MISSING else ""
        raise InvalidInput(
            f"the page is whole: all its hashes agree. To compute it again, its data are missing here: {', '.join(missing[:MOST_MISSING])}{more}. "
            f"Put them here, or type this in the folder where the page was made: "
            f"{_command(self.folder.resolve())}"
        )


def _command(folder: Path) -> str:
    return shlex.join(["evidense", "replay", str(folder)])


def replay(
    page: Page,
    *,
    progress: Callable[[int, int, float], None] | None = None,
    line: Callable[[str, float], None] | None = None,
) -> Replay:
    """Recompute all records of a page in an empty store and compare them. Checkpoints are trained again.

    `progress` is called during encoding, `line` while a study trains.

    Raises:
        InvalidInput: the study cannot be read, or its data are missing.
    """
    study = read_study(page.folder / "study.toml")
    with Scratch() as scratch, chdir(page.place_of_inputs()):
        now = run_study(study, Store(scratch), RunOptions(progress=progress, line=line)).records
    with foreign(str(page.folder / "page.json"), "Expected what evidense wrote there; run the study again."):
        return compare_records(page.records, list(now))


class StoredRecord(Form):
    """A record in page.json. The hash of `content` is checked later."""

    kind: str
    id: str
    parents: list[str]
    content: dict[str, Any]
    observed: dict[str, Any]
    redacted: bool = False


class StoredPage(Form):
    """The part of page.json that a replay reads."""

    files: dict[str, str]
    """File name → its sha256."""
    records: list[StoredRecord]
    inputs: list[str] = Field(default_factory=list)
    inputs_from: str = Field("", pattern=r"^(\.|\.\.(/\.\.)*)?$")


def read_page(folder: Path) -> Page:
    """Read the records beside a page. Every record and every file of the folder is hashed again and compared.

    Findings whose texts were left out of the folder cannot be hashed; only the recomputation checks them.

    Raises:
        InvalidInput: there are no records, a record or file was changed, or a listed file lies outside the folder.
    """
    path = _records_of(folder)
    stored_page = read_as(StoredPage, read_bytes(path, "the records of a page"), str(path))
    manifest = Manifest.read(folder)
    guarded = {name: state for name, state in manifest.files.items() if name != LOSSES} if manifest else {}
    current_sha256 = {name: _sha256(folder, name) for name in {**stored_page.files, **guarded}}
    altered = [
        f"'{name}' {'is gone' if sha256 == NOTHING else 'was changed since it was written'}"
        for name, sha256 in sorted(current_sha256.items())
        if {sha256} != {stated[name] for stated in (stored_page.files, guarded) if name in stated}
    ]
    if altered:
        raise InvalidInput.all_of(f"'{folder}' is not what was written; run the study again", altered)
    with foreign(str(path), "Expected what evidense wrote there; run the study again."):
        records = [from_json(r.model_dump()) for r in stored_page.records if not r.redacted]
    return Page(folder, records, bool(guarded), stored_page.inputs, stored_page.inputs_from)


def _records_of(folder: Path) -> Path:
    """Return the path of page.json.

    Raises:
        InvalidInput: there is none. If a file of a page was named, the message says which folder to name.
    """
    path = folder / "page.json"
    if path.exists():
        return path
    if folder.is_file():
        is_page = (folder.parent / "page.json").exists()
        advice = f"type: {_command(folder.parent)}" if is_page else "name one that evidense wrote (--out)"
        raise InvalidInput(f"'{folder}' is a file; expected the folder of a page; {advice}")
    if not folder.exists():
        raise InvalidInput(f"'{folder}': no such folder; expected the folder of a page (--out); correct the path")
    raise InvalidInput(f"'{folder}' holds no page.json; expected a folder that evidense wrote (--out); name that one")


def _sha256(folder: Path, name: str) -> str:
    """Return the hash of a file of the folder; NOTHING if it is missing.

    Raises:
        InvalidInput: the name leads out of the folder, or to something that is not a file.
    """
    with foreign(name, "Expected the name of a file of the page."):
        path = (folder / name).resolve()
        if not path.is_relative_to(folder.resolve()):
            raise InvalidInput(
                f"'{name}' lies outside of '{folder}'; expected files of the page only; this page was not written by evidense"
            )
        if not path.exists():
            return NOTHING
        with regular(path, "a file of the page") as file:
            return hashlib.file_digest(cast(Any, file), "sha256").hexdigest()


def compare_records(then: list[Record], now: list[Record]) -> Replay:
    """Compare two sets of records of one study, matched by what each record is about."""
    numbers_then, numbers_now = _numbers(then), _numbers(now)
    gone = [f"{site}: not recomputed" for site in numbers_then if site not in numbers_now]
    moved = {s: abs(v - numbers_now[s]) for s, v in numbers_then.items() if s in numbers_now}
    far = [
        f"{s}: was {plain(numbers_then[s], 6)}, is {plain(numbers_now[s], 6)}"
        for s, by in moved.items()
        if by > TOLERANCE
    ]
    return Replay(
        same={r.id for r in then} <= {r.id for r in now},
        largest=max(moved.values(), default=0.0),
        changed=(*gone, *_changed_words(then, now), *far),
        environment=(*_unapplied(then), *_environment(then, now), *_setups(then, now)),
    )


def _numbers(records: list[Record]) -> dict[str, float]:
    numbers: dict[str, float] = {}
    for r in records:
        if isinstance(r, Score):
            numbers[f"{r.system} on {r.collection}, mean {r.measure}"] = r.mean
        elif isinstance(r, Finding):
            where = ", ".join(f"{k} {v}" for k, v in sorted(r.site.items()))
            numbers |= {
                f"{r.estimand} ({where}), {end}": v
                for end, v in (("effect", r.value), ("low", r.low), ("high", r.high))
                if v is not None
            }
    return numbers


def _changed_words(then: list[Record], now: list[Record]) -> list[str]:
    words = [
        {
            (v.claim if isinstance(v, Check) else "", v.system, v.collection): v.verdict
            for v in rs
            if isinstance(v, Outcome)
        }
        for rs in (then, now)
    ]
    return [
        f"{s} on {c}: was {word}, is {words[1].get((claim, s, c))}"
        for (claim, s, c), word in words[0].items()
        if words[1].get((claim, s, c)) != word
    ]


def _setups(then: list[Record], now: list[Record]) -> list[str]:
    """Return a sentence for each changed field of a system's set-up (prompt, pooling, length, weights …)."""
    tables = [{r.system: dict(r.setup) for r in records if isinstance(r, Ranking)} for records in (then, now)]
    return [
        f"{system}: {cell} was {value!r}, is {tables[1][system].get(cell)!r}"
        for system, setup in tables[0].items()
        if system in tables[1]
        for cell, value in setup.items()
        if canonical_json(value) != canonical_json(tables[1][system].get(cell))
    ]


def _unapplied(then: list[Record]) -> list[str]:
    """Return a sentence that names the systems ranked by a version that did not apply their similarity; nothing if there are none."""
    rankings = [r for r in then if isinstance(r, Ranking) and unapplied(r.setup, r.policies)]
    systems = dict.fromkeys(f"{r.system} (set up as {r.setup['similarity']})" for r in rankings)
    return [f"{', '.join(systems)}: {UNAPPLIED}"] if systems else []


def _environment(then: list[Record], now: list[Record]) -> list[str]:
    """Compare the environments in which the rankings of each set were made; of equal entries the first counts. A study that trains ranks in workers."""
    before, after = (
        dict(ChainMap(*(dict(r.observed.get("environment", {})) for r in records if isinstance(r, Ranking))))
        for records in (then, now)
    )
    return differences(before, after or environment()) if before else []
