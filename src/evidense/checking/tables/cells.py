"""Cells: what a cell says by template: ROW has VALUE MEASURE on DATASET (Table N: caption). A cell without a measure says nothing."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from evidense.checking.lexicon import measures as lexicon
from evidense.checking.quantities import StatedQuantity, quantities
from evidense.checking.scope import ScopeField
from evidense.checking.tables.grid import VALUE, GridValue, values_of
from evidense.checking.tables.measures import FIELDS, Names, in_order, name_words, names_of, words
from evidense.values import DocumentTable, Span

CAPTION_WORDS = 20
"""Words of a caption that a statement shows."""
MEASURE_WORDS = 6
"""Words of a heading that may name a measure; a longer one is a sentence about several columns."""
_STATISTIC = re.compile(
    r"\bp[ -]?values?\b|χ|\bR2\b|R²|\bN\b|\bn =|\bconstant\b|\bintercept\b|\blikelihood\b", re.IGNORECASE
)
"""A row that is another measure by itself, whatever its column is called."""
_PERCENT = re.compile(r"\s*[(\[,]?\s*(?:in )?%\s*[)\]]?|\s*\((?:in )?percent\)")
_NUMBERED = re.compile(r"^\W*(?:Table|Tab\.)\s*(?P<number>[A-Z]{0,2}\.?\d*[\w.]*?)(?:[.:]?\s|$)\W*", re.IGNORECASE)
_CITES = re.compile(
    r"\[@|\[\d{1,3}(?:\s*[,–-]\s*\d{1,3})*\]|\bet al\b|\((?:[A-Z][^()]{0,60}\W)?\s*(?:19|20)\d\d[a-z]?\s*\)|\b[a-z]{3,}(?:19|20)\d\d[a-z]{3,}"
)
_CITATION = re.compile(
    r"\s*(?:\[@[^\]]*\]|\[\d{1,3}(?:\s*[,–-]\s*\d{1,3})*\]|\((?:[A-Z][^()]{0,60}\W)?\s*(?:19|20)\d\d[a-z]?\s*\))"
)
_MARKS = re.compile(r"^[\s*†‡§¶]+|[\s*†‡§¶↑↓]+$")


@dataclass(frozen=True, eq=False)
class CellStatement:
    """A value of a table as a statement."""

    span: Span
    """Of the cell alone."""
    labels: tuple[str, ...]
    """Of the row that it is of; of the column where the rows are measures."""
    measure: str
    """As its heading or caption has it."""
    value: StatedQuantity
    shown: str
    """The value as it stands, with its ± and unit."""
    qualifiers: tuple[str, ...]
    """Further headings and the line across the table."""
    caption: str
    label: str
    """"Table 2"."""
    own: Names
    """What labels and headings name."""
    wide: Names
    """What only the caption names."""
    is_reported: bool
    """Its row cites another work."""

    @cached_property
    def text(self) -> str:
        """Return the statement."""
        on = [q for q in self.qualifiers if _is_dataset(q)]
        rest = [q for q in self.qualifiers if q not in on]
        if not self.own["dataset"]:
            in_caption = _as_written(self.caption, "dataset")
            on = [name for name in in_caption if not any(words(q) & words(name) for q in self.qualifiers)]
        said = f"{self.subject} has {self.shown} {self.measure}{f' on {_listed(on)}' if on else ''}"
        caption = self.caption.split()
        short = " ".join(caption[:CAPTION_WORDS]) + (" …" if len(caption) > CAPTION_WORDS else "")
        return f"{', '.join([said, *rest])} ({': '.join(filter(None, (self.label, short)))})"

    @property
    def pieces(self) -> str:
        """Return the words of the table that it is made of, as they stand."""
        parts = (self.label, self.caption, self.subject, *self.qualifiers, f"{self.shown} {self.measure}")
        return " · ".join(filter(None, parts))

    def names(self, field: ScopeField) -> frozenset[str]:
        """Return its names of a field: those of labels and headings, else those of the caption."""
        return self.own[field] or self.wide[field]

    @property
    def subject(self) -> str:
        """Return which row it is of."""
        return ", ".join(self.labels)

    @cached_property
    def label_words(self) -> tuple[str, ...]:
        """Return the words of each label in their order, with a space around each."""
        return tuple(in_order(label) for label in self.labels)

    @cached_property
    def subject_words(self) -> frozenset[str]:
        """Return the words by which its row is known."""
        return words(self.subject)

    @cached_property
    def qualifier_words(self) -> frozenset[str]:
        """Return the words of further headings, and of the measure's own, that name nothing by themselves."""
        headings = (*self.qualifiers, self.measure)
        return frozenset(word for text in headings for word in words(text) - name_words(text)) - self.subject_words

    @cached_property
    def all_words(self) -> frozenset[str]:
        """Return all words that it may stand in."""
        return frozenset().union(*map(words, (self.subject, self.measure, self.caption, self.label, *self.qualifiers)))


def cell_statements(tables: Sequence[DocumentTable]) -> Iterator[CellStatement]:
    """Yield what the cells of tables say, in order."""
    for number, table in enumerate(tables, 1):
        values = list(values_of(table))
        is_paired = _has_pairs(values)
        for value in values:
            if made := _statement(value, table, number, is_paired):
                yield made


def _has_pairs(values: Sequence[GridValue]) -> bool:
    """Say whether precision, recall and F1 stand side by side, so that their letters are measures."""
    ends = {word for value in values for heading in value.headings for word in _PERCENT.sub("", heading).split()[-1:]}
    return {"P", "R"} <= ends and bool({"F", "F1"} & ends)


def _statement(value: GridValue, table: DocumentTable, number: int, is_paired: bool) -> CellStatement | None:
    """Return what a value says; None where neither headings nor labels nor the caption name one metric."""
    full = " ".join(table.caption.quote.split()) if table.caption else ""
    numbered = _NUMBERED.match(full)
    caption = full[numbered.end() :] if numbered else full
    headings = [_spelt_out(heading) if is_paired else heading for heading in value.headings]
    labels = [_MARKS.sub("", label) for label in value.labels]
    by = next((part for part in (headings, labels) if any(map(_is_measure, part))), None)
    subject = tuple(_CITATION.sub("", label) for label in (headings if by is labels else labels) if words(label))
    naming = [text for text in by if _is_measure(text)] if by is not None else _as_written(caption, "metric")
    metrics = frozenset(name for text in naming for name in names_of(text)["metric"])
    beside = [*value.headings, *(value.labels if by is labels else ())]
    beside += [match[0] for name in (naming if by is None else ()) if (match := _with_percent(name, caption))]
    quantity, shown = _quantity(value.cell.span.quote, " ".join(beside))
    if by is None and any(heading.split()[-1:] in (["P"], ["R"], ["F"]) for heading in headings):
        return None
    if len(metrics) != 1 or not subject or quantity is None or _STATISTIC.search(" ".join(subject)):
        return None
    others = (
        [text for text in (labels if by is labels else headings) if text not in naming] if by is not None else headings
    )
    qualifiers = tuple(filter(None, (*others, value.section)))
    own = _joined([*labels, *headings, value.section], metrics)
    return CellStatement(
        value.cell.span, subject, _PERCENT.sub("", naming[-1]).strip(), quantity, shown, qualifiers, caption,
        f"Table {numbered['number']}".strip() if numbered else f"Table {number}", own, names_of(caption), _CITES.search(" ".join(labels)) is not None,
    )  # fmt: skip


def _with_percent(name: str, caption: str) -> re.Match[str] | None:
    return re.search(rf"{re.escape(name)}\s*[(\[]?\s*(?:in )?%", caption)


def _is_measure(text: str) -> bool:
    return len(text.split()) <= MEASURE_WORDS and bool(names_of(text)["metric"])


def _spelt_out(heading: str) -> str:
    """Return a heading whose last letter stands for a measure with the measure in words."""
    letters: Mapping[str, str] = dict(item.strip().split("=") for item in lexicon.PAIRED.split(","))
    *before, last = _PERCENT.sub("", heading).split() or [""]
    return " ".join([*before, letters.get(last, last)])


def _quantity(cell: str, beside: str) -> tuple[StatedQuantity | None, str]:
    """Return the value of a cell, and how it stands there; its unit is in its heading where that says percent."""
    match = VALUE.match(cell)
    if match is None:
        return None, ""
    is_share = bool(match["percent"] or match["after"] or _PERCENT.search(beside))
    digits = match["value"].replace("−", "-").replace("–", "-").removeprefix("+")
    found = quantities(f"{digits}{' %' if is_share else ''}")
    shown = _MARKS.sub("", " ".join(cell.split()))
    shown = shown if not is_share or "%" in shown else f"{shown} %"
    return (found[0] if len(found) == 1 and found[0].kind == "value" else None), shown


def _joined(texts: Sequence[str], metrics: frozenset[str]) -> Names:
    found = [names_of(text) for text in texts if text]
    own = {field: frozenset(name for names in found for name in names[field]) for field in FIELDS}
    return {**own, "metric": metrics}


def _as_written(text: str, field: ScopeField) -> list[str]:
    """Return the only name of a field in a caption, as it is spelt there; none where it names several."""
    names = names_of(text)[field]
    if len(names) != 1:
        return []
    pieces = text.split()
    for length in range(1, 5):
        for start in range(len(pieces) - length + 1):
            piece = " ".join(pieces[start : start + length]).strip(".,;:()")
            if names_of(piece)[field] == names:
                return [piece]
    return []


def _is_dataset(text: str) -> bool:
    return bool(names_of(text)["dataset"]) and words(text) <= name_words(text)


def _listed(texts: Sequence[str]) -> str:
    return " and ".join(texts)
