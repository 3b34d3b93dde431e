"""Shipped works: found by identifier or title, quoted with their sections, and nothing of their text but abstracts and nine sentences."""

from evidense.auditing.shipped_works import shipped_answer, shipped_for, shipped_works
from evidense.values import Reference


def test_every_part_of_a_text_quotes_it() -> None:
    works = shipped_works()
    assert [work.identifier for work in works] == [
        "arxiv:2505.07166",
        "arxiv:2204.10641",
        "arxiv:2402.11690",
        "arxiv:2402.11035",
    ]
    parts = [part for work in works for part in work.text.parts]
    assert sum(part.section != "abstract" for part in parts) == 9
    for work in works:
        assert work.text.text.startswith(work.work.abstract)
        assert all(
            work.text.text[p.start : p.end].strip() == work.text.text[p.start : p.end] != "" for p in work.text.parts
        )
        assert work.work.licence
        assert work.published


def test_a_work_is_found_by_any_of_its_identifiers_or_its_title() -> None:
    for reference in (
        Reference("1", identifiers={"arxiv": "2402.11035", "arxiv_version": "v1"}),
        Reference("2", identifiers={"doi": "10.18653/v1/2024.findings-emnlp.791"}),
        Reference("3", title="Dense passage retrieval: is it retrieving?"),
    ):
        found = shipped_for(reference)
        assert found is not None
        assert found.surnames == ("Reichman", "Heck")
    assert shipped_answer(Reference("4", title="Another title", identifiers={"doi": ""})) is None
