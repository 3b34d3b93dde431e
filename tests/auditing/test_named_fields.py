"""Whether the fields that a verdict names are the fields that were changed: HALLMARK's wrong entries whose right record is known."""

import re
from collections import Counter, defaultdict
from functools import cache

from indexes import Index, lines, needs_hallmark, reference_of

from evidense.auditing.references import decide
from evidense.texts.names import Name
from evidense.texts.titles import title_key
from evidense.values import Reference

_ORIGINAL = re.compile(r"\(original: '(?P<title>.*)'\)$")
_CHANGED_BY = {
    "near_miss_title": "title", "chimeric_title": "title", "swapped_authors": "authors", "placeholder_authors": "authors",
    "partial_author_list": "authors", "merged_citation": "authors", "hybrid_fabrication": "authors", "future_date": "year",
    "wrong_venue": "venue", "nonexistent_venue": "venue", "preprint_as_published": "venue", "arxiv_version_mismatch": "venue",
    "fabricated_doi": "doi",
}  # fmt: skip
"""The field that each kind of mistake changes always; what else differs from the record was changed too."""


def title_before(entry: dict) -> str:
    """Return the title that an entry had before it was changed, where its explanation quotes it."""
    original = _ORIGINAL.search(entry["explanation"])
    return title_key(original["title"]) if original else ""


def right_record(entry: dict, of_title: dict[str, Reference], of_doi: dict[str, Reference]) -> Reference | None:
    """Return the true record of a wrong entry: by its title, its DOI, or the title that its explanation quotes."""
    cited = reference_of(entry)
    by_identifier = of_title.get(title_key(cited.title)) or of_doi.get(cited.identifiers.get("doi", "none"))
    return by_identifier or of_title.get(title_before(entry))


def changed_fields(cited: Reference, right: Reference) -> frozenset[str]:
    """Return the fields that the two write differently; what only one of them has was not changed, but for a DOI."""
    people = [tuple(Name.of(author) for author in one.authors) for one in (cited, right)]
    differs = {
        "title": title_key(cited.title) != title_key(right.title),
        "authors": people[0] != people[1],
        "year": cited.year != right.year,
        "venue": bool(cited.venue) and cited.venue.casefold() != right.venue.casefold(),
        "doi": cited.identifiers.get("doi") not in (None, right.identifiers.get("doi")),
    }
    return frozenset(name for name, is_different in differs.items() if is_different)


@cache
def named_and_changed() -> list[tuple[str, frozenset[str], frozenset[str]]]:
    """Return (kind, fields that the verdict names, fields that were changed) of every entry whose truth is known."""
    rights = [reference_of(record) for record in lines("hallmark_records.jsonl")]
    of_title = {title_key(right.title): right for right in rights}
    of_doi = {right.identifiers["doi"]: right for right in rights if "doi" in right.identifiers}
    indexes = [Index(name, lines(f"{name}.jsonl")) for name in ("index_a", "index_b")]
    rows = []
    for entry in lines("hallmark_dev.jsonl"):
        right = right_record(entry, of_title, of_doi) if entry["label"] == "HALLUCINATED" else None
        if right is None and not title_before(entry):
            continue
        cited = reference_of(entry)
        decision = decide(cited, [answer for index in indexes for answer in index.answers(cited)])
        named = frozenset(check.name for check in decision.fields if check.is_wrong)
        changed = changed_fields(cited, right) if right else frozenset({"title"})
        rows.append((entry["hallucination_type"], named, changed))
    return rows


@needs_hallmark
def test_the_named_field_is_the_changed_field() -> None:
    rows = named_and_changed()
    right = [_CHANGED_BY[kind] in named and named <= changed for kind, named, changed in rows]
    assert len(rows) == 414
    assert sum(right) / len(rows) >= 0.92
    some_changed = [bool(named) and named <= changed for _, named, changed in rows]
    assert sum(some_changed) / len(rows) >= 0.935


@needs_hallmark
def test_no_field_is_named_that_was_not_changed() -> None:
    wrongly_named = Counter(name for _, named, changed in named_and_changed() for name in named - changed)
    assert sum(wrongly_named.values()) <= 2, wrongly_named


@needs_hallmark
def test_every_kind_of_change_is_named() -> None:
    named_right: dict[str, list[bool]] = defaultdict(list)
    for kind, named, changed in named_and_changed():
        named_right[kind].append(bool(named & changed))
    shares = {kind: sum(hits) / len(hits) for kind, hits in named_right.items()}
    assert min(shares.values()) >= 0.7, shares
