"""Measures: all usual spellings are read, one is printed."""

import ir_measures
import pytest

from evidense.errors import UnknownName
from evidense.measures import DEFAULT, canonical, condensed, cutoff, parse

SPELLINGS = {
    "nDCG@10": ["nDCG@10", "ndcg_cut_10", "ndcg_at_10", "ndcg@10", "NDCG@10", "ndcg_10", " nDCG@10 ", "cosine_ndcg@10", "dot_ndcg@10",
                "ndcg_cut.10", "ndcg-cut-10", "ndcg.10", "dot-ndcg@10", "cos_sim-NDCG@10", "dot_score-ndcg@10", "dev_cosine-NDCG@10",
                "NanoMSMARCO_cosine_ndcg@10", "nDCG @10"],
    "RR@10": ["RR@10", "mrr@10", "MRR@10", "mrr_at_10", "cosine_mrr@10"],
    "RR": ["RR", "mrr", "recip_rank", "recip-rank", "reciprocal rank"],
    "R@100": ["R@100", "recall_100", "recall.100", "recall@100", "Recall@100", "recall_at_100"],
    "AP": ["AP", "map", "MAP"],
    "AP@100": ["map_cut_100", "map_cut.100", "MAP@100", "map_at_100", "cosine_map@100"],
    "P@5": ["P@5", "P_5", "P.5", "P5", "precision@5", "precision_at_5"],
    "Success@1": ["Success@1", "success_1", "success.1", "hit_rate@1", "hit@1", "hits@1", "accuracy@1", "cosine_accuracy@1"],
    "Judged@10": ["Judged@10", "judged@10"],
    "Rprec": ["Rprec", "rprec"],
    "Bpref": ["Bpref", "bpref"],
    "SetR": ["set_recall"],
    "NumRet(rel=1)": ["num_rel_ret"],
    "IPrec@0.1": ["IPrec@0.1", "iprec_at_recall_0.10"],
    "AP(rel=2)@100": ["AP(rel=2)@100"],
    "nDCG(dcg='exp-log2')@10": ["nDCG(dcg='exp-log2')@10"],
}  # fmt: skip


@pytest.mark.parametrize(("spelling", "printed"), [(s, p) for p, all_of in SPELLINGS.items() for s in all_of])
def test_every_spelling_is_read_and_one_is_printed(spelling: str, printed: str) -> None:
    assert canonical(spelling) == printed
    assert canonical(printed) == printed
    assert parse(spelling) == ir_measures.parse_measure(printed)


@pytest.mark.parametrize("spelling", ["", "@10", "nDCG@", "nDCG@0", "nDCG@-1", "nDCG@1.5", "nDCG@10@5", "nDCG(x=1)@10", "main_score",
                                      "__import__('os')", "42", "recall_0.5", "nDCG@99999999999", "P(rel=1e999)@5", "(" * 5000, "a" * 100_000])  # fmt: skip
def test_what_is_no_measure_is_refused_by_name(spelling: str) -> None:
    with pytest.raises(UnknownName, match="unknown measure"):
        parse(spelling)


def test_the_refusal_helps() -> None:
    with pytest.raises(UnknownName, match=r"did you mean 'nDCG@10'\?"):
        parse("nDGC@10")
    with pytest.raises(UnknownName, match=r"did you mean 'R@20'\?"):
        parse("recal_20")
    with pytest.raises(UnknownName, match="R needs a cutoff: R@10"):
        parse("recall")


def test_cutoffs() -> None:
    assert [cutoff(m) for m in ("ndcg_cut_10", "map", "recall_100", "AP(rel=2)@7")] == [10, None, 100, 7]


def test_the_condensed_list_is_a_measure_of_its_own_or_the_same_where_undefined() -> None:
    assert condensed("ndcg@10") == "nDCG(judged_only=True)@10"
    assert condensed("Judged@10") == "Judged@10"
    # One judged relevant document behind one unjudged: rank 2 as it stands, rank 1 once the unjudged one is left out.
    qrels, run = {"q": {"b": 1}}, {"q": {"a": 2.0, "b": 1.0}}
    values = ir_measures.calc_aggregate([parse("RR"), parse(condensed("RR"))], qrels, run)
    assert values == {parse("RR"): 0.5, parse(condensed("RR")): 1.0}


def test_the_defaults_are_canonical_and_the_first_is_ndcg() -> None:
    assert [canonical(m) for m in DEFAULT] == list(DEFAULT)
    assert DEFAULT[0] == "nDCG@10"
