"""Own table: the counts that a report states in its sentences, beside what its own table of statements has: nothing but the file is needed."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import get_args

from evidense.auditing.audited import Said
from evidense.auditing.public_records.levels import GROUNDED, that_ships
from evidense.auditing.public_records.prose import votes_in
from evidense.auditing.statements import TracedStatement
from evidense.values import CheckWord, ReadDocument, StatedClaim

HEADS = ("its source", "other works")
"""Columns that a table of statements has; the experiment's stands behind them."""
_AGAINST = frozenset({"REFUTED", "MIXED"})
_WORDS = sorted((word for word in get_args(CheckWord)), key=len, reverse=True)
_NONE = "NOT COUNTED: the file has no table of statements with the columns “its source” and “other works”; audit report.md, or the folder"
_UNLIKE = "text of its source is another than was read, so that this was not compared"
LIKE_OURS = 4
"""Counts from which on a file without a table is a report of this form whose table is lacking; others are counted by what they list."""
_N = r"\d[\d,]{0,12}"
_COUNTS = (
    ("statements", rf"({_N}) claims? (?:was|were) extracted from", "statements"),
    ("in their own source", rf"({_N}) stands? in (?:its|their) own source", "grounded"),
    ("verified", rf"({_N}) (?:was|were) verified by an independent", "verified"),
    ("statements", rf"({_N}) findings? of {_N} works?", "statements"),
    ("works", rf"\d findings? of ({_N}) works?", "works"),
    ("borne out", rf"({_N}) (?:is|are) borne out by independent works", "verified"),
    ("contradicted", rf"({_N}) (?:is|are) contradicted", "against"),
    ("statements", rf"({_N}) statements?: \d", "statements"),
    ("borne out", rf"({_N}) borne out by others", "verified"),
    ("contradicted", rf"({_N}) contradicted(?:,| ·)", "against"),
    ("NOT SURE of others", rf"({_N}) NOT SURE of others", "unsure"),
    ("tested", rf"({_N}) tested here", "tested"),
    ("statements, by a reviewer", rf"\d of ({_N}) statements? (?:is|are) borne out by independent works", "statements"),
    ("statements, by its limits", rf"On {_N} of ({_N}) statements? other works", "statements"),
    ("works, by its limits", rf"rests on only ({_N}) works?\b", "works"),
    ("votes", rf"{_N} of ({_N}) find nothing to object to", "votes"),
    ("reviewers that are content", rf"({_N}) of {_N} find nothing to object to", "content"),
)  # fmt: skip
"""What a count is called, how a sentence states it, and what it counts."""
_NUMBER = re.compile("[0-9]{1,4}")
_PATTERNS = [(what, re.compile(rf"\b{pattern}"), counts) for what, pattern, counts in _COUNTS]


@dataclass(frozen=True)
class OwnRow:
    """One row of a report's table of statements."""

    number: str
    statement: str
    place: tuple[int, int] | None
    """Characters of its source, where the row names them."""
    grounded: str
    corroborated: str
    """A word of a check; "" for a dash."""
    tested: str

    @property
    def is_verified(self) -> bool:
        """Say whether its own source and an independent work bear it out, and none says the opposite."""
        return self.grounded in GROUNDED and self.corroborated in GROUNDED


def own_rows(document: ReadDocument) -> tuple[OwnRow, ...] | None:
    """Return the rows of a report's table of statements; None where it has no such table."""
    blocks, head = document.blocks, None
    rows: list[OwnRow] = []
    for i, block in enumerate(blocks):
        cells = [cell.strip() for cell in block.span.quote.split(" | ")]
        if block.kind == "table" and set(HEADS) <= set(cells):
            head = block.section
        elif head == block.section and block.kind == "table" and len(cells) >= 4 and _NUMBER.fullmatch(cells[0]):
            said = blocks[i - 1].span.quote if blocks[i - 1].kind == "item" else ""
            rows.append(_row(cells, " ".join(said.split())))
    return None if head is None else tuple(rows)


def _row(cells: Sequence[str], statement: str) -> OwnRow:
    found = re.search(r"characters ([\d,]+) to ([\d,]+)", cells[1])
    place = (int(found[1].replace(",", "")), int(found[2].replace(",", ""))) if found else None
    tested = cells[4] if len(cells) > 4 and cells[4] != "–" else ""
    return OwnRow(cells[0], statement, place, _word(cells[2]), _word(cells[3]), tested)


def _word(cell: str) -> str:
    """Return the word of a cell without its sign: "✔ supported, its own and 1 other" is SUPPORTED."""
    said = cell.lstrip("✔✖≷~≠?– ").upper()
    return next((word for word in _WORDS if said.startswith(word)), "")


def count_rows(document: ReadDocument) -> Iterator[Said]:
    """Yield the counts of a report's sentences that its own table does not have; one row where all are the same, or where nothing can be counted."""
    stated = [(what, found, counts) for what, pattern, counts in _PATTERNS for found in pattern.finditer(document.text)]
    rows = own_rows(document)
    if not stated:
        return
    if rows is None and len(stated) < LIKE_OURS:
        return
    if rows is None:
        yield Said("its own counts", f"{len(stated)} in its text", _NONE, None)
        return
    counts = _counted(document, rows)
    wrong = dict.fromkeys(
        Said(f"its text: {what}", " ".join(found[0].split()), f"{counts[key]:,} in its own table{'s' * (key in ('works', 'votes', 'content'))}", False)
        for what, found, key in stated if (key != "works" or "works" in counts) and int(found[1].replace(",", "")) != counts[key]
    )  # fmt: skip
    yield from wrong
    yield from (more := list(_order(rows)) + list(_answered(document, rows)))
    if not wrong and not more:
        yield Said(
            "its own counts",
            f"{len(stated)} in its text",
            f"the same, counted from {len(rows)} rows of its table",
            True,
        )


def _counted(document: ReadDocument, rows: Sequence[OwnRow]) -> dict[str, int]:
    votes = [vote.score for vote in votes_in(document) if vote.score is not None]
    counts = {
        "statements": len(rows), "grounded": sum(row.grounded in GROUNDED for row in rows), "verified": sum(row.is_verified for row in rows),
        "against": sum(row.corroborated in _AGAINST for row in rows), "unsure": sum(row.corroborated == "NOT SURE" for row in rows),
        "tested": sum(bool(re.search(r"[✔✖?]\d", row.tested)) for row in rows), "votes": len(votes), "content": sum(score == 10 for score in votes),
    }  # fmt: skip
    works = [b.span.quote for b in document.blocks if b.kind == "table" and b.section == "Works"]
    return counts | ({"works": sum("| included" in work for work in works)} if works else {})


def _order(rows: Sequence[OwnRow]) -> Iterator[Said]:
    """Yield that a row is missing: statements are numbered from 1 on."""
    numbers = [int(row.number) for row in rows]
    if numbers != list(range(1, len(rows) + 1)):
        missing = sorted(set(range(1, max(numbers) + 1)) - set(numbers))
        named = ", ".join(map(str, missing[:5])) or "none"
        yield Said("its table", f"statements up to {max(numbers)}", f"{len(rows)} rows; missing: {named}", False)


def _answered(document: ReadDocument, rows: Sequence[OwnRow]) -> Iterator[Said]:
    """Yield an answer that the table contradicts: ANSWERED beside a contradiction, or beside nothing that is borne out."""
    found = re.search(r"^(PARTLY ANSWERED|NOT ANSWERED|ANSWERED): ", document.text, re.MULTILINE)
    if found is None:
        return
    n_against, n_verified = sum(row.corroborated in _AGAINST for row in rows), sum(row.is_verified for row in rows)
    if found[1] == "ANSWERED" and (n_against or not n_verified):
        yield Said("its answer", found[1], f"{n_verified} borne out, {n_against} contradicted in its own table", False)
    if found[1] == "NOT ANSWERED" and rows:
        yield Said("its answer", found[1], f"{len(rows)} statements in its own table", False)


def table_rows(document: ReadDocument, claims: Sequence[StatedClaim]) -> Iterator[Said]:
    """Yield the rows of a report's table that its claim records have otherwise, or not at all, and the claims that no row has."""
    rows = {row.statement: row for row in own_rows(document) or ()}
    known = {" ".join(claim.text.split()): claim for claim in claims}
    for said, row in rows.items():
        if (claim := known.get(said)) is None:
            yield Said(f"report.md, statement {row.number}", said, "no claim record", False)
            continue
        for what, says, found in zip(
            HEADS, (row.grounded, row.corroborated), (claim.grounded, claim.corroborated), strict=True
        ):
            if says != _dashed(found):
                yield Said(f"report.md, statement {row.number}, {what}", says or "–", _dashed(found) or "–", False)
    for said, claim in known.items() if rows else ():
        if said not in rows:
            yield Said("report.md", f"no statement of claim {claim.id}", said, False)


def verdict_rows(
    document: ReadDocument, statements: Sequence[TracedStatement], tested: Sequence[str]
) -> Iterator[Said]:
    """Yield the words of a report's table that do not come out again from the texts; `tested` is what experiments say of each statement, in short.

    Where a statement stands elsewhere than its row says, another text is at hand than was read: `agrees` is None then.
    """
    rows = {row.statement: row for row in own_rows(document) or ()}
    for statement, said in zip(statements, tested, strict=True):
        row = rows.get(" ".join(statement.text.split()))
        if row is None or statement.quote is None:
            continue
        is_there = row.place == (statement.quote.span.start, statement.quote.span.end)
        again = (statement.verdict, statement.corroborated, that_ships(said))
        for what, says, found in zip(
            (*HEADS, "our experiment"), (row.grounded, row.corroborated, that_ships(row.tested)), again, strict=True
        ):
            if says != _dashed(found):
                note = "" if is_there else f"; {_UNLIKE}"
                yield Said(
                    f"statement {row.number}, {what}",
                    says or "–",
                    f"{_dashed(found) or '–'}{note}",
                    False if is_there else None,
                )


def _dashed(word: str) -> str:
    """Return "" for what a table shows as a dash."""
    return "" if word in ("NOT ENOUGH", "NOT CHECKED", "–") else word
