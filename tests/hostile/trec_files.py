"""TREC runs and judgements: `score RUN QRELS` and `compare A B --qrels Q`."""

import random
from collections.abc import Iterable

from hostile import mutate
from hostile.case import Case, Family, files, folder, link, pipe, then
from hostile.mutate import BIDI, ESCAPE

SCORE = ("score", "a.trec", "q.txt")
COMPARE = ("compare", "a.trec", "b.trec", "--qrels", "q.txt", "--out", "out")


def run_lines(shift: int = 0, n_queries: int = 5, n_documents: int = 6) -> list[list[str]]:
    """Return a run: each query's documents, best first."""
    return [[f"q{q}", "Q0", f"d{(d + q + shift) % n_documents}", str(d + 1), f"{10 - d}.5", "tag"] for q in range(n_queries) for d in range(n_documents)]  # fmt: skip


def qrels_lines(n_queries: int = 5) -> list[list[str]]:
    """Return judgements: two documents a query."""
    return [[f"q{q}", "0", f"d{d}", str(1 + (d == q))] for q in range(n_queries) for d in (q, q + 1)]


def text(rows: Iterable[Iterable[str]], separator: str = " ") -> str:
    """Write lines of cells."""
    return "".join(separator.join(row) + "\n" for row in rows)


def content(run: str | bytes | None = None, qrels: str | bytes | None = None) -> dict[str, str | bytes]:
    """Return the files of a comparison, some of them given."""
    return {"a.trec": text(run_lines()) if run is None else run, "b.trec": text(run_lines(1)),
            "q.txt": text(qrels_lines()) if qrels is None else qrels}  # fmt: skip


def _with_gain(value: str) -> str:
    rows = qrels_lines()
    rows[3][3] = value
    return text(rows)


def _with_cell(at: int, value: str) -> str:
    rows = run_lines()
    rows[3][at] = value
    return text(rows)


def _named() -> list[Case]:
    gains = {
        "2_31": str(2**31),
        "2_40": str(2**40),
        "huge": "1" + "0" * 400,
        "digits": "9" * 5000,
        "nan": "nan",
        "half": "0.5",
        "text": "x",
        "esc": ESCAPE,
    }
    cells = {"score_nan": (4, "nan"), "score_inf": (4, "inf"), "score_text": (4, "x"), "score_digits": (4, "9" * 5000), "rank_huge": (3, "9" * 30), "rank_neg": (3, "-1"),
             "id_esc": (0, ESCAPE.replace(" ", "")), "doc_esc": (2, ESCAPE), "doc_bidi": (2, BIDI), "doc_nul": (2, "a\0b"), "doc_long": (2, "d" * 100_000), "tag_esc": (5, ESCAPE)}  # fmt: skip
    measures = ("Judged@10", "nDCG@0", "nDCG@-1", "nDCG@99999999999999999999", "RR", "P@1e9", "x" * 5000, ESCAPE, BIDI, "", "nDCG@10,RR", "AP(rel=9999999999)", "nDCG(gains={0:1})@3",
                "__import__('os')", "nDCG@10(", "Accuracy", "ERR@10", "RBP(p=2)", "alpha_nDCG@10", "SetP", "INSQ")  # fmt: skip
    return [
        *(Case(f"score_qrels_{name}", files(content(qrels=_with_gain(value))), SCORE, "refused", "q.txt") for name, value in gains.items()),
        *(Case(f"trec_qrels_{name}", files(content(qrels=_with_gain(value))), COMPARE, "refused", "q.txt") for name, value in gains.items()),
        *(Case(f"trec_run_{name}", files(content(run=_with_cell(at, value))), COMPARE) for name, (at, value) in cells.items()),
        *(Case(f"score_measure_{ascii(m)[1:-1][:30]}", files(content()), (*SCORE, m)) for m in measures),
        *(Case(f"cmeasure_{ascii(m)[1:-1][:30]}", files(content()), (*COMPARE, "--measure", m)) for m in ("Judged@10", "nDCG@0", ESCAPE, "x" * 5000)),
        Case("trec_empty_run", files(content(run="")), COMPARE, "refused", "a.trec"),
        Case("trec_empty_qrels", files(content(qrels="")), COMPARE, "refused", "q.txt"),
        Case("trec_all_unjudged", files(content(qrels=text([["q0", "0", "d0", "0"]]))), COMPARE),
        Case("trec_other_ids", files(content(qrels=text([["x", "0", "y", "1"]]))), COMPARE, "refused"),
        Case("trec_zeros", files(content(run=bytes(100_000))), COMPARE, "refused", "a.trec"),
        Case("trec_random", files(content(run=random.Random(2).randbytes(50_000))), COMPARE, "refused", "a.trec"),
        Case("trec_utf16", files(content(run=text(run_lines()).encode("utf-16"))), COMPARE, "read"),
        Case("trec_one_long_line", files(content(run=lambda: b"q Q0 d 1 2 " + b"x" * 20_000_000)), COMPARE),
        Case("trec_fifo_run", then(files({"q.txt": text(qrels_lines()), "b.trec": text(run_lines(1))}), pipe("a.trec")), COMPARE, "refused", "a.trec"),
        Case("trec_fifo_qrels", then(files({"a.trec": text(run_lines()), "b.trec": text(run_lines(1))}), pipe("q.txt")), COMPARE, "refused", "q.txt"),
        Case("score_fifo", then(files({"a.trec": text(run_lines())}), pipe("q.txt")), SCORE, "refused", "q.txt"),
        Case("score_fifo_run", then(files({"q.txt": text(qrels_lines())}), pipe("a.trec")), SCORE, "refused", "a.trec"),
        Case("trec_folder_run", then(files({"q.txt": text(qrels_lines()), "b.trec": text(run_lines(1))}), folder("a.trec")), COMPARE, "refused", "a.trec"),
        Case("trec_device_run", then(files({"q.txt": text(qrels_lines()), "b.trec": text(run_lines(1))}), link("a.trec", "/dev/zero")), COMPARE, "refused", "a.trec"),
        Case("trec_device_qrels", files(content()), ("compare", "a.trec", "b.trec", "--qrels", "/dev/zero"), "refused", "/dev/zero"),
        Case("score_device", files(content()), ("score", "/dev/zero", "q.txt"), "refused", "/dev/zero"),
        Case("trec_loop_link", then(files({"q.txt": text(qrels_lines()), "b.trec": text(run_lines(1))}), link("a.trec", "a.trec")), COMPARE, "refused", "a.trec"),
        Case("trec_name_esc", files({**content(), "\x1b[31ma.trec": text(run_lines())}), ("compare", "\x1b[31ma.trec", "b.trec", "--qrels", "q.txt", "--out", "out")),
        Case("trec_label_esc", files(content()), ("compare", f"a.trec@label={ESCAPE}", "b.trec", "--qrels", "q.txt", "--out", "out")),
    ]  # fmt: skip


def _mutated_run(seed: int) -> Case:
    rng = mutate.generator("run", seed)
    changed = (
        text(mutate.cells(run_lines(), rng), rng.choice((" ", "\t")))
        if rng.random() < 0.7
        else mutate.data(text(run_lines()).encode(), rng)
    )
    return Case(f"run:{seed}", files(content(run=changed)), rng.choice((SCORE, COMPARE)))


def _mutated_qrels(seed: int) -> Case:
    rng = mutate.generator("qrels", seed)
    changed = (
        text(mutate.cells(qrels_lines(), rng), rng.choice((" ", "\t")))
        if rng.random() < 0.7
        else mutate.data(text(qrels_lines()).encode(), rng)
    )
    return Case(f"qrels:{seed}", files(content(qrels=changed)), rng.choice((SCORE, COMPARE)))


def _mutated_topics(seed: int) -> Case:
    """Judgements with topics and documents."""
    rng = mutate.generator("topics", seed)
    topics = rng.choice((text([f"q{q}", f"what is thing {q}"] for q in range(5)) .replace(" what", "\twhat"),
                         "".join(f"<top>\n<num> Number: q{q}\n<title> what is thing {q}\n</top>\n" for q in range(5))))  # fmt: skip
    documents = "".join(f"d{d}\tthe answer about thing {d}\n" for d in range(7))
    parts = {"topics.txt": topics, "docs.tsv": documents}
    name = rng.choice(sorted(parts))
    changed = {**parts, name: mutate.data(parts[name].encode(), rng)}
    argv = ("compare", "bm25", "char_ngrams", "--on", "q.txt+topics.txt+docs.tsv", "--out", "out")
    return Case(f"topics:{seed}", files({"q.txt": text(qrels_lines()), **changed}), argv)


FAMILY = Family("trec", _named, {"run": _mutated_run, "qrels": _mutated_qrels, "topics": _mutated_topics}, seeds=2)
