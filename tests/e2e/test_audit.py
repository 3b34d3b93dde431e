"""evidense audit: a bibliography against folders, without a network: page, files, exit codes, gate, corrections."""

import csv
import json
from pathlib import Path

import pytest

from evidense.boundary.manifest import Manifest

CITED = """% read in the order of the thesis
@string{nat = "Nature"}

@article{owls2018, author = {Smith, Ada and Roe, Bob}, title = {A Study of Owls}, journal = nat, year = 2018, doi = {10.1234/owls}}
@article{water, author = {Bell, Ian}, title = {The Weight of Water}, journal = {Science}, year = {2009}} % the year is wrong
@article{trains, author = {Diaz, Eva}, title = {On Slow Trains}, journal = {Cell}, year = {2012}, doi = {10.1234/water}}
@article{nowhere, author = {Nobody, Eve}, title = {What Nobody Wrote Down}, journal = {Nature}, year = {2020}}
@misc{tool, author = {Cho, Min}, title = {A Tool}, year = {2021}, url = {https://example.org}}
"""
KNOWN = [
    ("owls", "A Study of Owls", ["Smith, Ada", "Roe, Bob"], 2018, "Nature"),
    ("water", "The Weight of Water", ["Bell, Ian"], 2015, "Science"),
    ("trains", "On Slow Trains", ["Diaz, Eva"], 2012, "Cell"),
]


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A bibliography, and two folders that hold the works: one in BibTeX, one in CSL-JSON."""
    (tmp_path / "references.bib").write_text(CITED)
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    entries = [
        f"@article{{{key}, title = {{{title}}}, author = {{{' and '.join(authors)}}}, year = {year}, journal = {{{venue}}}, doi = {{10.1234/{key}}}}}"
        for key, title, authors, year, venue in KNOWN
    ]
    (one / "works.bib").write_text("\n".join(entries))
    items = [
        {"id": key, "type": "article-journal", "title": title.lower(), "container-title": venue, "DOI": f"10.1234/{key}",
         "author": [{"family": a.split(", ")[0], "given": a.split(", ")[1][0] + "."} for a in authors], "issued": {"date-parts": [[year]]}}
        for key, title, authors, year, venue in KNOWN
    ]  # fmt: skip
    (two / "works.json").write_text(json.dumps(items))
    return tmp_path


def audited(evidense, library: Path, *options: str, out: str = "out"):
    where = f"folder:{library / 'one'},folder:{library / 'two'}"
    return evidense(
        "audit", str(library / "references.bib"), "--sources", where, "--offline", "--out", str(library / out), *options
    )


def rows(library: Path, out: str = "out") -> dict[str, dict]:
    found = json.loads((library / out / "audit.json").read_text())["references"]
    return {row["key"]: row for row in found}


def test_every_entry_has_its_verdict_and_its_line(evidense, library: Path) -> None:
    said = audited(evidense, library)
    assert said.exit_code == 0, said.output
    found = rows(library)
    assert {key: row["verdict"] for key, row in found.items()} == {
        "owls2018": "OK", "water": "WRONG FIELD", "trains": "OTHER WORK", "nowhere": "NOT FOUND", "tool": "NOT A PAPER",
    }  # fmt: skip
    field = {name: found["water"]["fields"][0][name] for name in ("name", "cited", "found", "by")}
    assert field == {"name": "year", "cited": "2009", "found": "2015", "by": ["folder:one", "folder:two"]}
    assert [found[key]["place"] for key in ("owls2018", "water", "nowhere")] == ["line 4", "line 5", "line 7"]
    assert [a["answer"] for a in found["nowhere"]["asked"]] == ["not there", "not there"]
    assert "2 to correct, 1 not found." in said.stdout
    assert "year 2009 → 2015 (folder one, folder two)" in " ".join(said.stdout.split())


def test_the_same_inputs_make_the_same_bytes(evidense, library: Path) -> None:
    audited(evidense, library, out="first")
    audited(evidense, library, out="second")
    names = sorted(path.name for path in (library / "first").iterdir())
    assert {
        "report.html",
        "audit.json",
        "references.csv",
        "audit.sarif",
        "found.bib",
        "found.csl.json",
        "evidense.json",
    } <= set(names)
    assert names == sorted(path.name for path in (library / "second").iterdir())
    assert all((library / "first" / n).read_bytes() == (library / "second" / n).read_bytes() for n in names)


def test_nothing_written_says_where_it_was_made(evidense, library: Path) -> None:
    audited(evidense, library, "--fix")
    assert [p.name for p in (library / "out").iterdir() if str(library).encode() in p.read_bytes()] == []


def test_an_audit_may_be_made_again_into_its_folder_and_no_other(evidense, library: Path) -> None:
    audited(evidense, library)
    assert audited(evidense, library).exit_code == 0
    manifest = Manifest.read(library / "out")
    assert manifest is not None
    assert dict(manifest.of) == {"kind": "audit", "name": "references.bib"}
    (library / "other.bib").write_text(CITED)
    refused = evidense(
        "audit", str(library / "other.bib"), "--sources", f"folder:{library / 'one'}", "--out", str(library / "out")
    )
    assert refused.exit_code == 2
    assert "expected a free folder" in refused.output


def test_the_gate_exits_with_1_on_what_it_names(evidense, library: Path) -> None:
    assert audited(evidense, library, "--gate").exit_code == 1
    assert audited(evidense, library, "--gate-on", "retracted, concern").exit_code == 0
    assert audited(evidense, library, "--gate-on", "WRONG FIELD").exit_code == 1
    shown = audited(evidense, library, "--gate")
    assert "gate: FAIL" in shown.stdout
    assert json.loads((library / "out/audit.json").read_text())["gate"]["met"] is False


def test_a_gate_on_nothing_known_is_not_held(evidense, library: Path) -> None:
    refused = evidense("audit", str(library / "references.bib"), "--offline", "--gate", "--out", str(library / "out"))
    assert refused.exit_code == 2
    assert "gate: NOT DECIDED" in refused.stdout
    assert "the gate cannot be held" in refused.output
    assert json.loads((library / "out/audit.json").read_text())["gate"]["met"] is False
    (library / "unparsed.txt").write_text("A report\n\nOwls of the north hunt voles at dusk.\n")
    refused = evidense("audit", str(library / "unparsed.txt"), "--offline", "--gate", "--out", str(library / "other"))
    assert (refused.exit_code, "nothing of this file was checked" in refused.output) == (2, True)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--gate-on", "WORNG FIELD"), "WRONG FIELD"),
        (("--policy", "neurips2027"), "neurips2026"),
        (("--sources", "crosref"), "crossref"),
        (("--sources", "folder"), "folder:PATH"),
        (("--max-requests", "-1"), "expected 0 or more"),
    ],
)
def test_a_mistake_exits_with_2_and_says_what_was_meant(
    evidense, library: Path, options: tuple[str, ...], words: str
) -> None:
    refused = evidense("audit", str(library / "references.bib"), "--offline", "--out", str(library / "out"), *options)
    assert refused.exit_code == 2
    assert words in refused.output
    assert not (library / "out").exists()


def test_a_file_that_cannot_be_read_exits_with_2_and_writes_nothing(evidense, library: Path) -> None:
    assert evidense("audit", str(library / "missing.bib"), "--offline", "--out", str(library / "out")).exit_code == 2
    assert not (library / "out").exists()


def test_corrections_change_only_what_two_indexes_say(evidense, library: Path) -> None:
    said = audited(evidense, library, "--fix")
    assert (library / "references.bib").read_text() == CITED
    assert (library / "out/corrected.bib").read_text() == CITED.replace("year = {2009}", "year = {2015}")
    assert "--fix wrote 1 change" in " ".join(said.stdout.split())
    assert (
        "+@article{water, author = {Bell, Ian}, title = {The Weight of Water}, journal = {Science}, year = {2015}}"
        in said.stdout
    )
    html = (library / "out/report.html").read_text()
    assert "trains, doi: the identifier and the title belong to different works" in html


def test_latin_1_stays_latin_1(evidense, library: Path) -> None:
    (library / "references.bib").write_bytes(CITED.replace("Bell, Ian", "Béll, Ian").encode("latin-1"))
    audited(evidense, library, "--fix")
    assert b"B\xe9ll, Ian" in (library / "out/corrected.bib").read_bytes()


def test_offline_every_index_is_not_asked_and_the_first_screen_says_so(evidense, library: Path) -> None:
    said = evidense("audit", str(library / "references.bib"), "--offline", "--out", str(library / "out"))
    assert said.exit_code == 0
    first = said.stdout.split("\n\n")[0]
    assert "not asked:" in first
    assert "Crossref" in first
    assert {row["verdict"] for row in rows(library).values()} <= {"NOT ASKED", "NOT A PAPER"}


def test_the_table_is_read_back(evidense, library: Path) -> None:
    audited(evidense, library)
    with (library / "out/references.csv").open(encoding="utf-8-sig", newline="") as file:
        table = list(csv.DictReader(file))
    assert [row["key"] for row in table] == ["owls2018", "water", "trains", "nowhere", "tool"]


def test_python_gives_the_same_as_the_command(library: Path) -> None:
    import evidense as ev

    sources = [f"folder:{library / 'one'}", f"folder:{library / 'two'}"]
    result = ev.audit(library / "references.bib", sources, offline=True, gate=["NOT FOUND"])
    assert result.page is None
    assert not result.passes
    assert [a.decision.verdict for a in result.audit.references][:3] == ["OK", "WRONG FIELD", "OTHER WORK"]
    checks = [record for record in result.records if record.kind == "source check"]
    assert [check.subject for check in checks] == ["owls2018", "water", "trains", "nowhere", "tool"]
    assert all(ev.Store().get(record.id) == record for record in result.records)


def test_the_help_brings_no_reader_no_wire_and_no_numbers() -> None:
    import subprocess
    import sys

    code = (
        "import sys; from evidense.cli.main import main\n"
        "try: main(['audit', '--help'])\n"
        "except SystemExit: pass\n"
        "print(sorted({m.split('.')[0] for m in sys.modules} & {'numpy', 'httpx', 'lxml', 'pypdfium2', 'bibtexparser', 'rapidfuzz', 'jinja2'}))"
    )
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.splitlines()[-1] == "[]"


def test_the_seed_report_is_audited_without_a_network(evidense, shared_data: Path, tmp_path: Path) -> None:
    said = evidense("audit", str(shared_data / "seed_report.txt"), "--offline", "--out", str(tmp_path / "seed"))
    assert said.exit_code == 0
    found = json.loads((tmp_path / "seed/audit.json").read_text())
    assert [row["verdict"] for row in found["references"]] == ["OLDER VERSION"] * 3
    statements = found["statements"]
    assert [s["kind"] for s in statements] == ["aim", "finding", "method", "definition", "method", "premise"]
    assert [s["quote_place"].rpartition(" ")[2] for s in statements] == list("123456")
    rules = [[rule["rule"] for rule in s["rules"] if rule["rule"] != "cut"] for s in statements]
    assert (rules[1], rules[5]) == (["aim"], ["weaker"])
    assert statements[1]["lost"] == ["Specifically, we aim to determine whether"]
    assert "a question or an aim told as a finding" in said.stdout
    assert (
        "DO NOT RELY ON IT: no finding in it, no source on its question, one question told as a finding." in said.stdout
    )
    assert found["said"][0] == {
        "what": "papers", "says": "16, peer-reviewed", "found": "3 listed, all cited as preprints (each has a published version)", "agrees": False,
    }  # fmt: skip
    assert max(map(len, said.stdout.splitlines())) <= 100


def test_an_abstract_of_a_folder_is_a_text_that_statements_are_held_against(evidense, library: Path) -> None:
    entry = "@article{x, title = {Owls at Night}, author = {Kay, Lee}, year = {2019}, doi = {10.1234/night}, abstract = {%s}}"
    with (library / "one/works.bib").open("a") as file:
        file.write(entry % "We ask whether owls see at night.")
    body = "On owls\n\n1 Results\n\nOwls see at night [1].\n\nReferences\n\n[1] Lee Kay. Owls at Night. 2019. doi:10.1234/night\n"
    (library / "report.txt").write_text(body)
    where = f"folder:{library / 'one'}"
    evidense("audit", str(library / "report.txt"), "--sources", where, "--offline", "--out", str(library / "out"))
    (statement,) = json.loads((library / "out/audit.json").read_text())["statements"]
    assert (statement["alignment"], statement["lost"], statement["cites"]) == ("NEAR", ["We ask whether"], ["1"])


def test_a_year_one_off_is_ok_and_never_said_to_be_confirmed(evidense, library: Path) -> None:
    bibliography = library / "references.bib"
    bibliography.write_text(CITED.replace("year = 2018", "year = 2017").replace("year = {2009}", "year = {2015}"))
    said = audited(evidense, library)
    owls, water = (rows(library)[key] for key in ("owls2018", "water"))
    note = "year: 2017 here, 2018 in folder one, folder two; one year off is not counted as wrong"
    assert (owls["verdict"], owls["notes"], water["verdict"], water["notes"]) == ("OK", [note], "OK", [])
    assert "year" not in owls["confirmed"]
    assert water["confirmed"]["year"] == ["folder:one", "folder:two"]
    assert note in " ".join(said.stdout.split())
    page = (library / "out" / "report.html").read_text()
    assert note in page
    assert "confirmed but for the year" in page


def test_a_gate_names_what_it_could_not_decide_and_what_it_cannot_see(evidense, library: Path) -> None:
    (library / "references.bib").write_text(
        "\n".join(line for line in CITED.splitlines() if "{water" not in line and "{trains" not in line)
    )
    one = f"folder:{library / 'one'}"
    said = evidense(
        "audit", str(library / "references.bib"), "--sources", one, "--offline", "--gate", "--out", str(library / "out")
    )
    assert said.exit_code == 0, said.output
    assert "gate: PASS, 1 not decided" in said.stdout
    assert "the gate cannot see NOT FOUND" in said.stdout
    assert "the gate cannot see NOT FOUND" in (library / "out" / "report.html").read_text()
    gate = json.loads((library / "out" / "audit.json").read_text())["gate"]
    assert gate["not_decided"] == 1
    assert audited(evidense, library, "--gate").exit_code == 1
    assert "cannot see" not in audited(evidense, library, "--gate-on", "NOT FOUND").stdout


def test_a_folder_that_is_named_without_its_kind_is_recognised(evidense, library: Path, monkeypatch) -> None:
    monkeypatch.chdir(library)
    refused = evidense("audit", "references.bib", "--sources", "one,two", "--offline", "--out", "out")
    assert refused.exit_code == 2
    assert "write folder:one" in " ".join(refused.output.split())
