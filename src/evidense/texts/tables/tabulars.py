"""Tabulars: the tables of LaTeX as rows of cells; `\\multicolumn` and `\\multirow` cover what they say, what `\\midrule` divides off on top heads columns."""

import re
from collections.abc import Callable, Iterator

from evidense.texts.tables.grids import MOST_COLUMNS, MOST_ROWS, RawCell, spanned

_EDGE = re.compile(r"\\(?P<edge>begin|end)\s*\{(?P<name>tabular[*xy]?|tabulary|longtable|array)\}")
MOST_CHARACTERS = 50_000
"""Of a table; a longer one is left out."""
_RULE = re.compile(
    r"\\(?:hline|toprule|midrule|bottomrule|cline|cmidrule|specialrule|hhline|addlinespace|Xhline|morecmidrules)(?![A-Za-z])"
    r"\s*(?:\([^()]{0,20}\))?(?:\s*\[[^\]]{0,40}\])?(?:\s*\{[^{}]{0,60}\}){0,3}"
)
_BELOW = re.compile(r"\\(?:midrule|hline)(?![A-Za-z])")
_SKIPPED = re.compile(
    r"\\(?:rowcolor|cellcolor|arrayrulecolor|textcolor|color|vspace|hspace|label|rule|fontsize)\*?\s*(?:\[[^\]]{0,40}\])?(?:\s*\{[^{}]{0,60}\})"
    r"|\\(?:small|footnotesize|scriptsize|tiny|centering|noindent|endhead|endfirsthead|endfoot|endlastfoot|arraybackslash|raggedright)(?![A-Za-z])"
)
_SIGNS = {
    "pm": "±",
    "times": "×",
    "uparrow": "↑",
    "downarrow": "↓",
    "dagger": "†",
    "ddagger": "‡",
    "ast": "*",
    "sim": "~",
    "approx": "≈",
}
_SIGN = re.compile(rf"\\(?P<sign>{'|'.join(_SIGNS)})(?![A-Za-z])")
_COVERS = re.compile(
    r"\s*\\multi(?P<way>column|row)\s*(?:\[[^\]]{0,20}\])?\s*\{\s*(?P<n>-?\d{1,4})\s*\}\s*(?:\[[^\]]{0,20}\])?\s*(?:\{[^{}]{0,80}\}|\*)\s*(?:\[[^\]]{0,20}\])?\s*(?=\{)"
)


def without_tabulars(body: str) -> tuple[str, list[str]]:
    """Return a text with a mark in the place of every table, and the tables; one within another is text of its cell."""
    kept: list[str] = []
    tables: list[str] = []
    depth, begin, end = 0, 0, 0
    for match in _EDGE.finditer(body):
        if match["edge"] == "begin":
            begin = match.start() if not depth else begin
            depth += 1
        elif depth:
            depth -= 1
            if not depth and match.end() - begin <= MOST_CHARACTERS and match["name"] != "array":
                kept += [body[end:begin], f"\n\n\\evidensetable{{{len(tables)}}}\n\n"]
                tables.append(body[begin : match.end()])
                end = match.end()
    return "".join([*kept, body[end:]]), tables


def rows_of(tabular: str, plain: Callable[[str], str]) -> list[list[RawCell]]:
    """Return the rows of a table with its cells, as plain text."""
    inner = _columns_dropped(_EDGE.sub("", tabular, count=1).rpartition(r"\end")[0])
    inner = _EDGE.sub(" ", inner)
    rows: list[list[RawCell]] = []
    heads, free_from = 0, dict[int, int]()
    for source in _split(inner, r"\\"):
        lead = re.match(rf"(?:\s*{_RULE.pattern})*", source)
        if rows and not heads and lead and _BELOW.search(lead[0]):
            heads = len(rows)
        cells = list(_cells(_SKIPPED.sub(" ", _RULE.sub(" ", re.sub(r"^\s*\[[^\]]{0,20}\]", "", source))), plain))
        if any(cell.text for cell in cells):
            rows.append(list(_uncovered(cells, len(rows), free_from)))
    return [[_headed(cell) if n < heads < len(rows) else cell for cell in row] for n, row in enumerate(rows)]


def _uncovered(cells: list[RawCell], row: int, free_from: dict[int, int]) -> Iterator[RawCell]:
    """Yield the cells of a row without the empty ones that stand where a cell reaches down from above."""
    column = 0
    for cell in cells:
        if cell.text or free_from.get(column, 0) <= row:
            free_from |= dict.fromkeys(range(column, column + cell.n_columns), row + cell.n_rows)
            yield cell
        column += cell.n_columns


def _headed(cell: RawCell) -> RawCell:
    return RawCell(cell.text, cell.n_rows, cell.n_columns, is_header=True)


def _columns_dropped(source: str) -> str:
    """Return the inside of a table without its arguments: position, width, columns."""
    rest = source.lstrip()
    while match := re.match(r"\s*\[[^\]]{0,40}\]", rest) or _group(rest):
        rest = rest[match.end() if isinstance(match, re.Match) else match :]
        if not rest.lstrip().startswith("{"):
            return rest
    return rest


def _group(text: str) -> int:
    """Return where a group in braces ends that a text begins with; 0 where there is none."""
    begin = len(text) - len(text.lstrip())
    if not text.startswith("{", begin):
        return 0
    depth = 0
    for match in re.finditer(r"(?<!\\)[{}]", text[: begin + 2_000]):
        depth += 1 if match[0] == "{" else -1
        if not depth:
            return match.end()
    return 0


def _cells(row: str, plain: Callable[[str], str]) -> Iterator[RawCell]:
    for source in _split(row, "&"):
        n = {"row": 1, "column": 1}
        for _ in range(2):
            if covers := _COVERS.match(source):
                n[covers["way"]] = spanned(
                    covers["n"].lstrip("-"), MOST_ROWS if covers["way"] == "row" else MOST_COLUMNS
                )
                rest = source[covers.end() :]
                source = rest[1 : end - 1] if (end := _group(rest)) else rest
        source = _SIGN.sub(lambda match: _SIGNS[match["sign"]], source)
        yield RawCell(" ".join(plain(source).split()), n["row"], n["column"])


def _split(text: str, sign: str) -> Iterator[str]:
    """Yield the pieces between a sign that stands in no group in braces; an escaped one is text."""
    depth, begin = 0, 0
    for match in re.finditer(r"\\\\|\\.|[{}&]", text, re.DOTALL):
        if match[0] in "{}":
            depth = max(depth + (1 if match[0] == "{" else -1), 0)
        elif match[0] == sign and not depth:
            yield text[begin : match.start()]
            begin = match.end()
    yield text[begin:]
