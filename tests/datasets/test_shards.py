"""Shards: a corpus in many files is the corpus in one; what is missing, repeated or gone is said with its file."""

import gzip
import json
import random
from pathlib import Path
from typing import Any

import pytest

from evidense.compute.search.rankings import load_lists
from evidense.datasets.beir import PART
from evidense.errors import InvalidInput
from evidense.reading.shards import MOST_OPEN, files_of
from evidense.store import Store
from evidense.values import Collection
from evidense.verbs.retrieve import open_system, retrieve
from tiny_packages import tar

DOCUMENTS: list[dict[str, Any]] = [
    {"_id": f"d{n}", "title": f"Title {n}" if n % 3 else None, "text": f"text of {n % 90} é"} for n in range(100)
]


def folder(at: Path, shards: dict[str, list[dict[str, Any]]]) -> Path:
    (at / "qrels").mkdir(parents=True)
    (at / "queries.jsonl").write_text(
        "".join(json.dumps({"_id": f"q{n}", "text": f"title {n}"}) + "\n" for n in (1, 2))
    )
    (at / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq1\td1\t1\nq2\td2\t1\n")
    for name, rows in shards.items():
        path = at / name
        path.parent.mkdir(exist_ok=True)
        if path.suffix == ".parquet":
            parquet(path, rows)
        elif path.suffix == ".arrow":
            arrow(path, rows)
        elif ".tar" in path.suffixes:
            data = tar({f"{row['_id']}.json": json.dumps(row).encode() for row in rows})
            path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
        else:
            data = "".join(json.dumps(row) + "\n" for row in rows).encode()
            path.write_bytes(gzip.compress(data) if path.suffix == ".gz" else data)
    return at


def parquet(path: Path, rows: list[dict[str, Any]]) -> None:
    pq = pytest.importorskip("pyarrow.parquet")
    pq.write_table(table(rows), path, row_group_size=16)


def arrow(path: Path, rows: list[dict[str, Any]]) -> None:
    pa = pytest.importorskip("pyarrow")
    with pa.ipc.new_stream(str(path), table(rows).schema) as stream:
        stream.write_table(table(rows), max_chunksize=16)


def table(rows: list[dict[str, Any]]) -> Any:
    import pyarrow as pa

    return pa.Table.from_pylist(rows, pa.schema([("_id", pa.string()), ("title", pa.string()), ("text", pa.string())]))


def opened(at: Path) -> Collection:
    assert PART.recognises(str(at))
    (collection,) = PART.open(str(at))
    return collection


def cut(name: str, size: int) -> dict[str, list[dict[str, Any]]]:
    """Cut the documents into shards, with an empty one before, between and behind them."""
    pieces = [DOCUMENTS[start : start + size] for start in range(0, len(DOCUMENTS), size)]
    pieces = [[], *pieces[:1], [], *pieces[1:], []]
    return {name.format(n=number, total=len(pieces)): piece for number, piece in enumerate(pieces)}


@pytest.fixture(scope="module")
def one_file(tmp_path_factory: pytest.TempPathFactory) -> Collection:
    return opened(folder(tmp_path_factory.mktemp("one") / "mine", {"corpus.jsonl": DOCUMENTS}))


@pytest.mark.parametrize("size", [1, 7, 1000])
@pytest.mark.parametrize(
    "name",
    [
        "corpus/{n}.jsonl",
        "corpus-{n}.jsonl.gz",
        "corpus/{n}.parquet",
        "corpus-{n:05d}-of-{total:05d}.parquet",
        "corpus/{n}.arrow",
        "corpus-{n:06d}.tar",
        "corpus/{n}.tar.gz",
    ],
)
def test_shards_of_any_size_and_form_are_the_corpus_of_one_file(
    tmp_path: Path, one_file: Collection, name: str, size: int
) -> None:
    collection = opened(folder(tmp_path / "mine", cut(name, size)))
    assert collection.checksum == one_file.checksum
    assert list(collection.corpus) == list(one_file.corpus)
    assert collection.aliases == one_file.aliases
    assert collection.provenance.notes == one_file.provenance.notes


@pytest.mark.parametrize("system", ["wordllama", "bm25"])
def test_ranking_depends_neither_on_shards_nor_on_their_order(tmp_path: Path, system: str) -> None:
    documents = DOCUMENTS[:90]  # all distinct: of equal documents the first one stands for the others
    pieces = [documents[start : start + 7] for start in range(0, 90, 7)]
    shuffled = random.Random(0).sample(pieces, len(pieces))
    forms = [
        {"corpus.jsonl": documents},
        {f"corpus/{n}.jsonl": piece for n, piece in enumerate(pieces)},
        {f"corpus-{n}.jsonl": piece for n, piece in enumerate(shuffled)},
    ]
    collections = [opened(folder(tmp_path / str(number) / "mine", shards)) for number, shards in enumerate(forms)]
    store = Store(tmp_path / "store")
    rankings = [retrieve(open_system(system), collection, 20, store) for collection in collections]
    assert collections[2].doc_ids != collections[0].doc_ids
    assert (rankings[0].documents, rankings[0].doc_ids) == (rankings[1].documents, rankings[1].doc_ids)
    assert rankings[0].scores == rankings[1].scores == rankings[2].scores
    ranked = [list(load_lists(ranking, store).items()) for ranking in rankings]
    assert ranked[0] == ranked[1] == ranked[2]


def test_shards_are_read_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    at = folder(tmp_path / "mine", {f"corpus/part-{n}.jsonl": [] for n in (10, 9, 2, 11)})
    assert [path.name for path in files_of(at, "corpus")] == [f"part-{n}.jsonl" for n in (2, 9, 10, 11)]
    assert files_of(at, "nothing") == ()


def refused(at: Path) -> str:
    assert PART.recognises(str(at))
    with pytest.raises(InvalidInput) as caught:
        PART.open(str(at))
    return str(caught.value)


def test_repeated_ids_name_both_shards(tmp_path: Path) -> None:
    at = folder(tmp_path / "mine", {"corpus/a.jsonl": DOCUMENTS[:3], "corpus/b.jsonl": [*DOCUMENTS[5:7], DOCUMENTS[1]]})
    assert "b.jsonl line 3: the id 'd1' stands already at a.jsonl line 2; expected distinct ids" in refused(at)
    at = folder(tmp_path / "b", {"corpus-0.parquet": DOCUMENTS[:3], "corpus-1.parquet": DOCUMENTS[2:5]})
    assert "corpus-1.parquet row 1: the id 'd2' stands already at corpus-0.parquet row 3" in refused(at)


def test_missing_shards_and_second_forms_are_refused(tmp_path: Path) -> None:
    at = folder(tmp_path / "a", {f"corpus-0000{n}-of-00003.jsonl": DOCUMENTS[n : n + 2] for n in (0, 2)})
    assert "2 shards that state to be of 3 (corpus-00000-of-00003.jsonl, corpus-00002-of-00003.jsonl)" in refused(at)
    at = folder(tmp_path / "b", {"corpus.jsonl": DOCUMENTS[:5], "corpus/0.jsonl": DOCUMENTS[:5]})
    assert "holds the corpus in 2 forms (corpus.jsonl, corpus/0.jsonl); expected one" in refused(at)


def test_mistakes_of_all_shards_are_reported_at_once(tmp_path: Path) -> None:
    at = folder(
        tmp_path / "mine", {"corpus/a.jsonl": [*DOCUMENTS[:3], {"_id": "x"}], "corpus/b.jsonl": [{"text": "no id"}]}
    )
    message = refused(at)
    assert "a.jsonl line 4: no text" in message
    assert "b.jsonl line 1: no _id" in message


@pytest.mark.parametrize("row", [0, 98])
def test_shard_that_vanishes_or_changes_midway_is_named(tmp_path: Path, row: int) -> None:
    assert len(DOCUMENTS) > MOST_OPEN  # shard 0 is closed by then, shard 98 is open
    at = folder(tmp_path / "mine", {f"corpus/{n}.jsonl": [document] for n, document in enumerate(DOCUMENTS)})
    items = opened(at).corpus
    path = at / "corpus" / f"{row}.jsonl"
    kept = path.read_text()
    path.unlink()
    with pytest.raises(InvalidInput, match=rf"{row}\.jsonl changed while it was being read.*start again"):
        list(items)
    path.write_text(kept.replace("text", "TEXT"))
    with pytest.raises(InvalidInput, match=rf"{row}\.jsonl changed while it was being read.*start again"):
        list(items)


def test_queries_may_be_in_shards(tmp_path: Path) -> None:
    at = folder(tmp_path / "mine", {"corpus.jsonl": DOCUMENTS[:5]})
    lines = (at / "queries.jsonl").read_text().splitlines(keepends=True)
    (at / "queries.jsonl").unlink()
    for number, line in enumerate(lines):
        (at / f"queries-{number}.jsonl").write_text(line)
    assert opened(at).query_ids == ("q1", "q2")


def test_parquet_cells_of_other_types_are_read_as_in_json_or_refused(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    at = folder(tmp_path / "mine", {"corpus-0.parquet": DOCUMENTS[:5]})
    numbers = pa.table({"_id": [7, 8], "title": [None, "x"], "text": [0.5, float("nan")], "vector": [[1.0], [2.0]]})
    pq.write_table(numbers, at / "corpus-1.parquet")
    assert [(item.id, item.text) for item in opened(at).corpus][-2:] == [("7", "0.5"), ("8", "x")]
    pq.write_table(pa.table({"_id": ["b"], "text": [b"bytes"]}), at / "corpus-2.parquet")
    assert "corpus-2.parquet row 1: " in refused(at)
    (at / "corpus-2.parquet").write_bytes(b"PAR1 and no more")
    assert "Expected a Parquet file" in refused(at)
