"""Titles, venues and identifiers: what is the same in other words, and what is not."""

import pytest

from evidense.texts.identifiers import identifiers_of, normal_arxiv, normal_doi
from evidense.texts.titles import compare_titles, title_key
from evidense.texts.venues import is_known_venue, same_venue


@pytest.mark.parametrize(
    ("cited", "known", "likeness"),
    [
        (
            "{BERT}: Pre-training of {D}eep Bidirectional Transformers",
            "BERT: Pre-Training of Deep Bidirectional Transformers",
            "same",
        ),
        ("Extended Abstract: Learning to Rank Things", "Learning to rank things", "same"),
        ("Flamingo", "Flamingo: a Visual Language Model", "other"),
        ("Scaling Language Modeling", "Scaling language modeling: with pathways", "same"),
        ("Attension is all you need", "Attention Is All You Need", "same"),
        (
            "Mixing Predictions towards Online Metric Algorithms",
            "Mixing Predictions for Online Metric Algorithms",
            "near",
        ),
        ("Chain of Thought Inference in Language Models", "Chain of Thought Reasoning in Language Models", "near"),
        ("Active Slices for Sliced Stein Discrepancy", "Neural Collapse in Deep Linear Networks", "other"),
        ("", "Attention Is All You Need", "other"),
    ],
)
def test_titles_are_same_near_or_other(cited: str, known: str, likeness: str) -> None:
    assert compare_titles(cited, known)[0] == likeness


def test_a_key_ignores_accents_latex_and_punctuation() -> None:
    assert title_key('{\\"U}ber die \\emph{Theorie} -- Teil 2') == title_key("Uber die Theorie: Teil 2")


@pytest.mark.parametrize(
    ("cited", "known", "same"),
    [
        ("NeurIPS", "Advances in Neural Information Processing Systems 34", True),
        ("NIPS", "NeurIPS", True),
        ("Mach. Learn.", "Machine Learning", True),
        ("Proc. Natl. Acad. Sci. USA", "PNAS", True),
        ("Findings of EMNLP", "Findings of the Association for Computational Linguistics: EMNLP 2024", True),
        (
            "SIGIR '22",
            "Proceedings of the 45th International ACM SIGIR Conference on Research and Development in Information Retrieval",
            True,
        ),
        ("ICML", "ICLR", False),
        ("NAACL", "ACL", False),
        ("Nature", "Nature Communications", False),
        ("CVPR", "arXiv preprint arXiv:2101.00001", None),
        ("", "ICML", None),
        ("Lecture Notes in Computer Science", "ECCV", None),
    ],
)
def test_venues_are_compared_through_aliases_and_abbreviations(cited: str, known: str, same: bool | None) -> None:
    assert same_venue(cited, known) is same
    assert same_venue(known, cited) is same


def test_a_workshop_of_a_known_conference_is_known() -> None:
    assert is_known_venue("ICLR 2024 Workshop on Agents")
    assert not is_known_venue("Symposium on Neural Scaling Laws")


@pytest.mark.parametrize(
    ("text", "doi"),
    [
        ("https://doi.org/10.1016/S0140-6736(05)67889-7).", "10.1016/s0140-6736(05)67889-7"),
        (
            "doi:10.1002/1521-3773(20010316)40:6<9823::AID-ANIE9823>3.0.CO;2-C",
            "10.1002/1521-3773(20010316)40:6<9823::aid-anie9823>3.0.co;2-c",
        ),
        ("10.1145/\n 3477495.3531772", "10.1145/3477495.3531772"),
        ("https://dx.doi.org/10.1000%2Fabc", "10.1000/abc"),
        ("10.1007/978-3-030-58452-8\\_13", "10.1007/978-3-030-58452-8_13"),
        ("no identifier", ""),
    ],
)
def test_a_doi_is_found_in_whatever_people_write(text: str, doi: str) -> None:
    assert normal_doi(text) == doi


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("arXiv:2505.07166v1 [cs.IR]", ("2505.07166", "v1")),
        ("http://arxiv.org/abs/hep-th/9901001", ("hep-th/9901001", "")),
        ("math.GT/0309136", ("math/0309136", "")),
        ("Volume 1234.56789 of 2020", ("", "")),
    ],
)
def test_arxiv_ids_of_both_forms_are_found(text: str, expected: tuple[str, str]) -> None:
    assert normal_arxiv(text) == expected


def test_identifiers_are_collected_from_every_field() -> None:
    fields = {
        "journal": "arXiv preprint arXiv:2101.00001v2",
        "url": "https://aclanthology.org/P19-1001/",
        "note": "doi:10.18653/v1/P19-1001",
        "PMCID": "PMC123456",
    }
    assert identifiers_of(fields) == {
        "doi": "10.18653/v1/p19-1001", "arxiv": "2101.00001", "arxiv_version": "v2", "acl": "P19-1001", "pmcid": "PMC123456",
        "url": "https://aclanthology.org/P19-1001/",
    }  # fmt: skip
