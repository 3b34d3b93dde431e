"""Public records of a report: they are of their forms, an audit counts what they state, and each planted lie is named."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import evidense as ev
from evidense import registry
from evidense.auditing.audited import AuditedReference
from evidense.auditing.passages import SourceText
from evidense.auditing.public_records.forms import form_of, schema_of
from evidense.auditing.references import ReferenceDecision
from evidense.auditing.reports import with_wrong
from evidense.errors import InvalidInput
from evidense.readers.public_records import PART
from evidense.report.audit.summary import answer
from evidense.study.audit.library import ReadText
from evidense.study.audit.recheck import Recheck, records_beside
from evidense.values import Work

pytest.importorskip("bibtexparser")
pytest.importorskip("rapidfuzz")
pytest.importorskip("lxml")
WORLD = Path(__file__).parents[1] / "sources" / "demo" / "shade"
SOURCES = ("folder:ada", "folder:bob", "retraction_watch:retractions.csv")
Plant = Callable[[dict[str, Any]], None]
TEXT = {"type": "string", "minLength": 1}
NAME = {
    "type": "object", "minProperties": 1, "additionalProperties": False,
    "properties": {"family": TEXT, "given": TEXT, "suffix": TEXT, "literal": TEXT},
}  # fmt: skip
DATE = {
    "type": "object",
    "required": ["date-parts"],
    "properties": {"date-parts": {"items": {"items": {"type": "integer"}}}},
}
TYPES = [
    "article",
    "article-journal",
    "book",
    "chapter",
    "dataset",
    "document",
    "paper-conference",
    "report",
    "software",
    "thesis",
]
CSL = {
    "type": "array",
    "items": {
        "type": "object", "required": ["id", "type", "title", "author"], "additionalProperties": False,
        "properties": {
            "id": TEXT, "type": {"enum": TYPES}, "title": {"type": "string"}, "container-title": TEXT, "DOI": TEXT, "URL": TEXT, "number": TEXT,
            "PMID": TEXT, "abstract": TEXT, "author": {"type": "array", "items": NAME}, "issued": DATE,
        },
    },
}  # fmt: skip
"""What CSL's schema says of the fields that are written."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("world")
    shutil.copytree(WORLD, folder, dirs_exist_ok=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("EVIDENSE_STORE", str(folder / "store"))
        ev.ask("Does shade harm tomatoes?", SOURCES, offline=True, out="answer")
    return folder


@pytest.fixture
def here(world: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(world)
    monkeypatch.setenv("EVIDENSE_STORE", str(world / "store"))
    return world


def test_every_record_is_of_its_form_and_the_manifest_has_every_hash(here: Path) -> None:
    files = {path.relative_to(here / "answer").as_posix(): path.read_bytes() for path in (here / "answer").rglob("*.*")}
    records = {name: json.loads(data) for name, data in files.items() if name.startswith("public_records/")}
    assert len(records) == 7
    for record in records.values():
        jsonschema.Draft202012Validator(dict(schema_of(form_of(record)))).validate(record)
    manifest = records["public_records/manifest.json"]
    written = {f"public_records/{name}": sha for name, sha in manifest["files"].items()} | manifest["report_files"]
    left_out = {"public_records/manifest.json", "evidense.json"}
    assert written == {name: sha256(data).hexdigest() for name, data in files.items() if name not in left_out}
    assert manifest["benchmark_evidence"]["basis"].startswith("none: no finding names one model")
    jsonschema.validate(json.loads(files["references.json"]), CSL)


def test_levels_and_claims_are_those_of_the_report(here: Path) -> None:
    told = json.loads((here / "answer/report.json").read_text())
    levels = json.loads((here / "answer/public_records/verification.json").read_text())
    summary = levels["claim_summary"]
    assert summary["cross_source_corroborated_claims"] == told["counts"]["borne_out"] == 1
    assert [(c["text"], c["columns"]["corroborated"]) for c in summary["per_claim_public_records"]] == [
        (s["text"], s["corroborated"]) for s in told["statements"]
    ]
    assert (levels["paper_level"], levels["unsupported_upper_levels"]) == (3, [4, 5, 6, 7])
    assert [row["claims"] for row in levels["levels"]] == [6, 6, 6, 1, 0, 0, 0, 0]


def test_an_audit_of_the_report_counts_what_its_records_state(here: Path) -> None:
    audit = ev.audit("answer", SOURCES, offline=True).audit
    rows = {row.what: row for row in audit.said}
    assert {row.agrees for row in audit.said if row.what != "about its question"} == {True}
    assert [rows[name].says for name in ("sources", "claims", "in their source", "verified by others")] == [
        "4",
        "6",
        "6",
        "1",
    ]
    assert [statement.alignment.kind for statement in audit.statements] == ["VERBATIM"] * 6
    assert audit.remarks == ()
    assert answer(audit).sentence.endswith("as they are cited; what it states of itself is what we count.")


def test_an_audit_of_the_text_of_the_report_counts_what_it_states(here: Path) -> None:
    (here / "alone").mkdir(exist_ok=True)
    shutil.copy(here / "answer/report.md", here / "alone/report.md")
    audit = ev.audit("alone/report.md", SOURCES, offline=True).audit
    rows = {row.what: (row.says, row.agrees) for row in audit.said if row.what != "about its question"}
    level = "3, Cross-source corroborated claims"
    assert rows == {
        "papers": ("4", True), "claims": ("6 extracted, 1 verified", True), "verified claims": ("1", True), "quality": ("10.0/10", True),
        "level": (level, True), "tier": ("DOI_GRADE", True), "its own counts": ("17 in its text", True),
    }  # fmt: skip
    told = json.loads((here / "answer/report.json").read_text())
    assert {s.text for s in audit.statements} == {row["text"] for row in told["statements"]}
    assert {s.alignment.kind for s in audit.statements} == {"VERBATIM"}


def test_a_page_of_others_is_counted(here: Path) -> None:
    audit = ev.audit(Path(__file__).with_name("synthesis.html"), SOURCES, offline=True).audit
    rows = {row.what: (row.says, row.found, row.agrees) for row in audit.said}
    assert rows["papers"] == ("16, peer-reviewed", "2 listed", False)
    assert rows["claims"][0] == "9 extracted, 9 verified"
    assert rows["claims"][1].startswith("3 claims listed; ")
    assert rows["verified claims"] == ("9", "0 borne out by an independent source, 2 by their own", False)
    assert rows["quality"] == ("8.80/10, reviewers not named", "cannot be recomputed: no votes, no records", None)
    assert rows["tier"] == ("FLAGSHIP_CANDIDATE", "WATCHLIST by the rule: score 8.8, 0 verified", False)
    assert [(s.text, s.verdict) for s in audit.statements] == [
        ("Shade keeps tomatoes free of cracks.", "SUPPORTED"), ("Shade delays the red of tomatoes.", "QUALIFIED"),
        ("Shade doubles the sweetness of tomatoes.", "NOT SURE"),
    ]  # fmt: skip


def test_a_folder_without_records_is_refused_in_a_line(here: Path) -> None:
    with pytest.raises(InvalidInput, match="is a folder without public records"):
        ev.audit("ada", SOURCES, offline=True)


@pytest.fixture(scope="module")
def at_hand(world: Path) -> Recheck:
    """The sources of the report with their texts, without asking for them again for each lie."""
    document = PART.read(world / "answer/public_records/sources.json")
    works = {work.identifiers["doi"]: work for bib in ("ada", "bob") for work in _works(world / bib / "works.bib")}
    meant = {reference.key: works[reference.identifiers["doi"]] for reference in document.references}
    texts = {key: ReadText(SourceText.of_abstract(key, work.abstract)) for key, work in meant.items()}
    full = registry.read(world / "bob/seo.xml")
    texts["seo2022tomatoes"] = ReadText(SourceText.of_document("seo2022tomatoes", full), full)
    references = [AuditedReference(r, ReferenceDecision("OK", "", work=meant[r.key])) for r in document.references]
    return Recheck(references, texts, {})


def _works(path: Path) -> list[Work]:
    return [
        Work("ada", r.identifiers, r.title, r.authors, r.year, abstract=r.fields.get("abstract", ""))
        for r in registry.read(path).references if "doi" in r.identifiers
    ]  # fmt: skip


def _set(*path: str | int, to: Any) -> Plant:
    def plant(records: dict[str, Any]) -> None:
        inside: Any = records
        for step in path[:-1]:
            inside = inside[step]
        inside[path[-1]] = to

    return plant


def _source_removed(records: dict[str, Any]) -> None:
    records["sources.json"]["sources"].pop()
    records["sources.json"]["source_count"] -= 1


CLAIMS = ("verification.json", "claim_summary", "per_claim_public_records")
LIES: dict[str, tuple[Plant, dict[str, tuple[str, str]]]] = {
    "claims counted higher": (_set("verification.json", "claim_summary", "aggregate_claim_records", to=9), {"claims": ("9", "6")}),
    "verified claims counted higher": (
        _set("verification.json", "claim_summary", "cross_source_corroborated_claims", to=4), {"verified by others": ("4", "1")},
    ),
    "a verdict flipped": (_set(*CLAIMS, 1, "columns", "corroborated", to="SUPPORTED"), {"claim 2, other works": ("SUPPORTED", "REFUTED")}),
    "a quotation changed": (
        _set(*CLAIMS, 0, "quotes", 0, "quote", to="Shade lowers the yield of tomatoes by 21 percent."),
        {"claim 1, quotation": ("“Shade lowers the yield of tomatoes by 21 percent.”", "not in cho2019nets, characters 0 to 49: there stands “Shade")},
    ),
    "a source removed": (_source_removed, {"claim 6": ("quotes seo2022tomatoes", "it is not among its sources")}),
    "the tier raised": (_set("tier.json", "tier", to="FLAGSHIP_CANDIDATE"), {"tier": ("FLAGSHIP_CANDIDATE", "DOI_GRADE: score 10.00, 1 verified")}),
    "the score changed": (_set("quality.json", "review_score", to=9.1), {"review score": ("9.10 of 10", "10.00 from its 13 votes")}),
    "a vote changed": (_set("quality.json", "votes", 1, "score", to=9.0), {"vote of corroboration": ("9.00", "0.83: 0 of 6")}),
    "a dimension raised": (_set("quality.json", "dimensions", "novelty", to={"score": 9, "level": "HIGH"}), {"novelty": ("HIGH 9.00", "cannot be recomputed")}),
    "the level raised": (_set("verification.json", "paper_level", to=5), {"level": ("5, Sandbox-executed claims", "3, Cross-source")}),
    "the gate passed": (_set("gate.json", "status", to="VERIFIED"), {"gate": ("VERIFIED", "UNVERIFIED: 0 of 6 claims")}),
}  # fmt: skip


@pytest.mark.parametrize("lie", [*LIES, "a file changed"])
def test_each_lie_is_named(world: Path, tmp_path: Path, at_hand: Recheck, lie: str) -> None:
    folder = tmp_path / "public_records"
    shutil.copytree(world / "answer/public_records", folder)
    records = {path.name: json.loads(path.read_text()) for path in folder.iterdir()}
    careless = (_set("gate.json", "reason", to="All is well."), {"files": ("6 with hashes", "gate.json changed since")})
    plant, named = LIES.get(lie, careless)
    before = {name: json.dumps(record) for name, record in records.items()}
    plant(records)
    for name, record in records.items():
        if name != "manifest.json" and json.dumps(record) != before[name]:
            (folder / name).write_text(json.dumps(record))
            if lie in LIES:  # a careful liar
                records["manifest.json"]["files"][name] = sha256((folder / name).read_bytes()).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(records["manifest.json"]))
    document = PART.read(folder / "manifest.json")
    listed = {reference.key for reference in document.references}
    left = replace(at_hand, references=[a for a in at_hand.references if a.reference.key in listed])
    texts = {key: text for key, text in at_hand.texts.items() if key in listed}
    said = records_beside(document.stated, replace(left, texts=texts))
    rows = {row.what: row for row in said}
    for what, (says, found) in named.items():
        assert rows[what].says == says
        assert rows[what].found.startswith(found)
        assert rows[what].agrees is (None if "cannot" in found else False)
    assert with_wrong((), said) or any("cannot" in found for _, found in named.values())
    assert (rows["files"].agrees is False) == (lie not in LIES)
