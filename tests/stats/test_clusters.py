import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from evidense.stats import cluster_queries


def test_shared_answers_and_groups_tie_queries() -> None:
    qrels = {"q1": {"d1": 1}, "q2": {"d1": 2, "d2": 1}, "q3": {"d2": 1}, "q4": {"d3": 1}, "q5": {"d1": 0}}
    assert cluster_queries(["q1", "q2", "q3", "q4", "q5"], qrels, {}).tolist() == [0, 0, 0, 1, 2]
    groups = {"q4": "page", "q5": "page"}
    assert cluster_queries(["q1", "q2", "q3", "q4", "q5"], qrels, groups).tolist() == [0, 0, 0, 1, 1]


def test_a_group_and_a_document_of_one_name_are_two_things() -> None:
    assert cluster_queries(["a", "b"], {"a": {"x": 1}}, {"b": "x"}).tolist() == [0, 1]


@given(st.lists(st.sets(st.integers(0, 12), max_size=3), min_size=1, max_size=14))
def test_clusters_equal_repeated_merging(answers: list[set[int]]) -> None:
    labels = cluster_queries(
        [str(i) for i in range(len(answers))], {str(i): {str(d): 1 for d in a} for i, a in enumerate(answers)}, {}
    )
    slow = [({i}, set(a)) for i, a in enumerate(answers)]  # merge any two that share an answer, until none do
    while merged := next(((x, y) for x in slow for y in slow if x is not y and x[1] & y[1]), None):
        slow = [x for x in slow if x not in merged] + [(merged[0][0] | merged[1][0], merged[0][1] | merged[1][1])]
    for queries, _ in slow:
        assert len(set(labels[sorted(queries)])) == 1
    assert len(np.unique(labels)) == len(slow)
