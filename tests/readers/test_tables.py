"""Tables: four formats give the same cells in the same rows and columns, each with its place; headings cover what they say."""

from pathlib import Path

import pytest

from evidense import registry
from evidense.texts.tables.grids import RawCell, placed
from evidense.texts.tables.tabulars import rows_of, without_tabulars

LATEX = r"""\documentclass{article}\begin{document}We see it.
\begin{table}\caption{Results on GLUE.}\resizebox{\textwidth}{!}{\begin{tabular}{l|c@{ }c}
\toprule \multirow{2}{*}{Model} & \multicolumn{2}{c}{MNLI} \\ \cmidrule(lr){2-3} & \makecell{Acc.\\(\%)} & F1 \\ \midrule
BERT & \textbf{84.6} & $88.1 \pm 0.2$ \\[2pt] ELMo~\cite{p} & & 70.2 \\ \bottomrule
\end{tabular}}\end{table}
End.\end{document}"""
ROWS = (
    '<thead><tr><th rowspan="2">Model</th><th colspan="2">MNLI</th></tr><tr><th>Acc. (%)</th><th>F1</th></tr></thead>'
    "<tbody><tr><td>BERT</td><td><b>84.6</b></td><td>88.1 ± 0.2</td></tr><tr><td>ELMo [@p]</td><td></td><td>70.2</td></tr></tbody>"
)
HTML = f"<html><body><p>We see it.</p><table><caption>Results on GLUE.</caption>{ROWS}</table><p>End.</p></body></html>"
JATS = (
    "<article><front><article-meta/></front><body><sec><p>We see it.</p><table-wrap><caption><p>Results on GLUE.</p></caption>"
    f"<table>{ROWS.replace('<b>', '<bold>').replace('</b>', '</bold>')}</table></table-wrap></sec></body></article>"
)
MARKDOWN = "# On it\n\nWe see it.\n\nTable 3. Results on GLUE.\n\n| Model | MNLI F1 |\n|---|---|\n| BERT | **88.1** |\n|  | 70.2 |\n"
CELLS = [
    (0, 0, 2, 1, "Model"), (0, 1, 1, 2, "MNLI"), (1, 1, 1, 1, "Acc. (%)"), (1, 2, 1, 1, "F1"), (2, 0, 1, 1, "BERT"), (2, 1, 1, 1, "84.6"),
    (2, 2, 1, 1, "88.1 ± 0.2"), (3, 0, 1, 1, "ELMo [@p]"), (3, 2, 1, 1, "70.2"),
]  # fmt: skip


def table(tmp_path: Path, name: str, text: str):
    (tmp_path / name).write_text(text, encoding="utf-8")
    document = registry.read(tmp_path / name)
    (only,) = document.tables
    spans = [cell.span for cell in only.cells] + [only.caption]
    assert all(document.text[span.start : span.end] == span.quote for span in spans)
    return only


@pytest.mark.parametrize(("name", "text"), [("a.tex", LATEX), ("a.html", HTML), ("a.nxml", JATS)])
def test_a_table_has_the_same_cells_in_every_format(tmp_path: Path, name: str, text: str) -> None:
    found = table(tmp_path, name, text)
    assert found.caption.quote == "Results on GLUE."
    assert [(c.row, c.column, c.n_rows, c.n_columns, c.span.quote) for c in found.cells] == CELLS
    assert [c.is_header for c in found.cells] == [True] * 4 + [False] * 5


def test_empty_cells_of_markdown_keep_their_columns(tmp_path: Path) -> None:
    found = table(tmp_path, "a.md", MARKDOWN)
    assert found.caption.quote == "Table 3. Results on GLUE."
    assert [(c.row, c.column, c.span.quote) for c in found.cells] == [
        (0, 0, "Model"), (0, 1, "MNLI F1"), (1, 0, "BERT"), (1, 1, "88.1"), (2, 1, "70.2"),
    ]  # fmt: skip


@pytest.mark.parametrize("name", ["a.md", "a.txt", "a.html"])
def test_citations_in_cells_of_their_own_are_those_of_the_statement_beside_them(tmp_path: Path, name: str) -> None:
    rows = [("Claim", "95% CI", "Source"), ("Owls see 9 mice. They fly. [2]", "[3, 4]", "[1]")]
    text = "On owls\n\n" + "\n".join(f"| {' | '.join(row)} |" for row in rows)
    if name == "a.html":
        lines = ["</td><td>".join(row) for row in rows]
        text = f"<table>{''.join(f'<tr><td>{line}</td></tr>' for line in lines)}</table>"
    (tmp_path / name).write_text(text)
    cited = [(c.sentence.quote, sorted(c.keys)) for c in registry.read(tmp_path / name).citations]
    assert cited == [("Owls see 9 mice.", ["1"]), ("They fly. [2]", ["1", "2"])]


def test_a_column_of_links_or_keys_cites_for_its_row(tmp_path: Path) -> None:
    cells = ["[Lee](https://doi.org/10.5555/owls), [@cho]", "as [Lee](https://doi.org/10.5555/owls) says"]
    (tmp_path / "a.md").write_text("\n".join(["| claim | source |", *(f"| Owls see. | {cell} |" for cell in cells)]))
    assert [c.keys for c in registry.read(tmp_path / "a.md").citations] == [("https://doi.org/10.5555/owls", "cho")]


def test_cells_of_html_that_hold_paragraphs_are_read(tmp_path: Path) -> None:
    page = "<table><tr><th></th><th>F1</th></tr><tr><td><p>BERT</p></td><td><div>88.1</div></td></tr></table><p>x</p>"
    (tmp_path / "a.html").write_text(f"<html><body>{page}</body></html>")
    (found,) = registry.read(tmp_path / "a.html").tables
    assert [(c.row, c.column, c.span.quote) for c in found.cells] == [(0, 1, "F1"), (1, 0, "BERT"), (1, 1, "88.1")]


def test_a_cell_that_says_it_covers_a_million_places_costs_little() -> None:
    rows = [[RawCell("a", 10**6, 150), RawCell("b")]] * 2_000
    found = [(cell.row, cell.column) for line in placed(rows) for cell in line]
    assert found == [(0, 0), (0, 150), (1, 150)]


def test_braces_that_never_close_end_with_their_table() -> None:
    body, tables = without_tabulars(
        r"\begin{tabular}{l" + "{" * 500 + r"a & b \\ c & d \end{tabular} End. \begin{tabular}"
    )
    assert "End." in body
    assert len(tables) == 1
    assert rows_of(tables[0], str)
