"""Calibrating somebody's own entailer on claims with labels: what is kept, what later checks print, and what is refused."""

import json
from pathlib import Path

import numpy as np
import pytest

import evidense as ev
from evidense.auditing.passages import SourceText
from evidense.checking.labelled import LabelledClaim, labelled_pairs
from evidense.checking.library import LibraryWork
from evidense.errors import InvalidInput
from evidense.store import Store
from evidense.study.check.calibrated import kept_calibrations
from evidense.values import Work

N = 60
ENTAILER = "lexical"


def row(n: int) -> tuple[dict, dict]:
    """Return a claim in other words than its document, which supports it, and the document; of every sixth nothing is said."""
    is_said = n % 6 > 0
    document = {
        "doc_id": n,
        "title": f"Herb{n}",
        "abstract": [f"In meadows with damp soil herb{n} is eaten by snail{n} when evening falls."],
    }
    claim = (
        f"Snail{n} that falls on damp soil when evening is in meadows is eaten with herb{n}."
        if is_said
        else f"Cars of maker{n} rust early in salt air."
    )
    evidence = {str(n): [{"sentences": [0], "label": "SUPPORT"}]} if is_said else {}
    return {"id": n, "claim": claim, "evidence": evidence, "cited_doc_ids": [n]}, document


@pytest.fixture
def labelled(tmp_path: Path) -> Path:
    claims, documents = zip(*map(row, range(N)), strict=True)
    for name, lines in (("claims", claims), ("corpus", documents)):
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return tmp_path


def test_a_calibrated_entailer_gives_verdicts_in_later_checks_and_not_before(evidense, labelled: Path) -> None:
    (labelled / "one.jsonl").write_text(json.dumps(row(1)[0]) + "\n")
    later = ("check", "one.jsonl", "--in", "corpus.jsonl", "--entailer", ENTAILER, "--out", "later")

    def verdict() -> dict:
        assert evidense(*later).exit_code == 0
        return json.loads((labelled / "later/checks.json").read_text())

    assert verdict()["statements"][0]["grounded"] == "NOT SURE"
    said = evidense(
        "check", "claims.jsonl", "--in", "corpus.jsonl", "--entailer", ENTAILER, "--calibrate", "--out", "first"
    )
    assert said.exit_code == 0, said.output
    words = " ".join(said.output.split())
    assert f"lexical was calibrated on the labels of claims.jsonl: {N} claims beside works, {N} groups" in words
    assert "lexical on claims: risk 0 %" in words
    after = verdict()
    assert (after["statements"][0]["grounded"], after["statements"][0]["entailer"]) == ("SUPPORTED", "lexical")
    (kept,) = kept_calibrations(ev_identity(), Store())
    assert after["statements"][0]["calibrator"] == after["calibrations"][0]["id"] == kept.id
    assert after["calibrations"][0]["risk_upper"] <= 0.10


def ev_identity() -> str:
    from evidense import registry

    return str(registry.part("entailers", ENTAILER).open(ENTAILER).identity)


def test_claims_that_share_a_work_are_one_group() -> None:
    works = {key: LibraryWork(key, Work("t"), SourceText.of_abstract(key, "Owls hunt.")) for key in "abc"}
    claims = [
        LabelledClaim("1", "Owls hunt.", "claim", {"a": "supports", "b": "neither"}),
        LabelledClaim("2", "Owls sing.", "claim", {"b": "refutes", "gone": "supports"}),
        LabelledClaim("3", "Owls hunt.", "claim", {"c": "supports"}),
    ]
    found = labelled_pairs(claims, works.get)
    assert found.stances.tolist() == [0, 2, 1, 0]
    assert found.clusters.tolist() == [0, 0, 0, 1]
    assert len(np.unique(found.clusters)) == 2


@pytest.mark.parametrize(
    ("subject", "says"),
    [("Owls hunt mice.", "no labels"), ("unlabelled.jsonl", "evidence"), ("few.jsonl", "20 groups at least")],
)
def test_what_cannot_be_calibrated_on_is_refused(
    labelled: Path, monkeypatch: pytest.MonkeyPatch, subject: str, says: str
) -> None:
    monkeypatch.chdir(labelled)
    (labelled / "unlabelled.jsonl").write_text('{"id": 1, "claim": "Owls hunt mice.", "cited_doc_ids": [1]}\n')
    (labelled / "few.jsonl").write_text("".join(json.dumps(row(n)[0]) + "\n" for n in range(9)))
    with pytest.raises(InvalidInput, match=says):
        ev.check(subject, "corpus.jsonl", entailer=ENTAILER, calibrate=True)
