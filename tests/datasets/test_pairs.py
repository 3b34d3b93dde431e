"""Tables of pairs: every format reads alike, equal texts are one, and mistakes are told with their lines."""

import gzip
import json
from pathlib import Path

import pytest

from evidense.datasets.pairs import PART
from evidense.errors import InvalidInput
from evidense.values import Collection

ROWS = [("how to x", "do x", "a"), ("how to x", "do z", "b"), ("what is w", "w is 3", "a")]


def opened(path: Path, text: str | bytes, spelling: str = "") -> Collection:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    assert PART.recognises(spelling or str(path))
    (collection,) = PART.open(spelling or str(path))
    return collection


def refused(path: Path, text: str | bytes, spelling: str = "") -> str:
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(InvalidInput) as caught:
        PART.open(spelling or str(path))
    return str(caught.value)


def texts(collection: Collection) -> dict[str, dict[str, int]]:
    """Query text → document text → gain."""
    queries, documents = (
        {item.id: item.text or "" for item in side} for side in (collection.queries, collection.corpus)
    )
    return {queries[q]: {documents[d]: gain for d, gain in gains.items()} for q, gains in collection.qrels.items()}


def test_csv_tsv_jsonl_and_parquet_make_the_same_collection(tmp_path: Path) -> None:
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")

    objects = [dict(zip(("query", "document", "topic"), row, strict=True)) for row in ROWS]
    parquet.write_table(pyarrow.Table.from_pylist(objects), tmp_path / "p.parquet")
    csv = "query,document,topic\n" + "".join(",".join(row) + "\n" for row in ROWS)
    jsonl = "".join(json.dumps(one) + "\n" for one in objects)
    collections = [
        opened(tmp_path / "p.csv", csv),
        opened(tmp_path / "p.tsv", csv.replace(",", "\t")),
        opened(tmp_path / "p.jsonl", jsonl),
        opened(tmp_path / "p.csv.gz", gzip.compress(csv.encode())),
        *PART.open(str(tmp_path / "p.parquet")),
    ]
    assert len({one.checksum for one in collections}) == 1
    assert collections[0].name == "p.csv"
    assert texts(collections[0]) == {"how to x": {"do x": 1, "do z": 1}, "what is w": {"w is 3": 1}}


def test_equal_queries_are_merged_and_columns_become_slices_and_groups(tmp_path: Path) -> None:
    text = "Query,Document,topic,group\nx,1,a,g1\nx,2,b,g2\ny,3,a,g2\nz,2,c,\n"
    collection = opened(tmp_path / "p.csv", text)
    assert len(collection.queries) == 3
    assert collection.columns == {"topic": {"q1": "(several)", "q2": "a", "q3": "c"}}
    assert collection.groups == {"q1": "g1", "q2": "g1"}, "the query x joins its two groups"
    notes = " ".join(collection.provenance.notes)
    assert "1 queries have several relevant documents; none of them counts as a miss" in notes
    assert "1 pairs whose document repeats another's were merged with it" in notes


def test_negatives_enter_the_corpus_with_gain_0_and_never_override_a_positive(tmp_path: Path) -> None:
    text = "anchor,positive,negative_1,negative_2\na,good,bad,\na,fine,good,worse\n"
    assert texts(opened(tmp_path / "t.csv", text)) == {"a": {"good": 1, "bad": 0, "fine": 1, "worse": 0}}


def test_lists_of_positives_and_negatives_are_read(tmp_path: Path) -> None:
    text = '{"query": "a", "pos": ["b", "c"], "neg": ["d"]}\n\n{"query": "e", "pos": ["f"], "neg": []}\n'
    assert texts(opened(tmp_path / "f.jsonl", text)) == {"a": {"b": 1, "c": 1, "d": 0}, "e": {"f": 1}}


def test_labels_are_judgements_and_never_slices(tmp_path: Path) -> None:
    assert texts(opened(tmp_path / "l.csv", "query,document,label\na,b,1\na,c,0\nd,c,2\n")) == {
        "a": {"b": 1, "c": 0},
        "d": {"c": 2},
    }
    message = refused(tmp_path / "l.csv", "query,document,label\na,b,relevant\na,c,0.5\n")
    assert "line 2: 'relevant' in the column 'label' is no whole number" in message
    assert "line 3: '0.5' in the column 'label'" in message


def test_ids_are_kept_as_written(tmp_path: Path) -> None:
    ids = ["a b", "x/y", "../../etc", "<script>alert(1)</script>", "=1+1", "@SUM(A1)"]
    text = "query_id\tquery\tdoc_id\tdocument\n" + "".join(
        f"q{i}\tquery {i}\t{doc_id}\ttext {i}\n" for i, doc_id in enumerate(ids)
    )
    assert list(opened(tmp_path / "i.tsv", text).doc_ids) == ids


def test_an_id_with_two_texts_is_refused(tmp_path: Path) -> None:
    message = refused(tmp_path / "i.csv", "query,doc_id,document\na,1,x\nb,1,y\n")
    assert "line 3: the document id '1' stands for other content than before" in message


def test_byte_order_mark_crlf_and_quoted_line_breaks_are_read(tmp_path: Path) -> None:
    collection = opened(tmp_path / "p.csv", b'\xef\xbb\xbfquery,document\r\na,"one\r\ntwo, ""three"""\r\nb,four\r\n')
    assert texts(collection) == {"a": {'one\r\ntwo, "three"': 1}, "b": {"four": 1}}


def test_lines_are_counted_through_quoted_line_breaks(tmp_path: Path) -> None:
    message = refused(tmp_path / "p.csv", 'query,document\na,"one\ntwo"\n,three\nb,\n')
    assert "line 4: the query is empty" in message
    assert "line 5: the document is empty" in message


def test_all_mistakes_of_a_table_are_reported_at_once(tmp_path: Path) -> None:
    message = refused(tmp_path / "p.csv", b"query,document\na,b\n,c\nd,\ne,f,g\n\xe9t\xe9,x\n")
    assert message.splitlines()[0].endswith("p.csv: 4 mistakes")
    assert [line.split(":")[0].strip() for line in message.splitlines()[1:]] == [
        "line 3",
        "line 4",
        "line 5",
        "line 6, byte 1",
    ]
    assert "0xE9 is not UTF-8" in message


def test_wrong_columns_are_named_with_the_nearest(tmp_path: Path) -> None:
    message = refused(tmp_path / "p.csv", "querry,documents,x\na,b,c\n")
    assert "no column for the query (query, question, anchor); nearest is 'querry'" in message
    assert "nearest is 'documents'" in message
    assert "Found: querry, documents, x." in message


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("p.csv", "", "the file is empty; expected a first line with the names of the columns"),
        ("p.jsonl", "\n\n", "the file is empty"),
        ("p.csv", "query,document\n", "there is no row under the columns query, document"),
        ("p.csv", "query,document\na,b\n", "the corpus has 1 document; expected at least 2"),
        ("p.csv", "query,query,document\na,b,c\n", "the column 'query' stands twice"),
        ("p.csv", 'query,document\na,"b\nc,d\n', "line 2: unexpected end of data"),
        ("p.tsv", 'query\tdocument\n"a" b\tc\n', "line 2: "),
        ("p.jsonl", '{"query": "a"\n["b"]\n', "'line 1' is not JSON"),
        ("p.jsonl", '["b"]\n', "line 1: a JSON list; expected an object"),
        ("p.csv", b"\xff\xfeq\x00u", "is damaged UTF-16"),
        ("p.csv.gz", b"no gzip", "is not a gzip file, though its name says so"),
        ("p.csv.gz", gzip.compress(b"query,document\n" * 999, mtime=0)[:40], "is a damaged gzip file"),
        ("p.parquet", b"PAR?", "cannot be read (Parquet file size is 4 bytes"),
    ],
)
def test_an_unreadable_table_is_refused_with_the_reason(
    tmp_path: Path, name: str, text: str | bytes, expected: str
) -> None:
    assert expected in refused(tmp_path / name, text)


def test_a_document_of_1_mb_works_and_a_larger_one_is_refused(tmp_path: Path) -> None:
    collection = opened(tmp_path / "p.csv", "query,document\na," + "x" * 1_000_000 + "\nb,c\n")
    assert len(collection.corpus[0].text or "") == 1_000_000
    message = refused(tmp_path / "p.csv", "query,document\na,b\nc," + "x" * 1_000_001 + "\n")
    assert "line 3: (id 'd2') 1,000,001 characters; expected at most 1,000,000" in message


def test_a_split_is_chosen_by_its_column(tmp_path: Path) -> None:
    text = "query,document,split\na,b,train\nc,d,test\ne,f,test\n"
    path = tmp_path / "p.csv"
    collection = opened(path, text, f"{path}@test")
    assert texts(collection) == {"c": {"d": 1}, "e": {"f": 1}}
    assert collection.name == "p.csv@test"
    assert "no row of the split 'dev'; found test, train" in refused(path, text, f"{path}@dev")
    assert "has no column 'split', but '@test' was asked for" in refused(
        path, "query,document\na,b\nc,d\n", f"{path}@test"
    )
    assert "pairs of texts go from query to document" in refused(path, text, f"{path}:t2i")


def test_a_path_with_at_or_colon_is_read_as_a_path_if_it_exists(tmp_path: Path) -> None:
    assert opened(tmp_path / "a@b:t2i.csv", "query,document\na,b\nc,d\n").name == "a@b:t2i.csv"
