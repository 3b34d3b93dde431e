"""Cells: splits the lines of runs and judgements at tabs or white space, and reads their headings."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from evidense.boundary.numbers import finite_number, whole_number
from evidense.boundary.shown import shown_line
from evidense.reading.lines import text_lines

MOST_SHOWN = 60

_WIDTHS = (3, 4, 6)
"""Numbers of columns of runs and judgements; a line whose tabs give another number is split at white space."""
_HEADINGS = {
    "query": {"query_id", "queryid", "qid", "q_id", "query", "topic", "topic_id", "topicid"},
    "document": {"doc_id", "docid", "document_id", "documentid", "corpus_id", "corpusid", "pid", "passage_id", "docno", "doc",
                 "document"},
    "rank": {"rank", "position", "pos"},
    "score": {"score", "sim", "similarity"},
    "gain": {"gain", "relevance", "rel", "label", "score", "grade", "judgement", "judgment"},
}  # fmt: skip


def numbered_lines(path: Path, what: str, mistakes: list[str]) -> Iterator[tuple[int, str]]:
    """Yield (line number from 1, text) of a UTF-8 file, packed or not; a byte order mark is dropped, blank lines are skipped.

    A line that is not UTF-8 or holds NUL characters becomes a mistake.

    Raises:
        InvalidInput: as `text_lines`.
    """
    for number, line in text_lines(path, mistakes, what):
        if "\0" in line:
            mistakes.append(f"line {number} holds NUL characters. Expected UTF-8 text; convert the file.")
        elif line.strip():
            yield number, line


def split(line: str) -> list[str]:
    r"""Split a line at tabs if that gives 3, 4 or 6 cells (ids may hold spaces), else at white space.

    Cells that a CSV writer quoted are unquoted.

    >>> split("q 1\td 1\t1\n"), split("q1 0 d1 1"), split('"q1"\t"d ""1"" x"\t"2.0"')
    (['q 1', 'd 1', '1'], ['q1', '0', 'd1', '1'], ['q1', 'd "1" x', '2.0'])
    """
    by_tab = line.rstrip().split("\t")
    if len(by_tab) in _WIDTHS:
        return [_unquoted(cell.strip()) for cell in by_tab]
    cells = line.split()
    return [_unquoted(cell) for cell in cells] if _is_quoted(cells[-1]) else cells


def heading(cells: Sequence[str], *values: str) -> dict[str, int] | None:
    """Return role → column if a line names its columns (a query, a document and one of the `values`), else None.

    >>> heading(["query-id", "corpus-id", "score"], "gain"), heading(["q1", "d1", "1"], "gain")
    ({'query': 0, 'document': 1, 'gain': 2}, None)
    """
    names = [cell.lower().replace("-", "_").replace(" ", "_") for cell in cells]
    column_of_role = {
        role: next((place for place, name in enumerate(names) if name in _HEADINGS[role]), -1)
        for role in ("query", "document", *values)
    }
    named_columns = {role: place for role, place in column_of_role.items() if place >= 0}
    is_heading = {"query", "document"} < named_columns.keys() and not any(
        finite_number(cell) is not None for cell in cells
    )
    return named_columns if is_heading else None


def is_trec_run(cells: Sequence[str]) -> bool:
    """Say whether a line is of a TREC run: six columns, the fourth a rank and the fifth a score.

    >>> is_trec_run("q1 Q0 d1 1 2.5 me".split()), is_trec_run("q1 0 d1 1".split())
    (True, False)
    """
    return len(cells) == 6 and all(finite_number(cell) is not None for cell in cells[3:5])


def is_judgement(cells: Sequence[str]) -> bool:
    """Say whether a line is a judgement: four columns, the second 0, the third not a number, the last a gain.

    >>> is_judgement("q1 0 d1 1".split()), is_judgement("q1 0 1 23.5".split())
    (True, False)
    """
    return (
        len(cells) == 4 and cells[1] == "0" and finite_number(cells[2]) is None and whole_number(cells[3]) is not None
    )


def cut(text: str) -> str:
    """Return a cell for a message: on one line, at most 60 characters."""
    return shown_line(text if len(text) <= MOST_SHOWN else f"{text[: MOST_SHOWN - 1]}…")


def _is_quoted(cell: str) -> bool:
    return len(cell) > 1 and cell[0] == cell[-1] == '"'


def _unquoted(cell: str) -> str:
    return cell[1:-1].replace('""', '"') if _is_quoted(cell) else cell
