"""Exports of an audit: JSON as promised, inert tables, SARIF with lines, bibliographies that no value can break."""

import csv
import io
import json
from urllib.parse import unquote

from hypothesis import given
from hypothesis import strategies as st

from evidense.report.audit.bibliographies import bibtex, csl_json, escaped
from evidense.report.audit.exports import audit_json, references_csv, sarif
from evidense.report.comparison.exports import pretty
from report.audits import audit, hostile, statement


def test_every_reference_has_the_promised_keys() -> None:
    rows = json.loads(pretty(audit_json(audit())))["references"]
    assert all({"key", "verdict", "fields", "asked", "newer", "place"} <= set(row) for row in rows)
    wrong = next(row for row in rows if row["key"] == "year2013")
    field = {name: wrong["fields"][0][name] for name in ("name", "cited", "found", "by")}
    assert field == {"name": "year", "cited": "2013", "found": "2017", "by": ["arxiv", "crossref"]}
    assert wrong["place"] == "line 9"
    assert {"source": "dblp", "answer": "blocked"}.items() <= next(r for r in rows if r["key"] == "alone")["asked"][
        1
    ].items()
    assert next(r for r in rows if r["key"] == "newer2017")["newer"] == {"venue": "NeurIPS", "year": "2017"}
    assert wrong["newer"] is None


def test_every_statement_has_the_promised_keys() -> None:
    said = statement("Dense models gain little.", "We ask whether dense models gain little.")
    row = audit_json(audit(statements=(said,)))["statements"][0]
    assert {"text", "place", "kind", "source", "quote", "alignment", "lost", "added"} <= set(row)
    assert row["lost"] == ["We ask whether"]
    assert [rule["rule"] for rule in row["rules"]] == ["aim"]


def test_no_cell_is_a_formula() -> None:
    rows = list(csv.reader(io.StringIO(references_csv(hostile()).decode("utf-8-sig"))))
    assert len(rows) == 4
    assert not [cell for row in rows for cell in row if cell[:1] in "=+-@" and cell]


def test_sarif_has_a_result_a_problem_with_its_line_and_its_rule() -> None:
    run = sarif(audit())["runs"][0]
    rules = {rule["id"] for rule in run["tool"]["driver"]["rules"]}
    assert [result["ruleId"] for result in run["results"]] == [
        "reference/retracted", "reference/other-work", "reference/not-found", "reference/wrong-field", "reference/older-version",
        "reference/not-asked",
    ]  # fmt: skip
    assert {result["ruleId"] for result in run["results"]} <= rules
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": "references.bib"}, "region": {"startLine": 25}}


def test_a_hostile_file_name_is_a_plain_uri() -> None:
    uri = sarif(hostile())["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert not set("<>{}\x1b\u202e ") & set(uri)
    assert unquote(uri) == hostile().name


@given(st.text())
def test_no_value_ends_its_entry(text: str) -> None:
    depth = 0
    plain = escaped(text).replace(r"\{", "").replace(r"\}", "")
    for letter in plain:
        depth += {"{": 1, "}": -1}.get(letter, 0)
        assert depth >= 0
    assert depth == 0


def test_bibliographies_hold_the_works_that_were_found() -> None:
    assert bibtex(audit()).count("@inproceedings{") == 5
    assert [item["id"] for item in csl_json(audit())] == [
        "right2017",
        "year2013",
        "other2017",
        "retracted2017",
        "newer2017",
    ]
    assert csl_json(audit())[0]["author"][0] == {"family": "Vaswani", "given": "Ashish"}
