"""WebDataset archives: samples as the library lays them out, pictures read in place, and every hostile archive refused by name."""

import io
import json
import struct
import tarfile
from pathlib import Path
from typing import Any

import pytest

from evidense.datasets.beir import PART
from evidense.errors import EvidenseError, InvalidInput, UnsafeInput
from evidense.values import Collection
from tiny_packages import png, tar

BLOCK = 512


def folder(at: Path, corpus: bytes, queries: bytes | None = None) -> Path:
    (at / "qrels").mkdir(parents=True)
    (at / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq1\ta\t1\n")
    if queries is None:
        (at / "queries.jsonl").write_text('{"_id": "q1", "text": "first"}\n')
    else:
        (at / "queries-000000.tar").write_bytes(queries)
    (at / "corpus-000000.tar").write_bytes(corpus)
    return at


def opened(at: Path) -> Collection:
    assert PART.recognises(str(at))
    (collection,) = PART.open(str(at))
    return collection


def refused(at: Path, error: type[EvidenseError] = InvalidInput) -> str:
    assert PART.recognises(str(at))
    with pytest.raises(error) as caught:
        PART.open(str(at))
    return str(caught.value)


def as_json(**cells: Any) -> bytes:
    return json.dumps(cells, indent=1).encode()


def test_key_is_the_name_up_to_its_first_dot_and_members_of_a_key_are_one_document(tmp_path: Path) -> None:
    members = {
        "__meta__.json": b"{}",
        "a.txt": "é first".encode(),
        "part/b.json": as_json(title="Second", text="one"),
        "./c.d.json": b"no JSON, and no part of a document",
        "./c.TXT": b"third",
        "c.json": as_json(_id=7, title="Number"),
        "e.txt": b"both",
        "e.cls": b"3",
        "e.json": as_json(text="both", url="x"),
        "._e.json": b"resource fork",
    }
    collection = opened(folder(tmp_path / "mine", tar(members)))
    assert [(item.id, item.text) for item in collection.corpus] == [
        ("a", "é first"),
        ("part/b", "Second one"),
        ("7", "Number third"),
        ("e", "both"),
    ]


def test_pictures_are_read_from_their_place_in_the_archive(tmp_path: Path) -> None:
    pictures = [png(1), png(2)]
    corpus = tar({"a.png": pictures[0], "b.json": as_json(text="a caption"), "b.PNG": pictures[1], "c.txt": b"a text"})
    at = folder(tmp_path / "mine", corpus, queries=tar({"q1.txt": b"what", "q1.png": pictures[1]}))
    collection = opened(at)
    assert [item.modality for item in collection.corpus] == ["image", "image+text", "text"]
    assert [item.picture and item.picture.read() for item in collection.corpus] == [*pictures, None]
    (query,) = collection.queries
    assert query.picture is not None
    assert (query.text, query.picture.read()) == ("what", pictures[1])
    from evidense.compute.pictures.decoding import decode

    assert decode(query.picture).size == (24, 24)
    (at / "queries-000000.tar").write_bytes(tar({"q1.png": pictures[0]}))
    with pytest.raises(InvalidInput, match=r"queries-000000\.tar changed while it was being read"):
        query.picture.read()


def test_a_json_line_cannot_name_a_picture(tmp_path: Path) -> None:
    at = folder(tmp_path / "mine", b"")
    (at / "corpus-000000.tar").unlink()
    (at / "corpus.jsonl").write_text(
        '{"_id": "a", "text": "x", "picture": ["m", 0, 9, 0]}\n{"_id": "b", "text": "y"}\n'
    )
    assert [item.picture for item in opened(at).corpus] == [None, None]


def test_mistakes_of_all_samples_are_reported_at_once(tmp_path: Path) -> None:
    members = {
        "a.json": b"[1]",
        "b.json": b"{'x': 1}",
        "c.txt": b"caf\xe9",
        "d.cls": b"3",
        "e.txt": b"x",
        "e.json": as_json(text="y"),
        "f.png": b"",
        "f.jpg": b"",
        "g.json": as_json(title=["no text"]),
    }
    message = refused(folder(tmp_path / "mine", tar(members)))
    for words in (
        "corpus-000000.tar 'a.json': a JSON list; expected an object",
        "corpus-000000.tar 'b.json'",
        "corpus-000000.tar 'c.txt', byte 4",
        "corpus-000000.tar 'd': no text and no picture; found cls; expected KEY.txt, KEY.json with `text`, or a picture",
        "corpus-000000.tar 'e': the texts of .json and .txt differ",
        "corpus-000000.tar 'f': the members png, jpg; expected each once, and one picture",
        "corpus-000000.tar sample 7: ",
    ):
        assert words in message


def test_keys_that_repeat_are_refused_within_and_across_archives(tmp_path: Path) -> None:
    texts = {"a.txt": b"1", "b.txt": b"2"}
    at = folder(tmp_path / "far", tar({**texts, "a.json": as_json(text="again")}))
    assert "corpus-000000.tar sample 3: the id 'a' stands already at corpus-000000.tar sample 1" in refused(at)
    at = folder(tmp_path / "two", tar(texts))
    (at / "corpus-000001.tar").write_bytes(tar(texts))
    assert "corpus-000001.tar sample 1: the id 'a' stands already at corpus-000000.tar sample 1" in refused(at)
    at = folder(tmp_path / "beside", tar(texts)[: 2 * BLOCK] + tar(texts))
    assert "corpus-000000.tar 'a': the members txt, txt; expected each once" in refused(at)


@pytest.mark.parametrize("name", ["../a.txt", "/etc/a.txt", "x/../../a.txt", "a\\b.txt"])
def test_path_out_of_the_archive_is_refused(tmp_path: Path, name: str) -> None:
    assert f"holds the path {name!r}" in refused(folder(tmp_path / "mine", tar({name: b"x"})), UnsafeInput)


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE])
def test_links_and_devices_are_refused(tmp_path: Path, kind: bytes) -> None:
    member = tarfile.TarInfo("b.txt")
    member.type, member.linkname = kind, "/etc/passwd"
    assert "'b.txt' is a link, a device" in refused(
        folder(tmp_path / "mine", tar({"a.txt": b"x"}, member)), UnsafeInput
    )


def test_every_cut_of_an_archive_is_refused(tmp_path: Path) -> None:
    """tarfile itself ends without a word at a cut between two members."""
    whole = tar({"a.txt": b"x" * 700, "b.png": b"y" * 600, "b.txt": b"z"})
    at = folder(tmp_path / "mine", whole)
    end = 8 * BLOCK  # members without the blocks of zeros behind them
    assert [item.id for item in opened(at).corpus] == ["a", "b"]
    for size in (0, 1, 100, BLOCK, BLOCK + 700, *range(3 * BLOCK, end + 1, BLOCK), end - 1, end + 100):
        (at / "corpus-000000.tar").write_bytes(whole[:size])
        assert "corpus-000000.tar" in refused(at), size


def test_damaged_headers_are_refused_and_not_taken_for_the_end(tmp_path: Path) -> None:
    whole = bytearray(tar({"a.txt": b"x", "b.txt": b"y"}))
    whole[2 * BLOCK + 10] ^= 1
    assert "it ends too early or is damaged at byte 1,024" in refused(folder(tmp_path / "a", bytes(whole)))
    assert "Expected a tar archive" in refused(folder(tmp_path / "b", b"no archive " * 100))


def with_size(size: int, kind: bytes = tarfile.REGTYPE) -> bytes:
    member = tarfile.TarInfo("a.txt")
    member.type, member.size = kind, size
    return member.tobuf(tarfile.GNU_FORMAT) + b"x" * BLOCK + bytes(2 * BLOCK)


def negative_pax() -> bytes:
    member = tarfile.TarInfo("a.txt")
    member.pax_headers = {"size": "-1536"}
    return member.tobuf(tarfile.PAX_FORMAT) + bytes(2 * BLOCK)


@pytest.mark.parametrize(
    "archive",
    [
        with_size(1 << 40),
        with_size(-1536),
        with_size(1 << 30, tarfile.XHDTYPE),
        with_size(1 << 30, tarfile.GNUTYPE_LONGNAME),
        negative_pax(),
    ],
)
def test_sizes_that_cannot_be_are_refused(tmp_path: Path, archive: bytes) -> None:
    assert "corpus-000000.tar" in refused(folder(tmp_path / "mine", archive), EvidenseError)


def test_packed_pictures_are_refused_with_the_way_out(tmp_path: Path) -> None:
    import gzip

    at = folder(tmp_path / "mine", b"")
    (at / "corpus-000000.tar").unlink()
    (at / "corpus-000000.tar.gz").write_bytes(gzip.compress(tar({"a.png": png(1)})))
    assert "is packed and holds the picture 'a.png'; expected a plain .tar" in refused(at)


def test_arrow_files_that_promise_too_much_or_end_early_are_refused(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    from pyarrow import feather

    at = folder(tmp_path / "mine", b"")
    (at / "corpus-000000.tar").unlink()
    path = at / "corpus-0.feather"
    bomb = pa.table({"_id": ["a"] * 10, "text": ["x" * 8_000_000] * 10})
    feather.write_feather(bomb, path, compression="zstd")
    assert path.stat().st_size < 10_000
    assert "unpacks to more than 64 MiB" in refused(at)
    nulls = io.BytesIO()
    with pa.ipc.new_stream(nulls, pa.schema([("n", pa.null())])) as stream:
        stream.write_table(pa.table({"n": pa.nulls(2_000_000_000)}))
    path.write_bytes(nulls.getvalue())
    assert "unpacks to more than 64 MiB" in refused(at)
    feather.write_feather(pa.table({"_id": ["a", "b"], "text": ["x", "y"]}), path)  # packed with lz4
    assert [item.text for item in opened(at).corpus] == ["x", "y"]
    whole = path.read_bytes()
    body = whole.index(struct.pack("<I", 0xFFFFFFFF) + bytes(4))
    for size in (0, 5, 40, body - 20, body):
        path.write_bytes(whole[:size])
        assert "corpus-0.feather" in refused(at), size
