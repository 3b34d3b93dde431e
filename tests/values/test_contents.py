"""Contents: arrays of one pass equal item by item what a slow loop computes, and nothing is read twice."""

import gzip
import hashlib
import json
import os
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from counted_items import Counted
from evidense.compute.search.encode import _distinct
from evidense.datasets import beir
from evidense.errors import InvalidInput
from evidense.reading import corpora, shards
from evidense.reading.corpora import JsonlItems
from evidense.values import Collection, Draft, Item, Picture, build
from evidense.values.build import Chosen
from evidense.values.contents import KEY_BYTES, Known, contents_of, first_rows, items_at, known_contents

TEXTS = st.none() | st.sampled_from(["", " ", "one", "two", "ä ö", "x" * 300])
PICTURES = st.none() | st.sampled_from([Picture(b"png"), Picture(b"jpg")])
ITEMS = st.lists(st.builds(Item, st.uuids().map(str), TEXTS, PICTURES), max_size=12)


def slow_checksum(collection: Collection) -> str:
    digest = hashlib.sha256()
    for side in (collection.queries, collection.corpus):
        for item in side:
            digest.update(f"{item.id}\0{item.content_key()}\n".encode())
        digest.update(b"\f")
    for query_id in sorted(collection.qrels):
        for doc_id, gain in sorted(collection.qrels[query_id].items()):
            digest.update(f"{query_id}\0{doc_id}\0{gain}\n".encode())
    digest.update(repr((sorted(collection.groups.items()), collection.drop_self_matches)).encode())
    return digest.hexdigest()


def slow_distinct(items: Sequence[Item], by_id: bool) -> tuple[list[int], list[int], str]:
    numbers: dict[bytes, int] = {}
    rows, firsts, digest = [], [], hashlib.sha256()
    for index, item in enumerate(items):
        key = item.id.encode() if by_id else bytes.fromhex(item.content_key())
        number = numbers.setdefault(key, len(numbers))
        if number == len(firsts):
            firsts.append(index)
            digest.update(len(key).to_bytes(4, "big") + key)
        rows.append(number)
    return rows, firsts, digest.hexdigest()


@given(ITEMS)
def test_contents_hold_what_each_item_says(items: list[Item]) -> None:
    contents = contents_of(items)
    assert contents.ids == tuple(item.id for item in items)
    assert [key.tobytes().hex() for key in contents.keys] == [item.content_key() for item in items]
    assert contents.lengths.tolist() == [len(item.text or "") for item in items]
    modalities = {"ids" if item.text is None and item.picture is None else item.modality for item in items}
    assert contents.modalities == modalities
    rows = np.arange(len(items))[::-2]
    assert known_contents(Chosen(items, rows)) is None
    assert contents.take(rows).keys.tolist() == contents_of([items[row] for row in rows]).keys.tolist()


@given(ITEMS)
def test_distinct_items_and_checksum_equal_those_of_a_loop(items: list[Item]) -> None:
    for identity, by_id in (("content", False), ("id", True)):
        distinct = _distinct(identity, items)  # type: ignore[arg-type]
        assert (distinct.rows.tolist(), distinct.firsts.tolist(), distinct.sha256) == slow_distinct(items, by_id)
    collection = Collection("c", items[:2], items, {"q": {"d": 1}}, groups={"q": "g"})
    assert collection.checksum == slow_checksum(collection)


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), max_size=20))
def test_keys_with_one_beginning_are_told_apart(pairs: list[tuple[int, int]]) -> None:
    keys = [bytes([a]) * 8 + bytes([b]) * (KEY_BYTES - 8) for a, b in pairs]
    array = np.frombuffer(b"".join(keys), np.uint8).reshape(-1, KEY_BYTES)
    assert first_rows(array).tolist() == [keys.index(key) for key in keys]


def test_a_checked_collection_reads_no_text_again() -> None:
    corpus = Counted([Item(f"d{i}", f"text {i % 90}") for i in range(100)])
    collection = build(Draft("c", [Item("q", "x")], corpus, {"q": {"d1": 1}}))
    n_read = corpus.n_read
    assert len(collection.doc_ids) == 90
    assert collection.modalities == ("text", "text")
    assert len(_distinct("content", collection.corpus).firsts) == 90
    assert collection.checksum == collection.checksum
    assert corpus.n_read < n_read + 90  # no pass; a check of types reads one item a call


def lines(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.write_text("\ufeff" + "".join(json.dumps(row) + "\n\n" for row in rows))
    return path


ROWS: list[dict[str, Any]] = [
    {"_id": "a", "title": " T ", "text": "one "},
    {"_id": 2, "title": None, "text": 0.5},
    {"_id": " c ", "text": ""},
    {"_id": "d", "title": "", "text": "\u00e4 \U0001f600"},
    {"_id": "e", "text": "one", "title": "T"},
]


def test_contents_of_a_file_are_those_of_its_items(tmp_path: Path) -> None:
    items = JsonlItems(lines(tmp_path / "corpus.jsonl", ROWS), beir._document)
    assert [(item.id, item.text) for item in items] == [
        ("a", "T one"), ("2", "0.5"), ("c", ""), ("d", "\u00e4 \U0001f600"), ("e", "T one"),
    ]  # fmt: skip
    known, read = known_contents(items), contents_of(list(items))
    assert known is not None
    assert (known.ids, known.keys.tolist(), known.kinds.tolist()) == (read.ids, read.keys.tolist(), read.kinds.tolist())


CELLS = st.sampled_from(["one", " two\t", "", " ", "\u00e4 \U0001f600", 7, None, 0.5])
RAW_LINES = st.sampled_from(
    [b"", b" ", b"[]", b"{", b"7", b'{"text": "no id"}', b'{"_id": "x"}', b'{"_id": "\\ud800", "text": "a"}', b"\xff"]
)
A_LINE = st.one_of(
    st.fixed_dictionaries({"_id": CELLS, "text": CELLS}, optional={"title": CELLS}).map(lambda row: json.dumps(row).encode()),
    RAW_LINES,
)  # fmt: skip


@given(st.lists(A_LINE, max_size=12), st.booleans(), st.sampled_from([1, 40, 1 << 16]))
def test_lines_that_are_read_at_once_equal_lines_that_are_read_one_by_one(
    drawn: list[bytes], with_mark: bool, at_once: int
) -> None:
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "corpus.jsonl"
        path.write_bytes((b"\xef\xbb\xbf" if with_mark else b"") + b"\n".join(drawn))
        patch.setattr(corpora, "AT_ONCE", at_once)
        for slow, fast in ((beir._document, beir._plain_document), (beir._query, beir._plain_query)):
            alone, together = JsonlItems(path, slow), JsonlItems(path, slow, fast)
            assert together.mistakes == alone.mistakes
            assert list(together) == list(alone)
            rows = range(len(alone))
            assert [together.place(row) for row in rows] == [alone.place(row) for row in rows]
            for name in ("ids", "keys", "kinds", "lengths"):
                np.testing.assert_array_equal(getattr(together.contents, name), getattr(alone.contents, name))


def test_a_file_that_was_changed_keeps_no_known_contents(tmp_path: Path) -> None:
    path = lines(tmp_path / "corpus.jsonl", ROWS)
    items = JsonlItems(path, beir._document)
    with path.open("r+b") as file:
        file.seek(path.read_bytes().index(b"one"))
        file.write(b"two")
    os.utime(path, ns=(1, 1))
    with pytest.raises(InvalidInput, match="changed while it was being read"):
        list(items)


def written(folder: Path, n: int) -> JsonlItems:
    """Return n items in three files, the second one packed, with empty lines between."""
    paths = []
    for number, part in enumerate(np.array_split(np.arange(n), 3)):
        text = "".join(
            f'{{"_id": "d{i}", "text": "text {i} {"x" * (i % 50)}"}}\n' + "\n" * (i % 2) for i in part.tolist()
        )
        paths.append(folder / f"{number}.jsonl{'.gz' if number == 1 else ''}")
        paths[-1].write_bytes(gzip.compress(text.encode()) if number == 1 else text.encode())
    return JsonlItems(paths, beir._document, beir._plain_document)


@pytest.fixture(scope="module")
def three_files(tmp_path_factory: pytest.TempPathFactory) -> JsonlItems:
    return written(tmp_path_factory.mktemp("shards"), 300)


ANY_ROWS = st.lists(st.integers(0, 299), max_size=30)
ROWS_IN_ORDER = st.tuples(st.integers(0, 299), st.integers(0, 299)).map(lambda ends: range(*ends))


@given(ANY_ROWS | ROWS_IN_ORDER)
def test_rows_that_are_read_together_equal_rows_that_are_read_alone(
    three_files: JsonlItems, asked: Iterable[int]
) -> None:
    rows = np.array(list(asked), np.int64)
    alone = [three_files[row] for row in rows.tolist()]
    assert list(three_files.at(rows)) == alone
    assert list(items_at(Known(three_files, contents_of(three_files)), rows)) == alone
    assert list(Chosen(three_files, rows)) == alone
    assert list(items_at(Chosen(three_files, rows), np.arange(len(rows))[::-1])) == alone[::-1]


def test_lines_that_follow_each_other_are_read_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    items = written(tmp_path, 300)
    alone = [items[row] for row in range(300)]
    reads: list[int] = []
    pread = os.pread

    def counted(file: int, size: int, start: int) -> bytes:
        reads.append(size)
        return pread(file, size, start)

    monkeypatch.setattr(shards.os, "pread", counted)
    assert list(items) == alone
    assert len(reads) == 3, "one read a file"
    monkeypatch.setattr(corpora, "AT_ONCE", 1_000)
    assert list(items) == alone
    assert max(reads[3:]) < 1_100
    assert len(reads) > 15
