"""Own experiments: what comparisons and studies of the user's own store came to, and the sentences that they decide."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from evidense import registry
from evidense.published.claim_verdicts import shipped
from evidense.records import Check, Outcome, Verdict
from evidense.store import Store

SCOPE = "in the store on analogues"
"""An experiment of one's own is on the models and data at hand, not on those of a statement: it reproduces nothing."""
_HIGHER = ("scores higher than", "outperforms", "is better than")
_ON = {
    "HELPS": ("HOLDS", "FAILS"),
    "HARMS": ("FAILS", "HOLDS"),
    "SAME": ("FAILS", "FAILS"),
    "IDENTICAL": ("FAILS", "FAILS"),
}
"""Word of a comparison → what it comes to that the system is better, and that the baseline is."""


@dataclass(frozen=True)
class OwnVerdict:
    """A verdict of the store."""

    code: str
    """Code of a claim of the literature; else the name of a claim, or "comparison"."""
    sentences: tuple[str, ...]
    """Ways to say what it decides; a statement is near one of them."""
    verdict: str
    about: tuple[str, str, str]
    """System, baseline, collection, in short."""
    level: str = ""
    is_named: bool = False
    """A statement has to name all of `about`."""

    def is_about(self, text: str) -> bool:
        """Say whether a text names what has to be named."""
        return not self.is_named or all(re.search(rf"(?<!\w){re.escape(n)}(?!\w)", text, re.IGNORECASE) for n in self.about)  # fmt: skip


def own_verdicts(store: Store, registrations: frozenset[str]) -> list[OwnVerdict]:
    """Return the verdicts of a store. Those on a claim of the literature count while it is as it was registered, and where none that ships is the same."""
    found = [one for record in store.of_kinds("check", "verdict") for one in _of_record(record, registrations)]
    return list(dict.fromkeys(found))


def _of_record(record: object, registrations: frozenset[str]) -> Iterator[OwnVerdict]:
    if isinstance(record, Verdict):
        yield from _of_comparison(record)
    if not isinstance(record, Check) or record.effect is None:
        return
    details = record.details
    if record.about == "effect" and record.claim in registry.summaries("claims"):
        yield OwnVerdict(
            record.claim, (registry.part("claims", record.claim).sentence,), record.verdict, _about(record)
        )
    if record.about == "literature" and details.get("registration") in registrations and not _ships(record):
        level, sentence = str(details.get("level", "")), str(details.get("sentence", ""))
        yield OwnVerdict(str(details.get("code", "")), (sentence,), record.verdict, _about(record), level)


def _of_comparison(verdict: Verdict) -> Iterator[OwnVerdict]:
    """Yield both sentences that a comparison decides."""
    system, baseline, collection = _about(verdict)
    pairs = ((system, baseline), (baseline, system))
    for (one, other), word in zip(pairs, _ON.get(verdict.verdict, ("UNDECIDED", "UNDECIDED")), strict=True):
        sentences = tuple(f"{one} {better} {other} on {collection}." for better in _HIGHER)
        yield OwnVerdict("comparison", sentences, word, (system, baseline, collection), is_named=True)


def _about(outcome: Outcome) -> tuple[str, str, str]:
    return (short(outcome.system), short(outcome.baseline), short(outcome.collection))


def short(spelling: str) -> str:
    """Return the name in a spelling.

    >>> short("beir:scifact@test~100q"), short("sentence-transformers/all-MiniLM-L6-v2"), short("bm25")
    ('scifact', 'all-MiniLM-L6-v2', 'bm25')
    """
    return re.split("[@~]", spelling)[0].rpartition(":")[2].rpartition("/")[2] or spelling


def _ships(check: Check) -> bool:
    """Say whether a verdict is one that ships: who ran the built-in study again has tested nothing more."""
    said = (check.details.get("code"), check.details.get("level"), check.system, check.baseline, check.collection, check.verdict)  # fmt: skip
    return said in {(v.code, v.level, v.subject, v.against, v.collection, v.verdict) for v in shipped()}
