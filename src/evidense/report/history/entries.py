"""Entries: one for each time that a page was written, from the log of the store or from the folders of pages themselves."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
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
    decided: tuple[Decided, ...]

    @property
    def key(self) -> str:
        """Return a short name of the folder, for addresses."""
        return hashlib.sha256(str(self.folder).encode("utf-8", "surrogateescape")).hexdigest()[:12]

    @property
    def is_there(self) -> bool:
        """Say whether the folder holds this page still, and not that of another study, margin or measure."""
        held = Manifest.read(self.folder)
        return held is not None and held.files.get(PAGE) == self.page_sha256

    @property
    def collections(self) -> list[str]:
        """Return the collections, each once."""
        return list(dict.fromkeys(d.collection for d in self.decided))

    def words(self) -> str:
        """Return how often each word was said: '2 HELPS, 1 UNDECIDED'."""
        counts = Counter(d.verdict for d in self.decided)
        return ", ".join(
            f"{counts[word]} {word}" for word in (*WORDS, *sorted(set(counts) - set(WORDS))) if counts[word]
        )

    def has(self, text: str) -> bool:
        """Say whether the entry speaks of a text: in its name, command, folder, collections or verdicts."""
        about = [
            self.name,
            self.command,
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
    append_line(store.root, ROOM, {
        "at": _now(), "name": name, "page_sha256": held.files[PAGE] if (held := Manifest.read(folder)) else "", "command": command,
        "version": evidense.__version__, "folder": str(folder.absolute()),
        "decided": [[v.system, v.baseline, v.collection, v.measure, v.verdict, v.effect, v.low, v.high, v.n, v.margin] for v in rows],
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
        )
    return None


def _entry_of_folder(folder: Path) -> PageEntry | None:
    held = Manifest.read(folder)
    if held is None or PAGE not in held.files or "page.json" not in held.files:
        return None
    with suppress(OSError, ValueError, KeyError, TypeError):
        page, rows = (
            json.loads((folder / name).read_text(encoding="utf-8")) for name in ("page.json", "verdicts.json")
        )
        at = datetime.fromtimestamp((folder / PAGE).stat().st_mtime, UTC).isoformat(timespec="seconds")
        decided = tuple(_decided(row) for row in rows if row["verdict"] in WORDS)
        return PageEntry(
            at,
            _name(folder, decided),
            held.files[PAGE],
            page["command"],
            page["evidense"],
            folder.absolute(),
            decided,
        )
    return None


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


def _name(folder: Path, decided: Sequence[Decided]) -> str:
    systems = list(dict.fromkeys(d.system for d in decided))
    if not systems:
        return folder.name
    return f"{systems[0] if len(systems) == 1 else f'{len(systems)} systems'} vs {decided[0].baseline}"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
