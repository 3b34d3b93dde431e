"""Statements about the cells of real tables, as they are and with one thing swapped, and what the rules on tables say of them."""

import json
import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from evidense import registry
from evidense.checking.tables.beside import beside_cells
from evidense.checking.tables.cells import CellStatement, cell_statements
from evidense.checking.tables.measures import names_of
from evidense.texts.manuscript import Manuscript
from evidense.texts.tables.grids import RawCell, write_rows
from evidense.values import CheckWord, DocumentTable

SEEDS = (1, 2)
MOST = 6
"""Cells of a table, so that large ones do not outweigh the others."""
VERBS = ("reaches", "achieves", "has", "obtains", "scores")
DATASETS = ("SQuAD", "HotpotQA", "SNLI", "ImageNet", "Yelp", "XSum")
_MARK = re.compile(r"\[(?:BOLD|EMPTY|ITALIC|CONTINUE|UNDERLINE)\]|</?(?:bold|italic)>")


@dataclass(frozen=True)
class CellPair:
    """A statement, the cells that it is laid beside, and the only word that is right where the rules say one."""

    kind: str
    claim: str
    cells: Sequence[CellStatement]
    right: CheckWord


def scitab_tables(data: Path) -> Iterator[tuple[DocumentTable, ...]]:
    """Yield each table of SciTab once."""
    rows = json.loads((data / "scitab.json").read_text(encoding="utf-8"))
    for row in {json.dumps(row["table_content_values"]): row for row in rows}.values():
        yield table_of(row)


def jats_tables(data: Path) -> Iterator[tuple[DocumentTable, ...]]:
    """Yield the tables of each article."""
    for path in sorted((data / "jats").glob("*.nxml")):
        yield registry.read(path).tables


def table_of(row: dict[str, object]) -> tuple[DocumentTable, ...]:
    """Return the table beside one claim."""
    manuscript = Manuscript()
    caption = manuscript.add("caption", _clean(str(row["table_caption"])))
    names, content = row["table_column_names"], row["table_content_values"]
    head = [RawCell(_clean(text), is_header=True) for text in names]  # type: ignore[attr-defined]
    body = [[RawCell(_clean(text)) for text in line] for line in content]  # type: ignore[attr-defined]
    write_rows(manuscript, [head, *body], caption.span(0, len(caption.canonical.text)) if caption else None)
    return tuple(manuscript.tables)


def pairs(tables: Iterator[tuple[DocumentTable, ...]], seed: int = 0) -> Iterator[CellPair]:
    """Yield statements about cells: as they are, rounded, without their dataset, and with value, row or dataset swapped."""
    rng = random.Random(seed)
    for table in tables:
        cells = [cell for cell in cell_statements(table) if not cell.is_reported]
        for cell in rng.sample(cells, min(MOST, len(cells))):
            yield from _of_cell(cell, cells, rng)


def _of_cell(cell: CellStatement, cells: Sequence[CellStatement], rng: random.Random) -> Iterator[CellPair]:
    yield CellPair("untouched", _said(cell, rng), cells, "SUPPORTED")
    digits = cell.value.quote.partition(".")[2].rstrip(" %")
    if len(digits) > 1:
        rounded = f"{cell.value.low:.{len(digits) - 1}f}{' %' if cell.value.unit else ''}"
        yield CellPair("rounded", _said(cell, rng, value=rounded), cells, "SUPPORTED")
    others = [
        one
        for one in cells
        if one.measure == cell.measure and abs(one.value.low - cell.value.low) > 0.02 * abs(cell.value.low)
    ]
    if others:
        yield CellPair("value", _said(cell, rng, value=rng.choice(others).shown), cells, "REFUTED")
    rows = [one for one in others if one.qualifiers == cell.qualifiers and one.labels != cell.labels]
    if rows:
        yield CellPair("row", _said(cell, rng, subject=rng.choice(rows).subject), cells, "REFUTED")
    if cell.names("dataset"):
        known = frozenset().union(*(one.own["dataset"] | one.wide["dataset"] for one in cells))
        free = [name for name in DATASETS if not names_of(name)["dataset"] <= known]
        yield CellPair("dataset", _said(cell, rng, dataset=rng.choice(free)), cells, "SCOPE DIFFERS")
        if " on " in cell.text[: cell.text.rindex(f" ({cell.label}")]:
            yield CellPair("dropped", _said(cell, rng, dataset=""), cells, "QUALIFIED")


def _said(cell: CellStatement, rng: random.Random, **swapped: str) -> str:
    """Return what a cell says as a sentence, with what was swapped in its place."""
    _, _, on = cell.text[: cell.text.rindex(f" ({cell.label}")].partition(f" {cell.measure} on ")
    dataset, _, rest = on.partition(", ")
    subject, value = swapped.get("subject", cell.subject), swapped.get("value", cell.shown)
    if not on:
        rest = ", ".join(q for q in cell.qualifiers)
    dataset = swapped.get("dataset", dataset)
    tail = "".join([f" on {dataset}" if dataset else "", f", {rest}" if rest else ""])
    return f"{subject} {rng.choice(VERBS)} {value} {cell.measure}{tail}."


def outcomes(data: Path) -> Iterator[tuple[CheckWord, bool]]:
    """Yield the words on statements about the tables of SciTab and of JATS articles, and whether each is right."""
    for seed in SEEDS:
        for pair in [*pairs(scitab_tables(data), seed), *pairs(jats_tables(data), seed)]:
            word = word_of(pair)
            yield word, word == pair.right


def word_of(pair: CellPair) -> CheckWord:
    """Return what the rules say; NOT CHECKED where they say nothing."""
    verdict = beside_cells(pair.claim, pair.cells)
    return verdict.word if verdict else "NOT CHECKED"


def written_by_people(data: Path) -> Counter[tuple[str, str]]:
    """Count what SciTab's claims come to beside their tables, by label."""
    rows = json.loads((data / "scitab.json").read_text(encoding="utf-8"))
    counted = Counter[tuple[str, str]]()
    for row in rows:
        verdict = beside_cells(_clean(row["claim"]), list(cell_statements(table_of(row))))
        counted[verdict.word if verdict else "no cell", row["label"]] += 1
    return counted


def _clean(text: str) -> str:
    return " ".join(_MARK.sub("", text).split())
