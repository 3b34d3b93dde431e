"""Traps of the set-up are said on the terminal and on the first screen, and what is left of a verdict without the queries of training."""

import html
import json

import numpy as np
import pytest

import evidense as ev
from evidense import registry
from evidense.cli.saying.lines import note_lines
from evidense.study.files.toml import read_study

N = 80
RNG = np.random.default_rng(0)
WORDS = ["".join(map(chr, row)) for row in RNG.integers(97, 123, (2_000, 7)).tolist()]
QUERIES = [" ".join(WORDS[i] for i in RNG.integers(0, 2_000, 6)) for _ in range(N)]
DOCUMENTS = [" ".join(WORDS[i] for i in RNG.integers(0, 2_000, 40)) for _ in range(N)]


def write_pairs(path, rows):
    path.write_text("query,document\n" + "".join(f"{q},{d}\n" for q, d in rows))
    return path


@pytest.fixture
def files(tmp_path):
    """Pairs; a base that finds nothing, and a tuned system that finds what it was trained on: the first 50 queries."""
    write_pairs(tmp_path / "pairs.csv", zip(QUERIES, DOCUMENTS, strict=True))
    (collection,) = registry.collections(str(tmp_path / "pairs.csv"))
    relevant = {q: next(iter(gains)) for q, gains in collection.qrels.items()}
    ids, wrong = list(collection.query_ids), collection.doc_ids[-1]
    place = {item.id: QUERIES.index(item.text) for item in collection.queries}
    base = "".join(f"{q} Q0 {wrong if relevant[q] != wrong else collection.doc_ids[0]} 1 1.0 r\n" for q in ids)
    tuned = "".join(f"{q} Q0 {relevant[q] if place[q] < 50 else wrong} 1 1.0 r\n" for q in ids if relevant[q] != wrong)
    (tmp_path / "base.trec").write_text(base)
    (tmp_path / "tuned.trec").write_text(tuned)
    return tmp_path


def compared(files, trained_on, **settings):
    return ev.compare(str(files / "base.trec"), str(files / "tuned.trec"), on=str(files / "pairs.csv"), out=files / "page",
                      trained_on=[str(trained_on)], n_resamples=999, **settings)  # fmt: skip


def first_screen(folder):
    page = (folder / "report.html").read_text(encoding="utf-8")
    return html.unescape(page[: page.index('<nav class="jump"')])


def test_a_gain_on_training_queries_does_not_hold_without_them(files):
    """50 of 80 queries were trained on, and only these are found: +50/80 with them, 0 (of a base that has nothing to lose) without."""
    train = write_pairs(files / "train.csv", [(q.upper(), d) for q, d in zip(QUERIES[:50], DOCUMENTS, strict=False)])
    result = compared(files, train)
    (verdict,) = result.verdicts
    assert verdict.verdict == "HELPS"
    (unseen,) = [f for f in result.findings if f.estimand == "difference on unseen queries"]
    assert (unseen.value, unseen.n, unseen.details["verdict"]) == (0.0, 30, "UNDECIDED")
    lines = note_lines(result.study, result.records)
    counts = "among the training pairs (train.csv) are 50 of 80 queries, 50 of 80 relevant documents, 50 of 80 pairs"
    lost = "HELPS does not hold without the 50 queries that are among the training pairs: UNDECIDED"
    for text in (counts, lost):
        assert any(text in line for line in lines), lines
        assert text in first_screen(files / "page")


def test_a_verdict_that_holds_without_training_queries_is_reported_as_such(files):
    """10 of the 50 that are found were trained on: 40 of 70 are left."""
    train = write_pairs(files / "train.csv", zip(QUERIES[:10], DOCUMENTS[10:20], strict=True))
    result = compared(files, train)
    (unseen,) = [f for f in result.findings if f.estimand == "difference on unseen queries"]
    assert unseen.value == pytest.approx(40 / 70)
    lines = note_lines(result.study, result.records)
    assert any(
        "HELPS holds without the 10 queries that are among the training pairs (+.571 [" in line for line in lines
    ), lines
    assert any("10 of 80 queries, 10 of 80 relevant documents, 0 of 80 pairs" in line for line in lines)


def test_nearly_equal_queries_are_counted_separately(files):
    rows = [*zip(QUERIES[:10], DOCUMENTS, strict=False), *((f"{q} x", "new") for q in QUERIES[10:50])]
    result = compared(files, write_pairs(files / "train.csv", rows))
    finding_without = {
        f.details["left_out"]: f for f in result.findings if f.estimand == "difference on unseen queries"
    }
    assert finding_without["equal"].n == 70
    assert (finding_without["equal or nearly equal"].n, finding_without["equal or nearly equal"].value) == (30, 0.0)
    lines = note_lines(result.study, result.records)
    assert any("10 (and nearly 40 more) of 80 queries" in line for line in lines), lines


def test_the_page_says_if_no_unseen_query_remains(files):
    lines = note_lines(*(lambda r: (r.study, r.records))(compared(files, files / "pairs.csv")))
    assert any("no query is left without the 80 queries that are among the training pairs" in line for line in lines), (
        lines
    )


def test_counts_are_zero_if_no_test_query_was_trained_on(files):
    rows = [("quite another question", "quite another document"), ("and one more", "with its document")]
    train = write_pairs(files / "train.csv", rows)
    result = compared(files, train)
    lines = [line for line in note_lines(result.study, result.records) if "train" in line]
    assert len(lines) == 1
    assert "0 of 80 queries, 0 of 80 relevant documents, 0 of 80 pairs" in lines[0]


def test_trained_on_takes_a_file_and_the_page_can_be_replayed(files, evidense):
    train = write_pairs(files / "train.csv", zip(QUERIES[:50], DOCUMENTS, strict=False))
    done = evidense("compare", files / "base.trec", files / "tuned.trec", "--on", files / "pairs.csv", "--trained-on", train,
                    "--out", files / "page")  # fmt: skip
    assert done.exit_code == 0, done.output
    assert "HELPS does not hold without the 50 queries" in done.stdout
    assert read_study(files / "page" / "study.toml").trained_on == (str(train),)
    assert "byte for byte" in evidense("replay", files / "page").stdout
    assert json.loads((files / "page" / "page.json").read_text())["study"]


def test_a_file_that_holds_no_pairs_is_refused(files, evidense):
    (files / "bad.csv").write_text("a,b\n1,2\n")
    refused = evidense(
        "compare",
        files / "base.trec",
        files / "tuned.trec",
        "--on",
        files / "pairs.csv",
        "--trained-on",
        files / "bad.csv",
    )
    assert refused.exit_code == 2
    assert "bad.csv" in refused.stderr


def test_queries_contained_in_their_documents_are_reported(tmp_path):
    rows = [(" ".join(d.split()[3:9]), d) for d in DOCUMENTS]
    write_pairs(tmp_path / "copied.csv", rows)
    result = ev.compare("char_ngrams", "bm25", on=str(tmp_path / "copied.csv"), out=tmp_path / "page", n_resamples=999)
    warning = "80 of 80 queries are quoted in a document that is relevant to them"
    assert any(line.startswith(f"  ⚠ copied.csv: {warning}") for line in note_lines(result.study, result.records))
    assert f"copied.csv: {warning}" in first_screen(tmp_path / "page").replace("<bdi>", "").replace("</bdi>", "")


def test_a_named_slice_that_cannot_be_tested_says_so_with_its_sizes(tmp_path, own_store):
    """20 English queries are tested; of the others the sizes are named, on the terminal and on the page."""
    languages = ["en"] * 70 + ["de"] * 6 + ["fr"] + [""] * 3
    rows = "".join(f"{q},{d},{lang},all\n" for q, d, lang in zip(QUERIES, DOCUMENTS, languages, strict=True))
    (tmp_path / "sliced.csv").write_text(f"query,document,lang,kind\n{rows}")
    write_pairs(tmp_path / "plain.csv", zip(DOCUMENTS, QUERIES, strict=True))
    collections = [str(tmp_path / name) for name in ("sliced.csv", "plain.csv")]
    result = ev.compare("bm25", "char_ngrams", on=collections, slices=["lang", "kind"], out=tmp_path / "page")
    said = "\n".join(note_lines(result.study, result.records))
    for sentence in (
        "sliced.csv: slice 'lang': de (6 queries), fr (1 query) are too small to be tested; at least 20 queries are needed",
        "sliced.csv: slice 'kind': all 80 queries are 'all', so there is nothing to set apart",
        "plain.csv: slice 'lang': this collection has no such column",
    ):
        assert sentence in said
        assert sentence.split(": ", 1)[1] in html.unescape((tmp_path / "page" / "report.html").read_text())
    unnamed = ev.compare("bm25", "char_ngrams", on=collections)
    assert "slice" not in "\n".join(note_lines(unnamed.study, unnamed.records))
