"""Columns: reads a run in columns (query, document, rank, score), by its heading or by the number of columns."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from evidense.boundary.numbers import finite_number
from evidense.errors import InvalidInput
from evidense.reading.runs.cells import cut, heading, is_judgement, numbered_lines, split
from evidense.reading.runs.forms import Steps, ranks_or_scores, upside_down

Results = dict[str, dict[str, float]]
Layout = Mapping[str, int]
"""Role → column."""

LARGEST_SCORE = 3.4e38
"""Scores are stored as 32-bit floats."""

_WIDTHS = {
    6: ({"query": 0, "document": 2, "rank": 3, "score": 4}, "query Q0 document rank score tag"),
    4: ({"query": 0, "document": 1, "rank": 2, "score": 3}, "query document rank score"),
    3: ({"query": 0, "document": 1, "rank": 2, "score": 2}, "query document rank, or query document score"),
}
_SAID = {
    ("trec", 6): "TREC run: query Q0 document rank score tag; the score decides",
    ("scores", 4): "ColBERT run: query document rank score; the score decides",
    ("ranks", 3): "MS MARCO run: query document rank; the lowest rank first",
    ("scores", 3): "Tevatron run: query document score; the score decides",
}


def read_columns(path: Path, form: str | None) -> tuple[str, dict[str, Results], tuple[str, ...]]:
    """Return a description of the columns, the results, and notes for the page.

    Raises:
        InvalidInput: every mistake of the file at once, with line numbers; or it cannot be told whether it holds ranks or scores.
    """
    reader = _Reader(path.name, form)
    for number, line in numbered_lines(path, "a run file", reader.mistakes):
        reader.take(number, split(line))
    results = reader.done()
    role = reader.role or ranks_or_scores(reader.source, results, reader.steps)
    notes = []
    if role == "ranks":
        results = {q: {d: -rank for d, rank in ranking.items()} for q, ranking in results.items()}
    else:
        notes = upside_down(reader.steps, "the rank column" if reader.has_both else "the lines")
    return reader.said(role), {"": results}, tuple(notes)


def reads_as_columns(start: bytes) -> bool:
    """Say whether a file with this start may be a run in columns: it has a heading, or the columns of a run with numbers."""
    first = next((line for line in start.decode("utf-8", "replace").splitlines() if line.strip()), "")
    cells = split(first) if first and "\0" not in first else []
    if heading(cells, "rank", "score"):
        return True
    layout = _WIDTHS[len(cells)][0] if len(cells) in _WIDTHS else {}
    return bool(layout) and all(finite_number(cells[layout[role]]) is not None for role in ("rank", "score"))


@dataclass
class _Reader:
    """Collects values and mistakes line by line; the first line determines the columns."""

    source: str
    form: str | None
    values: Results = field(default_factory=dict)
    mistakes: list[str] = field(default_factory=list)
    steps: Steps = field(default_factory=Steps)
    ids: dict[str, str] = field(default_factory=dict)
    """Each document id once, so that queries share the string."""
    layout: Layout = field(default_factory=dict)
    first: tuple[int, int] = (0, 0)
    """Line and width of the first line."""
    named: str = ""
    """The heading, if there is one."""
    column: int = -1
    """Column of the value."""

    @property
    def has_both(self) -> bool:
        """Whether there are separate columns for rank and score."""
        return len({self.layout.get("rank"), self.layout.get("score")} - {None}) == 2

    @property
    def role(self) -> str | None:
        """'ranks' or 'scores' if the user or the columns determine it, else None."""
        if self.form:
            return "ranks" if self.form == "ranks" else "scores"
        if self.named and not self.has_both:
            return "ranks" if "rank" in self.layout else "scores"
        return "scores" if self.has_both else None

    def said(self, role: str) -> str:
        """Return one line that describes how the file was read."""
        width = self.first[1]
        usual = _SAID.get(("trec" if role == "scores" and width == 6 else role, width))
        if usual and not self.named:
            return usual
        decides = "the lowest rank first" if role == "ranks" else "the score decides"
        return f"run: {self.named or _WIDTHS[width][1]}; {decides}"

    def take(self, line: int, cells: list[str]) -> None:
        """Read one line."""
        if not self.layout:
            if self._begin(line, cells):
                return
        elif len(cells) != self.first[1]:
            self.mistakes.append(
                f"line {line}: {len(cells)} columns; expected {self.first[1]}, as in line {self.first[0]}; {_TABS}"
            )
            return
        self._add(line, cells)

    def _begin(self, line: int, cells: list[str]) -> bool:
        """Determine the layout from the first line; say whether it was a heading.

        Raises:
            InvalidInput: no run has this number of columns, or they contradict `@form`.
        """
        self.first = line, len(cells)
        if not self.form and is_judgement(cells):
            raise InvalidInput(
                f"'{self.source}' holds judgements (line {line}: query_id 0 doc_id gain); expected a run file; "
                "swap them: RUN first, then QRELS (or --qrels QRELS)"
            )
        columns = heading(cells, "rank", "score")
        if columns and len(columns) > 2:
            self.layout, self.named = columns, " ".join(cells)
        elif len(cells) in _WIDTHS:
            self.layout = _WIDTHS[len(cells)][0]
        else:
            forms = ", ".join(f"{width} ({text})" for width, (_, text) in _WIDTHS.items())
            raise InvalidInput(
                f"{self.source} line {line}: {len(cells)} columns ('{cut(' '.join(cells))}'). Expected {forms}; {_TABS}."
            )
        needed = {"trec": ("rank", "score"), "ranks": ("rank",), "scores": ("score",)}.get(self.form or "", ())
        if any(role not in self.layout for role in needed) or (self.form == "trec" and len(cells) != 6):
            raise InvalidInput(
                f"{self.source} line {line}: {len(cells)} columns ('{cut(' '.join(cells))}'). "
                f"Expected {'six' if self.form == 'trec' else 'a column of ' + (self.form or '')}, as @form={self.form} says; drop the option."
            )
        self.column = self.layout["rank" if self.role == "ranks" else "score"]
        return bool(self.named)

    def _add(self, line: int, cells: list[str]) -> None:
        query_id, doc_id = cells[self.layout["query"]], cells[self.layout["document"]]
        value = finite_number(cells[self.column])
        known = self.values.setdefault(query_id, {})
        if not query_id or not doc_id:
            self.mistakes.append(
                f"line {line}: the id of the {'document' if query_id else 'query'} is empty; expected one; fill it"
            )
        elif doc_id in known:
            self.mistakes.append(
                f"line {line}: query '{cut(query_id)}' has document '{cut(doc_id)}' a second time; expected it once; remove one"
            )
        elif value is None or abs(value) > LARGEST_SCORE:
            self.mistakes.append(
                f"line {line}: '{cut(cells[self.column])}' is no finite number; expected one; correct the line"
            )
        else:
            known[self.ids.setdefault(doc_id, doc_id)] = value
            place = finite_number(cells[self.layout["rank"]]) if self.has_both else line
            if place is not None:
                self.steps.add(query_id, place, value)

    def done(self) -> Results:
        """Return the results.

        Raises:
            InvalidInput: there are mistakes, or no results.
        """
        if self.mistakes:
            raise InvalidInput.all_of(self.source, self.mistakes)
        if not self.values:
            raise InvalidInput(f"'{self.source}' holds no results. Expected at least one line; check the path.")
        return self.values


_TABS = "ids with spaces need tabs between the columns"
