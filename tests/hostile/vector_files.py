"""Vectors that somebody already has: .npy arrays and the ids of their rows."""

import io
import json
import struct
from collections.abc import Callable
from typing import Any

import numpy as np

from hostile import made, mutate, tables
from hostile.case import Case, Content, Family, files, pipe, then
from hostile.mutate import BIDI, ESCAPE, Raw

COMPARE = ("compare", "e.npy", "f.npy", "--on", "p.csv", "--out", "out")
IDS = [*(f"q{i}" for i in range(tables.N)), *(f"d{i}" for i in range(tables.N))]


def array(seed: int = 0, n_rows: int = len(IDS), n_dims: int = 4, dtype: str = "float32") -> np.ndarray:
    """Return vectors of length 1."""
    values = np.random.default_rng(seed).normal(size=(n_rows, n_dims))
    return (values / np.linalg.norm(values, axis=1, keepdims=True)).astype(dtype)


def saved(value: Any) -> bytes:
    """Return an array as numpy saves it."""
    data = io.BytesIO()
    np.save(data, value)
    return data.getvalue()


def header(text: str, body: bytes = b"\0" * 64, version: int = 1) -> bytes:
    """Return a .npy file with this text as its header."""
    encoded = text.encode("latin-1", "replace") + b"\n"
    return (
        b"\x93NUMPY"
        + bytes([version, 0])
        + struct.pack("<H" if version == 1 else "<I", len(encoded) % (65536 if version == 1 else 1 << 32))
        + encoded
        + body
    )


def content(e: Content | None = None, **ids: Content) -> dict[str, Content]:
    """Return the files of a comparison, some of them given: `txt` or `json` are the ids of e.npy."""
    given: dict[str, Content] = {f"e.ids.{ending}": value for ending, value in ids.items()}
    text = "\n".join(IDS) + "\n"
    return {
        "p.csv": made.PAIRS,
        "e.npy": saved(array()) if e is None else e,
        **(given or {"e.ids.txt": text}),
        "f.npy": saved(array(1)),
        "f.ids.txt": text,
    }


def _npy(name: str, value: Content, **more: Any) -> Case:
    return Case(f"npy_{name}", files(content(value)), COMPARE, **{"expected": "refused", "says": "e.npy", **more})


def _ids(name: str, ending: str, value: Content, **more: Any) -> Case:
    return Case(
        f"npy{ending}_{name}",
        files(content(**{ending: value})),
        COMPARE,
        **{"expected": "refused", "says": f"e.ids.{ending}", **more},
    )


_HEADERS = {
    "rows_1e30": "{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000000000000000000000000, 4), }",
    "rows_2_62": "{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4), }",
    "rows_1e9": "{'descr': '<f4', 'fortran_order': False, 'shape': (1000000000, 4), }",
    "rows_neg": "{'descr': '<f4', 'fortran_order': False, 'shape': (-1, 4), }",
    "rows_text": "{'descr': '<f4', 'fortran_order': False, 'shape': ('a', 4), }",
    "shape_int": "{'descr': '<f4', 'fortran_order': False, 'shape': 12, }",
    "object": "{'descr': '|O', 'fortran_order': False, 'shape': (12, 4), }",
    "descr_list": "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (12, 4), }",
    "descr_int": "{'descr': 5, 'fortran_order': False, 'shape': (12, 4), }",
    "descr_esc": "{'descr': '\x1b[31mf4', 'fortran_order': False, 'shape': (12, 4), }",
    "no_shape": "{'descr': '<f4', 'fortran_order': False}",
    "no_dict": "[1, 2]",
    "deep": "(" * 5000 + ")" * 5000,
    "call": "__import__('os').system('id')",
    "unicode_dtype": "{'descr': '<U1000000', 'fortran_order': False, 'shape': (12, 4), }",
    "float16": "{'descr': '<f16', 'fortran_order': False, 'shape': (12, 4), }",
    "complex": "{'descr': '<c8', 'fortran_order': False, 'shape': (4, 2), }",
    "empty": "",
}


def _named() -> list[Case]:
    bad = array()
    bad[3, 2] = np.nan
    many = 120_000
    return [
        *(_npy(name, header(text)) for name, text in _HEADERS.items()),
        _npy("nan", saved(bad)),
        _npy("inf", saved(np.full((12, 4), np.inf, np.float32))),
        _npy("int", saved(np.ones((12, 4), np.int64))),
        _npy("one_dim", saved(np.ones(12, np.float32))),
        _npy("no_dims", saved(np.ones((12, 0), np.float32))),
        _npy("few_rows", saved(array(n_rows=3))),
        _npy("cut", saved(array())[:-7]),
        _npy("pickle", saved(np.array([{"a": 1}] * 12, dtype=object))),
        _npy("zip", b"PK\x03\x04" + bytes(100)),
        _npy("no_file", b""),
        _npy("header_2gb", header(_HEADERS["rows_1e9"], version=2).replace(b"\x02\x00", b"\x02\x00\xff\xff\xff\x7f", 1)),
        _npy("big_float64", saved(np.full((12, 4), 1e300)), expected="either"),
        _npy("fortran", saved(np.asfortranarray(array())), expected="read"),
        _npy("zero_vectors", saved(np.zeros((12, 4), np.float32)), expected="either"),
        _npy("big_endian", saved(array().astype(">f4")), expected="read"),
        Case("npy_fifo", then(files({k: v for k, v in content().items() if k != "e.npy"}), pipe("e.npy")), COMPARE, "refused", "e.npy"),
        Case("npy_ids_fifo", then(files({k: v for k, v in content().items() if k != "e.ids.txt"}), pipe("e.ids.txt")), COMPARE, "refused", "e."),
        Case("npy_ids_dup_slow", files({**content(lambda: saved(np.ones((many, 2), np.float32)), txt=lambda: "\n".join([*(f"x{i}" for i in range(many - 1)), f"x{many - 2}"]).encode())}), COMPARE, "refused"),
        _ids("deep", "json", "[" * 100_000 + "]" * 100_000),
        _ids("surrogate", "json", '["\\ud800"]'),
        _ids("object", "json", '{"a": 1}'),
        _ids("nested", "json", json.dumps([[i] for i in IDS])),
        _ids("null", "json", json.dumps([None] * len(IDS))),
        _ids("float", "json", json.dumps([1.5] * len(IDS))),
        _ids("digits", "json", mutate.json_text([Raw("9" * 5000)] * len(IDS))),
        _ids("esc", "json", json.dumps([ESCAPE, *IDS[1:]]), says=""),
        _ids("esc", "txt", "\n".join([ESCAPE, BIDI, *IDS[2:]]), says=""),
        _ids("bytes", "txt", b"\xff\xfe\n" * 12),
        _ids("empty", "txt", "", says="ids"),
        _ids("twice", "txt", "\n".join(IDS[:1] * len(IDS)), says="repeated"),
    ]  # fmt: skip


def _mutated_npy(seed: int) -> Case:
    """A header with one value replaced, or damaged bytes."""
    rng = mutate.generator("npy", seed)
    if rng.random() < 0.5:
        fields = {"descr": "<f4", "fortran_order": False, "shape": (12, 4)}
        key = rng.choice(sorted(fields))
        value = (rng.choice(mutate.NUMBERS[:14]), 4) if key == "shape" and rng.random() < 0.6 else mutate.junk(rng)
        shown = value.text if isinstance(value, Raw) else repr(value)
        text = "{" + ", ".join(f"{name!r}: {shown if name == key else repr(one)}" for name, one in fields.items()) + "}"
        data = header(text[:60_000], array().tobytes(), rng.choice((1, 1, 2, 3)))
    else:
        data = mutate.data(saved(array(dtype=rng.choice(("float16", "float32", "float64", "int8", "bool")))), rng)
    return Case(f"npy:{seed}", files(content(data)), COMPARE)


def _mutated_ids(seed: int) -> Case:
    rng = mutate.generator("ids", seed)
    if rng.random() < 0.6:
        return Case(f"ids:{seed}", files(content(json=mutate.json_text(mutate.tree(IDS, rng), rng))), COMPARE)
    return Case(f"ids:{seed}", files(content(txt=mutate.data("\n".join(IDS).encode(), rng))), COMPARE)


def _mutated_folder(seed: int) -> Case:
    """A folder with queries.npy and documents.npy, one of its files damaged or gone."""
    rng = mutate.generator("vectors", seed)
    names = {"queries": IDS[: tables.N], "documents": IDS[tables.N :]}
    whole: dict[str, bytes] = {}
    for at, (side, ids) in enumerate(names.items()):
        whole[f"v/{side}.npy"] = saved(array(at, n_rows=len(ids), n_dims=rng.choice((4, 4, 4, 5))))
        whole[f"v/{side}.ids.txt"] = "\n".join(ids).encode()
    hit = rng.choice(sorted(whole))
    whole[hit] = mutate.data(whole[hit], rng)
    if rng.random() < 0.2:
        del whole[hit]
    return Case(
        f"vectors:{seed}",
        files({"p.csv": made.PAIRS, **whole}),
        ("compare", "v", "bm25", "--on", "p.csv", "--out", "out"),
    )


_MAKERS: dict[str, Callable[[int], Case]] = {"npy": _mutated_npy, "ids": _mutated_ids, "vectors": _mutated_folder}
FAMILY = Family("vectors", _named, _MAKERS, seeds=2)
