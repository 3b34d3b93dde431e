"""CSV as spreadsheets write it: separators, index columns, trailing cells, line ends; never silently misread."""

from pathlib import Path

import pytest

from evidense.errors import InvalidInput
from evidense.reading.tables.delimited import MOST_COLUMNS
from evidense.reading.tables.rows import DataTable, read_columns, read_table

PLAIN = 'query,document\nhow,"a, b"\nwhat,c\n'
ROWS = [{"query": "how", "document": "a, b"}, {"query": "what", "document": "c"}]


def read(at: Path, text: str | bytes, name: str = "p.csv") -> DataTable:
    (at / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_table(at / name)


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("query;document\nhow;a, b\nwhat;c\n", "semicolons, as its first lines told"),
        ("\ufeffquery;document\r\nhow;a, b\r\nwhat;c\r\n", "semicolons, as its first lines told"),
        ("query\tdocument\nhow\ta, b\nwhat\tc\n", "tabs, as its first lines told"),
        ("sep=;\nquery;document\nhow;a, b\nwhat;c\n", "semicolons, as its first line told"),
        ('"sep=|"\nquery|document\nhow|a, b\nwhat|c\n', "'|', as its first line told"),
    ],
)
def test_first_lines_determine_the_separator(tmp_path: Path, text: str, note: str) -> None:
    table = read(tmp_path, text)
    assert [dict(row.cells) for row in table.rows] == ROWS
    assert table.notes == (f"its cells are separated by {note}",)
    assert read_columns(tmp_path / "p.csv") == ("query", "document")


@pytest.mark.parametrize(
    "text",
    [
        PLAIN,
        'query,document,,\nhow,"a, b",,\nwhat,c,,\n',
        'query,document\nhow,"a, b",\nwhat,c,,\n',
        PLAIN.replace("\n", "\r"),
        PLAIN.replace("\n", "\r\n"),
        "\n,,\n" + PLAIN,
    ],
)
def test_empty_columns_and_any_line_end_read_like_the_plain_file(tmp_path: Path, text: str) -> None:
    table = read(tmp_path, text)
    assert [dict(row.cells) for row in table.rows] == ROWS
    assert (table.columns, table.notes, table.mistakes) == (("query", "document"), (), ())


def test_index_column_is_left_out_with_a_note(tmp_path: Path) -> None:
    for name in ("", "Unnamed: 0"):
        table = read(tmp_path, f"{name},query,document\n0,a,b\n1,c,d\n")
        assert table.columns == ("query", "document")
        assert table.notes == ("columns without a name were left out (column 1)",)
    jsonl = read(tmp_path, '{"": 1, "query": "a", "document": "b"}\n', "p.jsonl")
    assert jsonl.columns == ("query", "document")


def test_comma_stays_the_separator_if_texts_contain_semicolons(tmp_path: Path) -> None:
    table = read(tmp_path, "query,document\na; b,c; d\ne; f,g; h\n")
    assert dict(table.rows[0].cells) == {"query": "a; b", "document": "c; d"}
    wrong = read(tmp_path, "query,document\na; b,c; d\ne; f\n")
    assert wrong.mistakes[0].startswith("line 3: 1 cells; expected 2 (query, document)")
    one = read(tmp_path, "text\na; b\nc; d\n")
    assert one.columns == ("text",)


def test_quoted_line_breaks_belong_to_their_cell(tmp_path: Path) -> None:
    table = read(tmp_path, 'query;document\r\n"a\r\nb";"c;\nd"\r\ne;f\r\n')
    assert [row.place for row in table.rows] == ["line 2", "line 5"]
    assert table.rows[0].cells["document"] == "c;\nd"


def test_utf_16_table_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"1 mistake\n.*it looks like UTF-16.*iconv"):
        read(tmp_path, ("query\tdocument\n" + "a\tb\n" * 5_000).encode("utf-16"))


def test_a_table_of_too_many_columns_is_refused(tmp_path: Path) -> None:
    wide = ",".join(f"c{i}" for i in range(1_000_000))
    with pytest.raises(InvalidInput, match=f"1,000,000 columns; expected at most {MOST_COLUMNS:,}"):
        read(tmp_path, wide + "\n" + wide + "\n")
    with pytest.raises(InvalidInput, match="columns; expected at most"):
        read(tmp_path, "".join(f'{{"k{i}": 1}}\n' for i in range(MOST_COLUMNS + 1)), "p.jsonl")
