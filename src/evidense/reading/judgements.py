"""Judgement files: TREC qrels (`query_id 0 doc_id gain`) and BEIR qrels (`query-id  corpus-id  score`)."""

from dataclasses import dataclass, field
from pathlib import Path

from evidense.errors import InvalidInput
from evidense.reading.lines import text_lines


@dataclass(frozen=True)
class Judgements:
    """Gains, the line of each, and what was wrong."""

    path: Path
    gains: dict[str, dict[str, int]] = field(default_factory=dict)
    lines: dict[tuple[str, str], int] = field(default_factory=dict)
    mistakes: list[str] = field(default_factory=list)

    def place(self, query_id: str, doc_id: str) -> str:
        """Say where a judgement stands."""
        return f"{self.path.name} line {self.lines[query_id, doc_id]}"

    def add(self, query_id: str, doc_id: str, gain: int, line: int) -> str | None:
        """Take a judgement; return what is wrong with it."""
        if not query_id or not doc_id:
            return "an id is empty; expected one for query and document; fill it"
        first = self.gains.setdefault(query_id, {}).setdefault(doc_id, gain)
        at = self.lines.setdefault((query_id, doc_id), line)
        if first == gain:
            return None
        return (
            f"query '{query_id}' and document '{doc_id}' are judged {gain} here and {first} on line {at}; "
            "expected one judgement; remove one"
        )


def read_judgements(path: Path) -> Judgements:
    """Read qrels of either form, and note what is wrong.

    A line with a tab is split at tabs (so that ids may hold spaces), any other at white space. Three cells are BEIR's form,
    where a header is allowed; four are TREC's.

    Raises:
        InvalidInput: the file cannot be read, or holds no judgement.
    """
    read = Judgements(path)
    for number, line in text_lines(path, read.mistakes):
        cells = _cells(line)
        if not cells or (not read.gains and _is_header(cells)):
            continue
        wrong = _take(read, cells, number)
        if wrong:
            read.mistakes.append(f"{path.name} line {number}: {wrong}")
    if not read.gains and not read.mistakes:
        raise InvalidInput(f"{path}: there is no judgement; expected lines `query_id 0 doc_id gain`; fill the file")
    return read


def is_trec_qrels(path: Path) -> bool:
    """Say whether the first line reads as `query_id 0 doc_id gain`."""
    try:
        first = next((line for _, line in text_lines(path, []) if line.strip()), "")
    except InvalidInput:
        return False
    cells = _cells(first)
    return len(cells) == 4 and _whole(cells[3]) is not None


def _take(read: Judgements, cells: list[str], number: int) -> str | None:
    if len(cells) not in (3, 4):
        forms = "`query_id 0 doc_id gain` or `query-id<tab>corpus-id<tab>score`"
        return f"{len(cells)} cells; expected {forms}; correct the line"
    gain = _whole(cells[-1])
    if gain is None:
        return f"the gain '{cells[-1]}' is no whole number; expected 0, 1, 2 …; correct it"
    return read.add(cells[0], cells[-2], gain, number)


def _cells(line: str) -> list[str]:
    stripped = line.strip("\r\n")
    if "\t" in stripped:
        return [cell.strip() for cell in stripped.split("\t")] if stripped.strip() else []
    return stripped.split()


def _is_header(cells: list[str]) -> bool:
    return _whole(cells[-1]) is None and cells[0].lower().replace("-", "_") in {"query_id", "qid", "query"}


def _whole(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:
        return None
