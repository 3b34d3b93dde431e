"""evidense check: statements beside works, without a network: verdicts, passages, files, and what is refused."""

import json
from pathlib import Path

import pytest

import evidense as ev
from evidense.errors import InvalidInput

PAPER = """A study of owls

1 Results

Owls were watched for a year. Barn owls hunt mice at night. In most winters, barn owls hunt voles at dusk.
"""
FIELD = """Notes from the field

1 Notes

We walked. Barn owls hunt mice at night. Nobody saw a hawk.
"""
CITING = """On hunting

1 Introduction

Barn owls hunt mice at night [1]. Water is heavy [2].

References

[1] Ada Smith. A study of owls. Nature, 2018.
[2] Ian Bell. The weight of water. 2009.
"""
CORPUS = [
    {"doc_id": 1, "title": "A study of owls", "abstract": ["Owls were watched.", "Barn owls hunt mice at night."]},
    {"doc_id": "b2", "title": "", "abstract": "Water weighs a kilogram. Ice floats."},
]
CLAIMS = [
    {"id": 7, "claim": "Barn owls hunt mice at night.", "evidence": {}, "cited_doc_ids": [1]},
    {"id": 8, "claim": "Night hunting is common among owls.", "cited_doc_ids": [1]},
    {"id": 9, "claim": "Ice floats.", "cited_doc_ids": ["gone"]},
    {"id": 10, "claim": "Do owls hunt mice?"},
]
KEYS = {"text", "verdict", "confidence", "entailer", "calibrator", "evidence", "grounded", "corroborated", "tested"}


@pytest.fixture
def works(tmp_path: Path) -> Path:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib/owls.txt").write_text(PAPER)
    (tmp_path / "lib/field.txt").write_text(FIELD)
    (tmp_path / "corpus.jsonl").write_text("".join(json.dumps(row) + "\n" for row in CORPUS))
    (tmp_path / "claims.jsonl").write_text("".join(json.dumps(row) + "\n" for row in CLAIMS))
    return tmp_path


def written(works: Path, out: str = "out") -> dict:
    return json.loads((works / out / "checks.json").read_text())


def test_a_claim_beside_one_paper_is_supported_by_its_sentence(evidense, works: Path) -> None:
    said = evidense("check", "Barn owls hunt mice at night.", "--in", "lib/owls.txt", "--out", "out")
    assert said.exit_code == 0
    assert "SUPPORTED: its source says so." in said.output
    assert "target risk 10 %" in said.output
    assert said.output.splitlines()[0] == " one statement · in 1 work of owls.txt"
    (statement,) = written(works)["statements"]
    assert statement.keys() >= KEYS
    assert (statement["verdict"], statement["grounded"], statement["corroborated"], statement["entailer"]) == (
        "SUPPORTED",
        "SUPPORTED",
        "NOT CHECKED",
        "rules",
    )
    (evidence,) = statement["evidence"]
    assert evidence["quote"] == "Barn owls hunt mice at night."
    assert evidence["stance"] == "supports"
    text = ev.check("Barn owls hunt mice at night.", works / "lib/owls.txt").statements[0].evidence[0].passage
    assert (text.span.start, text.span.end) == (evidence["start"], evidence["end"])


def test_lines_of_claims_are_checked_in_a_corpus(evidense, works: Path) -> None:
    said = evidense("check", "claims.jsonl", "--in", "corpus.jsonl", "--out", "out")
    assert said.exit_code == 0
    rows = {row["id"]: row for row in written(works)["statements"]}
    assert [rows[i]["verdict"] for i in ("7", "8", "9", "10")] == ["SUPPORTED", "NOT SURE", "SUPPORTED", "NOT CHECKED"]
    assert rows["8"]["evidence"][0]["source"] == "1"
    assert (rows["9"]["grounded"], rows["9"]["corroborated"]) == ("NOT CHECKED", "SUPPORTED")
    assert "no text of 'gone' is at hand" in rows["9"]["reasons"]
    assert "a question" in rows["10"]["reasons"][0]
    corpus = {"1": "Owls were watched. Barn owls hunt mice at night.", "b2": "Water weighs a kilogram. Ice floats."}
    for row in rows.values():
        for evidence in row["evidence"]:
            assert corpus[evidence["source"]][evidence["start"] : evidence["end"]] == evidence["quote"]
    assert "features gives no verdict on claims" in said.output
    page = (works / "out/report.html").read_text()
    assert "NOT SURE: read the passage" in page


def test_a_folder_of_papers_corroborates_a_text(evidense, works: Path) -> None:
    (works / "text.txt").write_text("Claims\n\n- Barn owls hunt mice at night.\n- Barn owls hunt voles at dusk.\n")
    assert evidense("check", "text.txt", "--in", "lib", "--out", "out").exit_code == 0
    first, second = written(works)["statements"]
    assert (first["verdict"], first["grounded"], first["corroborated"]) == ("SUPPORTED", "NOT CHECKED", "SUPPORTED")
    assert {e["source"] for e in first["evidence"] if e["stance"] == "supports"} == {"owls", "field"}
    assert second["verdict"] == "QUALIFIED"
    assert "of how many it holds: “In most winters”" in second["reasons"][0]


def test_what_evidense_wrote_is_no_work(evidense, works: Path, monkeypatch) -> None:
    monkeypatch.chdir(works / "lib")
    first = evidense("check", "Night shifts caused 99 accidents in Paris.", "--in", ".", "--out", "self")
    second = evidense("check", "Night shifts caused 99 accidents in Paris.", "--in", ".", "--out", "two")
    assert "in 2 works of lib" in first.stdout
    assert "in 2 works of lib" in second.stdout
    assert ("⚠" in first.stdout, "⚠ 1 folder with results of Evidense was left out" in second.stdout) == (False, True)
    Path("works.bib").write_text("@article{o, title = {Owls of the north}, year = {2018}}")
    answers = ev.audit("owls.txt", ["folder:."], offline=True).audit.sources
    assert any("2 folders with results of Evidense" in flaw for source in answers for flaw in source.flaws)


def test_the_same_inputs_make_the_same_bytes(evidense, works: Path) -> None:
    for out in ("one", "two"):
        evidense("check", "claims.jsonl", "--in", "corpus.jsonl", "--out", out)
    for name in ("checks.json", "report.html"):
        assert (works / "one" / name).read_bytes() == (works / "two" / name).read_bytes()


def test_a_citing_paper_is_checked_beside_the_works_that_it_cites(evidense, works: Path) -> None:
    (works / "citing.txt").write_text(CITING)
    assert evidense("check", "citing.txt", "--in", "lib/owls.txt,lib/field.txt", "--out", "out").exit_code == 0
    first, second = written(works)["statements"]
    assert (first["cites"], first["grounded"]) == (["owls"], "SUPPORTED")
    assert second["grounded"] == "NOT CHECKED"


@pytest.mark.parametrize(
    ("subject", "says"),
    [
        ("The role of owls in the night", "no verb"),
        ("Do owls hunt mice?", "a question"),
        ("Die Eulen jagen nachts und sind nicht leise.", "German"),
        ("word " * 3_000, "3,000 words"),
        ("", "the statement is empty"),
        ("nowhere.jsonl", "there is no file 'nowhere.jsonl'"),
        ("empty.jsonl", "is empty"),
        ("broken.jsonl", "line 2"),
    ],
)
def test_what_cannot_be_checked_is_refused_in_a_sentence(
    capsys, works: Path, monkeypatch, subject: str, says: str
) -> None:
    from evidense.cli.main import main

    monkeypatch.chdir(works)
    (works / "empty.jsonl").write_text("\n")
    (works / "broken.jsonl").write_text('{"id": 1, "claim": "Owls see."}\n{"id": 2, "claim": \n')
    with pytest.raises(SystemExit) as stop:
        main(["check", subject, "--in", "corpus.jsonl", "--out", "out"])
    assert stop.value.code == 2
    assert says in capsys.readouterr().err
    assert not (works / "out").exists()


def test_works_that_hold_nothing_are_refused(capsys, works: Path, monkeypatch) -> None:
    from evidense.cli.main import main

    monkeypatch.chdir(works)
    (works / "bare").mkdir()
    for inside, says in (("bare", "holds no text"), ("claims.jsonl", "doc_id"), ("", "no works are named")):
        with pytest.raises(SystemExit) as stop:
            main(["check", "Owls see.", "--in", inside, "--out", "out"])
        assert stop.value.code == 2
        assert says in capsys.readouterr().err


def test_a_paper_of_one_paragraph_is_remarked_on(evidense, works: Path) -> None:
    (works / "flat.txt").write_text("Owls hunt mice in the forest at night and rest by day. " * 150)
    said = evidense("check", "Owls hunt mice in the forest.", "--in", "flat.txt", "--out", "out")
    assert "one paragraph" in " ".join(said.output.split())


def test_a_statement_that_repeats_a_claim_of_the_literature_takes_our_verdict(works: Path) -> None:
    claim = (
        "Fine-tuned dense retrieval models encode knowledge in a manner consistent with their pre-trained counterparts."
    )
    (checked,) = ev.check(claim, works / "lib/owls.txt").statements
    assert checked.tested.startswith(
        "S2 on analogues: HOLDS 12, FAILS 7, UNDECIDED 59 (level: HOLDS 3, FAILS 6, UNDECIDED 45; "
    )


def test_a_verdict_of_rules_is_printed_only_where_its_risk_is_within_the_target(evidense, works: Path) -> None:
    for risk, word, printed in (("0.01", "SUPPORTED", True), ("0.001", "NOT SURE", False)):
        said = evidense(
            "check", "Barn owls hunt mice at night.", "--in", "lib/owls.txt", "--risk", risk, "--out", "out"
        )
        table = written(works)
        (statement,) = table["statements"]
        assert statement["verdict"] == word
        assert statement["evidence"][0]["stance"] == ("supports" if printed else "not sure")
        rules = {row["verdict"]: row for row in table["rules"]}
        assert rules["SUPPORTED"]["printed"] == printed
        assert 0.001 < rules["SUPPORTED"]["risk_upper"] < 0.01
        assert not rules["QUALIFIED"]["printed"]
        assert ("rules print no SUPPORTED" in " ".join(said.output.split())) == (not printed)
        assert "contrast pairs" in (works / "out/report.html").read_text()


def test_an_encoder_ranks_the_works_too(evidense, works: Path) -> None:
    """With wordllama from its package, whose name stands on screen and page."""
    pytest.importorskip("wordllama")
    said = evidense("check", "claims.jsonl", "--in", "corpus.jsonl", "--encoder", "wordllama", "--out", "out")
    assert said.exit_code == 0
    table = written(works)
    assert "wordllama" in table["encoder"]
    assert f"ranked by BM25 and {table['encoder']}" in " ".join(said.output.split())
    rows = {row["id"]: row["verdict"] for row in table["statements"]}
    assert rows == {"7": "SUPPORTED", "8": "NOT SURE", "9": "SUPPORTED", "10": "NOT CHECKED"}


def test_a_risk_that_is_none_is_refused(capsys, works: Path) -> None:
    for risk in (0, 1, float("nan")):
        with pytest.raises(ev.EvidenseError, match="risk is"):
            ev.check("Owls see.", works / "lib/owls.txt", risk=risk)


def test_a_text_that_is_among_the_works_bears_nothing_of_itself_out(works: Path) -> None:
    (works / "lib/own.txt").write_text(CITING)
    result = ev.check(works / "lib/own.txt", works / "lib")
    assert {e.passage.source for s in result.statements for e in s.evidence} <= {"owls", "field"}
    assert any("own.txt is among the works" in remark for remark in result.told.remarks)
    with pytest.raises(InvalidInput, match="does not bear itself out"):
        ev.check(works / "lib/own.txt", works / "lib/own.txt")
