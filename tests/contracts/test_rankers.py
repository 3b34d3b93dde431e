"""The promises of every ranker: one order, nothing twice, the same again, and what it says of itself."""

import gzip
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from entailers.pair_models import save_classifier
from evidense import registry
from evidense.boundary.consent import consenting
from evidense.compute.search.imported_rankings import TIES
from evidense.errors import InvalidInput
from evidense.parts import Ranker, RankerPart, Setup, WithPolicies
from evidense.records import canonical_json
from evidense.values import Collection, Draft, Item, Spelling, build
from evidense.verbs.retrieve import open_system
from fetching.loopback import serving
from rankers.rerank_server import RerankServer

NAMES = list(registry.summaries("rankers"))

TEXTS = {"d1": "the cat sat on the mat", "d2": "a dog barks at the cat", "d3": "no news is good news", "d10": "the cat sat on a hat",
         "d4": "stocks fell on Monday", "q2": "dogs bark at night"}  # fmt: skip
QUERIES = {"q1": "where does the cat sit", "q2": "dogs bark at night", "q3": "zzz"}
RESULTS = {"q1": {"d2": 0.5, "d1": 0.5, "d10": 0.9}, "q2": {"q2": 2.0, "d2": 1.0}, "q9": {"d1": 1.0}}


def small(**policy: bool) -> Collection:
    qrels = {"q1": {"d1": 1}, "q2": {"d2": 1}, "q3": {"d3": 1}}
    draft = Draft(
        "small", [Item(*pair) for pair in QUERIES.items()], [Item(*pair) for pair in TEXTS.items()], qrels, **policy
    )
    return build(draft)


def _run(folder: Path) -> str:
    lines = [f"{q} Q0 {d} 1 {value} sys\n" for q, found in RESULTS.items() for d, value in found.items()]
    (folder / "old.trec").write_text("".join(lines))
    return f"{folder}/old.trec"


def _st(folder: Path) -> str:
    rows = [
        {"query_id": q, "query": q, "results": [{"corpus_id": d, "score": s} for d, s in f.items()]}
        for q, f in RESULTS.items()
    ]
    (folder / "x_predictions_cosine.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return f"{folder}/x_predictions_cosine.jsonl"


def _mteb(folder: Path) -> str:
    (folder / "X_predictions.json").write_text(
        json.dumps({"mteb_model_meta": {"model_name": "me/mine"}, "default": {"test": RESULTS}})
    )
    return f"{folder}/X_predictions.json"


def _baseline(folder: Path) -> str:
    lists = [[[3, 0, 1], [0.9, 0.5, 0.5]], [[5, 1], [2.0, 1.0]], [[], []]]
    held = {name: {"checksum": c.checksum, "lists": lists} for name, c in {"small": small()}.items()}
    content = {"label": "old", "depth": 10, "setup": Setup().to_json(), "collections": held}
    (folder / "old.baseline.json.gz").write_bytes(gzip.compress(json.dumps(content).encode()))
    return f"{folder}/old.baseline.json.gz"


def _cross_encoder(folder: Path) -> str:
    save_classifier(folder / "model", ("LABEL_0",))
    return f"cross-encoder:{folder}/model"


def _rerank(folder: Path) -> str:
    save_classifier(folder / "model", ("LABEL_0",))
    loopback = SERVERS.enter_context(serving(RerankServer(folder / "model")))
    return f"rerank:tiny@url={loopback.url}"


SERVERS = ExitStack()
"""Servers of this file; they stay until its tests are over."""
EXAMPLES: dict[str, Callable[[Path], str]] = {
    "trec_run": _run, "st_predictions": _st, "mteb_predictions": _mteb,
    "baseline": _baseline, "cross_encoder": _cross_encoder, "rerank": _rerank,
}  # fmt: skip
"""How a test opens each ranker that does not open by its own name: such a part adds its line here."""


@pytest.fixture(scope="module", autouse=True)
def servers() -> Iterator[None]:
    with SERVERS:
        yield


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def spelling(name: str, tmp_path: Path) -> Spelling:
    if registry.part("rankers", name).recognises(Spelling(name)):
        return Spelling(name)
    assert name in EXAMPLES, f"tell {__name__} how to open '{name}'"
    return Spelling.parse(EXAMPLES[name](tmp_path))


@pytest.fixture
def ranker(spelling: Spelling) -> Iterator[Ranker]:
    opened = open_system(str(spelling)).engine  # a reranker with its first stage, as everybody uses it
    with consenting([str(spelling)]):
        assert isinstance(opened, Ranker)
        yield opened


def test_the_part_keeps_the_contract(name: str, spelling: Spelling) -> None:
    part = registry.part("rankers", name)
    assert isinstance(part, RankerPart)
    assert part.name == name
    assert part.spellings
    assert part.recognises(spelling)
    assert not part.recognises(Spelling("intfloat/e5-small"))


def test_its_spelling_means_this_part_alone(name: str, spelling: Spelling) -> None:
    found, _ = registry.system(spelling)
    assert found.name == name


def test_it_says_what_it_is(ranker: Ranker) -> None:
    assert isinstance(ranker, Ranker)
    assert ranker.name
    assert isinstance(ranker.setup, Setup)
    canonical_json(ranker.setup.to_json())


def _is_somebodys_run(ranker: Ranker) -> bool:
    """Say whether equal scores stand in trec_eval's order, by descending id."""
    return isinstance(ranker, WithPolicies) and ranker.policies.get("ties") == TIES


@pytest.mark.parametrize("depth", [1, 2, 50])
def test_lists_are_in_the_one_order(ranker: Ranker, depth: int) -> None:
    collection = small()
    lists = ranker.rank(collection, depth)
    assert (lists.query_ids, lists.doc_ids) == (collection.query_ids, collection.doc_ids)
    assert lists.documents.shape == lists.scores.shape == (3, depth)
    assert lists.documents.dtype == np.int32
    assert lists.scores.dtype == np.float32
    for _, found in lists.items():
        by_id = sorted(found, reverse=_is_somebodys_run(ranker))
        assert found == sorted(by_id, key=lambda pair: -pair[1])
        assert len({d for d, _ in found}) == len(found)
    padding = lists.documents < 0
    assert np.isneginf(lists.scores[padding]).all()
    assert (np.diff(padding.astype(int), axis=1) >= 0).all(), "padding stands at the end only"


def test_a_shorter_list_begins_the_longer_one(ranker: Ranker) -> None:
    np.testing.assert_array_equal(ranker.rank(small(), 50).documents[:, :2], ranker.rank(small(), 2).documents)


def test_it_does_the_same_again(name: str, spelling: Spelling, ranker: Ranker) -> None:
    again = open_system(str(spelling)).engine
    assert isinstance(again, Ranker)
    assert again.fingerprint == ranker.fingerprint
    one, two = ranker.rank(small(), 5), again.rank(small(), 5)
    np.testing.assert_array_equal(one.documents, two.documents)
    np.testing.assert_array_equal(one.scores, two.scores)


def test_a_query_that_nothing_answers_has_an_empty_list(ranker: Ranker) -> None:
    assert (ranker.rank(small(), 5).documents[2] == -1).all()  # q3


def test_self_matches_are_taken_out_where_the_collection_says_so(name: str, ranker: Ranker) -> None:
    if name == "baseline":
        pytest.skip("a saved baseline holds lists made under the policy of its collection (the checksum says which)")
    place = small().doc_ids.index("q2")
    assert place in ranker.rank(small(), 5).documents[1]
    assert place not in ranker.rank(small(drop_self_matches=True), 5).documents[1]


def test_options_that_mean_nothing_are_refused(name: str, spelling: Spelling) -> None:
    if name == "baseline":
        pytest.skip("its options are those of the command line")
    with pytest.raises(InvalidInput, match="expected"):
        registry.part("rankers", name).open(replace(spelling, options={"pooling": "mean"}))
