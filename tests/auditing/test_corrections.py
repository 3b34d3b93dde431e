"""Corrections of a .bib: only where two indexes agree; order, comments and strings stay; the diff applies."""

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidense.auditing.audited import AuditedReference
from evidense.auditing.corrections import Edit, applied, correct, unified
from evidense.auditing.references import decide
from evidense.values import Answer, Reference, Work

WORK = Work("a", {"doi": "10.1/x"}, "A Study of Owls in 50% of Forests", ("Smith, Ada", "Roe, Bob"), 2018, "Nature")
FILE = """% my references, in this order
@string{nat = "Nature"}

@article{owls,
  author  = "Smith, Ada and " # {Roe, Bob},
  title = {A Study of {Owls} in 50\\% of Forests},
  journal = nat,
  year = 2013 }

@comment{left alone}
@article{other, title={Other}, year={1999}}
"""


def audited(year: int = 2013, by: tuple[str, ...] = ("a", "b"), **changes: object) -> AuditedReference:
    cited = Reference("owls", "article", WORK.title, WORK.authors, year=year, venue="Nature", line=4)
    cited = replace(cited, **changes)  # type: ignore[arg-type]
    answers = tuple(Answer(source, "found", (replace(WORK, source=source),), "title") for source in by)
    return AuditedReference(cited, decide(cited, answers), answers)


def test_a_field_on_which_two_indexes_agree_is_put_right_and_nothing_else() -> None:
    result = correct(FILE, [audited()])
    assert result.text == FILE.replace("year = 2013 }", "year = {2018} }")
    assert [(c.key, c.name, c.value, c.by) for c in result.made] == [("owls", "year", "2018", ("a", "b"))]


def test_one_index_alone_changes_nothing() -> None:
    result = correct(FILE, [audited(by=("a",))])
    assert result.text == FILE
    assert result.left == ("owls, year: fewer than two indexes agree on another value",)
    assert result.diff == ""


def test_a_joined_value_is_replaced_whole() -> None:
    result = correct(FILE, [audited(2018, authors=("Smith, Ada",))])
    assert result.text == FILE.replace('"Smith, Ada and " # {Roe, Bob},', "{Smith, Ada and Roe, Bob},")


def test_a_value_is_escaped() -> None:
    result = correct(FILE, [audited(2018, title="A Study of Owl Feathers in 50% of Forests")])
    assert "title = {A Study of Owls in 50\\% of Forests}," in result.text


def test_authors_of_another_work_are_left_for_a_person_to_choose() -> None:
    result = correct(FILE, [audited(2018, authors=("Nobody, Eve", "Other, Max"))])
    assert result.text == FILE
    assert "choose which is meant" in result.left[0]


@pytest.mark.parametrize("line", [None, 3_000, 11])
def test_an_entry_that_is_not_where_it_should_be_is_left(line: int | None) -> None:
    assert correct(FILE, [audited(line=line)]).text == FILE


@given(st.text('@{}"#=, \\\nowlsyear2013', max_size=60))
def test_whatever_the_file_nothing_but_the_value_changes(noise: str) -> None:
    result = correct(noise + FILE, [audited(line=4 + noise.count("\n"))])
    assert result.text in {noise + FILE, noise + FILE.replace("year = 2013 }", "year = {2018} }")} or "owls" in noise


@given(st.text("ab\n", min_size=1, max_size=40), st.data())
def test_the_diff_leads_from_the_old_file_to_the_new(text: str, data: st.DataObject) -> None:
    places = sorted(data.draw(st.lists(st.integers(0, len(text)), min_size=2, max_size=6, unique=True)))
    edits = [
        Edit(start, end, data.draw(st.text("xy", max_size=3)))
        for start, end in zip(places[::2], places[1::2], strict=False)
    ]
    old = text.splitlines()
    at, new = 0, []
    for line in unified(text, edits, "x").splitlines()[2:]:
        if line.startswith("@@"):
            start = int(line.split()[1][1:].split(",")[0]) - 1
            new += old[at:start]
            at = start
        else:
            at += line[0] in " -"
            new += [line[1:]] if line[0] in " +" else []
    assert [*new, *old[at:]] == applied(text, edits).splitlines()


def test_patch_takes_the_diff(tmp_path: Path) -> None:
    result = correct(FILE, [audited()], "owls.bib")
    (tmp_path / "owls.bib").write_text(FILE)
    (tmp_path / "fix.diff").write_text(result.diff)
    try:
        subprocess.run(["patch", "-p1", "-i", "fix.diff"], cwd=tmp_path, check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("patch is not installed")
    assert (tmp_path / "owls.bib").read_text() == result.text
