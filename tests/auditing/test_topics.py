"""Topics: a work is about a question only if it names every subject of it."""

import json
from pathlib import Path

import pytest

from evidense.auditing.topics import topic

QUESTION = "What is the impact of fine-tuning versus contrastive pre-training on the multimodal retrieval performance of dense encoders?"


def test_words_are_shown_and_treatments_need_not_all_be_named() -> None:
    found = topic(QUESTION, "Image retrieval with pre-trained encoders", "We retrieve images.")
    assert found.is_about
    assert found.clauses == (
        "retrieval: yes (retrieval, retrieve)", "images: yes (image, images)", "fine-tuning: no word of it", "pre-training: yes (pre-trained)",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("title", "is_about"),
    [
        ("Text retrieval with dense encoders", False),
        ("Visual instruction tuning", False),
        ("Cross-modal search engines", True),
        ("", False),
    ],
)
def test_every_subject_must_be_named(title: str, is_about: bool) -> None:
    assert topic(QUESTION, title, "").is_about is is_about


def test_a_question_of_another_field_is_compared_by_its_words() -> None:
    question = "How does watering influence tomato yield in greenhouses?"
    assert topic(question, "Watering schedules and yield of tomatoes", "").is_about
    assert not topic(question, "Retrieval of images", "").is_about


def test_no_question_is_about_nothing() -> None:
    assert not topic("", "Retrieval of images", "").is_about


def test_the_key_of_the_shipped_records_agrees(shared_data: Path) -> None:
    for work in json.loads((shared_data / "seed_sources.json").read_text())["works"]:
        facets = {f.name: bool(f.words) for f in topic(QUESTION, work["title"], work["abstract"]).facets}
        about = work["about"]
        assert (facets["retrieval"], facets["images"]) == (about["dense_retrieval"], about["multimodal"]), work["id"]
