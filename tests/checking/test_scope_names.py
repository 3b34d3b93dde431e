"""Names of collections: those of BEIR and MTEB are known, and spellings of one collection are one name."""

import pytest

from evidense.checking.scope import scope

BEIR = (
    "MS MARCO, TREC-COVID, NFCorpus, BioASQ, NQ, HotpotQA, FiQA-2018, Signal-1M, TREC-NEWS, Robust04, ArguAna, Touché-2020, CQADupStack, Quora, "
    "DBPedia, SCIDOCS, FEVER, Climate-FEVER, SciFact"
)
ONE = [
    "Quora, QuoraRetrieval", "QQP, Quora Question Pairs", "Climate-FEVER, ClimateFEVER, CLIMATE-FEVER", "FiQA-2018, FiQA2018, FiQA",
    "Touché-2020, Touche2020, Touche-2020", "TREC-COVID, TRECCOVID", "CQADupStack, CQADupstack, CQADupstackRetrieval", "DBPedia, DBpedia-Entity",
    "MS MARCO, MSMARCO", "Mr. TyDi, MrTidy",
]  # fmt: skip


def names(spelling: str) -> frozenset[str]:
    return scope(f"The model has 41.2 nDCG@10 on {spelling}.")["dataset"]


def test_each_collection_of_beir_is_one_name_and_none_is_another() -> None:
    found = [names(spelling) for spelling in BEIR.split(", ")]
    assert all(len(one) == 1 for one in found)
    assert len(set(found)) == len(found)
    assert names("QQP") != names("Quora")


@pytest.mark.parametrize("spellings", ONE)
def test_spellings_of_one_collection_are_one_name(spellings: str) -> None:
    found = {names(spelling) for spelling in spellings.split(", ")}
    assert len(found) == 1
    assert found != {frozenset()}
