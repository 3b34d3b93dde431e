"""Duplicates: records are joined to works by identifiers, titles and people, versions are told apart, and doubtful pairs stay apart and are listed."""

from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from indexes import Index, lines, needs_hallmark, reference_of

from evidense.auditing.duplicates import Works, deduplicate
from evidense.auditing.duplicates.cards import Card, sorted_cards
from evidense.auditing.duplicates.pairs import compare
from evidense.auditing.duplicates.works import joined
from evidense.texts.titles import title_key
from evidense.values import Work

pytest.importorskip("rapidfuzz", reason="rapidfuzz is not installed (extra: literature)")
TITLE = "Dense passage retrieval for open-domain question answering"
PEOPLE = ("Vladimir Karpukhin", "Barlas Oğuz", "Sewon Min")
PAPER = Work("a", {}, TITLE, PEOPLE, 2020, "EMNLP")


def other(**changed: object) -> Work:
    return replace(PAPER, **{"source": "b", **changed})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (PAPER, other(title="dense passage retrieval for open domain question-answering.", authors=("Karpukhin, V.", "Oguz, B.", "Min, S."), year=2021)),
        (replace(PAPER, identifiers={"doi": "10.1/x"}), other(identifiers={"doi": "10.1/x"}, year=2012, authors=())),
        (replace(PAPER, identifiers={"pmid": "123456"}), other(identifiers={"pmid": "123456"}, title="")),
        (PAPER, other(title="Dense passage retrieval in open-domain question answering")),
        (PAPER, other(title="Dense pasage retrieval for open-domain question answering")),
        (PAPER, other(title=f"{TITLE}: a study")),
        (PAPER, other(authors=("Karpukhin, V.",))),
        (replace(PAPER, title="Deep learning"), other(title="Deep Learning")),
        (replace(PAPER, identifiers={"arxiv": "2004.04906"}, venue="arXiv", published_as={"doi": "10.1/x"}), other(identifiers={"doi": "10.1/x"}, title="DPR")),
        (replace(PAPER, identifiers={"doi": "10.48550/arxiv.2004.04906"}, venue="arXiv"), other(identifiers={"doi": "10.1/x"})),
    ],
)  # fmt: skip
def test_records_of_one_work_are_joined(one: Work, two: Work) -> None:
    found = deduplicate([one, two])
    assert len(found.works) == 1
    assert found.doubts == ()


@pytest.mark.parametrize(
    ("one", "two", "reason"),
    [
        (PAPER, other(authors=("Ann Smith", "Bo Jones")), "same title, other authors"),
        (PAPER, other(authors=()), "same title; one names no authors"),
        (PAPER, other(year=2023), "same title, same authors, 3 years apart"),
        (replace(PAPER, identifiers={"doi": "10.1/x"}), other(identifiers={"doi": "10.1/y"}), "same title, same authors, other doi"),
        (replace(PAPER, identifiers={"arxiv": "2004.04906"}), other(identifiers={"arxiv": "2104.00001"}), "same title, same authors, other arxiv"),
        (replace(PAPER, identifiers={"doi": "10.1/x"}), other(identifiers={"doi": "10.1/x"}, title="A survey of graph networks"), "same doi, other title"),
        (PAPER, other(title=f"Correction to: {TITLE}"), "same title, but one is a notice about the other"),
        (PAPER, other(year=2018, authors=("Karpukhin, V.",)), "same title, same authors, 2 years apart"),
        (PAPER, other(title="Dense passage retrieval in open-domain question answering", year=2024), "nearly the same title, same authors, 4 years apart"),
        (PAPER, other(title="Dense passage retrieval without open-domain question answering"), "nearly the same title, same authors"),
        (replace(PAPER, title="Editorial", authors=PEOPLE[:1]), other(title="Editorial", authors=PEOPLE[:1]), "same title of 1 words, same first author"),
    ],
)  # fmt: skip
def test_doubtful_records_stay_two_works_and_are_listed_with_the_reason(one: Work, two: Work, reason: str) -> None:
    found = deduplicate([one, two])
    assert len(found.works) == 2
    assert [(doubt.places, set(map(id, doubt.records)), doubt.reason) for doubt in found.doubts] == [
        ((0, 1), {id(one), id(two)}, reason)
    ]


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (PAPER, other(title="A survey of graph networks")),
        (replace(PAPER, title="Overview of the retrieval track 2019"), other(title="Overview of the retrieval track 2020")),
        (replace(PAPER, title="On the theory of ranking, part I"), other(title="On the theory of ranking, part II")),
        (PAPER, other(title="Dense passage retrieval in open-domain question answering", authors=("Ann Smith",))),
        (replace(PAPER, title="Introduction"), other(title="Introduction", authors=("Ann Smith",))),
        (replace(PAPER, title=""), other(title="")),
    ],
)  # fmt: skip
def test_records_of_two_works_are_neither_joined_nor_listed(one: Work, two: Work) -> None:
    found = deduplicate([one, two])
    assert len(found.works) == 2
    assert found.doubts == ()


def test_versions_are_one_work_and_told_apart_inside_it() -> None:
    arxiv = other(identifiers={"arxiv": "2004.04906"}, venue="arXiv", source="arxiv", published_as={"doi": "10.1/x"})
    server = other(identifiers={"doi": "10.48550/arxiv.2004.04906", "arxiv": "2004.04906"}, venue="", source="datacite")
    published = replace(PAPER, identifiers={"doi": "10.1/x"}, year=2022)
    silent = other(venue="", source="c", year=2021)
    (work,) = deduplicate([arxiv, silent, published, server]).works
    assert {v.kind: {r.source for r in v.records} for v in work.versions} == {
        "published": {"a"},
        "preprint": {"arxiv", "datacite"},
        "unknown": {"c"},
    }


def test_a_record_that_agrees_with_two_contradicting_works_joins_them_not() -> None:
    records = [
        replace(PAPER, identifiers={"doi": "10.1/x"}),
        other(identifiers={"doi": "10.1/y"}),
        other(source="c"),
    ]
    found = deduplicate(records)
    assert sorted(len(work.records) for work in found.works) == [1, 2]
    assert [doubt.places for doubt in found.doubts] == [(0, 1)]


def test_a_crowd_of_records_of_one_title_is_one_work() -> None:
    crowd = [other(source=f"index {number:04}", year=2020 + number % 2) for number in range(1_500)]
    assert [len(work.records) for work in deduplicate(crowd).works] == [1_500]


def test_nothing_comes_to_nothing() -> None:
    assert deduplicate([]) == Works((), ())


WORDS = st.sampled_from("dense sparse passage passages retrieval retreival of for the 2019 ii".split())
NAMES = st.sampled_from(
    ["Ann Smith", "Smith, A.", "Bo Smith", "Jones, Carl", "C. Jones", "Wei Wang 0001", "Wang, W.", "Smith Ann"]
)
IDENTIFIERS = st.dictionaries(
    st.sampled_from(["doi", "arxiv", "pmid"]), st.sampled_from(["10.1/x", "10.1/y", "10.48550/arxiv.1"]), max_size=2
)


@st.composite
def records(draw: st.DrawFn) -> list[Work]:
    titles = draw(st.lists(st.lists(WORDS, max_size=7), min_size=1, max_size=4))
    titles += [[*draw(st.permutations(title))[:-1], draw(WORDS)] for title in titles]
    lists = draw(st.lists(st.lists(NAMES, max_size=3).map(tuple), min_size=1, max_size=3))
    one = st.builds(
        Work,
        st.sampled_from("ab"),
        IDENTIFIERS,
        st.sampled_from(titles).map(" ".join).map(lambda title: title.replace("for", ": for")),
        st.sampled_from(lists),
        st.sampled_from([None, 2019, 2020, 2023]),
        st.sampled_from(["", "arXiv", "ICML"]),
        published_as=st.sampled_from([{}, {}, {"doi": "10.1/x"}]),
    )
    return draw(st.lists(one, max_size=12))


def of_all_pairs(records: list[Work]) -> Works:
    """Look at every pair of records."""
    cards = sorted_cards(records)
    pairs = combinations(range(len(cards)), 2)
    return joined(cards, {pair: found for pair in pairs if (found := compare(*(cards[place] for place in pair)))})


@settings(max_examples=150, deadline=None)
@given(records(), st.randoms(use_true_random=False))
def test_works_are_those_of_all_pairs_whatever_the_order(records: list[Work], random: object) -> None:
    found = deduplicate(records)
    assert found == of_all_pairs(records)
    random.shuffle(records)  # type: ignore[attr-defined]
    assert deduplicate(records) == found


def are_linked(cards: list[Card], one: int, two: int, below: int) -> bool:
    """Say whether links of lower ranks lead from one card to the other."""
    reached, fresh = {one}, [one]
    while fresh:
        here = fresh.pop()
        near = [(i, compare(cards[here], card)) for i, card in enumerate(cards) if i not in reached]
        steps = [i for i, relation in near if relation and relation.is_same and relation.rank < below]
        reached.update(steps)
        fresh += steps
    return two in reached


@settings(max_examples=100, deadline=None)
@given(records())
def test_each_record_is_in_one_work_and_a_doubt_inside_it_is_settled_by_surer_evidence(records: list[Work]) -> None:
    found = deduplicate(records)
    assert sorted(map(repr, records)) == sorted(repr(record) for work in found.works for record in work.records)
    for work in found.works:
        cards = [Card.of(record) for record in work.records]
        for one, two in combinations(range(len(cards)), 2):
            relation = compare(cards[one], cards[two])
            assert relation == compare(cards[two], cards[one])
            assert relation is None or relation.is_same or are_linked(cards, one, two, relation.rank)
    for doubt in found.doubts:
        first, second = (found.works[place] for place in doubt.places)
        assert doubt.records[0] in first.records
        assert doubt.records[1] in second.records


def pairs_within(groups: list[list[int]]) -> set[tuple[int, int]]:
    return {pair for group in groups for pair in combinations(sorted(group), 2)}


@needs_hallmark
@pytest.mark.parametrize(("has_identifiers", "recall"), [(True, 0.97), (False, 0.96)])
def test_two_indexes_of_hallmark_are_joined_to_its_works(has_identifiers: bool, recall: float) -> None:
    """Not joined are the 30 records with another work's title, and those that are two years apart; all are doubts."""
    rows, records, names = [reference_of(row) for row in lines("hallmark_records.jsonl")], [], {}
    work_of_row = []
    for number, row in enumerate(rows):
        own = [*(("doi", v) for k, v in row.identifiers.items() if k == "doi"), (title_key(row.title), row.authors)]
        work_of_row.append(next((names[name] for name in own if name in names), number))
        names |= dict.fromkeys(own, work_of_row[-1])
    for name in ("index_a", "index_b"):
        records += [
            work if has_identifiers else replace(work, identifiers={})
            for work in Index(name, lines(f"{name}.jsonl")).works
        ]
    truth = [*work_of_row, *work_of_row]
    place_of = {id(record): place for place, record in enumerate(records)}
    found = deduplicate(records)
    joined_pairs = pairs_within([[place_of[id(record)] for record in work.records] for work in found.works])
    true_pairs = pairs_within([[i for i, work in enumerate(truth) if work == number] for number in set(truth)])
    assert joined_pairs <= true_pairs
    assert len(joined_pairs) / len(true_pairs) >= recall
    doubtful = {tuple(sorted(place_of[id(r)] for r in doubt.records)) for doubt in found.doubts}
    wrongly_titled = 30
    assert len(true_pairs - joined_pairs - doubtful) <= (1 if has_identifiers else wrongly_titled)
