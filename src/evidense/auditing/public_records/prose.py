"""Prose: what a report says of itself in sentences and tables: verified claims, tier, level, votes; beside what is found."""

import re
from collections.abc import Iterator, Sequence

from evidense.auditing.audited import Said
from evidense.auditing.public_records.levels import LEVELS, Columns, counted, paper_level
from evidense.auditing.public_records.tiers import TIERS, tier_of
from evidense.auditing.statements import TracedStatement
from evidense.values import ReadDocument, StatedVote

VERIFIED = re.compile(
    r"\bverified claims?\s*[:|]?\s*(?P<after>\d[\d,]{0,12})\b|\b(?P<before>\d[\d,]{0,12}) (?:were |was |are |is )?(?:independently )?verified\b",
    re.IGNORECASE,
)
SCORE = re.compile(r"\b(\d{1,2}(?:\.\d+)?) ?/ ?(10|100|5)\b(?! mg)")
_TIER = re.compile(rf"\btier\W{{0,4}}({'|'.join(tier.replace('_', '[ _-]') for tier in TIERS)})\b", re.IGNORECASE)
_LEVEL = re.compile(r"\bverification(?: level)?\W{0,4}(?:level )?L?([0-7])\b", re.IGNORECASE)
_ROUNDED = 0.051
"""Scores are printed with one digit."""


def n_verified(text: str) -> int | None:
    """Return how many claims a report says were verified; None where it does not say.

    >>> n_verified("0 were independently verified"), n_verified("Verified claims 12"), n_verified("Verified.")
    (0, 12, None)
    """
    found = VERIFIED.search(text)
    return int((found["after"] or found["before"]).replace(",", "")) if found else None


def votes_in(document: ReadDocument) -> tuple[StatedVote, ...]:
    """Return the votes of a table of reviewers and scores."""
    votes = []
    for block in document.blocks:
        cells = [cell.strip() for cell in block.span.quote.split(" | ")]
        if block.kind != "table" or "review" not in block.section.lower() or len(cells) < 2:
            continue
        if re.fullmatch(r"\d{1,2}(?:\.\d+)?|–", cells[1]):
            votes.append(StatedVote(cells[0], cells[0], None if cells[1] == "–" else float(cells[1])))
    return tuple(votes)


def prose_rows(
    document: ReadDocument, statements: Sequence[TracedStatement], score: float | None, *, are_all_read: bool = True
) -> Iterator[Said]:
    """Yield what a report says of itself beside what is found; `score` is that of the votes that it shows, None where it shows none.

    Where a text is not at hand, to find less than a report says is no difference: `agrees` is None then.
    """
    says_verified = n_verified(document.text)
    counts = counted([_columns(statement) for statement in statements])
    verified = counts["cross_source_corroborated_claims"]
    if says_verified is not None and (says_verified or verified) and statements:
        found = f"{verified} borne out by an independent source, {counts['source_grounded_claims']} by their own"
        yield Said("verified claims", f"{says_verified:,}", found, _is_reached(says_verified, verified, are_all_read))
    stated = SCORE.search(document.text)
    if stated and score is not None:
        says = 10 * float(stated[1]) / float(stated[2])
        yield Said(
            "quality", stated[0], f"{score:.1f} from its {len(votes_in(document))} votes", abs(says - score) <= _ROUNDED
        )
    if level := _LEVEL.search(document.text):
        yield _level(int(level[1]), statements, are_all_read)
    if (tier := _TIER.search(document.text)) and stated:
        again = score if score is not None else 10 * float(stated[1]) / float(stated[2])
        is_open = says_verified is not None and _is_reached(says_verified, verified, are_all_read) is None
        n = verified if statements and not is_open else says_verified or 0
        meant = re.sub(r"[ -]", "_", tier[1].upper())
        by_rule = tier_of(again, n, "HIGH" if meant == TIERS[0] else "")
        yield Said("tier", meant, f"{by_rule} by the rule: score {again:.1f}, {n} verified", meant == by_rule)


def _is_reached(says: int, found: int, are_all_read: bool) -> bool | None:
    """Say whether both are the same; None where less was found than is said, and not every text is at hand."""
    return None if says > found and not are_all_read else says == found


def _level(says: int, statements: Sequence[TracedStatement], are_all_read: bool) -> Said:
    """Return the level that a report says it has beside that of its claims: those in a source, borne out by it, and by others."""
    reached = paper_level(counted([_columns(statement) for statement in statements]))
    agrees = _is_reached(says, reached, are_all_read)
    return Said("level", f"{says}, {LEVELS[says].label}", f"{reached}, {LEVELS[reached].label}", agrees)


def _columns(statement: TracedStatement) -> Columns:
    return Columns(statement.quote is not None, statement.verdict, statement.corroborated, statement.experiment)


def wrong_clause(said: Sequence[Said]) -> str:
    """Say how many things a report states of itself that are not so; "" where there is none."""
    n = sum(row.agrees is False for row in said)
    return f"{n} thing{'s' * (n != 1)} that it says of itself {'is' if n == 1 else 'are'} not so" if n else ""
