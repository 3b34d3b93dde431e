"""Judgements: reads TREC qrels (`query_id 0 doc_id gain`) and BEIR qrels (`query-id  corpus-id  score`)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from evidense.boundary.numbers import LARGEST, finite_number, whole_number
from evidense.errors import InvalidInput
from evidense.reading.runs.cells import cut, heading, is_trec_run, numbered_lines, split


@dataclass(frozen=True)
class Judgements:
    """The gains, the line of each, and the mistakes of the file."""

    path: Path
    gains: dict[str, dict[str, int]] = field(default_factory=dict)
    lines: dict[tuple[str, str], int] = field(default_factory=dict)
    mistakes: list[str] = field(default_factory=list)

    def place(self, query_id: str, doc_id: str) -> str:
        """Return the file and line of a judgement."""
        return f"{self.path.name} line {self.lines[query_id, doc_id]}"

    def add(self, query_id: str, doc_id: str, gain: int, line: int) -> str | None:
        """Add a judgement; return its mistake, or None."""
        if not query_id or not doc_id:
            return "an id is empty; expected one for query and document; fill it"
        first = self.gains.setdefault(query_id, {}).setdefault(doc_id, gain)
        first_line = self.lines.setdefault((query_id, doc_id), line)
        if first == gain:
            return None
        return (
            f"query '{cut(query_id)}' and document '{cut(doc_id)}' are judged {gain} here and {first} on line {first_line}; "
            "expected one judgement; remove one"
        )


def read_judgements(path: Path) -> Judgements:
    """Read qrels, packed or not, and collect mistakes.

    Four cells are TREC's form (query, iteration, document, gain), three are BEIR's; a heading may name the columns in another order. Lines with
    tabs are split at tabs (ids may hold spaces), others at white space. A gain is a whole number in any notation (1, 1.0, 1e0);
    a negative one counts as not relevant.

    Raises:
        InvalidInput: the file cannot be read, or has no judgements.
    """
    judgements = Judgements(path)
    layout: dict[str, int] | None = None
    for number, line in numbered_lines(path, "a file of judgements", judgements.mistakes):
        cells = split(line)
        if not judgements.gains and layout is None and (layout := heading(cells, "gain")):
            continue
        if not judgements.gains and not judgements.mistakes and is_trec_run(cells):
            raise InvalidInput(
                f"'{path}' is a run file (line {number}: query Q0 document rank score tag); expected judgements; "
                "swap them: RUN first, then QRELS (or --qrels QRELS)"
            )
        wrong = _take(judgements, cells, layout or {}, number)
        if wrong:
            judgements.mistakes.append(f"{path.name} line {number}: {wrong}")
    if not judgements.gains and not judgements.mistakes:
        raise InvalidInput(f"'{path}' holds no judgement; expected lines `query_id 0 doc_id gain`; fill the file")
    return judgements


def is_trec_qrels(path: Path) -> bool:
    """Say whether the first line is `query_id 0 doc_id gain`, or a heading of four columns."""
    try:
        first = next((line for _, line in numbered_lines(path, "a file of judgements", [])), "")
    except InvalidInput:
        return False
    cells = split(first) if first else []
    return len(cells) == 4 and (finite_number(cells[3]) is not None or heading(cells, "gain") is not None)


def _take(judgements: Judgements, cells: list[str], layout: Mapping[str, int], number: int) -> str | None:
    if len(cells) not in (3, 4):
        forms = "`query_id 0 doc_id gain` or `query-id<tab>corpus-id<tab>score`"
        return f"{len(cells)} cells ('{cut(' '.join(cells))}'); expected {forms}; correct the line"
    if max(layout.values(), default=0) >= len(cells):
        return f"{len(cells)} cells; expected as many as the heading has; correct the line"
    query_id, doc_id, text = (
        cells[layout.get(role, place)] for role, place in (("query", 0), ("document", -2), ("gain", -1))
    )
    gain = whole_number(text, -LARGEST)
    if gain is None:
        return f"the gain '{cut(text)}' is no whole number of 32 bits; expected 0, 1, 2 …; correct it"
    return judgements.add(query_id, doc_id, gain, number)
