"""Calibrating somebody's own entailer on claims with labels: what is kept, what later checks print, and what is refused."""

import json
from hashlib import sha256
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import evidense as ev
from evidense.auditing.passages import SourceText
from evidense.checking.calibration import Calibration
from evidense.checking.decide import Judges, _entailed
from evidense.checking.labelled import LabelledClaim, labelled_pairs
from evidense.checking.library import LibraryWork, WorkLibrary
from evidense.errors import InvalidInput
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


def test_a_calibration_is_used_where_it_is_named_and_nowhere_else(evidense, labelled: Path) -> None:
    (labelled / "one.jsonl").write_text(json.dumps(row(1)[0]) + "\n")
    later = ("check", "one.jsonl", "--in", "corpus.jsonl", "--entailer", ENTAILER, "--out", "later")

    def verdict(*more: str) -> dict:
        said = evidense(*later, *more)
        assert said.exit_code == 0, said.output
        return json.loads((labelled / "later/checks.json").read_text())

    said = evidense(
        "check", "claims.jsonl", "--in", "corpus.jsonl", "--entailer", ENTAILER, "--calibrate", "--out", "first"
    )
    assert said.exit_code == 0, said.output
    words = " ".join(said.output.split())
    assert f"lexical was calibrated on the labels of claims.jsonl: {N} claims beside works, {N} groups" in words
    assert "lexical on claims: risk 0 %" in words
    assert "too few" not in words
    (kept,) = json.loads((labelled / "first/calibration.json").read_text())["calibrations"]
    data = sha256((labelled / "claims.jsonl").read_bytes()).hexdigest()
    assert (kept["sha256_of_data"], kept["n_pairs"], kept["n_groups"], kept["kind"]) == (data, N, N, "claim")
    assert verdict()["statements"][0]["grounded"] == "NOT SURE"  # measured in this store, and not named
    after = verdict("--calibration", "first/calibration.json")
    assert (after["statements"][0]["grounded"], after["statements"][0]["entailer"]) == ("SUPPORTED", "lexical")
    assert after["statements"][0]["calibrator"] == after["calibrations"][0]["id"]
    assert (after["calibrations"][0]["data"], after["calibrations"][0]["risk_upper"] <= 0.10) == ("claims.jsonl", True)
    other = evidense(*later, "--entailer", "features", "--calibration", "first/calibration.json")
    assert (other.exit_code, "another entailer" in other.output) == (2, True)


def test_the_run_says_when_there_are_too_few_groups_for_any_verdict(labelled: Path) -> None:
    few = labelled / "few.jsonl"
    few.write_text("".join(json.dumps(row(n)[0]) + "\n" for n in range(20)))
    told = ev.check(few, labelled / "corpus.jsonl", entailer=ENTAILER, calibrate=True).told
    assert "20 groups are too few for any verdict at a risk of 10 %: 29 are needed" in " ".join(told.remarks)
    assert told.measured[0].threshold is None


class FallingCalibration(Calibration):
    """A curve that falls where it should rise, as a logistic one may beyond what was measured."""

    def share_right(self, stated: float) -> float:
        """Return a share that is far below a half from .9 on."""
        return 7e-07 if stated > 0.9 else 0.97


def test_no_verdict_is_printed_that_is_more_likely_wrong_than_right() -> None:
    right = FallingCalibration("x", "claim", "d", tuple(np.linspace(0.5, 0.8, 100)), (True,) * 100, tuple(range(100)))
    judges = Judges(WorkLibrary(()), SimpleNamespace(identity="x", name="x"), 0.10, measured=(right,))
    assert _entailed(np.array([0.7, 0.1, 0.2]), "claim", judges).word == "SUPPORTED"
    assert _entailed(np.array([0.99, 0.0, 0.01]), "claim", judges).word == "NOT SURE"


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
    [
        ("Owls hunt mice.", "no labels"),
        ("unlabelled.jsonl", "evidence"),
        ("few.jsonl", "20 groups at least"),
        ("alike.jsonl", "one label alone"),
    ],
)
def test_what_cannot_be_calibrated_on_is_refused(
    labelled: Path, monkeypatch: pytest.MonkeyPatch, subject: str, says: str
) -> None:
    monkeypatch.chdir(labelled)
    (labelled / "unlabelled.jsonl").write_text('{"id": 1, "claim": "Owls hunt mice.", "cited_doc_ids": [1]}\n')
    (labelled / "few.jsonl").write_text("".join(json.dumps(row(n)[0]) + "\n" for n in range(9)))
    alike = [{**row(n)[0], "evidence": {}} for n in range(N)]
    (labelled / "alike.jsonl").write_text("".join(json.dumps(claim) + "\n" for claim in alike))
    with pytest.raises(InvalidInput, match=says):
        ev.check(subject, "corpus.jsonl", entailer=ENTAILER, calibrate=True)
