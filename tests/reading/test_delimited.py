"""CSV as spreadsheets write it: separators, index columns, trailing cells, line ends; never silently misread."""

import codecs
from pathlib import Path

import pytest

from evidense.errors import InvalidInput
from evidense.reading.tables.columns import table_kind
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


@pytest.mark.parametrize("mark", ["utf-16", codecs.BOM_UTF16_BE])
def test_utf_16_table_reads_as_the_same_table_in_utf_8(tmp_path: Path, mark: str | bytes) -> None:
    text = "query\tdocument\r\n" + '"Größe „M“\nund 😀"\tb\r\n' * 9_000
    data = text.encode(mark) if isinstance(mark, str) else mark + text.encode("utf-16-be")
    plain, utf16 = read(tmp_path, text), read(tmp_path, data)
    assert len(plain.rows) == 9_000
    assert (utf16.columns, utf16.rows, utf16.mistakes) == (plain.columns, plain.rows, plain.mistakes)


def test_utf_16_that_is_cut_or_has_no_mark_is_refused_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"is damaged UTF-16 \(truncated data\)"):
        read(tmp_path, "query\tdocument\na\tb\n".encode("utf-16")[:-1])
    for encoding in ("utf-16-le", "utf-16-be"):
        with pytest.raises(InvalidInput, match=f"looks like UTF-16 without.*iconv -f {encoding.replace('16-', '16')}"):
            read(tmp_path, "query\tdocument\na\tb\n".encode(encoding))


@pytest.mark.parametrize(
    ("text", "encoding", "names", "is_table"),
    [
        ("query\tdocument\na\tb\n", "utf-8", None, True),
        ("query\tdocument\na\tb\n", "utf-16", None, True),
        ("search\ttitle\na\tb\n", "utf-16", None, True),
        ("search\ttitle\na\tb\n", "utf-8", ("search", "title"), True),
        ("search\ttitle\na\tb\n", "utf-8", None, False),
        ("some words\nand more\n", "utf-8", None, False),
        ("q1 0 d1 1\n", "utf-8", None, False),
        ("q1 Q0 d1 1 2.5 s\n", "utf-16", None, False),
    ],
)
def test_a_txt_is_a_table_if_its_content_says_so(
    tmp_path: Path, text: str, encoding: str, names: tuple[str, str] | None, is_table: bool
) -> None:
    (tmp_path / "file.txt").write_text(text, encoding=encoding)
    assert (table_kind(tmp_path / "file.txt", names) == "pairs") is is_table


def test_a_table_of_too_many_columns_is_refused(tmp_path: Path) -> None:
    wide = ",".join(f"c{i}" for i in range(1_000_000))
    with pytest.raises(InvalidInput, match=f"1,000,000 columns; expected at most {MOST_COLUMNS:,}"):
        read(tmp_path, wide + "\n" + wide + "\n")
    with pytest.raises(InvalidInput, match="columns; expected at most"):
        read(tmp_path, "".join(f'{{"k{i}": 1}}\n' for i in range(MOST_COLUMNS + 1)), "p.jsonl")
