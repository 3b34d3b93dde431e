"""Results that others computed: saved baselines, predictions of mteb and of sentence-transformers, labels in losses.csv."""

import gzip
import json
from collections.abc import Callable
from typing import Any

from hostile import made, mutate, tables
from hostile.case import Case, Family, files, pipe, then
from hostile.mutate import BIDI, ESCAPE, Raw

BASELINE = "bm25.baseline.json.gz"
MTEB = "T_predictions.json"
ST = "IR_predictions_cosine.jsonl"


def against(file: str) -> tuple[str, ...]:
    """Return the command line that compares a file of results with bm25."""
    return ("compare", file, "bm25", "--on", "p.csv", "--out", "out")


def held() -> dict[str, Any]:
    """Return the content of a valid baseline."""
    value: dict[str, Any] = json.loads(gzip.decompress(made.baseline()))
    return value


def _baseline(name: str, change: Callable[[dict[str, Any]], Any] | bytes, **more: Any) -> Case:
    """A baseline after `change`, which edits it in place or returns another one."""

    def content() -> bytes:
        if isinstance(change, bytes):
            return change
        value = held()
        changed = change(value)
        return gzip.compress(
            mutate.json_text(value if changed is None else changed).encode("utf-8", "surrogatepass"), mtime=0
        )

    return Case(
        f"baseline_{name}",
        files({"p.csv": made.PAIRS, BASELINE: content}),
        against(BASELINE),
        **{"expected": "refused", "says": "baseline", **more},
    )


def _lists(value: dict[str, Any]) -> Any:
    return value["collections"]["p.csv"]["lists"]


def _first(place: Any = None, score: Any = None) -> Callable[[dict[str, Any]], None]:
    def change(value: dict[str, Any]) -> None:
        for at, new in enumerate((place, score)):
            if new is not None:
                _lists(value)[0][at][0] = new

    return change


def _set(key: str, new: Any) -> Callable[[dict[str, Any]], None]:
    return lambda value: value.__setitem__(key, new)


def _bomb() -> bytes:
    return tables.packed(b" " * (1 << 20), 512)


def _baselines() -> list[Case]:
    one: dict[str, Any] = {"place_2_40": _first(2**40), "place_str": _first("x"), "place_neg": _first(-1), "place_beyond": _first(10_000), "place_half": _first(0.5), "place_null": _first(Raw("null")),
                           "score_str": _first(score="a"), "score_digits": _first(score=Raw("9" * 5000)), "score_nan": _first(score=float("nan")), "score_list": _first(score=[1]),
                           "many_lists": lambda v: _lists(v).extend(_lists(v) * 3), "few_lists": lambda v: _lists(v).pop(), "triple": lambda v: _lists(v)[0].append([]),
                           "uneven": lambda v: _lists(v)[0][0].append(3), "twice": lambda v: _lists(v).__setitem__(0, [[0, 0], [2.0, 1.0]]), "no_checksum": lambda v: v["collections"]["p.csv"].pop("checksum"),
                           "coll_list": _set("collections", []), "coll_item_list": _set("collections", {"p.csv": []}), "coll_null": _set("collections", None), "label_int": _set("label", 5),
                           "setup_list": _set("setup", []), "setup_null": _set("setup", None), "depth_str": _set("depth", "x"), "warnings_int": lambda v: v["setup"].__setitem__("warnings", 5),
                           "label_missing": lambda v: v.pop("label"), "root_list": lambda v: [v], "root_null": lambda v: Raw("null"), "deep": lambda v: Raw("[" * 100_000 + "]" * 100_000)}  # fmt: skip
    packed = gzip.compress(b"{}" * 2000, mtime=0)
    return [
        *(_baseline(name, change) for name, change in one.items()),
        _baseline("label_esc", _set("label", ESCAPE), expected="either"),
        _baseline("label_surrogate", _set("label", Raw('"\\ud800"'))),
        _baseline("gz_corrupt", packed[:14] + b"\xff" * 8 + packed[22:]),
        _baseline("gz_cut", packed[:-9]),
        _baseline("not_gz", b"{}"),
        _baseline("empty", b""),
        Case("baseline_bomb", files({"p.csv": made.PAIRS, BASELINE: _bomb}), against(BASELINE), "refused", "baseline"),
        Case(
            "baseline_fifo", then(files({"p.csv": made.PAIRS}), pipe(BASELINE)), against(BASELINE), "refused", BASELINE
        ),
    ]


def mteb() -> dict[str, Any]:
    """Return valid predictions in mteb's form."""
    scores = {f"q{q}": {f"d{(q + d) % tables.N}": 1.0 - d / 10 for d in range(tables.N)} for q in range(tables.N)}
    return {"mteb_model_meta": {"model_name": "a/b", "revision": "1"}, "default": {"test": scores}}


def st() -> list[dict[str, Any]]:
    """Return valid predictions in sentence-transformers' form."""
    return [{"query_id": f"q{q}", "query": "what", "results": [{"corpus_id": f"d{(q + d) % tables.N}", "text": "t", "score": 1.0 - d / 10} for d in range(tables.N)]}
            for q in range(tables.N)]  # fmt: skip


def _mteb(name: str, value: Any, **more: Any) -> Case:
    return Case(
        f"mteb_{name}",
        files({"p.csv": made.PAIRS, MTEB: mutate.json_text(value)}),
        against(MTEB),
        **{"expected": "refused", "says": MTEB, **more},
    )


def _st(name: str, *lines: Any, **more: Any) -> Case:
    text = tables.as_lines([*lines, *st()[len(lines) :]])
    return Case(
        f"st_{name}", files({"p.csv": made.PAIRS, ST: text}), against(ST), **{"expected": "refused", "says": ST, **more}
    )


def _predictions() -> list[Case]:
    row = st()[0]
    first = mteb()["default"]["test"]["q0"]
    one = {"meta_int": {**mteb(), "mteb_model_meta": 5}, "meta_list": {**mteb(), "mteb_model_meta": [1]}, "list": [1], "null": None, "subset_list": {"default": []}, "split_int": {"default": {"test": 5}},
           "query_list": {"default": {"test": {"q0": ["d0"]}}}, "score_str": {"default": {"test": {"q0": {"d0": "x"}}}}, "score_bigint": {"default": {"test": {"q0": {"d0": 10**30}}}},
           "score_digits": {"default": {"test": {"q0": {"d0": Raw("9" * 5000)}}}}, "score_nan": {"default": {"test": {"q0": {**first, "d0": float("nan")}}}}, "deep": Raw("[" * 100_000 + "]" * 100_000),
           "surrogate": {"default": {"test": {"q0": {"\ud800": 1.0}}}}, "empty_query": {"default": {"test": {}}}}  # fmt: skip
    rows = {"deep": Raw("[" * 100_000 + "]" * 100_000), "bigint": {**row, "results": [{"corpus_id": "d0", "score": 10**30}]}, "digits": {**row, "results": [{"corpus_id": "d0", "score": Raw("9" * 5000)}]},
            "score_str": {**row, "results": [{"corpus_id": "d0", "score": "1"}]}, "score_null": {**row, "results": [{"corpus_id": "d0", "score": None}]}, "score_bool": {**row, "results": [{"corpus_id": "d0", "score": True}]},
            "results_dict": {**row, "results": {"corpus_id": "d0"}}, "results_str": {**row, "results": "d0"}, "row_int": 5, "row_null": None, "surrogate": {**row, "query_id": "\ud800"},
            "doc_list": {**row, "results": [{"corpus_id": ["d0"], "score": 1.0}]}, "query_object": {**row, "query_id": {"a": 1}}}  # fmt: skip
    return [
        *(
            _mteb(name, value, **({"expected": "either"} if name in {"score_bigint", "empty_query"} else {}))
            for name, value in one.items()
        ),
        _mteb("unknown_doc", {"default": {"test": {"q1": {"zz\x1b[31m": 1.0, "d1": 0.5}}}}),
        _mteb("unknown_query", {"default": {"test": {ESCAPE: {"d1": 0.5}}}}),
        _mteb("bidi_model", {**mteb(), "mteb_model_meta": {"model_name": BIDI + ESCAPE}}, expected="either"),
        Case("mteb_fifo", then(files({"p.csv": made.PAIRS}), pipe(MTEB)), against(MTEB), "refused", MTEB),
        *(
            _st(name, value, **({"expected": "either"} if name in {"bigint", "query_object"} else {}))
            for name, value in rows.items()
        ),
        _st("unknown_doc", {**row, "results": [{"corpus_id": ESCAPE, "score": 1.0}]}),
        Case("st_fifo", then(files({"p.csv": made.PAIRS}), pipe(ST)), against(ST), "refused", ST),
    ]


# --- labels of a page's losses ----------------------------------------------------------------------------------------

_TABLES = ("compare", "bm25", "char_ngrams", "--on", "p.csv", "--out", "page")
LOSSES = [
    ["collection", "query_id", "query", "label wrong?"],
    ["p.csv", "q1", "what", "yes"],
    ["p.csv", "q2", "what", ""],
]


def _losses_file(rows: list[list[str]] | bytes) -> Callable[[], bytes]:
    """Return losses.csv with the header that evidense writes, and these rows or bytes after it."""

    def content() -> bytes:
        written = made.page()["losses.csv"]
        return written + (rows if isinstance(rows, bytes) else tables.as_csv(rows))

    return content


def _losses(name: str, rows: list[list[str]] | bytes, **more: Any) -> Case:
    return Case(f"losses_{name}", files({"p.csv": made.PAIRS, "page/losses.csv": _losses_file(rows)}), _TABLES, **more)


def _labels() -> list[Case]:
    return [
        _losses("bad_label", [["p.csv", "q1", *["maybe\x1b[31m"] * 8]]),
        _losses("open_quote", b'"open,' + b"x\n" * 200_000),
        _losses("wide", b"p.csv,q1," + b"x" * 300_000 + b"\n"),
        _losses("short_row", [["p.csv"]]),
        _losses("bytes", b"\xff\xfe\x00\n"),
        Case(
            "losses_fifo", then(files({"p.csv": made.PAIRS}), pipe("page/losses.csv")), _TABLES, "refused", "losses.csv"
        ),
    ]


# --- mutations --------------------------------------------------------------------------------------------------------


def _mutated_baseline(seed: int) -> Case:
    rng = mutate.generator("baseline", seed)

    def content() -> bytes:
        if rng.random() < 0.2:
            return mutate.data(made.baseline(), rng)
        text = mutate.json_text(mutate.tree(held(), rng), rng)
        return gzip.compress(text.encode("utf-8", "surrogatepass"), mtime=0)

    return Case(f"baseline:{seed}", files({"p.csv": made.PAIRS, BASELINE: content}), against(BASELINE))


def _mutated_mteb(seed: int) -> Case:
    rng = mutate.generator("mteb", seed)
    content: str | bytes = mutate.json_text(mutate.tree(mteb(), rng), rng)
    if rng.random() < 0.2:
        content = mutate.data(json.dumps(mteb()).encode(), rng)
    return Case(f"mteb:{seed}", files({"p.csv": made.PAIRS, MTEB: content}), against(MTEB))


def _mutated_st(seed: int) -> Case:
    rng = mutate.generator("st", seed)
    rows = st()
    rows[1] = mutate.tree(rows[1], rng)
    content: str | bytes = tables.as_lines(rows, rng)
    if rng.random() < 0.2:
        content = mutate.data(tables.as_lines(st()).encode(), rng)
    return Case(f"st:{seed}", files({"p.csv": made.PAIRS, ST: content}), against(ST))


def _mutated_losses(seed: int) -> Case:
    rng = mutate.generator("losses", seed)

    def content() -> bytes:
        import csv
        import io

        written = made.page()["losses.csv"]
        rows = list(csv.reader(io.StringIO(written.decode("utf-8-sig"))))
        rows += [["p.csv", "q1", *["yes"] * max(0, len(rows[0]) - 2)]] if rows else []
        return tables.as_csv(mutate.cells(rows, rng)) if rng.random() < 0.6 else mutate.data(written, rng)

    return Case(f"losses:{seed}", files({"p.csv": made.PAIRS, "page/losses.csv": content}), _TABLES)


FAMILY = Family(
    "given results",
    lambda: [*_baselines(), *_predictions(), *_labels()],
    {"baseline": _mutated_baseline, "mteb": _mutated_mteb, "st": _mutated_st, "losses": _mutated_losses},
    seeds=2,
)
