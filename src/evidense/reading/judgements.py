"""Judgement files: TREC qrels (`query_id 0 doc_id gain`) and BEIR qrels (`query-id  corpus-id  score`)."""

from pathlib import Path

from evidense.errors import InvalidInput
from evidense.reading.lines import text_lines

Gains = dict[str, dict[str, int]]


def read_judgements(path: Path) -> tuple[Gains, dict[tuple[str, str], int]]:
    """Read qrels of either form; return gains, and the line of each judgement.

    A line with a tab is split at tabs (so that ids may hold spaces), any other at white space. Three cells are BEIR's form, where a
    header is allowed; four are TREC's.

    Raises:
        InvalidInput: every mistake of the file at once (cells, gain that is no whole number, two different gains).
    """
    gains: Gains = {}
    lines: dict[tuple[str, str], int] = {}
    mistakes: list[str] = []
    for number, line in text_lines(path, mistakes):
        cells = _cells(line)
        if not cells or _is_header(cells, first=not gains):
            continue
        if len(cells) not in (3, 4):
            mistakes.append(f"line {number}: {len(cells)} cells; expected `query_id 0 doc_id gain` or `query-id<tab>corpus-id<tab>score`; correct the line")  # fmt: skip
        elif (gain := _whole(cells[-1])) is None:
            mistakes.append(f"line {number}: the gain '{cells[-1]}' is no whole number; expected 0, 1, 2 …; correct it")
        elif gains.setdefault(cells[0], {}).setdefault(cells[-2], gain) != gain:
            mistakes.append(f"line {number}: query '{cells[0]}' and document '{cells[-2]}' are judged {gain} here and {gains[cells[0]][cells[-2]]} on line {lines[cells[0], cells[-2]]}; expected one judgement; remove one")  # fmt: skip
        else:
            lines.setdefault((cells[0], cells[-2]), number)
    if mistakes:
        raise InvalidInput.all_of(str(path), mistakes)
    if not gains:
        raise InvalidInput(f"{path}: there is no judgement; expected lines `query_id 0 doc_id gain`; fill the file")
    return gains, lines


def is_trec_qrels(path: Path) -> bool:
    """Say whether the first line reads as `query_id 0 doc_id gain`."""
    try:
        first = next((line for _, line in text_lines(path, []) if line.strip()), "")
    except InvalidInput:
        return False
    cells = _cells(first)
    return len(cells) == 4 and _whole(cells[3]) is not None


def _cells(line: str) -> list[str]:
    stripped = line.strip("\r\n")
    if "\t" in stripped:
        return [cell.strip() for cell in stripped.split("\t")] if stripped.strip() else []
    return stripped.split()


def _is_header(cells: list[str], *, first: bool) -> bool:
    return first and _whole(cells[-1]) is None and cells[0].lower().replace("-", "_") in {"query_id", "qid", "query"}


def _whole(text: str) -> int | None:
    try:
        return int(text)
    except ValueError:
        return None
