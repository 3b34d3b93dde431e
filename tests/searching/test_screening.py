"""Screening: people count before criteria, records that do not tell wait, and every work has one outcome with its reason."""

from dataclasses import replace

import pytest

from evidense.errors import InvalidInput
from evidense.searching.criteria import Criteria, criteria_of
from evidense.searching.events import Prisma
from evidense.searching.hits import Hits, joined
from evidense.searching.labels import HumanLabel, read_labels
from evidense.searching.outcome import logged
from evidense.searching.questions import SearchFacet
from evidense.searching.screening import BELOW, Screened, screen
from evidense.values import Notice, Work

pytest.importorskip("rapidfuzz")
FACETS = (
    SearchFacet("moth migration", ("moth migration", "migrating moths")),
    SearchFacet("islands", ("island", "islands")),
)
NAMES = "amber basil cedar delta ember fjord grove heron iris jade kelp lotus maple nettle olive pine quartz reed sable thorn".split()


def works(n: int = 120) -> list[Work]:
    """Return works of which every third is about moth migration on islands."""
    found = []
    for i in range(n):
        about = "moth migration over islands" if i % 3 == 0 else "the burning of clay kilns"
        title = f"{NAMES[i % 20].title()} {NAMES[i // 20 % 20]} number {i}: {about}"
        found.append(
            Work(
                "crossref",
                {"doi": f"10.1/{i}"},
                title,
                (f"Person{i}, A.",),
                2000 + i % 20,
                "J",
                abstract=f"We study {about} {i} times.",
            )
        )
    return found


def screened(records: list[Work], rules: str = "", labels: tuple[HumanLabel, ...] = ()) -> tuple[Hits, Screened]:
    found = joined(records)
    return found, screen(found.hits, FACETS, criteria_of(rules) if rules else Criteria(), labels, 0.8)


def outcomes(done: Screened) -> dict[str, int]:
    said = [decision.outcome for decision in done.decisions.values()]
    return {outcome: said.count(outcome) for outcome in sorted(set(said))}


def test_without_criteria_everything_waits_in_the_order_of_the_facets() -> None:
    found, done = screened(works())
    assert outcomes(done) == {"waiting": 120}
    by_name = {hit.name: hit.work.title for hit in found.hits}
    assert all("moth" in by_name[name] for name in done.order[:40])
    assert done.taught_by == "the facets of the question"


def test_criteria_give_each_exclusion_its_reason() -> None:
    _, done = screened(works(), "include: moths: moth*\nexclude: year < 2005\n")
    assert outcomes(done) == {"ineligible": 30, "passed": 30, "screened out": 60}
    reasons = {d.reason for d in done.decisions.values() if d.outcome != "passed"}
    assert reasons == {"year < 2005", "not moths"}
    assert done.following.works


def test_a_record_without_abstract_waits_where_its_title_does_not_tell() -> None:
    bare = [replace(work, abstract="") for work in works(6)]
    _, done = screened(bare, "include: kilns: kilns\ninclude: wood: wood\n")
    assert outcomes(done) == {"waiting": 6}


def test_a_retracted_work_is_removed_unless_asked_for() -> None:
    pulled = [replace(works(1)[0], notices=(Notice("retraction", "2020-01-01"),)), *works(3)[1:]]
    _, done = screened(pulled)
    assert outcomes(done) == {"ineligible": 1, "waiting": 2}
    _, asked = screened(pulled, "include: retracted")
    assert outcomes(asked) == {"ineligible": 2, "waiting": 1}


def test_what_people_decided_counts_before_criteria() -> None:
    label = HumanLabel("doi:10.1/1", True)
    other = HumanLabel("doi:10.1/0", False, "too short")
    _, done = screened(works(), "include: moths: moth*\nexclude: year < 2005\n", (label, other))
    assert done.decisions["doi:10.1/1"].outcome == "passed"
    assert (done.decisions["doi:10.1/0"].outcome, done.decisions["doi:10.1/0"].reason) == ("screened out", "too short")
    assert done.decisions["doi:10.1/0"].by == "person"
    assert "passed" not in {d.outcome for name, d in done.decisions.items() if name != "doi:10.1/1"}


def test_labels_of_works_that_were_not_found_are_told() -> None:
    _, done = screened(works(), labels=(HumanLabel("doi:10.9/9", True),))
    assert done.unknown == ("doi:10.9/9",)


def test_a_reader_who_follows_the_proposals_comes_to_an_end_with_a_recall() -> None:
    found = joined(works(600))
    relevant = {f"doi:10.1/{i}" for i in range(0, 600, 3)}
    labels: tuple[HumanLabel, ...] = ()
    for _ in range(40):
        done = screen(found.hits, FACETS, Criteria(), labels, 0.8)
        numbers = Prisma.of(logged(found, done).events)
        assert numbers.broken() == []
        if done.following.kind in ("stop", "all"):
            break
        labels += tuple(
            HumanLabel(name, name in relevant, "off topic", done.following.sample) for name in done.following.works
        )
    assert done.following.kind == "stop"
    assert len(labels) < 400
    assert done.following.recall is not None
    assert done.following.recall.least >= 0.8
    assert numbers.waiting == 0
    assert numbers.screened_out["automation"] == {BELOW: 600 - len(labels)}
    assert numbers.passed == {"automation": 0, "person": sum(label.is_included for label in labels)}
    assert done.taught_by == f"{len(labels):,} labels of people"


def test_the_order_of_the_records_changes_nothing() -> None:
    records = [*works(40), *(replace(work, source="openalex") for work in works(40))]
    one, other = screened(records), screened(records[::-1])
    assert one[1] == other[1]
    assert [hit.name for hit in one[0].hits] == [hit.name for hit in other[0].hits]
    assert logged(*one).lines() == logged(*other).lines()


def test_a_work_is_merged_of_its_records_and_doubts_are_named() -> None:
    paper = works(1)[0]
    preprint = replace(
        paper,
        source="arxiv",
        identifiers={"arxiv": "2101.00001"},
        venue="arXiv",
        kind="preprint",
        published_as={"doi": "10.1/0"},
        abstract="x" * 99,
    )
    doubtful = replace(paper, identifiers={"doi": "10.1/777"}, authors=("Other, B.",), source="openalex")
    found = joined([paper, preprint, doubtful])
    assert len(found.hits) == 2
    hit = next(hit for hit in found.hits if len(hit.records) == 2)
    assert hit.name == "doi:10.1/0"
    assert hit.versions == ("published", "preprint")
    assert hit.work.abstract == "x" * 99
    assert hit.work.identifiers == {"doi": "10.1/0", "arxiv": "2101.00001"}
    assert [set(doubt.names) for doubt in found.doubts] == [{"doi:10.1/0", "doi:10.1/777"}]


def test_names_are_unique() -> None:
    twins = [
        replace(
            works(1)[0], identifiers={"openalex": "W1"}, title=f"Quite another title {NAMES[i]}", authors=(f"P{i}",)
        )
        for i in range(4)
    ]
    names = [hit.name for hit in joined(twins).hits]
    assert len(set(names)) == len(names)


def test_labels_are_read_from_the_table_that_was_written(tmp_path) -> None:
    path = tmp_path / "labels.csv"
    path.write_bytes(
        "\ufeffwork,label,reason,sample,title\na,include,,,T\nb,no,off topic,2,T\nc,,,,T\na,yes,,,T\n".encode()
    )
    assert [(label.work, label.is_included, label.reason, label.sample) for label in read_labels(path)] == [
        ("a", True, "", 0),
        ("b", False, "off topic", 2),
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [("a,b\n1,2\n", "columns a, b"), ("work,label\na,maybe\n", "line 2: 'maybe'"), ("work,label\na,yes\na,no\n", "lines 2 and 3"),
     ("work,label\n,yes\n", "without a work"), ("work,label,sample\na,yes,x\n", "no number"), ("", "none")],
)  # fmt: skip
def test_labels_that_cannot_be_used_are_refused_with_their_lines(tmp_path, text: str, words: str) -> None:
    path = tmp_path / "labels.csv"
    path.write_text(text)
    with pytest.raises(InvalidInput) as refused:
        read_labels(path)
    assert words in str(refused.value)


def test_labels_of_unknown_works_change_no_outcome() -> None:
    rules = "include: moths: moth*\nexclude: year < 2005\n"
    _, without = screened(works(), rules)
    _, stranger = screened(works(), rules, (HumanLabel("doi:10.9/9", True),))
    assert stranger.decisions == without.decisions
    assert outcomes(stranger)["passed"] == 30
    _, known = screened(works(), rules, (HumanLabel(without.order[0], True),))
    assert outcomes(known) == {"ineligible": 30, "passed": 1, "screened out": 60, "waiting": 29}
