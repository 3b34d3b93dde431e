"""Statements: what is to be checked, from a claim in quotes, JSON lines, a text or a paper."""

from collections.abc import Sequence
from dataclasses import dataclass

from evidense.auditing.passages import claims_of
from evidense.checking.calibration import TextKind
from evidense.checking.library import LibraryWork
from evidense.texts.titles import title_key
from evidense.values import ReadDocument, Reference


@dataclass(frozen=True)
class AskedStatement:
    """One statement that is to be checked."""

    text: str
    id: str = ""
    cites: tuple[str, ...] = ()
    """Keys of its own sources."""
    kind: TextKind = "claim"

    @property
    def key(self) -> str:
        """Return its id."""
        return self.id


def statements_of(document: ReadDocument, works: Sequence[LibraryWork]) -> tuple[AskedStatement, ...]:
    """Return the statements of a document: the sentences of a paper that cite, each with those of its sources that are at hand; else its claims."""
    if document.citations:
        keys = _keys_at_hand(document, works)
        return tuple(
            AskedStatement(
                " ".join(c.sentence.quote.split()), str(number), tuple(keys.get(key, key) for key in c.keys), "citing sentence"
            )
            for number, c in enumerate(document.citations, 1)
        )  # fmt: skip
    return tuple(
        AskedStatement(" ".join(span.quote.split()), str(number)) for number, span in enumerate(claims_of(document), 1)
    )


def _keys_at_hand(document: ReadDocument, works: Sequence[LibraryWork]) -> dict[str, str]:
    """Return for each reference that a work at hand is: the key of the reference → that of the work."""
    by_title = {title_key(work.work.title): work.key for work in works if work.work.title}
    by_identifier = {pair: work.key for work in works for pair in work.work.identifiers.items()}
    by_name = {name: work.key for work in works for name in (work.key, *work.names)}
    found = {r.key: _work_of(r, by_title, by_identifier) or by_name.get(r.key, "") for r in document.references}
    return {key: work for key, work in found.items() if work}


def _work_of(reference: Reference, by_title: dict[str, str], by_identifier: dict[tuple[str, str], str]) -> str:
    named = (by_identifier.get(pair, "") for pair in reference.identifiers.items())
    return next(filter(None, named), "") or by_title.get(title_key(reference.title), "")
