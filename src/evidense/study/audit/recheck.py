"""Recheck: the claims of a synthesis beside the texts of its sources, and of those that are independent, as `ask` checks them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import get_args

from evidense import registry
from evidense.auditing.audited import AuditedReference, Said
from evidense.auditing.public_records.compare import RecheckedClaim, Recounted, compared
from evidense.auditing.statements import TracedStatement
from evidense.boundary.shown import shown_line
from evidense.checking.aggregate import CheckedStatement
from evidense.checking.decide import Judges, decide
from evidense.checking.library import WorkLibrary
from evidense.checking.own_words import own_words
from evidense.parts import Reviewer
from evidense.reviewing.panel import joined, review
from evidense.study.audit.library import ReadText
from evidense.study.audit.verdicts import ENTAILER
from evidense.texts.squeezed import Squeezed
from evidense.values import (
    CheckWord,
    StatedClaim,
    StatedQuote,
    StatedRecords,
    Synthesis,
    SynthesisSource,
    SynthesisStatement,
    Vote,
    Work,
)

RISK = 0.10
_SHOWN = 60


@dataclass(frozen=True)
class Recheck:
    """A synthesis with its references and the texts of these, ready to be checked again."""

    references: Sequence[AuditedReference]
    texts: Mapping[str, ReadText]
    """By the keys of the references."""
    experiments: Mapping[str, str]
    risk: float = RISK

    def judges(self) -> Judges:
        """Return what claims are judged by: the sources' own words, and no sentence that reports others."""
        works = {a.reference.key: a.decision.work or Work("audit") for a in self.references}
        own = [
            own_words(read.text.name, works[key], read.text, read.document, (key,))[0]
            for key, read in self.texts.items()
        ]
        return Judges(
            WorkLibrary(tuple(own)), registry.part("entailers", ENTAILER).open(ENTAILER), self.risk, self.experiments
        )

    def corroborated(self, statements: Sequence[TracedStatement]) -> tuple[TracedStatement, ...]:
        """Return the claims of a report, each with what works say that are independent of its source."""
        judges = self.judges()
        return tuple(_corroborated(statement, judges) for statement in statements)


def _corroborated(statement: TracedStatement, judges: Judges) -> TracedStatement:
    if statement.quote is None or judges.library.get(statement.source) is None:
        return statement
    return replace(statement, corroborated=decide(statement.text, (statement.source,), "claim", judges).corroborated)


def records_beside(stated: StatedRecords, recheck: Recheck) -> list[Said]:
    """Return what public records state beside what is found."""
    judges = recheck.judges()
    claims = tuple(_again(claim, stated, recheck, judges) for claim in stated.claims)
    votes = [Vote(vote.reviewer, vote.dimension, vote.score, "") for vote in stated.votes]
    again = review(_synthesis(stated, claims, recheck), _reviewers(stated)).votes if claims and votes else ()
    return compared(
        stated, Recounted(claims, len(recheck.references), joined(votes).score, tuple(again), _are_texts_same(stated, recheck.texts))
    )  # fmt: skip


def _again(claim: StatedClaim, stated: StatedRecords, recheck: Recheck, judges: Judges) -> RecheckedClaim:
    hashes = {source.key: source.text_sha256 for source in stated.sources}
    wrong = [(quote, found) for quote in claim.quotes if (found := _misplaced(quote, recheck.texts, hashes))]
    is_located = claim.place is not None and claim.place not in [quote for quote, _ in wrong]
    sources = tuple(dict.fromkeys(quote.source for quote in claim.quotes if quote.stance == "place"))
    said: CheckedStatement | None = None
    if any(judges.library.get(source) is not None for source in sources):
        said = decide(claim.text, sources, "claim", judges)
    told = tuple(dict.fromkeys((f"“{_short(quote.quote)}”", found) for quote, found in wrong))
    if said is None:
        return RecheckedClaim(claim, wrong_quotes=told, is_located=is_located)
    again = RecheckedClaim(
        claim, said.grounded, said.corroborated, said.word, said.tested, said.confidence, said.entailer
    )
    return replace(again, wrong_quotes=told, is_located=is_located)


def _misplaced(quote: StatedQuote, texts: Mapping[str, ReadText], hashes: Mapping[str, str]) -> str:
    """Say that a quotation does not stand where it is said to; "" where it does, or no text is at hand."""
    if (read := texts.get(quote.source)) is None:
        return ""
    text, place = read.text.text, f"{quote.source}, characters {quote.start} to {quote.end}"
    if quote.start is not None and quote.end is not None and text[quote.start : quote.end] == quote.quote:
        return ""
    if quote.quote in text or Squeezed(text).find(quote.quote):
        is_read = hashes.get(quote.source) == _hash(read)
        return f"it stands elsewhere than at {place}" if is_read and quote.start is not None else ""
    there = text[quote.start : quote.end] if quote.start is not None and quote.end is not None else ""
    return f"not in {place}" + (f": there stands “{_short(there)}”" if there.strip() else "")


def _short(text: str) -> str:
    line = shown_line(" ".join(text.split()))
    return line if len(line) <= _SHOWN else f"{line[: _SHOWN - 1]}…"


def _hash(read: ReadText) -> str:
    return sha256(read.text.text.encode("utf-8", "replace")).hexdigest()


def _are_texts_same(stated: StatedRecords, texts: Mapping[str, ReadText]) -> bool:
    """Say whether each listed source's text is at hand, and is the one that was read."""
    return all(
        source.key in texts and source.text_sha256 in ("", _hash(texts[source.key])) for source in stated.sources
    )


def _reviewers(stated: StatedRecords) -> list[Reviewer]:
    named = {vote.reviewer for vote in stated.votes}
    reviewers: list[Reviewer] = registry.parts("reviewers")
    return [reviewer for reviewer in reviewers if reviewer.name in named]


def _synthesis(stated: StatedRecords, claims: Sequence[RecheckedClaim], recheck: Recheck) -> Synthesis:
    """Return the synthesis as reviewers see it: what it states of itself, its claims as they are found."""
    counts = {
        "papers": stated.counts.get("source_count"), "claims": stated.counts.get("aggregate_claim_records"),
        "verified": stated.counts.get("source_grounded_claims"),
    }  # fmt: skip
    statements = tuple(_statement(claim) for claim in claims)
    known = {source.key: source for source in stated.sources}
    sources = tuple(
        SynthesisSource(
            key, a.reference.title, a.decision.work.abstract if a.decision.work else "", a.decision.verdict not in ("NOT FOUND", "OTHER WORK"),
            (key in known and known[key].is_retracted) or a.decision.verdict == "RETRACTED", frozenset(known[key].facets if key in known else ()),
        )
        for a in recheck.references if (key := a.reference.key)
    )  # fmt: skip
    return Synthesis(
        stated.question, stated.facets, statements, sources, {name: n for name, n in counts.items() if n is not None}, stated.limitations,
        " ".join(statement.text for statement in statements),
    )  # fmt: skip


def _statement(claim: RecheckedClaim) -> SynthesisStatement:
    found, stated = claim.columns, claim.stated
    cited = [quote.source for quote in stated.quotes if quote.stance in ("place", "says the same")]
    place = stated.place
    return SynthesisStatement(
        stated.text, "finding", tuple(dict.fromkeys(cited)), place.quote if place else "", claim.is_located, _word(found.grounded),
        _word(found.corroborated), found.tested, frozenset(stated.facets),
    )  # fmt: skip


def _word(text: str) -> CheckWord:
    return next((word for word in get_args(CheckWord) if word == text), "NOT CHECKED")
