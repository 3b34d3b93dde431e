"""The gate of an audit on reports: an honest one passes, and no report does that was changed after it was written."""

import json
import shutil
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

import evidense as ev
from evidense.auditing.public_records.beside import report_rows
from evidense.readers.public_records import PART

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


def forge(report: Path, file: str, change: Callable[[list[Any]], object]) -> None:
    """Change what a file of a report has of its statements, and make every hash right again."""
    lists = {
        "report.json": ("statements",), VERIFICATION: ("claim_summary", "per_claim_public_records"), "records.json": (),
    }  # fmt: skip
    told = inside = json.loads((report / file).read_text("utf-8"))
    for key in lists[file]:
        inside = inside[key]
    change(inside)
    (report / file).write_text(json.dumps(told), "utf-8")
    hash_again(report)


def hash_again(report: Path) -> None:
    manifest = json.loads((report / "public_records/manifest.json").read_text("utf-8"))
    for of, folder in (("files", report / "public_records"), ("report_files", report)):
        manifest[of] = {name: sha256((folder / name).read_bytes()).hexdigest() for name in manifest[of]}
    (report / "public_records/manifest.json").write_text(json.dumps(manifest), "utf-8")


def put(number: int, *path: Any) -> Callable[[list[Any]], object]:
    *path, key, value = path

    def change(rows: list[Any]) -> None:
        inside = rows[number]
        for step in path:
            inside = inside[step]
        inside[key] = value

    return change


@pytest.mark.parametrize(
    ("file", "change", "what", "found"),
    [
        ("report.json", put(1, "verdict", "SUPPORTED"), "report.json, statement 2, verdict", "MIXED in verification.json"),
        ("report.json", put(1, "corroborated", "SUPPORTED"), "report.json, contradicted", "1 in its statements"),
        ("report.json", lambda rows: rows.pop(1), "report.json", "“Shade keeps tomatoes free of cracks.” in verification.json"),
        ("report.json", put(0, "place", "quote", "Shade lowers it by 82."), "report.json, statement 1, quotations", "place: “Shade lowers the yield"),
        ("report.json", put(0, "evidence", 0, "start", 9), "report.json, statement 1, quotations", "supports: “Shade lowers the yield"),
        ("report.json", put(0, "confidence", 0.99), "report.json, statement 1, confidence", "none in verification.json"),
        (VERIFICATION, put(0, "confidence", 0.99), "claim 1, confidence", "none"),
        (VERIFICATION, lambda rows: rows.pop(1), "report.json, statement 2", "not in verification.json"),
        ("records.json", put(3, "content", "verdict", "REFUTED"), "records.json", "its content has the id "),
        ("records.json", lambda rows: rows.pop(3), "report.json, statement 1", "not in records.json"),
    ],
)  # fmt: skip
def test_a_forgery_whose_hashes_are_right_is_named(
    world: Path, tmp_path: Path, file: str, change: Callable[[list[Any]], object], what: str, found: str
) -> None:
    shutil.copytree(world / "honest", tmp_path / "forged")
    forge(tmp_path / "forged", file, change)
    stated = PART.read(tmp_path / "forged/public_records/manifest.json").stated
    assert stated.changed == ()
    rows = [*report_rows(stated)] if what.startswith("re") else gated(tmp_path / "forged", world).audit.said
    assert [row for row in rows if row.what == what and row.found.startswith(found) and row.agrees is False]


def test_a_text_that_was_changed_with_its_hash_is_named(world: Path, tmp_path: Path) -> None:
    shutil.copytree(world / "honest", tmp_path / "forged")
    replaced("report.md", "✖ refuted", "✔ supported")(tmp_path / "forged")
    hash_again(tmp_path / "forged")
    result = gated(tmp_path / "forged/report.md", world)
    named = {row.what: row.found for row in result.audit.said if row.agrees is False}
    assert not result.passes
    assert named["report.md, statement 1, other works"] == "REFUTED"


@pytest.mark.parametrize(
    ("old", "new", "word", "n"),
    [
        ("yield of tomatoes by 12 percent. | cho", "yield of tomatoes by 82 percent. | cho", "REFUTED", 1),
        ("Shade may delay the red", "Shade delays the red", "CHANGED", 1),
        ("1 was verified", "4 were verified", "DIFFERS", 2),
    ],
)
def test_a_text_alone_that_was_changed_does_not_pass_and_the_answer_says_on_what(
    world: Path, tmp_path: Path, evidense, old: str, new: str, word: str, n: int
) -> None:
    text = (world / "honest/report.md").read_text("utf-8")
    assert old in text
    (tmp_path / "report.md").write_text(text, "utf-8")
    assert gated(tmp_path / "report.md", world).passes
    (tmp_path / "report.md").write_text(text.replace(old, new, 1), "utf-8")
    named = ",".join(sources(world))
    said = evidense("audit", str(tmp_path / "report.md"), "--sources", named, "--offline", "--gate", "--out", str(tmp_path / "out"))  # fmt: skip
    assert said.exit_code == 1
    assert f"{n} {word}" in said.stdout
    assert json.loads((tmp_path / "out/audit.json").read_text("utf-8"))["gate"]["stopping"][word] == n


def test_what_could_not_be_read_is_no_difference(world: Path, tmp_path: Path) -> None:
    shutil.copy(world / "honest/report.md", tmp_path)
    found = ev.audit(tmp_path / "report.md", offline=True).audit.said
    assert {row.what for row in found if row.agrees is None} >= {"verified claims", "level"}
    assert not [row for row in found if row.agrees is False]
