"""Hostile collections end in one error that names the file, within seconds and without eating the machine."""

import gzip
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from evidense import registry
from evidense.errors import EvidenseError, InvalidInput, UnknownName
from warm.client import Warm

LONG = 10.0
OPEN = """
import re, sys, time
from pathlib import Path
from evidense import registry
from evidense.errors import EvidenseError
from evidense.reading import lines
lines.FREE_LINES //= 10  # so that a tenth of the lines is too many
def peak_kb():  # not ru_maxrss, which begins with that of the process that started this one
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1])
before = peak_kb()
try:
    registry.collections(sys.argv[1])
except EvidenseError as error:
    print(error)
print(peak_kb() - before, time.process_time())
"""


@pytest.fixture
def refused(warm: Warm, tmp_path: Path) -> Callable[[str], str]:
    """Open in a process of its own; return the message, within seconds of processor and within 850 MB beyond the program."""

    def opened(spelling: str) -> str:
        done = warm.run([spelling], tmp_path, code=OPEN)
        assert not done.stderr, done.stderr[-500:]
        *message, spent = done.stdout.splitlines()
        more_kb, cpu_s = map(float, spent.split())
        assert cpu_s < LONG
        assert more_kb < 850_000
        return "\n".join(message)

    return opened


def beir(at: Path, corpus: bytes, name: str = "corpus.jsonl", qrels: str = "q1\td1\t1\n") -> str:
    (at / "qrels").mkdir(parents=True)
    (at / name).write_bytes(corpus)
    (at / "queries.jsonl").write_text('{"_id": "q1", "text": "a"}\n')
    (at / "qrels" / "test.tsv").write_text(qrels)
    return str(at)


HOSTILE: dict[str, tuple[str, Callable[[], bytes], str]] = {
    "many columns": ("p.csv", lambda: (",".join(f"c{i}" for i in range(300_000)) + "\n").encode(), "300,000 columns"),
    "one line": ("p.csv.gz", lambda: gzip.compress(b"query,document\n" + b"a" * 40_000_000), "is longer than 32 MiB"),
    "many lines": ("p.csv.gz", lambda: gzip.compress(b"query,document\n" + b"a,b\n" * 1_000_000), "lines, far more than"),
    "open quote": ("p.csv", lambda: b'query,document\na,"' + b"b\n" * 1_000_000, "unexpected end of data"),
    "many keys": ("p.jsonl", lambda: b"{" + b",".join(b'"k%d":1' % i for i in range(300_000)) + b"}\n", "300,000 columns"),
    "deep": ("p.jsonl", lambda: b'{"query":' + b"[" * 100_000 + b"]" * 100_000 + b"}\n", "'line 1' is not JSON"),
    "other file": ("p.jsonl", lambda: b"x\n" * 1_000_000, "more than 1,000 mistakes"),
    "corrupt": ("p.csv.gz", lambda: gzip.compress(os.urandom(9_000))[:4_000] + b"x" * 4_000, "damaged gzip file"),
    "categories": ("p.csv", lambda: b"id,title,category\n" + b"".join(b"%d,t%d,c\n" % (i, i) for i in range(9_000)), "80,991,000|81,000,000"),
}  # fmt: skip


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_tables_are_refused_in_time(tmp_path: Path, refused: Callable[[str], str], case: str) -> None:
    name, data, said = HOSTILE[case]
    (tmp_path / name).write_bytes(data())
    message = refused(str(tmp_path / name))
    assert any(one in message for one in said.split("|")), message[:500]


def test_packed_corpora_that_are_bombs_or_damaged_are_refused(tmp_path: Path, refused: Callable[[str], str]) -> None:
    bomb = gzip.compress(b'{"_id": "d1", "text": "b"}\n' + b" " * 100_000_000)
    assert "unpacks to more than" in refused(beir(tmp_path / "bomb", bomb, "corpus.jsonl.gz"))
    assert "is a damaged gzip file" in refused(beir(tmp_path / "cut", bomb[:999], "corpus.jsonl.gz"))
    long = b'{"_id": "d1", "text": "' + b"x" * 40_000_000 + b'"}\n'
    assert "is longer than 32 MiB" in refused(beir(tmp_path / "long", long))


@pytest.mark.parametrize("gain", ["1099511627776", "2147483648", "9" * 5_000, "nan"])
def test_judgements_beyond_32_bits_are_refused_in_every_file(tmp_path: Path, gain: str) -> None:
    documents = b'{"_id": "d1", "text": "b"}\n{"_id": "d2", "text": "c"}\n'
    spelling = beir(tmp_path / "b", documents, qrels=f"q1\td1\t{gain}\n")
    with pytest.raises(InvalidInput, match="no whole number of 32 bits"):
        registry.collections(spelling)


def test_qrels_whose_first_gain_is_no_whole_number_are_still_qrels(tmp_path: Path) -> None:
    (tmp_path / "q.trec").write_text(f"q1 0 d1 {2**40}\nq1 0 d2 1\n")
    with pytest.raises(InvalidInput, match="no whole number of 32 bits"):
        registry.collections(str(tmp_path / "q.trec"))


def test_parquet_files_are_read_within_a_budget(tmp_path: Path, refused: Callable[[str], str]) -> None:
    pa, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    words = pa.DictionaryArray.from_arrays(pa.array([0] * 100_000), ["x" * 1_000_000])
    wide = pa.DictionaryArray.from_arrays(pa.repeat(pa.scalar(0, pa.int8()), 10_000_000), ["x"]).cast(pa.string())
    tables = {
        "dictionary": pa.table({"query": ["a"] * 100_000, "document": words}),
        "list": pa.table({"query": ["a", "b"], "document": pa.ListArray.from_arrays([0, 1, 10_000_000], wide)}),
        "rows": pa.table({"query": pa.repeat("a", 10_000_000)}),
    }
    for name, table in tables.items():
        path = tmp_path / f"{name}.parquet"
        parquet.write_table(table, path, compression="zstd")
        assert path.stat().st_size < 1_000_000
        assert "far more than its size promises" in refused(str(path))
    whole = (tmp_path / "rows.parquet").read_bytes()
    for name, data in (("cut", whole[:-99]), ("empty", b""), ("end", whole[:-20] + b"\xff" * 16 + b"PAR1")):
        (tmp_path / f"{name}.parquet").write_bytes(data)
        assert f"{name}.parquet' cannot be read (" in refused(f"pairs:{tmp_path / name}.parquet")


def test_repeated_texts_of_a_parquet_file_are_read(tmp_path: Path) -> None:
    pa, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    rows = {
        "query": [f"q{i % 50}" for i in range(20_000)],
        "document": [f"{'word ' * 100}{i % 90}" for i in range(20_000)],
    }
    parquet.write_table(pa.table(rows), tmp_path / "p.parquet")
    (collection,) = registry.collections(str(tmp_path / "p.parquet"))
    assert (len(collection.queries), len(collection.corpus)) == (50, 90)


def test_pipes_devices_and_folders_are_refused(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "p.csv")
    for spelling, said in (
        (f"pairs:{tmp_path / 'p.csv'}", "is a pipe"),
        ("pairs:/dev/zero", "is a device"),
        ("trec:/dev/zero", "is a device"),
        (f"pairs:{tmp_path}", "is a folder"),
        (f"pairs:{'x' * 5_000}", "cannot be read"),
        ("pairs:a\0b", "cannot be read"),
    ):
        with pytest.raises(InvalidInput, match=said):
            registry.collections(spelling)


@pytest.mark.parametrize(
    "name", ["hf", "mteb", "mmeb", "mbeir", "irds", "image_folder", "pairs", "beir", "trec", "catalogue"]
)
def test_a_prefix_without_a_name_is_refused(name: str) -> None:
    with pytest.raises(UnknownName, match="expected one"):
        registry.collections(f"{name}:")


def test_a_folder_without_data_set_is_refused_without_walking_it(tmp_path: Path) -> None:
    pytest.importorskip("datasets")
    with pytest.raises(InvalidInput, match="no file below it holds data"):
        registry.collections(f"hf:{tmp_path}")
    (tmp_path / "many").mkdir()
    for number in range(10_001):
        (tmp_path / "many" / str(number)).touch()
    for part in ("hf", "mmeb"):
        with pytest.raises(InvalidInput, match="holds more than 10,000 files"):
            registry.collections(f"{part}:{tmp_path}")
    (tmp_path / "small").mkdir()
    os.mkfifo(tmp_path / "small" / "corpus.jsonl")
    with pytest.raises(InvalidInput, match="is a pipe, device or socket"):
        registry.collections(f"hf:{tmp_path / 'small'}")
    with pytest.raises(EvidenseError):
        registry.collections("hf:/proc")
