"""Questions become facets by rule, plans can be edited, and what cannot be searched is refused in words."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidense.errors import InvalidInput
from evidense.searching.plans import IndexQuery, QueryPlan, plan_of, read_plan
from evidense.searching.questions import facets_of, terms_of

SEED = "What does alignment-driven fine-tuning add to contrastive pre-training in multimodal dense retrieval?"


def names(question: str) -> list[str]:
    return [facet.name for facet in facets_of(question)]


def test_the_question_of_the_seed_report_has_four_facets() -> None:
    facets = facets_of(SEED)
    assert [f.name for f in facets] == [
        "alignment-driven fine-tuning", "contrastive pre-training", "multimodal", "dense retrieval",
    ]  # fmt: skip
    assert all(facet.terms[0] == facet.name for facet in facets)
    assert "contrastive pretraining" in facets[1].terms
    assert "cross-modal" in facets[2].terms
    assert "bi-encoder" in facets[3].terms


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ('Does "watering twice" help tomatoes?', ["watering twice", "tomatoes"]),
        ("Does climate change affect moth migration?", ["climate change", "moth migration"]),
        ("How do glacial lakes change in dry seasons?", ["glacial lakes", "dry seasons"]),
        ("How does canagliflozin change HbA1c?", ["canagliflozin", "HbA1c"]),
        (
            "Is routine resite of peripheral intravenous devices necessary?",
            ["routine resite", "peripheral intravenous devices"],
        ),
        ("What is the effective dose of aspirin?", ["effective dose", "aspirin"]),
        ("moth migration", ["moth migration"]),
        ("Moths, moths and MOTHS", ["MOTHS"]),
        ("how does BM25 compare with dense passage retrieval?", ["BM25", "dense passage retrieval"]),
        ("long distance night migration of moths", ["distance night migration", "moths"]),
    ],
)
def test_quoted_terms_and_noun_phrases_are_facets(question: str, expected: list[str]) -> None:
    assert names(question) == expected


@pytest.mark.parametrize(
    ("question", "words"),
    [
        ("", "is empty"),
        ("???", "is empty"),
        ("What is it and why?", "no term"),
        ("Wie wirkt sich das auf die Suche aus?", "in German"),
        ("Was schadet Tomaten am meisten?", "in German"),
        ("Quel est le rôle de la recherche dense dans les systèmes?", "in French"),
        ("什么是密集检索的主要问题", "another script"),
        ("moth " * 3_000, "has 3,000 words"),
    ],
)
def test_what_cannot_be_searched_is_refused_in_words(question: str, words: str) -> None:
    with pytest.raises(InvalidInput, match=words) as refused:
        facets_of(question)
    assert len(str(refused.value)) < 400


@given(st.text(max_size=200))
def test_any_text_has_facets_or_is_refused(text: str) -> None:
    try:
        facets = facets_of(text)
    except InvalidInput:
        return
    assert facets
    assert all(term.strip() for facet in facets for term in facet.terms)
    assert len({facet.name.lower() for facet in facets}) == len(facets)


def test_a_synonym_that_is_asked_for_comes_first() -> None:
    assert terms_of("bi-encoders")[:2] == ("bi-encoders", "biencoders")
    assert "dense retrieval" in terms_of("bi-encoders")
    assert terms_of("moths") == ("moths",)


def written(folder: Path, plan: dict[str, object]) -> Path:
    path = folder / "plan.json"
    path.write_text(json.dumps(plan))
    return path


def test_a_plan_is_read_as_it_was_written(tmp_path: Path) -> None:
    plan = QueryPlan(
        SEED, facets_of(SEED), {"arxiv": IndexQuery('all:"dense"', 50), "folder:x": IndexQuery("a", is_edited=True)}
    )
    assert read_plan(written(tmp_path, plan.to_json())) == plan


def test_a_query_that_a_person_changed_is_known(tmp_path: Path) -> None:
    data = QueryPlan(
        "moths", plan_of("moths").facets, {"arxiv": IndexQuery("a"), "crossref": IndexQuery("b")}
    ).to_json()
    data["queries"]["crossref"]["query"] = "my own"
    read = read_plan(written(tmp_path, data))
    assert (read.queries["arxiv"].is_edited, read.queries["crossref"].is_edited) == (False, True)


def test_a_plan_may_be_written_by_hand_in_toml(tmp_path: Path) -> None:
    path = tmp_path / "plan.toml"
    path.write_text('[[facets]]\nterms = ["moth migration", "moths"]\n[queries.arxiv]\nquery = "ti:moth"\nlimit = 5\n')
    plan = read_plan(path, "Do moths travel?")
    assert plan.question == "Do moths travel?"
    assert plan.facets[0].terms == ("moth migration", "moths")
    assert plan.queries["arxiv"] == IndexQuery("ti:moth", 5, is_edited=True)


@pytest.mark.parametrize(
    "text",
    ["[]", "{}", '{"facets": 3}', '{"facets": [{"terms": []}]}', '{"facets": [{"terms": [1]}]}', '{"queries": {"arxiv": 3}}', "not json",
     '{"queries": {"arxiv": {"query": "x", "limit": 0}}}', '{"queries": {"arxiv": {"query": "x", "limit": true}}}'],
)  # fmt: skip
def test_what_is_no_plan_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "plan.json"
    path.write_text(text)
    with pytest.raises(InvalidInput):
        read_plan(path)
