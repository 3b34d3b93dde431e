"""Entries: one for each time that a page was written, from the log of the store or from the folders of pages themselves."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import evidense
from evidense.boundary.manifest import NAME, Manifest
from evidense.errors import InvalidInput
from evidense.records import Json
from evidense.report.comparison.answer import title
from evidense.report.contents import Contents
from evidense.report.words import WORDS
from evidense.store import Store
from evidense.store.lines import append_line, lines

ROOM = "pages"
"""Room of the store that holds the log."""
PAGE = "report.html"
COMPARISON, TRAINING, DISSECTION = "comparison", "training", "dissection"
_ANSWERED = {
    "audit": ("audit", "audit.json", "file"), "check": ("check", "checks.json", "name"),
    "search": ("search", "prisma.json", "question"), "ask": ("question", "report.json", "question"),
}  # fmt: skip
"""What a manifest calls a page that is no study's → its kind, the file that holds its answer, and the key of its name there."""
KINDS = (COMPARISON, TRAINING, DISSECTION, *(kind for kind, _, _ in _ANSWERED.values()))


@dataclass(frozen=True)
class Decided:
    """What one page says of one system on one collection."""

    system: str
    baseline: str
    collection: str
    measure: str
    verdict: str
    effect: float
    low: float
    high: float
    n: int
    margin: float | None = None
    """None in logs of versions that did not note it."""


@dataclass(frozen=True)
class PageEntry:
    """One page as it was written at one time."""

    at: str
    """UTC, ISO 8601."""
    name: str
    page_sha256: str
    """Of report.html as it was written; a later run may have replaced it."""
    command: str
    version: str
    folder: Path
    decided: tuple[Decided, ...] = ()
    kind: str = COMPARISON
    """One of `KINDS`, or what another page calls itself."""
    said: str = ""
    """What a page says that compares no systems: its answer in one sentence, or how often each word was said of its claims."""

    @property
    def key(self) -> str:
        """Return a short name of the folder, for addresses."""
        return hashlib.sha256(str(self.folder).encode("utf-8", "surrogateescape")).hexdigest()[:12]

    @property
    def is_there(self) -> bool:
        """Say whether the folder holds this page still, and not that of another study, margin or measure."""
        with suppress(OSError):
            return _page_of(self.folder, (self.folder / NAME).lstat().st_mtime_ns) == self.page_sha256
        return False

    @property
    def collections(self) -> list[str]:
        """Return the collections, each once."""
        return list(dict.fromkeys(d.collection for d in self.decided))

    def words(self) -> str:
        """Return how often each word was said ('2 HELPS, 1 UNDECIDED'), or the answer of the page."""
        return "; ".join(filter(None, [_counted(d.verdict for d in self.decided), self.said]))

    def has(self, text: str) -> bool:
        """Say whether the entry speaks of a text: in its name, command, folder, collections or verdicts."""
        about = [
            self.kind,
            self.name,
            self.command,
            self.said,
            str(self.folder),
            self.at,
            *self.collections,
            *(d.verdict for d in self.decided),
        ]
        return all(word in "\n".join(about).lower() for word in text.lower().split())


def log_page(contents: Contents, store: Store, folder: Path, command: str) -> None:
    """Note in the store that a page was written now."""
    rows = [v for s in contents.systems for v in contents.worst_first(s)]
    name = str(title(contents).striptags()) if rows else contents.study.name
    kind = DISSECTION if contents.inside else TRAINING if contents.is_trained else COMPARISON
    said = "" if kind == COMPARISON else _claims_said(o.verdict for o in (*contents.claims, *contents.ledger))
    append_line(store.root, ROOM, {
        "kind": kind, "said": said,
        "at": _now(), "name": name, "page_sha256": held.files[PAGE] if (held := Manifest.read(folder)) else "", "command": command,
        "version": evidense.__version__, "folder": str(folder.absolute()),
        "decided": [[v.system, v.baseline, v.collection, v.measure, v.verdict, v.effect, v.low, v.high, v.n, v.margin] for v in rows],
    })  # fmt: skip


def log_answer(store: Store, page: Path | None) -> None:
    """Note in the store that an audit, a check, a search or a question wrote its page now; nothing where it wrote none."""
    entry = _entry_of_folder(page.parent) if page is not None else None
    if entry is not None:
        append_line(store.root, ROOM, {
            "at": _now(), "kind": entry.kind, "name": entry.name, "said": entry.said, "page_sha256": entry.page_sha256, "command": entry.command,
            "version": entry.version, "folder": str(entry.folder), "decided": [],
        })  # fmt: skip


def entries_of_store(store: Store) -> list[PageEntry]:
    """Return the pages that were written with this store, newest first."""
    return _newest_first(entry for _, line in lines(store.root, ROOM) if (entry := _entry(line)) is not None)


def entries_below(root: Path) -> list[PageEntry]:
    """Return the pages in a folder and in the folders below it, newest first; their date is that of the file.

    Raises:
        InvalidInput: there is no such folder, or no page in it.
    """
    if not root.is_dir():
        raise InvalidInput(
            f"'{root}' is no folder; expected one that holds pages; give the folder of a page, or one above it"
        )
    entries = _newest_first(entry for path in root.rglob(NAME) if (entry := _entry_of_folder(path.parent)) is not None)
    if not entries:
        raise InvalidInput(
            f"no page lies in '{root}' or below; expected folders that Evidense wrote ({PAGE} beside {NAME})"
        )
    return entries


def _newest_first(entries: Iterator[PageEntry]) -> list[PageEntry]:
    return sorted(entries, key=lambda entry: (entry.at, str(entry.folder)), reverse=True)


def _entry(line: Mapping[str, Any]) -> PageEntry | None:
    with suppress(KeyError, TypeError, ValueError):
        decided = tuple(Decided(*row) for row in line["decided"])
        return PageEntry(
            line["at"],
            line["name"],
            line["page_sha256"],
            line["command"],
            line["version"],
            Path(line["folder"]),
            decided,
            str(line.get("kind", COMPARISON)),
            str(line.get("said", "")),
        )
    return None


@lru_cache(maxsize=10_000)
def _page_of(folder: Path, written_ns: int) -> str | None:
    """Return the sha256 of the page of a folder, by its manifest; it is read again when the manifest was written again."""
    del written_ns
    held = Manifest.read(folder)
    return held.files.get(PAGE) if held is not None else None


def _entry_of_folder(folder: Path) -> PageEntry | None:
    with suppress(OSError):
        return _read_folder(folder.absolute(), (folder / NAME).stat().st_mtime_ns)
    return None


@lru_cache(maxsize=10_000)
def _read_folder(folder: Path, written_ns: int) -> PageEntry | None:
    """Return the page of a folder; it is read again when its manifest was written again."""
    del written_ns
    held = Manifest.read(folder)
    if held is None or PAGE not in held.files:
        return None
    with suppress(OSError, ValueError, KeyError, TypeError):
        at = datetime.fromtimestamp((folder / PAGE).stat().st_mtime, UTC).isoformat(timespec="seconds")
        if "page.json" in held.files:
            return _study_page(folder, held, at)
        return _answered_page(folder, held, at)
    return None


def _study_page(folder: Path, held: Manifest, at: str) -> PageEntry:
    page, rows = _json_of(folder / "page.json"), _json_of(folder / "verdicts.json")
    checks = {record["id"] for record in page["records"] if record["kind"] == "check"}
    study = next(record["content"] for record in page["records"] if record["kind"] == "study")
    kind = (
        DISSECTION
        if "findings.csv" in held.files
        else TRAINING
        if study.get("factorial") or study.get("arms")
        else COMPARISON
    )
    claims = rows if kind == TRAINING else [row for row in rows if row["id"] in checks]
    decided = () if kind == TRAINING else tuple(_decided(row) for row in rows if row["id"] not in checks)
    said = "" if kind == COMPARISON else _claims_said(row["verdict"] for row in claims)
    name = _name(decided) if decided else str(study["name"])
    return PageEntry(at, name, held.files[PAGE], page["command"], page["evidense"], folder, decided, kind, said)


def _answered_page(folder: Path, held: Manifest, at: str) -> PageEntry:
    called = str(held.of.get("kind", ""))
    kind, file, name = _ANSWERED.get(called, (called, "", ""))
    if file not in held.files:
        return PageEntry(
            at, str(held.of.get("name", folder.name)), held.files[PAGE], "", "", folder, (), kind or "page"
        )
    told = _json_of(folder / file)
    answer = told["answer"]
    said = str(answer["sentence"] if isinstance(answer, dict) else answer)
    return PageEntry(at, str(told[name]), held.files[PAGE], "", str(told["version"]), folder, (), kind, said)


def _json_of(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _claims_said(words: Iterable[str]) -> str:
    said = _counted(words)
    return f"claims: {said}" if said else ""


def _counted(words: Iterable[str]) -> str:
    counts = Counter(words)
    return ", ".join(f"{counts[word]} {word}" for word in (*WORDS, *sorted(set(counts) - set(WORDS))) if counts[word])


def _decided(row: Mapping[str, Json]) -> Decided:
    return Decided(
        *(
            row[name]
            for name in (
                "system",
                "baseline",
                "collection",
                "measure",
                "verdict",
                "effect",
                "low",
                "high",
                "n",
                "margin",
            )
        )
    )


def _name(decided: Sequence[Decided]) -> str:
    systems = list(dict.fromkeys(d.system for d in decided))
    return f"{systems[0] if len(systems) == 1 else f'{len(systems)} systems'} vs {decided[0].baseline}"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
