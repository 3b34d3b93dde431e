"""Celled: the verdict of the cells of a work on a statement with a value."""

from evidense.checking.aggregate import StancedPassage, WorkCheck, stance_of
from evidense.checking.comparing.mismatch import Mismatch
from evidense.checking.library import LibraryWork
from evidense.checking.tables.beside import beside_cells
from evidense.checking.tables.cells import CellStatement
from evidense.values import Passage

TABLES = "rules on tables"


def celled(statement: str, work: LibraryWork) -> WorkCheck | None:
    """Return what a statement comes to beside the cells of a work; None where no cell is about it."""
    if not work.tables or (verdict := beside_cells(statement, work.cells)) is None:
        return None
    reasons = (*map(_reason, verdict.mismatches), *filter(None, (verdict.reason,)))
    evidence = tuple(StancedPassage(passage_of(cell, work), stance_of(verdict.word), TABLES) for cell in verdict.cells)
    return WorkCheck(verdict.word, evidence, by=TABLES, reasons=reasons)


def passage_of(cell: CellStatement, work: LibraryWork) -> Passage:
    """Return the place of a cell with what it says."""
    return Passage(work.key, cell.span, cell.label, work.work.title, cell.text)


def _reason(mismatch: Mismatch) -> str:
    if mismatch.qualifies:
        return f"its table says it under a heading: − “{mismatch.evidence}”"
    return f"{mismatch.rule}: its table “{mismatch.evidence}”, here “{mismatch.claim}”"
