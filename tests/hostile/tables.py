"""Tables of pairs (CSV, TSV, JSON lines, Parquet) and BEIR folders, also in shards of Arrow and WebDataset."""

import csv
import gzip
import io
import random
import struct
import tarfile
import zlib
from collections.abc import Callable
from typing import Any

from hostile import mutate
from hostile.case import Case, Family, files, pipe, then
from hostile.mutate import BIDI, ESCAPE, Raw

N = 6
HEADER = ("query", "document", "gain", "query_id", "doc_id", "topic")
ROWS = [(f"what is thing {i} of {i * 7}", f"thing {i} is the answer that stands in text {i * 7}", "1", f"q{i}", f"d{i}", "ab"[i % 2])
        for i in range(N)]  # fmt: skip


def on(*names: str) -> tuple[str, ...]:
    """Return a command line that reads collections and no model."""
    return ("compare", "bm25", "char_ngrams", "--on", ",".join(names), "--out", "out")


def as_csv(rows: Any, delimiter: str = ",") -> bytes:
    """Write rows as a spreadsheet does."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue().encode("utf-8", "surrogatepass")


def as_lines(rows: list[Any], rng: random.Random | None = None) -> str:
    """Write values as JSON lines."""
    return "".join(mutate.json_text(row, rng) + "\n" for row in rows)


OBJECTS: list[Any] = [dict(zip(HEADER, (q, d, 1, qi, di, t), strict=True)) for q, d, _, qi, di, t in ROWS]


def _csv_case(name: str, column: str, value: str, **more: Any) -> Case:
    at = HEADER.index(column)
    rows = [HEADER, *ROWS[:2], (*ROWS[2][:at], value, *ROWS[2][at + 1 :]), *ROWS[3:]]
    return Case(name, files({"p.csv": as_csv(rows)}), on("p.csv"), **more)


def _json_case(name: str, column: str, value: Any, **more: Any) -> Case:
    rows = [*OBJECTS[:2], {**OBJECTS[2], column: value}, *OBJECTS[3:]]
    return Case(name, files({"p.jsonl": as_lines(rows)}), on("p.jsonl"), **more)


def beir(qrels: str | bytes | None = None, corpus: Any = None, queries: Any = None, packed: str = "") -> dict[str, Any]:
    """Return the files of a BEIR folder, some of them given."""
    judged = "query-id\tcorpus-id\tscore\n" + "".join(f"q{i}\td{i}\t1\n" for i in range(N))
    documents = as_lines([{"_id": d, "title": "", "text": t} for _, t, _, _, d, _ in ROWS])
    return {f"b/corpus.jsonl{packed}": documents if corpus is None else corpus,
            "b/queries.jsonl": as_lines([{"_id": q, "text": t} for t, _, _, q, _, _ in ROWS]) if queries is None else queries,
            "b/qrels/test.tsv": judged if qrels is None else qrels}  # fmt: skip


def _beir_gain(name: str, value: str) -> Case:
    judged = "query-id\tcorpus-id\tscore\n" + "".join(f"q{i}\td{i}\t{value if i == 2 else 1}\n" for i in range(N))
    return Case(f"beir_gain_{name}", files(beir(judged)), on("b"), "refused", "test.tsv")


def as_parquet(columns: dict[str, Any], **options: Any) -> bytes:
    """Write columns as Parquet."""
    import pyarrow
    import pyarrow.parquet

    data = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(columns), data, **options)
    return data.getvalue()


def _columns(**more: Any) -> dict[str, Any]:
    return {**{name: [row[at] for row in ROWS] for at, name in enumerate(HEADER) if name != "gain"}, **more}


def _wide_list() -> bytes:
    import pyarrow

    values = pyarrow.array(["x"]).take(pyarrow.array([0] * 300_000))
    wide = pyarrow.ListArray.from_arrays([0, 300_000], values)
    return as_parquet({"query": ["a"], "positive": wide})


def _dictionary_bomb() -> bytes:
    import pyarrow

    texts = pyarrow.DictionaryArray.from_arrays(pyarrow.array([0] * 40_000, pyarrow.int32()), ["x" * 1_000_000])
    return as_parquet({"query": texts, "document": texts}, use_dictionary=True)


def _no_number_is_a_number() -> list[Case]:
    wrong = {"nan": "nan", "huge": "1" + "0" * 400, "digits4300": "9" * 4301, "2_31": str(2**31), "2_40": str(2**40), "inf": "inf",
             "neg_2_31": str(-(2**31) - 1), "half": "0.5", "arabic": "١", "esc": "1\x1b[31m", "hex": "0x10", "underscore": "1_0"}  # fmt: skip
    return [
        _csv_case(f"csv_gain_{name}", "gain", value, expected="refused", says="p.csv") for name, value in wrong.items()
    ]


def _named() -> list[Case]:
    many = {**OBJECTS[0], **{f"k{i}": "v" for i in range(20_000)}}
    values: dict[str, Any] = {"nan": float("nan"), "inf": float("inf"), "list": [1], "object": {"a": 1}, "text": "x", "2_31": 2**31, "2_63": 2**63, "1e30": 10**30,
                              "digits": Raw("9" * 5000)}  # fmt: skip
    return [
        *_no_number_is_a_number(),
        Case("csv_many_columns", files({"p.csv": lambda: as_csv([[*HEADER, *(f"c{i}" for i in range(20_000))], *([*row, *"x" * 20_000] for row in ROWS)])}), on("p.csv")),
        Case("csv_wide_field", files({"p.csv": lambda: as_csv([HEADER, *ROWS, ("q", "d " * 200_000, "1", "qx", "dx", "a")])}), on("p.csv"), "read"),
        Case("csv_open_quote", files({"p.csv": as_csv([HEADER, *ROWS]) + b'"open,' + b"x\n" * 200_000}), on("p.csv"), "refused", "p.csv"),
        Case("csv_name_esc", files({f"{ESCAPE[:4]}p.csv": as_csv([HEADER, *ROWS])}), on(f"{ESCAPE[:4]}p.csv")),
        Case("csv_name_red", files({"\x1b[31mp.csv": as_csv([HEADER, *ROWS])}), on("\x1b[31mp.csv")),
        Case("csv_name_bidi", files({f"{BIDI}.csv": as_csv([HEADER, *ROWS])}), on(f"{BIDI}.csv")),
        Case("csv_name_newline", files({"a\nb.csv": as_csv([HEADER, *ROWS])}), on("a\nb.csv")),
        Case("csv_name_latin", files({"\udce9.csv": as_csv([HEADER, *ROWS])}), on("\udce9.csv")),
        *(_csv_case(f"csv_{column}_{kind}", column, text) for column in ("query", "document", "query_id", "doc_id", "topic")
          for kind, text in (("esc_bidi", ESCAPE + BIDI), ("nul", "a\0b"))),
        Case("csv_esc_header", files({"p.csv": as_csv([("\x1b[31mquery", *HEADER[1:]), *ROWS])}), on("p.csv"), "refused", "p.csv"),
        Case("csv_utf16", files({"p.csv": as_csv([HEADER, *ROWS]).decode().encode("utf-16")}), on("p.csv"), "read"),
        Case("csv_latin1", files({"p.csv": as_csv([HEADER, *ROWS, ("caf\xe9", "x", "1", "q9", "d9", "a")]).decode().encode("latin-1")}), on("p.csv"), "refused", "p.csv"),
        Case("csv_empty", files({"p.csv": b""}), on("p.csv"), "refused", "p.csv"),
        Case("csv_only_header", files({"p.csv": as_csv([HEADER])}), on("p.csv"), "refused", "p.csv"),
        Case("csv_zeros", files({"p.csv": bytes(100_000)}), on("p.csv"), "refused", "p.csv"),
        Case("csv_random", files({"p.csv": random.Random(1).randbytes(50_000)}), on("p.csv"), "refused", "p.csv"),
        Case("csv_fifo", pipe("p.csv"), on("p.csv"), "refused", "p.csv"),
        *(_json_case(f"jsonl_gain_{name}", "gain", value, expected="refused", says="p.jsonl") for name, value in values.items()),
        _json_case("jsonl_surrogate_id", "query_id", "\ud800", expected="refused", says="p.jsonl"),
        _json_case("jsonl_surrogate_text", "document", "a\udfffb", expected="refused", says="p.jsonl"),
        _json_case("jsonl_deep", "document", Raw("[" * 100_000 + "]" * 100_000), expected="refused", says="p.jsonl"),
        _json_case("jsonl_esc_id", "doc_id", ESCAPE),
        _json_case("jsonl_null_query", "query", None, expected="refused", says="p.jsonl"),
        _json_case("jsonl_object_text", "document", {"text": "a"}),
        Case("jsonl_many_keys", files({"p.jsonl": lambda: as_lines([many, *OBJECTS[1:]])}), on("p.jsonl")),
        Case("jsonl_one_line", files({"p.jsonl": lambda: as_lines([{**OBJECTS[0], "document": "x" * 30_000_000}])}), on("p.jsonl")),
        Case("jsonl_list_rows", files({"p.jsonl": as_lines([[1], 2, "x", None, *OBJECTS])}), on("p.jsonl"), "refused", "p.jsonl"),
        *(_beir_gain(name, value) for name, value in (("2_31", str(2**31)), ("2_40", str(2**40)), ("digits", "9" * 5000), ("nan", "nan"), ("half", "0.5"))),
        Case("beir_corpus_surrogate", files(beir(corpus=as_lines([{"_id": "\ud800", "text": "x"}]))), on("b"), "refused", "corpus.jsonl"),
        Case("beir_corpus_deep", files(beir(corpus="[" * 100_000)), on("b"), "refused", "corpus.jsonl"),
        Case("beir_corpus_types", files(beir(corpus=as_lines([{"_id": 1, "text": ["x"]}, {"_id": [], "text": "x"}]))), on("b"), "refused", "corpus.jsonl"),
        Case("beir_queries_fifo", then(files({k: v for k, v in beir().items() if "queries" not in k}), pipe("b/queries.jsonl")), on("b"), "refused", "'b'"),
        Case("beir_corpus_zeros", files(beir(corpus=bytes(1 << 20))), on("b"), "refused", "corpus.jsonl"),
        Case("parquet_neg_gain", files({"p.parquet": lambda: as_parquet(_columns(gain=[1, 1, -(2**62), 1, 1, 1]))}), on("p.parquet"), "refused", "p.parquet"),
        Case("parquet_gain_2_62", files({"p.parquet": lambda: as_parquet(_columns(gain=[1, 1, 2**62, 1, 1, 1]))}), on("p.parquet"), "refused", "p.parquet"),
        Case("parquet_gain_nan", files({"p.parquet": lambda: as_parquet(_columns(gain=[1.0, float("nan"), 1, 1, 1, 1]))}), on("p.parquet"), "refused", "p.parquet"),
        Case("parquet_gain_bytes", files({"p.parquet": lambda: as_parquet(_columns(gain=[b"\xff"] * N))}), on("p.parquet"), "refused", "p.parquet"),
        Case("parquet_esc_name", files({"p.parquet": lambda: as_parquet({"\x1b[31mq": ["a"], "d\u202e": ["b"]})}), on("p.parquet"), "refused", "p.parquet"),
        Case("parquet_wide_list", files({"p.parquet": _wide_list}), on("p.parquet")),
        Case("parquet_dictbomb", files({"p.parquet": _dictionary_bomb}), on("p.parquet"), "refused", "p.parquet"),
        Case("parquet_binary_text", files({"p.parquet": lambda: as_parquet(_columns(document=[b"\xff\xfe"] * N))}), on("p.parquet")),
        Case("parquet_empty", files({"p.parquet": b"PAR1"}), on("p.parquet"), "refused", "p.parquet"),
        Case("parquet_fifo", pipe("p.parquet"), on("p.parquet"), "refused", "p.parquet"),
    ]  # fmt: skip


# --- mutations --------------------------------------------------------------------------------------------------------


def _mutated_delimited(form: str, delimiter: str) -> Callable[[int], Case]:
    def make(seed: int) -> Case:
        rng = mutate.generator(form, seed)
        table = [HEADER, *ROWS]
        content = (
            as_csv(mutate.cells(table, rng), delimiter)
            if rng.random() < 0.7
            else mutate.data(as_csv(table, delimiter), rng)
        )
        return Case(f"{form}:{seed}", files({f"p.{form}": content}), on(f"p.{form}"))

    return make


def _mutated_lines(seed: int) -> Case:
    rng = mutate.generator("jsonl", seed)
    content: bytes | str = as_lines([*OBJECTS[:3], mutate.tree(OBJECTS[3], rng), *OBJECTS[4:]], rng)
    if rng.random() < 0.3:
        content = mutate.data(as_lines(OBJECTS).encode(), rng)
    return Case(f"jsonl:{seed}", files({"p.jsonl": content}), on("p.jsonl"))


def _mutated_beir(seed: int) -> Case:
    rng = mutate.generator("beir", seed)
    content = beir()
    name = rng.choice(sorted(content))
    lines = content[name].splitlines()
    if name.endswith(".tsv") and rng.random() < 0.7:
        content[name] = "\n".join("\t".join(row) for row in mutate.cells([line.split("\t") for line in lines], rng))
    elif name.endswith(".jsonl") and rng.random() < 0.7:
        import json

        at = rng.randrange(len(lines))
        lines[at] = mutate.json_text(mutate.tree(json.loads(lines[at]), rng), rng)
        content[name] = "\n".join(lines)
    else:
        content[name] = mutate.data(content[name].encode(), rng)
    return Case(f"beir:{seed}", files(content), on("b"))


def _mutated_parquet(seed: int) -> Case:
    """A column of another kind, or a file with damaged bytes."""
    import pyarrow

    rng = mutate.generator("parquet", seed)
    columns: dict[str, Any] = _columns(gain=[1] * N)
    if rng.random() < 0.6:
        kinds: list[Any] = [[2**62] * N, [-(2**40)] * N, [float("nan")] * N, [None] * N, [[]] * N, [["a", None]] * N, [[[1]]] * N, [{"a": 1}] * N,
                            [b"\xff"] * N, [True] * N, pyarrow.array([0] * N, pyarrow.timestamp("ns")), [mutate.ESCAPE] * N, [""] * N,
                            [mutate.BIDI] * N, pyarrow.array([0] * N, pyarrow.duration("s")), ["x" * 100_000] * N, pyarrow.array([2**63] * N, pyarrow.uint64())]  # fmt: skip
        columns[rng.choice(sorted(columns))] = rng.choice(kinds)
        if rng.random() < 0.3:
            del columns[rng.choice(sorted(columns))]
        content = as_parquet(columns)
    else:
        content = mutate.data(as_parquet(columns), rng)
    return Case(f"parquet:{seed}", files({"p.parquet": content}), on("p.parquet"))


def _sharded(form: str, content: bytes) -> Case:
    given = {name: data for name, data in beir().items() if "corpus" not in name}
    return Case(form, files({**given, f"b/corpus-0.{form.partition(':')[0]}": content}), on("b"))


def _mutated_tar(seed: int) -> Case:
    """An archive of samples with damaged bytes, in its headers or anywhere."""
    rng = mutate.generator("tar", seed)
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w", format=rng.choice([tarfile.PAX_FORMAT, tarfile.GNU_FORMAT])) as archive:
        for _, text, _, _, doc_id, _ in ROWS:
            name, body = rng.choice([(f"{doc_id}.txt", text), (f"{'é' * 90}/{doc_id}.json", mutate.json_text({"_id": doc_id, "text": text}, rng))])  # fmt: skip
            member = tarfile.TarInfo(name)
            member.size = len(body.encode())
            archive.addfile(member, io.BytesIO(body.encode()))
    content = bytearray(data.getvalue())
    if rng.random() < 0.5:
        return _sharded(f"tar:{seed}", mutate.data(bytes(content), rng))
    at = rng.randrange(0, len(content), 512) + rng.randrange(160)
    content[at] = rng.randrange(256)
    return _sharded(f"tar:{seed}", bytes(content))


def _mutated_arrow(seed: int) -> Case:
    """A stream or a packed file of record batches with damaged bytes."""
    import pyarrow
    from pyarrow import feather

    rng = mutate.generator("arrow", seed)
    table = pyarrow.table({"_id": [row[4] for row in ROWS], "text": [row[1] for row in ROWS]})
    data = io.BytesIO()
    if rng.random() < 0.5:
        feather.write_feather(table, data, compression=rng.choice(["lz4", "zstd"]))
    else:
        table = table.set_column(1, "text", table["text"].dictionary_encode())
        with pyarrow.ipc.new_stream(data, table.schema) as stream:
            stream.write_table(table)
    return _sharded(f"arrow:{seed}", mutate.data(data.getvalue(), rng))


def packed(content: bytes | str, n_times: int) -> bytes:
    """Return gzip of content repeated: a bomb."""
    data = content.encode() if isinstance(content, str) else content
    packer, checksum = zlib.compressobj(wbits=-zlib.MAX_WBITS), 0
    block = packer.compress(data) + packer.flush(zlib.Z_FULL_FLUSH)  # the next block would be the same bytes
    for _ in range(n_times):
        checksum = zlib.crc32(data, checksum)
    head, size = gzip.compress(b"", mtime=0)[:10], len(data) * n_times
    return head + block * n_times + packer.flush() + struct.pack("<LL", checksum, size & 0xFFFFFFFF)


FAMILY = Family(
    "tables",
    _named,
    {"csv": _mutated_delimited("csv", ","), "tsv": _mutated_delimited("tsv", "\t"), "jsonl": _mutated_lines, "beir": _mutated_beir, "parquet": _mutated_parquet,
     "tar": _mutated_tar, "arrow": _mutated_arrow},
    seeds=2,
)  # fmt: skip
