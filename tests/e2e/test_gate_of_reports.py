"""The gate of an audit on reports: an honest one passes, and no report does that was changed after it was written."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

import evidense as ev

pytest.importorskip("bibtexparser")
pytest.importorskip("rapidfuzz")
pytest.importorskip("lxml")
WORLD = Path(__file__).parents[1] / "sources" / "demo" / "shade"


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Works, and an honest report on them under `honest`."""
    folder = tmp_path_factory.mktemp("world")
    shutil.copytree(WORLD, folder, dirs_exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EVIDENSE_STORE", str(folder / "store"))
        ev.ask("Does shade harm tomatoes?", sources(folder), offline=True, out=folder / "honest")
    return folder


def sources(folder: Path) -> list[str]:
    return [*(f"folder:{folder / name}" for name in ("ada", "bob")), f"retraction_watch:{folder / 'retractions.csv'}"]


def gated(file: Path, world: Path, gate: bool | list[str] = True):
    return ev.audit(file, sources(world), offline=True, gate=gate)


def replaced(name: str, old: str, new: str) -> Callable[[Path], None]:
    def change(report: Path) -> None:
        text = (report / name).read_text("utf-8")
        assert old in text
        (report / name).write_text(text.replace(old, new, 1), "utf-8")

    return change


VERIFICATION = "public_records/verification.json"
CLAIM = '"text": "Shade lowers the yield of tomatoes by {}'
TAMPERED = {
    "a claim's number": replaced(VERIFICATION, CLAIM.format(12), CLAIM.format(82)),
    "a column": replaced(VERIFICATION, '"corroborated": "REFUTED"', '"corroborated": "SUPPORTED"'),
    "a threshold": replaced("public_records/tier.json", '"review_score": 8.5', '"review_score": 1.5'),
    "the page": replaced("report.html", "Shade keeps tomatoes", "Shade never keeps tomatoes"),
}


def test_an_honest_report_passes(world: Path) -> None:
    result = gated(world / "honest", world)
    assert result.passes
    assert result.audit.stopping == {}
    beside = gated(world / "honest/report.md", world).audit
    assert (beside.stopping, [row.found for row in beside.said if row.what == "files"]) == ({}, ["unchanged"])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("✖ refuted", "✔ supported"),
        ("PARTLY ANSWERED", "ANSWERED"),
        ("refutes: “Shade does not", "refutes: “Shade does"),
    ],
)
def test_a_text_beside_its_records_is_held_against_them_unasked(
    world: Path, tmp_path: Path, old: str, new: str
) -> None:
    shutil.copytree(world / "honest", tmp_path / "forged")
    replaced("report.md", old, new)(tmp_path / "forged")
    result = gated(tmp_path / "forged/report.md", world)
    assert not result.passes
    assert "report.md changed since" in next(row.found for row in result.audit.said if row.what == "files")


def test_offline_without_sources_it_says_which_to_name_and_counts_no_request(world: Path) -> None:
    from evidense.report.audit.screen import screen

    told = " ".join(screen(ev.audit(world / "honest", offline=True).audit).split())
    assert "texts of 4 of 4 sources are not at hand" in told
    assert "name with --sources" in told
    assert "1 request" not in told


@pytest.mark.parametrize("what", TAMPERED)
def test_a_changed_report_does_not_pass(world: Path, tmp_path: Path, what: str) -> None:
    shutil.copytree(world / "honest", tmp_path / "forged")
    TAMPERED[what](tmp_path / "forged")
    result = gated(tmp_path / "forged", world)
    assert not result.passes
    assert result.audit.stopping["DIFFERS"]


@pytest.mark.parametrize(
    ("old", "new", "word"),
    [
        ("yield of tomatoes by 12 percent. | cho", "yield of tomatoes by 82 percent. | cho", "REFUTED"),
        ("Shade may delay the red", "Shade delays the red", "CHANGED"),
        ("1 was verified", "4 were verified", "DIFFERS"),
    ],
)
def test_a_text_alone_that_was_changed_does_not_pass_and_the_answer_says_on_what(
    world: Path, tmp_path: Path, evidense, old: str, new: str, word: str
) -> None:
    text = (world / "honest/report.md").read_text("utf-8")
    assert old in text
    (tmp_path / "report.md").write_text(text, "utf-8")
    assert gated(tmp_path / "report.md", world).passes
    (tmp_path / "report.md").write_text(text.replace(old, new, 1), "utf-8")
    named = ",".join(sources(world))
    said = evidense("audit", str(tmp_path / "report.md"), "--sources", named, "--offline", "--gate", "--out", str(tmp_path / "out"))  # fmt: skip
    assert said.exit_code == 1
    assert f"1 {word}" in said.stdout
    assert json.loads((tmp_path / "out/audit.json").read_text("utf-8"))["gate"]["stopping"][word] == 1


def test_what_could_not_be_read_is_no_difference(world: Path, tmp_path: Path) -> None:
    shutil.copy(world / "honest/report.md", tmp_path)
    found = ev.audit(tmp_path / "report.md", offline=True).audit.said
    assert {row.what for row in found if row.agrees is None} >= {"verified claims", "level"}
    assert not [row for row in found if row.agrees is False]
