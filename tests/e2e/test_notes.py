"""What to beware of is said on the terminal and on the first screen alike, and by `score`."""

import html
import json
import re

import numpy as np
import pytest

import evidense as ev
from evidense.cli.saying.lines import note_lines
from evidense.report.comparison.answer import warnings
from evidense.report.contents import Contents

N = 30


def run_of(lists):
    return "".join(f"{q} Q0 {d} {rank} {100 - rank} r\n" for q, docs in lists.items() for rank, d in enumerate(docs, 1))


@pytest.fixture
def files(tmp_path):
    """Judgements, a whole run, and one that lacks three queries, puts two queries' own ids on top and is two documents deep."""
    whole = {f"q{i}": [f"d{i}", *(f"x{n}" for n in range(120))] for i in range(N)}
    lacking = {f"q{i}": [f"q{i}" if i < 5 else f"x{i}", f"d{i}"] for i in range(3, N)}
    (tmp_path / "qrels.txt").write_text("".join(f"q{i} 0 d{i} 1\n" for i in range(N)))
    (tmp_path / "whole.trec").write_text(run_of(whole))
    (tmp_path / "lacking.trec").write_text(run_of(lacking) + "stranger Q0 d1 1 1.0 r\n")
    return tmp_path


SAID = (
    "3 of 30 queries without results, counted as 0",
    "2 of 30 queries have a document with their own id on top, which is not judged relevant",
    "no list holds more than 2 documents, and nDCG@10, R@100 look deeper",
    "left out of this file: 1 queries that 'qrels.txt' does not judge",
)


def test_compare_prints_the_same_notes_on_terminal_and_page(files):
    result = ev.compare(str(files / "whole.trec"), str(files / "lacking.trec"), qrels=str(files / "qrels.txt"),
                        measures=["nDCG@10", "R@100"], out=files / "page")  # fmt: skip
    contents = Contents.of(result.study, result.records)
    on_page = [html.unescape(re.sub("<.*?>", "", text)) for text in warnings(contents, "lacking.trec")]
    on_terminal = note_lines(result.study, result.records)
    page = (files / "page" / "report.html").read_text(encoding="utf-8")
    first_screen = html.unescape(page[: page.index('<nav class="jump"')])
    for text in SAID:
        assert any(text in line for line in on_page), (text, on_page)
        assert any(text in line for line in on_terminal), (text, on_terminal)
        assert text in first_screen
    assert not any("whole.trec" in line for line in on_terminal)


def test_score_prints_the_same_notes(files):
    (row,) = ev.score(files / "lacking.trec", files / "qrels.txt", ["R@100"])
    assert any(text.startswith(SAID[0]) for text in row.warnings)
    assert any(text.startswith(SAID[1]) for text in row.warnings)
    assert "no list holds more than 2 documents, and R@100 looks deeper" in row.warnings


def test_a_run_shallower_than_the_depth_is_noted(files):
    result = ev.compare(str(files / "lacking.trec"), str(files / "whole.trec"), qrels=str(files / "qrels.txt"),
                        measures=["RR@2"], depth=50)  # fmt: skip
    lines = note_lines(result.study, result.records)
    assert any("no list holds more than 2 documents, and 50 were asked for" in line for line in lines)


def test_a_note_on_one_of_two_collections_names_it(files):
    for name in ("a.txt", "b.txt"):
        (files / name).write_text((files / "qrels.txt").read_text())
    (files / "b.txt").write_text((files / "b.txt").read_text() + "more 0 d1 1\n")
    result = ev.compare(str(files / "whole.trec"), str(files / "whole.trec") + "@label=again",
                        on=[f"trec:{files}/a.txt", f"trec:{files}/b.txt"])  # fmt: skip
    notes = warnings(Contents.of(result.study, result.records), "again")
    missing_results = [re.sub("<.*?>", "", text) for text in notes if "without results" in text]
    assert missing_results[0] == "both systems on b.txt: 1 of 31 queries without results, counted as 0"


def judged_run_pair(folder, negatives):
    """A run with the relevant document on top, one that lost it, and judgements of which `negatives` queries have one that is negative."""
    good = {f"q{i}": [f"d{i}", "n1", *(f"x{n}" for n in range(8))] for i in range(N)}
    bad = {f"q{i}": [f"y{n}" for n in range(9)] + [f"d{i}"] for i in range(N)}
    (folder / "good.trec").write_text(run_of(good))
    (folder / "bad.trec").write_text(run_of(bad))
    judged = [f"q{i} 0 d{i} 1\n" + (f"q{i} 0 n1 0\n" if i < negatives else "") for i in range(N)]
    (folder / "qrels.txt").write_text("".join(judged))
    return ev.compare(f"{folder}/good.trec", f"{folder}/bad.trec", qrels=f"{folder}/qrels.txt", out=folder / "page")


@pytest.mark.parametrize("negatives", [0, 1])
def test_unjudged_documents_are_not_noted_if_only_positives_are_judged(tmp_path, negatives):
    """There "unjudged" is the share that is not relevant, and over judged documents only every list is perfect."""
    result = judged_run_pair(tmp_path, negatives)
    assert not any("judged" in line for line in note_lines(result.study, result.records))
    page = (tmp_path / "page" / "report.html").read_text(encoding="utf-8")
    assert "unjudged" not in page[: page.index('<nav class="jump"')]
    assert not any("judged_only" in f.site["measure"] for f in result.findings)
    assert all("judged" not in v.details for v in result.verdicts)
    assert result.verdicts[0].effect == pytest.approx(1 / np.log2(11) - 1)


def test_unjudged_documents_are_noted_if_negatives_are_judged(tmp_path):
    """Hand-computed: 2 of 10 judged with one, 1 of 10 with the other; its only judged document is relevant: 1 − 1 = 0."""
    result = judged_run_pair(tmp_path, N)
    (line,) = [line for line in note_lines(result.study, result.records) if "judged" in line]
    assert "90% of its top 10 unjudged (baseline 80%); over judged documents only" in line
    (condensed,) = [f for f in result.findings if f.estimand == "difference" and "judged_only" in f.site["measure"]]
    assert condensed.value == 0


def test_judged_documents_that_the_corpus_lacks_are_named_on_the_terminal(evidense, tmp_path):
    """As where a shard is missing whose names do not tell how many there are."""
    folder = tmp_path / "beir"
    (folder / "qrels").mkdir(parents=True)
    for shard in (0, 2):
        lines = [json.dumps({"_id": f"d{n}", "text": f"a text about thing {n}"}) for n in range(shard, 60, 3)]
        (folder / f"corpus-{shard}.jsonl").write_text("\n".join(lines) + "\n")
    queries = [json.dumps({"_id": f"q{n}", "text": f"thing {n}"}) for n in range(60)]
    (folder / "queries.jsonl").write_text("\n".join(queries) + "\n")
    rows = "".join(f"q{n}\td{n}\t1\n" for n in range(60))
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\n" + rows)
    result = evidense("compare", "bm25", "char_ngrams", "--on", folder, "--out", tmp_path / "page")
    assert "20 judgements name documents that the corpus lacks (20 of 60 relevant documents" in result.stdout
    assert "is a part of the corpus missing?" in result.stdout
