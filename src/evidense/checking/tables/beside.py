"""Beside: whether a statement with a value says what a cell says: the same row, measure, dataset, split, model and value.

Every word of the statement must stand in the table or in a short list of words that tell nothing else; so comparisons ("by 3 points"), doubts and denials
get no verdict.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from evidense.checking.comparing.mismatch import RULE_OF, Mismatch
from evidense.checking.quantities import StatedQuantity, agree, quantities
from evidense.checking.scope import ScopeField
from evidense.checking.tables.cells import CellStatement
from evidense.checking.tables.measures import FIELDS, Names, in_order, name_words, names_of, spelt, words
from evidense.values import CheckWord

MOST_NUMBERS = 4
"""Numbers of a statement that may be its value."""
MOST_READ = 2
"""Cells that are shown to be read."""
TEMPLATE = frozenset(
    "a an the of in on at for to with and is are was were be has have had we our us its this that it reach reaches reached achieve achieves achieved achieving "
    "obtain obtains obtained attain attains attained get gets got score scores scored scoring show shows showed shown yield yields yielded give gives report "
    "reports reported record records result results performance model models system method approach network value values dataset datasets data set benchmark "
    "corpus table task in when using evaluated measured percent percentage about approximately around test".split()
)  # fmt: skip
_NAMED = re.compile(r" \((Table [^\s:()]+): .*\)\.?$", re.DOTALL)
"""Where a statement by template says which table it is of."""
_TABLE = re.compile(rf"{_NAMED.pattern}|\(?\b[Tt]able \w{{1,5}}\b\)?", re.DOTALL)
_COMPARES = re.compile(
    r"\b(?:over|above|below|under|beyond|past|exceed\w*|surpass\w*|than|least|most|up to|nearly|almost|about|approximately|around|roughly|circa|"
    r"close to|within|between|near|some|minimum|maximum|only|just|barely|reduced|lower|higher|more|less)\b|[<>≤≥~≈∼]",
    re.IGNORECASE,
)
"""Words beside a value that make it a bound, or rough."""
_BEFORE, _AFTER = 30, 16
"""Characters around a value that are searched for them."""
COMPARES = "the statement gives a bound or a rough value: compare it with the cell"
REPORTS = "the row of this table cites another work: it reports that work"
SEVERAL = "several cells fit, and they differ"


@dataclass(frozen=True)
class CellVerdict:
    """What the cells of a work say of a statement."""

    word: CheckWord
    """SUPPORTED, REFUTED, QUALIFIED (the statement dropped the dataset, or another heading), SCOPE DIFFERS, or NOT SURE: read the cells."""
    cells: tuple[CellStatement, ...]
    mismatches: tuple[Mismatch, ...] = ()
    reason: str = ""


@dataclass(frozen=True)
class _ValueReading:
    """A statement, read with one of its numbers as the value."""

    text: str
    """Without its value."""
    value: StatedQuantity
    names: Names
    words: frozenset[str]
    in_order: str
    told: frozenset[str]
    """Its words without names, value and words that tell nothing."""
    is_exact: bool
    """Its value is no bound, no range and not rough."""


def beside_cells(statement: str, cells: Sequence[CellStatement]) -> CellVerdict | None:
    """Return what cells say of a statement; None where no cell is about it, or the rules do not know.

    >>> from evidense.readers.markdown import markdown_document
    >>> from evidense.checking.tables.cells import cell_statements
    >>> page = markdown_document("markdown", "Table 1: Accuracy.\\n\\n| Model | MNLI | QQP |\\n|---|---|---|\\n| BERT | 84.6 | 71.2 |\\n| ELMo | 76.4 | 64.8 |")
    >>> cells = list(cell_statements(page.tables))
    >>> said = ("BERT reaches 84.6 on MNLI.", "BERT reaches 86 on MNLI.", "BERT reaches 84.6 on SNLI.", "BERT gains 84.6 on MNLI.")
    >>> [verdict.word if (verdict := beside_cells(text, cells)) else None for text in said]
    ['SUPPORTED', 'REFUTED', 'SCOPE DIFFERS', 'NOT SURE']
    """
    named = _NAMED.search(statement)
    among = [cell for cell in cells if cell.label == named[1]] if named else cells
    found = [verdict for claim in _readings(_TABLE.sub(" ", statement)) if (verdict := _of(claim, _near(claim, among)))]
    decided = [verdict for verdict in found if verdict.word != "NOT SURE"]
    if len(decided) > 1 or not decided:
        return replace(found[0], word="NOT SURE", mismatches=()) if found else None
    return decided[0]


def is_told(cell: CellStatement, cells: Sequence[CellStatement]) -> bool:
    """Say whether what a cell says tells it from all others of its work."""
    verdict = beside_cells(cell.text, cells)
    return verdict is not None and verdict.word == "SUPPORTED" and verdict.cells[0].value == cell.value


def _readings(statement: str) -> Iterator[_ValueReading]:
    values = [quantity for quantity in quantities(statement) if quantity.kind != "p"]
    for value in values if len(values) <= MOST_NUMBERS else ():
        rest = f"{statement[: value.start]} {statement[value.end :]}"
        yield _ValueReading(
            rest, value, names_of(rest), words(rest), in_order(rest), words(rest) - name_words(rest) - TEMPLATE,
            _is_exact(statement, value),
        )  # fmt: skip


def _is_exact(statement: str, value: StatedQuantity) -> bool:
    """Say whether a value is no bound, no range and not rough: "84.6", "84.6 ± 0.3", not "over 80", "80 to 85"."""
    beside = statement[max(0, value.start - _BEFORE) : value.start] + " " + statement[value.end :][:_AFTER]
    is_range = value.kind == "interval" and not re.search("[±+]", value.quote)
    return value.comparator == "=" and not is_range and not _COMPARES.search(beside)


def _near(claim: _ValueReading, cells: Sequence[CellStatement]) -> list[CellStatement]:
    """Return the cells of rows that the statement names; where it names "BERT large", none of the row "BERT"."""
    named = [cell for cell in cells if all(label in claim.in_order for label in cell.label_words)]
    subjects = {cell.subject_words for cell in named}
    return [cell for cell in named if not any(cell.subject_words < other for other in subjects)]


def _of(claim: _ValueReading, near: Sequence[CellStatement]) -> CellVerdict | None:
    told = [cell for cell in near if claim.told <= cell.all_words]
    fitting = _fitting(claim, [cell for cell in told if not _differing(claim, cell)])
    agreeing = [cell for cell in near if _agrees(claim.value, cell.value)]
    if not claim.is_exact:
        read = fitting or agreeing
        return CellVerdict("NOT SURE", tuple(read[:MOST_READ]), reason=COMPARES) if read else None
    if fitting:
        return _by_value(claim, fitting)
    elsewhere = [cell for cell in told if cell in agreeing and len(_differing(claim, cell)) == 1]
    if elsewhere and all(_is_told(claim, cell, field) for cell in elsewhere for field in _differing(claim, cell)):
        return _elsewhere(claim, elsewhere)
    return CellVerdict("NOT SURE", tuple(agreeing[:MOST_READ])) if agreeing else None


def _differing(claim: _ValueReading, cell: CellStatement) -> list[ScopeField]:
    """Return the fields of which the statement names something that the cell does not have."""
    return [field for field in FIELDS if not claim.names[field] <= (cell.own[field] | cell.wide[field])] + [
        field for field in ("dataset", "metric", "split") if claim.names[field] and not cell.own[field] & claim.names[field] and _has_other(claim, cell, field)
    ]  # fmt: skip


def _has_other(claim: _ValueReading, cell: CellStatement, field: ScopeField) -> bool:
    return bool(cell.own[field]) and claim.names[field] <= cell.wide[field]


def _is_told(claim: _ValueReading, cell: CellStatement, field: ScopeField) -> bool:
    """Say whether the cell names something else in a field, one thing against one, so that it differs and is not only silent."""
    is_one = len(claim.names[field]) == len(cell.names(field)) == 1
    return is_one and cell.qualifier_words <= claim.words and not cell.is_reported


def _fitting(claim: _ValueReading, cells: Sequence[CellStatement]) -> list[CellStatement]:
    """Return the cells with the fewest headings that the statement does not name."""
    least = min((len(cell.qualifier_words - claim.words) for cell in cells), default=0)
    return [cell for cell in cells if len(cell.qualifier_words - claim.words) == least]


def _by_value(claim: _ValueReading, cells: Sequence[CellStatement]) -> CellVerdict | None:
    agreeing = [cell for cell in cells if _agrees(claim.value, cell.value)]
    if any(cell.is_reported for cell in agreeing or cells):
        return CellVerdict("NOT SURE", tuple((agreeing or cells)[:MOST_READ]), reason=REPORTS)
    dropped = [text for cell in cells for text in _dropped(claim, cell)]
    if len(agreeing) == len(cells):
        conditions = tuple(Mismatch("condition", "", text) for text in dict.fromkeys(dropped))
        return CellVerdict("QUALIFIED" if conditions else "SUPPORTED", tuple(agreeing[:MOST_READ]), conditions)
    if agreeing:
        return CellVerdict("NOT SURE", tuple(agreeing[:MOST_READ]), reason=SEVERAL)
    if dropped or (not claim.names["metric"] and len({cell.own["metric"] for cell in cells}) > 1):
        return None
    differs = Mismatch("number", claim.value.quote.strip(), cells[0].shown)
    return CellVerdict("REFUTED", tuple(cells[:MOST_READ]), (differs,))


def _dropped(claim: _ValueReading, cell: CellStatement) -> list[str]:
    """Return the dataset of a cell, and its headings, that the statement does not name."""
    headings = [
        text for text in (*cell.qualifiers, cell.measure) if words(text) - name_words(text) - claim.words - TEMPLATE
    ]
    texts = (
        ()
        if claim.names["dataset"]
        else (*cell.labels, *cell.qualifiers, cell.measure)
        if cell.own["dataset"]
        else (cell.caption,)
    )
    datasets = [name for text in texts if names_of(text)["dataset"] for name in spelt(text, "dataset")]
    return headings + [name for name in dict.fromkeys(datasets) if not any(name in text for text in headings)]


def _elsewhere(claim: _ValueReading, cells: Sequence[CellStatement]) -> CellVerdict:
    cell, field = cells[0], _differing(claim, cells[0])[0]
    said = ", ".join(spelt(claim.text, field))
    there = ", ".join(name for text in (*cell.labels, *cell.qualifiers, cell.measure) for name in spelt(text, field))
    there = there or ", ".join(spelt(cell.caption, field))
    return CellVerdict("SCOPE DIFFERS", tuple(cells[:MOST_READ]), (Mismatch(RULE_OF[field], said, there),))


def _agrees(claim: StatedQuantity, cell: StatedQuantity) -> bool:
    """Compare two values; one up to 1 may be a share of the other one in percent."""
    if claim.unit or cell.unit or not (cell.high <= 1 < claim.high or claim.high <= 1 < cell.high):
        return agree(claim, cell)
    share, percent = (cell, claim) if cell.high <= 1 else (claim, cell)
    return agree(claim, cell) or agree(share, replace(percent, unit="%"))
