"""Compare: what public records state beside what is counted and computed again from them and from the texts of their sources."""

from collections.abc import Iterator
from dataclasses import dataclass

from evidense.auditing.audited import Said
from evidense.auditing.public_records.beside import report_rows
from evidense.auditing.public_records.dimensions import DIMENSIONS, level_of, scored
from evidense.auditing.public_records.levels import LEVELS, Columns, counted, gate_status, paper_level, that_ships
from evidense.auditing.public_records.tiers import THRESHOLDS, tier_of
from evidense.values import StatedClaim, StatedRecords, Vote

_LABELS = {
    "source_count": "sources", "aggregate_claim_records": "claims", "per_claim_public_record_count": "claim records",
    "located_claims": "located", "source_grounded_claims": "in their source", "cross_source_corroborated_claims": "verified by others",
    "artifact_inspected_claims": "on published numbers", "sandbox_executed_claims": "run", "independently_reproduced_claims": "reproduced",
    "externally_reviewed_or_formally_verified_claims": "reviewed outside",
}  # fmt: skip
_NEAR = 0.005
"""Scores that differ by less are one score, printed with two digits."""
ANOTHER = "another text of a source is at hand than was read"


@dataclass(frozen=True)
class RecheckedClaim:
    """One claim of a record, checked again."""

    stated: StatedClaim
    grounded: str = ""
    """What its own source says; "" where its text is not at hand."""
    corroborated: str = ""
    verdict: str = ""
    tested: str = ""
    confidence: float | None = None
    entailer: str = ""
    wrong_quotes: tuple[tuple[str, str], ...] = ()
    """Quotations that do not stand where they are said to, each with what is found."""
    is_located: bool = True
    """The claim's own quotation stands where it is said to, as far as texts are at hand."""

    @property
    def is_checked(self) -> bool:
        """Say whether a text of its source is at hand."""
        return bool(self.grounded)

    @property
    def columns(self) -> Columns:
        """Return what is found; what is stated where no text is at hand."""
        stated = self.stated
        if not self.is_checked:
            return Columns(self.is_located, stated.grounded, stated.corroborated, stated.tested)
        is_same = that_ships(self.tested) == that_ships(stated.tested)  # those of the store that it was made with stay
        return Columns(self.is_located, self.grounded, self.corroborated, stated.tested if is_same else self.tested)


@dataclass(frozen=True)
class Recounted:
    """What an audit finds of records."""

    claims: tuple[RecheckedClaim, ...] = ()
    n_sources: int = 0
    score: float | None = None
    """Of the votes that are stated, joined again."""
    votes: tuple[Vote, ...] = ()
    """Of the same reviewers, on what is found."""
    are_texts_same: bool = True
    """Every source's text is at hand, and the one that was read."""


def compared(stated: StatedRecords, found: Recounted) -> list[Said]:
    """Return what is stated beside what is found: counts, then what is wrong with single claims, then scores, level, tier and gate."""
    return [
        *_counts(stated, found), *(row for claim in found.claims for row in _of_claim(claim, stated, found.are_texts_same)),
        *_scores(stated, found), *_conclusions(stated, found), *_benchmarks(stated), *_files(stated), *report_rows(stated),
    ]  # fmt: skip


def _counts(stated: StatedRecords, found: Recounted) -> Iterator[Said]:
    n = len(found.claims)
    again = {"source_count": found.n_sources, "aggregate_claim_records": n, "per_claim_public_record_count": n}
    again |= counted([claim.columns for claim in found.claims])
    n_checked = sum(claim.is_checked for claim in found.claims)
    for name, label in _LABELS.items():
        says = stated.counts.get(name)
        if says is None or (says == again[name] == 0):
            continue
        if not n and name != "source_count":
            yield Said(label, f"{says:,}", "no record of a claim: cannot be counted again", None if says else True)
        elif name != "per_claim_public_record_count" or says != n:
            part = (
                ""
                if n_checked == n or name in ("source_count", "aggregate_claim_records")
                else f"; {n_checked} of {n} checked again"
            )
            listed = " listed" if name == "source_count" else ""
            yield Said(label, f"{says:,}", f"{again[name]:,}{listed}{part}", says == again[name])


def _of_claim(claim: RecheckedClaim, stated: StatedRecords, are_texts_same: bool) -> Iterator[Said]:
    """Yield what is wrong with one claim: sources that are not listed, quotations, words."""
    name, said = f"claim {claim.stated.id}", claim.stated
    listed = {source.key for source in stated.sources}
    foreign = dict.fromkeys(quote.source for quote in said.quotes if quote.source not in listed)
    if stated.sources:
        yield from (Said(name, f"quotes {source}", "it is not among its sources", False) for source in foreign)
    yield from (Said(f"{name}, quotation", says, again, False) for says, again in claim.wrong_quotes)
    if not claim.is_checked:
        return
    pairs = (
        ("its source", said.grounded, claim.grounded), ("other works", said.corroborated, claim.corroborated),
        ("verdict", said.verdict, claim.verdict), ("experiment", said.tested, claim.tested),
    )  # fmt: skip
    for column, says, again in pairs:
        if column == "experiment":
            says, again = that_ships(says), that_ships(again)
        if (says or column == "experiment") and says != again:
            note = "" if are_texts_same else f"; {ANOTHER}"
            yield Said(f"{name}, {column}", says or "–", f"{again or '–'}{note}", False if are_texts_same else None)
    yield from _of_confidence(name, claim, are_texts_same)


def _of_confidence(name: str, claim: RecheckedClaim, are_texts_same: bool) -> Iterator[Said]:
    """Yield a confidence that does not come out again beside the same verdict; that of another entailer cannot be recomputed."""
    said = claim.stated
    if said.verdict == claim.verdict and not _is_same(said.confidence, claim.confidence):
        shown = ["none" if n is None else f"{n:.3g}" for n in (said.confidence, claim.confidence)]
        is_known = are_texts_same and said.entailer in ("", claim.entailer)
        by = "" if said.entailer in ("", claim.entailer) else f"; {said.entailer} was not asked again"
        yield Said(f"{name}, confidence", shown[0], f"{shown[1]}{by}", False if is_known else None)


def _scores(stated: StatedRecords, found: Recounted) -> Iterator[Said]:
    if stated.score is not None or stated.votes:
        says = "none" if stated.score is None else f"{stated.score:.2f} of 10"
        if not stated.votes:
            yield Said("review score", says, "cannot be recomputed: no votes", None)
        else:
            again = "none" if found.score is None else f"{found.score:.2f}"
            yield Said(
                "review score", says, f"{again} from its {len(stated.votes)} votes", _is_same(stated.score, found.score)
            )
    voted = scored([Vote(vote.reviewer, vote.dimension, vote.score, "") for vote in stated.votes])
    for dimension in DIMENSIONS:
        if (said := stated.dimensions.get(dimension.key)) is None:
            continue
        again_score, what = voted[dimension.key].score, dimension.key.replace("_", " ")
        shown = f"{said.level} {'' if said.score is None else f'{said.score:.2f}'}".strip()
        if said.score is not None and again_score is None:
            yield Said(what, shown, "cannot be recomputed: no vote on it", None)
        elif not _is_same(said.score, again_score) or (said.level and said.level != level_of(said.score)):
            of_votes = "no vote" if again_score is None else f"{again_score:.2f} from its votes"
            yield Said(what, shown, f"{level_of(again_score)}, {of_votes}", False)
    again_of = {(vote.reviewer, vote.dimension): vote for vote in found.votes}
    for vote in stated.votes:
        other = again_of.get((vote.reviewer, vote.dimension))
        if other is not None and not _is_same(vote.score, other.score):
            shown = "none" if vote.score is None else f"{vote.score:.2f}"
            yield Said(
                f"vote of {vote.reviewer}",
                shown,
                f"{'none' if other.score is None else f'{other.score:.2f}'}: {other.reason}",
                False,
            )


def _conclusions(stated: StatedRecords, found: Recounted) -> Iterator[Said]:
    """Yield level, tier and gate, each by its rule from what is counted; where no claim can be counted, from what is stated."""
    columns = [claim.columns for claim in found.claims]
    counts = counted(columns) if columns else _stated_counts(stated)
    if stated.level is not None:
        level = LEVELS[paper_level(counts)]
        yield Said(
            "level", f"{stated.level}, {LEVELS[stated.level].label}", f"{level.number}, {level.label}", stated.level == level.number
        )  # fmt: skip
    if stated.tier:
        yield from _tier(stated, found, counts.get("cross_source_corroborated_claims", 0))
    if stated.gate and columns:
        status, reason = gate_status(columns)
        yield Said("gate", stated.gate, f"{status}: {reason}", stated.gate == status)


def _stated_counts(stated: StatedRecords) -> dict[str, int]:
    """Return the counts that are stated; claims whose places no record counts are taken to be located."""
    n = stated.counts.get("aggregate_claim_records", stated.counts.get("source_grounded_claims", 0))
    return {"located_claims": n, **stated.counts}


def _tier(stated: StatedRecords, found: Recounted, n_counted: int) -> Iterator[Said]:
    """Yield the tier by its rule, and its inputs where they are not what is counted."""
    inputs = stated.tier_inputs
    n_verified = n_counted if found.claims else int(inputs.get("verified_claim_count", n_counted))
    score = found.score if stated.votes else stated.score
    votes = [Vote(vote.reviewer, vote.dimension, vote.score, "") for vote in stated.votes]
    reproduced = (
        scored(votes)["reproducibility_status"].level if votes else str(inputs.get("reproducibility_level", ""))
    )
    tier = tier_of(score, n_verified, reproduced)
    shown = "no score" if score is None else f"score {score:.2f}"
    yield Said("tier", stated.tier, f"{tier}: {shown}, {n_verified} verified", stated.tier == tier)
    known = {t.tier: (t.tier, t.score, t.verified, t.reproducibility) for t in THRESHOLDS}
    for row in stated.thresholds:
        if row[0] in known and row != known[row[0]]:
            wants = f"{_threshold(*known[row[0]][1:])} by the rule"
            yield Said("tier, threshold", f"{row[0]}: {_threshold(*row[1:])}", wants, False)
    if found.claims and (says := inputs.get("verified_claim_count")) not in (None, n_verified):
        yield Said("tier, verified claims", f"{says:,}", f"{n_verified:,}", False)
    if stated.votes and "review_score" in inputs and not _is_same(inputs["review_score"], found.score):
        yield Said("tier, review score", f"{inputs['review_score']:.2f}", shown, False)


def _threshold(score: float | None, n_verified: int | None, level: str) -> str:
    """Say what a tier wants: "score 8.5, 5 verified, reproducibility HIGH"."""
    shown = "–" if score is None else f"{score:g}"
    return f"score {shown}, {n_verified if n_verified is not None else '–'} verified{f', reproducibility {level}' if level else ''}"


def _benchmarks(stated: StatedRecords) -> Iterator[Said]:
    for benchmark in stated.benchmarks:
        low, high = min(benchmark.scores, default=None), max(benchmark.scores, default=None)
        spread = high - low if high is not None and low is not None else None
        pairs = ((benchmark.low, low), (benchmark.high, high), (benchmark.spread, spread))
        is_right = all(says is None or _is_same(says, again) for says, again in pairs)
        shown = [
            " to ".join("–" if n is None else f"{n:g}" for n in ends)
            for ends in ((benchmark.low, benchmark.high), (low, high))
        ]
        yield Said(f"scores: {benchmark.name}", shown[0], f"{shown[1]} in {len(benchmark.scores)} entries", is_right)


def _files(stated: StatedRecords) -> Iterator[Said]:
    if stated.files:
        yield Said(
            "files", f"{len(stated.files)} with hashes", "; ".join(stated.changed) or "unchanged", not stated.changed
        )


def _is_same(one: float | None, other: float | None) -> bool:
    return one is other if one is None or other is None else abs(one - other) <= _NEAR
