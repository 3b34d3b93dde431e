"""Records: their ids are stable, and what was altered is refused."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidense.errors import InvalidInput
from evidense.records import (
    KINDS,
    Check,
    Checkpoint,
    Document,
    Finding,
    Paper,
    QueryTexts,
    Ranking,
    Recipe,
    Record,
    Score,
    Screening,
    SearchPlan,
    SourceCheck,
    Statement,
    Study,
    Verdict,
    canonical_json,
    from_json,
    sha256_of,
)

STUDY = Study(
    name="sre",
    question="did it help?",
    systems=("base", "tuned"),
    collections=("phenotypes",),
    claims=("helps",),
    seed=3,
)
SCORE = Score(
    system="base",
    collection="phenotypes",
    measure="nDCG@10",
    query_ids="a" * 64,
    values="b" * 64,
    mean=0.5,
    parents=("c" * 64,),
)
QUERY_TEXTS = QueryTexts(collection="phenotypes", n_queries=9, n_kept=8, texts="d" * 64, parents=("c" * 64,))
FINDING = Finding(
    estimand="difference",
    site={"system": "tuned", "baseline": "base", "collection": "x"},
    value=-0.1,
    low=-0.2,
    high=None,
    n=40,
    n_clusters=39,
    unit="nDCG@10",
    excerpts=({"query_id": "q", "delta": -1.0},),
)
VERDICT = Verdict(claim="harms", verdict="HARMS", system="tuned", baseline="base", collection="x", measure="nDCG@10", effect=-0.1, low=-0.2,
                  high=-0.05, n=40, n_clusters=39, margin=0.02, base_mean=0.5, system_mean=0.4)  # fmt: skip
RANKING = Ranking(system="base", spelling="base", setup={"pooling": "mean"}, collection={"name": "x"}, depth=100, policies={"ties": "by id"},
                  query_ids="a" * 64, doc_ids="b" * 64, documents="c" * 64, scores="d" * 64)  # fmt: skip
RECIPE = Recipe(start="checkpoint:" + "a" * 64, objective="infonce", data=("glyphs/sans:t2i@train",), n_steps=3, seed=1)
CHECKPOINT = Checkpoint(
    parents=(RECIPE.id,),
    weights_sha256="a" * 64,
    fingerprints=("b" * 64, "c" * 64),
    n_steps=3,
    n_pairs=192,
    n_tokens=900,
    n_pixels=0,
    flops=1e9,
    stopped="",
    warnings=(),
    diagnostics="d" * 64,
)
CHECK = Check(about="comparison", **{name: getattr(VERDICT, name) for name in VERDICT.content()})
DOCUMENT = Document(name="paper.bib", sha256="a" * 64, format="bibtex", text="b" * 64, n_references=3)
PAPER = Paper(title="A title", authors=("Ada Lovelace",), year=1843, provenance={"title": ["crossref"]})
STATEMENT = Statement(text="It holds.", place="sentence 2", says="finding", parents=(DOCUMENT.id,))
SOURCE_CHECK = SourceCheck(
    about="reference",
    subject="lovelace1843",
    verdict="WRONG FIELD",
    fields=({"name": "year", "cited": "1943", "found": "1843", "by": ["crossref"]},),
    parents=(DOCUMENT.id, PAPER.id),
)
SEARCH_PLAN = SearchPlan(
    question="Do moths travel?",
    facets=({"name": "moths", "terms": ["moths"]},),
    queries={"arxiv": {"query": "moths", "limit": 9}},
)
SCREENING = Screening(
    events="e" * 64,
    numbers={"included": 0},
    criteria=("exclude: year < 2018",),
    passed=("doi:10.1/1",),
    parents=(SEARCH_PLAN.id,),
)
EVERY_KIND = [
    STUDY, RECIPE, CHECKPOINT, RANKING, SCORE, QUERY_TEXTS, FINDING, VERDICT, CHECK, DOCUMENT, PAPER, STATEMENT, SOURCE_CHECK, SEARCH_PLAN, SCREENING,
]  # fmt: skip

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def test_an_id_does_not_change_between_releases() -> None:
    # A change here makes every store of every user miss what it holds: it needs a line in the changelog.
    assert SCORE.content() == {
        "system": "base",
        "collection": "phenotypes",
        "measure": "nDCG@10",
        "query_ids": "a" * 64,
        "values": "b" * 64,
        "mean": 0.5,
    }
    a, b, c = "a" * 64, "b" * 64, "c" * 64
    content = (
        f'{{"collection":"phenotypes","mean":0.5,"measure":"nDCG@10","query_ids":"{a}","system":"base","values":"{b}"}}'
    )
    text = f'["score",{content},["{c}"]]'
    assert canonical_json(["score", SCORE.content(), ["c" * 64]]) == text
    assert SCORE.id == "a66a7fcc4d7073c0bcd10ae593061d7e5a8f1d6c363d2c8bd3a8d0ce75d1c9e8"


def test_what_was_observed_is_no_part_of_the_id_and_everything_else_is() -> None:
    assert replace(SCORE, observed={"wall_s": 3.0}).id == SCORE.id
    assert replace(SCORE, observed={"wall_s": 3.0}).to_json()["observed"] == {"wall_s": 3.0}
    assert replace(SCORE, mean=0.5000001).id != SCORE.id
    assert replace(SCORE, parents=()).id != SCORE.id
    assert len({r.id for r in EVERY_KIND}) == len(KINDS) == len(EVERY_KIND)


@pytest.mark.parametrize("record", EVERY_KIND, ids=lambda r: r.kind)
def test_every_kind_comes_back_equal_from_its_text(record: Record) -> None:
    again = from_json(json.loads(canonical_json(record.to_json())))
    assert again == record
    assert again.id == record.id


@pytest.mark.parametrize("record", EVERY_KIND, ids=lambda r: r.kind)
def test_an_altered_record_is_refused_whatever_field_was_altered(record: Record) -> None:
    for name in record.content():
        data = record.to_json()
        data["content"] = {**data["content"], name: "altered"}
        with pytest.raises(InvalidInput, match="it was altered"):
            from_json(data)
    with pytest.raises(InvalidInput, match="it was altered"):
        from_json({**record.to_json(), "parents": ["0" * 64]})


@pytest.mark.parametrize(
    ("about", "changes"),
    [
        ("comparison", {"claim": "harms", "verdict": "HOLDS"}),
        ("comparison", {"claim": "same", "verdict": "UNDECIDED"}),
        ("effect", {"claim": "they_interact", "verdict": "UNDECIDED", "details": {"group": "factorial"}}),
        ("literature", {"claim": "anisotropy", "verdict": "NOT_TESTABLE", "details": {"code": "B1"}}),
    ],
)
def test_a_claim_that_was_stored_as_a_verdict_is_read_as_a_check(about: str, changes: dict[str, object]) -> None:
    stored = replace(VERDICT, parents=("a" * 64,), observed={"host": "x"}, **changes)  # type: ignore[arg-type]
    check = from_json(json.loads(canonical_json(stored.to_json())))
    assert isinstance(check, Check)
    assert check.content() == {"about": about, **stored.content()}
    assert (check.parents, check.observed) == (stored.parents, stored.observed)
    with pytest.raises(InvalidInput, match="it was altered"):
        from_json({**stored.to_json(), "id": check.id})


@pytest.mark.parametrize("word", ["HELPS", "HARMS", "SAME", "IDENTICAL", "UNDECIDED"])
def test_a_verdict_of_a_comparison_stays_a_verdict(word: str) -> None:
    stored = replace(VERDICT, claim="helps" if word == "UNDECIDED" else "harms", verdict=word)
    assert from_json(stored.to_json()) == stored


@pytest.mark.parametrize(
    "broken",
    [
        {**SCORE.to_json(), "kind": "run"},
        {k: v for k, v in SCORE.to_json().items() if k != "parents"},
        {**SCORE.to_json(), "content": {**SCORE.content(), "of_a_later_version": 1}},
        {**SCORE.to_json(), "content": {k: v for k, v in SCORE.content().items() if k != "mean"}},
        {**SCORE.to_json(), "content": None},
        [],
        None,
        "a text",
    ],
)
def test_what_is_no_record_is_refused_with_what_was_expected(broken: object) -> None:
    with pytest.raises(InvalidInput, match="expected kind, id, parents, content"):
        from_json(broken)


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), -float("inf"), np.float32(1.0), np.int64(1), object(), b"bytes", {1, 2}, "\ud800"],
)
def test_a_value_that_json_cannot_hold_is_refused(value: object) -> None:
    with pytest.raises(InvalidInput, match="a record cannot hold this value"):
        canonical_json({"value": value})
    with pytest.raises(InvalidInput):
        Finding(estimand="mean", site={"x": value}, value=0.0, low=None, high=None, n=1, n_clusters=1, unit="AP").id  # noqa: B018


def test_float64_of_numpy_is_a_float_and_hashes_like_one() -> None:
    assert sha256_of(np.float64(0.1)) == sha256_of(0.1)


@given(JSON_VALUES)
def test_canonical_json_is_a_fixed_point_and_keeps_the_value(value: object) -> None:
    text = canonical_json(value)
    assert json.loads(text) == value
    assert canonical_json(json.loads(text)) == text


@given(st.dictionaries(st.text(), st.integers(), min_size=2))
def test_the_order_of_keys_does_not_matter(mapping: dict[str, int]) -> None:
    assert canonical_json(mapping) == canonical_json(dict(reversed(mapping.items())))


def test_every_blob_field_is_a_field() -> None:
    for kind in KINDS.values():
        assert set(kind.blob_fields) <= set(kind.__dataclass_fields__)
