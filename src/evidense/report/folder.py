"""Folder: where a study's page goes. Only the same study replaces a page; another study gets its own folder."""

import os
import re
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from types import MappingProxyType

from evidense import registry
from evidense.boundary.claim import LONGEST, FolderClaim
from evidense.boundary.disk import check_plain
from evidense.boundary.documents import parsed, read_toml
from evidense.boundary.files import read_bytes
from evidense.boundary.inputs import Inputs, existing
from evidense.boundary.manifest import NAME, Manifest
from evidense.boundary.shown import shown_line
from evidense.errors import InvalidInput
from evidense.records import Json, Ranking, Study, canonical_json, sha256_of
from evidense.report.checkpoints import is_training
from evidense.report.comparison.exports import slug
from evidense.report.labels import carries_all

ROOT = Path("evidense-out")
"""Where pages go that name no folder."""
LOSSES = "losses.csv"
STUDY_FILE = "study.toml"
ASKED = (
    "measures", "margin", "confidence", "slices", "clusters", "references", "seed", "depth",
    "sample_queries", "sample_documents", "drawn_by", "trained_on", "best_of", "seeds",
)  # fmt: skip
"""Keys of a study that are typed: with another value it is another question, whose page must not replace the first one's."""
_ALWAYS = (
    "report.html", "verdicts.json", "metrics.json", "scores.csv", "table.tex", "paper.tex", "paper.md", "table.md", "page.json", STUDY_FILE, LOSSES,
    "runs/any.trec", *(f"figures/{name}.{ending}" for name in ("forest", "ranks", "training", "training-1") for ending in ("svg", "pdf")),
)  # fmt: skip
_INSIDE = ("findings.csv", "ledger.tex", "compare.html")
_MOST_PIECES = 64
"""Separators of a spelling that are looked at: a path follows one of the first."""
_LONGEST_PATH = 4096
"""Characters: what is longer names no file."""
_UNSAFE = re.compile(r"[/\\\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def subject(study: Study) -> dict[str, Json]:
    """Return what makes a study the same one: its name, the systems that it compares, trains or looks into, and its collections.

    Margin, measures, claims, slices, samples, seed and excluded queries may change: in a folder that the user names, the page
    of the same study is written anew.
    """
    content = study.content()
    trained = {key: content[key] for key in ("factorial", "arms") if content.get(key)}
    if dissected := content.get("dissect"):
        trained["dissect"] = [
            {k: v for k, v in table.items() if k not in {"analyses", "options"}} for table in dissected
        ]
    identity = {key: content[key] for key in ("name", "systems", "collections")}
    if is_training(study):  # its page grows by a checkpoint at a time
        identity["systems"] = content["systems"][:1]
    return identity | {key: sha256_of(value)[:12] for key, value in trained.items()}


def claim_of(study: Study, out: Path) -> FolderClaim:
    """Return the claim of a study's page on a folder; a losses.csv is replaced where all that people wrote in it is carried over."""
    carried = frozenset({LOSSES}) if carries_all(out / LOSSES) else frozenset[str]()
    return FolderClaim(out, subject(study), inputs_of(study), carried)


def names_of(study: Study) -> list[str]:
    """Return the names of files that a page of the study will have, as far as they are known beforehand."""
    return [*_ALWAYS, *(_INSIDE if study.dissect else ())]


def folder_of(study: Study, data: Mapping[str, str] = MappingProxyType({}), root: Path = ROOT) -> Path:
    """Return the folder of a study that names none: ROOT/NAME, or the first of NAME-2, NAME-3 … that is free or its own.

    A folder is its own if the same was asked of the same data: a page with another margin or measure stays, and so does one whose
    collections had other bytes. `data` is the checksum of each collection by its name, once they are open.
    """
    first = root / folder_name(study.name)
    n, out = 1, first
    while not _is_free_or_same(out, study) or other_data(out, data):
        n += 1
        out = first.with_name(f"{first.name}-{n}")
    return out


def folder_name(name: str) -> str:
    """Return a study's name as the name of a folder, which no name can lead out of the folder above.

    >>> folder_name("tuned-vs-base"), folder_name("../../etc"), folder_name("a/b")
    ('tuned-vs-base', 'etc', 'a-b')
    """
    is_safe = not _UNSAFE.search(name) and not name.startswith((".", "~", "-")) and name.strip() == name and name
    return name if is_safe and len(os.fsencode(name)) < LONGEST // 2 else slug(name)


def check_named(path: Path, study: Study, out: Path) -> None:
    """Refuse a file that the command is to write besides the page where it would write over something that is not its own.

    Raises:
        InvalidInput: an input of the command, a file of the page, a folder, a link, a device.
    """
    inside = (
        path.resolve().relative_to(out.resolve()).as_posix() if path.resolve().is_relative_to(out.resolve()) else ""
    )
    if inputs_of(study).hold(path.parent, path.name):
        raise InvalidInput(f"'{path}' is an input of this command; expected another file; name another")
    if inside in {*names_of(study), NAME}:
        raise InvalidInput(f"'{path}' is a file of the page in '{out}'; expected another file; name another")
    check_plain(path)


def inputs_of(study: Study) -> Inputs:
    """Return the files and folders that a study reads, as far as its spellings are paths."""
    return paths_in(_reads(study))


def paths_in(value: Json) -> Inputs:
    """Return the files and folders that the texts of a value name; a folder that is called like a part is none."""
    return Inputs.of(Path(text).expanduser() for text in _possible(value))


def paths_read(study: Study) -> list[str]:
    """Return the spellings of the files and folders that a study reads and that exist, sorted."""
    return existing(_possible(_reads(study)))


def where_inputs_lie(study: Study, out: Path) -> dict[str, Json]:
    """Return the paths that a study reads, as it spells them, and the way from its page to where they were typed.

    The way leads up only (`../..`), so that a page never says where on a machine it was made; of a page outside of the
    working folder it is empty.
    """
    inputs = paths_read(study)
    here, page = Path.cwd().resolve(), out.resolve()
    is_below = bool(inputs) and page.is_relative_to(here)
    way = Path(*[".."] * len(page.relative_to(here).parts)).as_posix() if is_below else ""
    return {"inputs": list[Json](inputs), "inputs_from": way}


def _possible(value: Json) -> Iterator[str]:
    parts = {name for shelf in ("datasets", "encoders", "rankers") for name in registry.names(shelf)}
    return (text for text in _spelt(value) if text not in parts)


def _reads(study: Study) -> list[Json]:
    said = study.content()
    return [
        said.get(key)
        for key in ("systems", "seeds", "references", "collections", "trained_on", "factorial", "arms", "dissect")
    ]


def _spelt(value: Json) -> Iterator[str]:
    """Yield every piece of a text that could be a path: the whole, what follows a colon, an equals sign or a plus, without options."""
    if isinstance(value, str):
        starts = [0, *(m.end() for m in islice(re.finditer("[:=+]", value), _MOST_PIECES))]
        ends = [*(m.start() for m in islice(re.finditer("[@:+]", value), _MOST_PIECES)), len(value)]
        yield from {value[a:b] for a in starts for b in ends if 0 < b - a <= _LONGEST_PATH}
    elif isinstance(value, dict):
        yield from (text for inner in value.values() for text in _spelt(inner))
    elif isinstance(value, list | tuple):
        yield from (text for inner in value for text in _spelt(inner))


def _is_free_or_same(out: Path, study: Study) -> bool:
    if not os.path.lexists(out):
        return True
    if not out.is_dir():
        return False
    held = Manifest.read(out)
    if held is None:
        return not any(out.iterdir())
    return _holds(out, study) and not asked_otherwise(study, out)


def _holds(out: Path, study: Study) -> bool:
    held = Manifest.read(out)
    return held is not None and dict(held.of) == subject(study)


def other_data(out: Path, data: Mapping[str, str]) -> list[str]:
    """Return the collections of the page in a folder that had other bytes than those of the same name have now."""
    try:
        records = parsed(read_bytes(out / "page.json", "a page"), "page.json")["records"] if data else []
        cards = [record["content"]["collection"] for record in records if record["kind"] == Ranking.kind]
        held = {str(card["name"]): str(card["checksum"]) for card in cards}
    except (InvalidInput, OSError, KeyError, TypeError):
        return []
    return sorted(name for name in held.keys() & data.keys() if held[name] != data[name])


def moved_sentence(study: Study, out: Path, data: Mapping[str, str] = MappingProxyType({})) -> str:
    """Return why the default folder of a study is not ROOT/NAME, in one sentence; empty if it is."""
    first = out.with_name(folder_name(study.name))
    if out == first:
        return ""
    held = Manifest.read(first)
    asked: Mapping[str, Json] = study.content()
    if held is None or _holds(first, study):
        other: Mapping[str, Json] = asked_otherwise(study, first) if held else {}
    else:
        asked = subject(study)
        other = {key: held.of.get(key) for key in ("systems", "collections") if held.of.get(key) != asked[key]}
    changed = [f"{shown_line(name)} has changed since" for name in other_data(first, data)]
    why = "; ".join(
        [*changed, *(f"{key} {_spelled(other[key])} there, {_spelled(asked.get(key))} here" for key in other)]
    )
    return f"'{first}' holds another page{f' ({why})' if why else ''} and stays; this one goes to '{out}'"


def asked_otherwise(study: Study, out: Path) -> dict[str, Json]:
    """Return the typed settings of the page in a folder that differ from those of a study: key → the page's value."""
    try:
        held = read_toml(out / STUDY_FILE, "study")
    except (InvalidInput, OSError):
        return {}
    asked = study.content()
    return {key: held.get(key) for key in ASKED if held.get(key) != asked.get(key)}


def _spelled(value: Json) -> str:
    return "unset" if value in (None, "", []) else shown_line(canonical_json(value).replace('"', "'"))
