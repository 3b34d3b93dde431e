"""Cross-encoders as systems: scores of sentence-transformers, only what the first stage found, and what that leaves out."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from encoders.text_models import edit_json, edit_weights
from entailers.pair_models import save_classifier
from evidense import registry
from evidense.boundary.consent import consenting
from evidense.compute.search.reranking import Reranking, ScoreFile
from evidense.errors import IncompleteWeights, InvalidInput, UnsafeInput
from evidense.parts import CandidateList, is_reranker
from evidense.records import Ranking
from evidense.store import Store
from evidense.study.compare import comparison
from evidense.study.memory import INDEXED_BYTES, weights_bytes
from evidense.study.plan import plan
from evidense.study.run import RunOptions, open_study
from evidense.values import Collection, Draft, Item, Picture, RankedLists, Spelling, build
from evidense.verbs.retrieve import TwoStages, open_system, retrieve, stays_shut

RNG = np.random.default_rng(0)
TEXTS = [" ".join(f"w{n}" for n in RNG.integers(0, 60, size)) for size in RNG.integers(3, 90, 40)]
QUERIES = ["w1 w2 w3", "w7 w8 w9 w10 w11", "w20", "w31 w32 w33 w34"]


def collection(**policy: Any) -> Collection:
    documents = [Item(f"d{n:02}", text) for n, text in enumerate(TEXTS)]
    queries = [Item(f"q{n}", text) for n, text in enumerate(QUERIES)]
    qrels = {query.id: {f"d{n:02}": 1 for n in range(3 * place, 3 * place + 3)} for place, query in enumerate(queries)}
    return build(Draft("words", queries, documents, qrels, **policy))


def opened(text: str) -> TwoStages:
    engine = open_system(text).engine
    assert isinstance(engine, TwoStages)
    return engine


def of_sentence_transformers(folder: Path, pairs: list[tuple[str, str]]) -> np.ndarray:
    import torch
    from sentence_transformers import CrossEncoder

    model = CrossEncoder(str(folder), device="cpu", activation_fn=torch.nn.Identity())
    return np.asarray(model.predict(pairs, batch_size=1, show_progress_bar=False))


@pytest.mark.parametrize("kind", ["bert", "roberta", "distilbert"])
def test_scores_are_those_of_sentence_transformers(tmp_path: Path, kind: str) -> None:
    save_classifier(tmp_path, ("LABEL_0",), kind=kind)
    reranker = opened(f"cross-encoder:{tmp_path}").reranker
    documents = [*TEXTS, " ".join(f"w{n % 60}" for n in range(300))]
    for query in QUERIES:
        scores = reranker.scores(
            CandidateList(Item("q", query), tuple(Item(str(n), t) for n, t in enumerate(documents)))
        )
        wanted = of_sentence_transformers(tmp_path, [(query, text) for text in documents])
        assert np.abs(scores - wanted).max() < 1e-5
        assert np.ptp(wanted) > 0.01, "the model tells documents apart"


def test_a_folder_that_sentence_transformers_saved_is_read(tmp_path: Path) -> None:
    from sentence_transformers import CrossEncoder

    save_classifier(tmp_path / "plain", ("LABEL_0",))
    CrossEncoder(str(tmp_path / "plain")).save_pretrained(str(tmp_path / "saved"))
    plain, saved = (opened(f"cross-encoder:{tmp_path / name}") for name in ("plain", "saved"))
    candidates = CandidateList(Item("q", QUERIES[0]), tuple(collection().corpus[:9]))
    np.testing.assert_array_equal(plain.reranker.scores(candidates), saved.reranker.scores(candidates))
    assert "without its activation Sigmoid" in str(saved.setup.similarity)
    with pytest.raises(InvalidInput, match="write cross-encoder:FOLDER"):
        open_system(str(tmp_path / "saved"))


@pytest.mark.parametrize(
    ("labels", "sign"), [(("LABEL_0", "LABEL_1"), 1), (("irrelevant", "relevant"), 1), (("yes", "no"), -1)]
)
def test_of_two_labels_the_relevant_one_counts(tmp_path: Path, labels: tuple[str, ...], sign: int) -> None:
    save_classifier(tmp_path, labels)
    scores = opened(f"cross-encoder:{tmp_path}").reranker.scores(
        CandidateList(Item("q", QUERIES[0]), tuple(collection().corpus))
    )
    logits = of_sentence_transformers(tmp_path, [(QUERIES[0], text) for text in TEXTS])
    assert np.abs(scores - sign * (logits[:, 1] - logits[:, 0])).max() < 1e-5


@pytest.mark.parametrize("first", ["bm25", "wordllama@dim=64"])
def test_the_first_documents_stand_in_the_order_of_their_scores_and_the_others_are_cut(
    tmp_path: Path, first: str
) -> None:
    save_classifier(tmp_path, ("LABEL_0",))
    words, store = collection(), Store()
    ranking = retrieve(open_system(f"cross-encoder:{tmp_path}@first=[{first}]@depth=12"), words, 100, store)
    found = retrieve(open_system(first), words, 12, store)
    for row, query in enumerate(QUERIES):
        places = [int(place) for place in np.asarray(store.array(found.documents))[row] if place >= 0]
        wanted = of_sentence_transformers(tmp_path, [(query, TEXTS[place]) for place in places])
        order = [place for _, place in sorted(zip(-wanted, places, strict=True))]
        assert np.asarray(store.array(ranking.documents))[row].tolist() == order + [-1] * (100 - len(order))
    assert "12 documents" in ranking.policies["search"]
    assert "cut off" in ranking.policies["beyond"]


def test_equal_scores_stand_in_the_order_of_document_ids(tmp_path: Path) -> None:
    save_classifier(tmp_path, ("LABEL_0",))
    edit_weights(tmp_path, lambda tensors: tensors["classifier.weight"].zero_())
    lists = opened(f"cross-encoder:{tmp_path}@depth=10").rank(collection(), 10)
    assert all(ids == sorted(ids) for _, pairs in lists.items() for ids in [[d for d, _ in pairs]])


def test_the_first_stage_is_the_record_of_that_system(tmp_path: Path) -> None:
    save_classifier(tmp_path, ("LABEL_0",))
    words, store = collection(), Store()
    retrieve(open_system(f"cross-encoder:{tmp_path}@depth=12"), words, 12, store)
    n_before = len(list(store.of_kinds("ranking")))
    ranking = retrieve(open_system("bm25"), words, 12, store)
    assert isinstance(store.get(ranking.id), Ranking)
    assert len(list(store.of_kinds("ranking"))) == n_before, "nothing is ranked twice"


def test_the_share_that_it_can_reach_is_said_with_n_and_interval(tmp_path: Path) -> None:
    from ir_measures import R, calc_aggregate

    save_classifier(tmp_path, ("LABEL_0",))
    words, store = collection(), Store()
    ranking = retrieve(open_system(f"cross-encoder:{tmp_path}@depth=5"), words, 5, store)
    first = opened(f"cross-encoder:{tmp_path}@depth=5").first
    lists = first.engine.rank(words, 5)  # type: ignore[union-attr]
    recall = calc_aggregate([R @ 5], words.qrels, {q: dict(pairs) for q, pairs in lists.items()})[R @ 5]
    note = next(text for text in ranking.setup["warnings"] if "it sees the first 5 documents of bm25" in text)
    assert f"hold {recall:.3f}".replace("0.", ".") in note
    assert "R@5, n 4, 95 %" in note


def test_a_killed_run_scores_no_query_again(tmp_path: Path) -> None:
    save_classifier(tmp_path / "model", ("LABEL_0",))
    stages, words = opened(f"cross-encoder:{tmp_path / 'model'}@depth=8"), collection()
    lists = stages.first.engine.rank(words, 8)  # type: ignore[union-attr]

    class Counted:
        name, n_reranked, first = "counted", 8, "bm25"

        def __init__(self) -> None:
            self.asked: list[str] = []
            self.most = 2

        def scores(self, candidates: CandidateList) -> np.ndarray:
            if len(self.asked) == self.most:
                raise KeyboardInterrupt
            self.asked.append(candidates.query.id)
            return stages.reranker.scores(candidates)

    counted: Any = Counted()
    with pytest.raises(KeyboardInterrupt):
        Reranking(counted, words, lists).lists(8, tmp_path)
    counted.most = 100
    again = Reranking(counted, words, lists).lists(8, tmp_path)
    assert counted.asked == ["q0", "q1", "q2", "q3"]
    assert again.documents.tobytes() == stages.rank(words, 8).documents.tobytes()
    assert again.scores.tobytes() == stages.rank(words, 8).scores.tobytes()


def test_a_torn_file_of_scores_is_continued_where_it_is_sound(tmp_path: Path) -> None:
    path, keys = tmp_path / "scores", [bytes([n]) * 32 for n in range(3)]
    rows = [np.array([1, 2], np.float32), np.array([3], np.float32), np.array([4, 5, 6], np.float32)]
    with ScoreFile(path) as file:
        for key, row in zip(keys, rows, strict=True):
            assert file.read(key, len(row)) is None
            file.append(key, row)
    path.write_bytes(path.read_bytes()[:-2])
    with ScoreFile(path) as file:
        read = [file.read(key, len(row)) for key, row in zip(keys, rows, strict=True)]
    assert [None if row is None else row.tolist() for row in read] == [[1, 2], [3], None]
    with ScoreFile(path) as file:
        assert file.read(keys[1], 2) is None, "other texts"


def test_a_score_that_is_not_finite_is_refused_with_its_pair(tmp_path: Path) -> None:
    save_classifier(tmp_path, ("LABEL_0",))
    edit_weights(tmp_path, lambda tensors: tensors["classifier.bias"].fill_(float("nan")))
    with pytest.raises(InvalidInput, match="NaN or infinity"):
        opened(f"cross-encoder:{tmp_path}")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("@depth=0", "@depth=0: expected the number of documents"),
        ("@depth=ten@pooling=mean", "(?s)2 mistakes.*pooling=mean.*depth=ten"),
        ("@first=", "names nothing"),
        ("@first=[bm25", "does not close"),
        ("@first=[bm25]x", "text between"),
        ("@first=nonsense", "nonsense"),
        ("@max_length=5000", "from 8 to 64 tokens"),
        ("@dim=8", "has no vectors to cut"),
    ],
)
def test_options_without_sense_are_refused(tmp_path: Path, options: str, words: str) -> None:
    save_classifier(tmp_path, ("LABEL_0",))
    with pytest.raises(Exception, match=words):
        open_system(f"cross-encoder:{tmp_path}{options}")


def test_what_is_no_cross_encoder_is_refused_in_words(tmp_path: Path) -> None:
    save_classifier(tmp_path / "nli")
    with pytest.raises(InvalidInput, match="has 3 labels .*trained to rank"):
        open_system(f"cross-encoder:{tmp_path / 'nli'}")
    for spelling in ("cross-encoder:", f"cross-encoder:{tmp_path}/nothing"):
        with pytest.raises(InvalidInput, match=r"[Ee]xpected"):
            open_system(spelling)
    model = tmp_path / "one"
    save_classifier(model, ("LABEL_0",))
    (model / "modules.json").write_text(
        '[{"idx": 0, "path": "", "type": "x.Transformer"}, {"idx": 1, "path": "1_Dense", "type": "x.Dense"}]'
    )
    with pytest.raises(InvalidInput, match="makes its scores with Transformer, Dense"):
        open_system(f"cross-encoder:{model}")
    (model / "modules.json").unlink()
    edit_json(model / "config.json", auto_map={"AutoModel": "x.Y"})
    with pytest.raises(UnsafeInput, match="run code"):
        open_system(f"cross-encoder:{model}")
    edit_json(model / "config.json", auto_map={})
    edit_weights(model, lambda tensors: tensors.pop("classifier.weight"))
    with pytest.raises(IncompleteWeights, match="classifier"):
        open_system(f"cross-encoder:{model}")


def test_pictures_are_refused(tmp_path: Path) -> None:
    save_classifier(tmp_path, ("LABEL_0",))
    reranker: Any = registry.open_system(Spelling.parse(f"cross-encoder:{tmp_path}"))
    assert is_reranker(reranker)
    with pytest.raises(InvalidInput, match="no plain texts"):
        reranker.scores(CandidateList(Item("q", "w1"), (Item("d", picture=Picture(b"x")),)))


def test_an_empty_first_list_stays_empty(tmp_path: Path) -> None:
    save_classifier(tmp_path, ("LABEL_0",))
    stages, words = opened(f"cross-encoder:{tmp_path}@depth=3"), collection()
    empty = RankedLists(words.query_ids, words.doc_ids, np.full((4, 3), -1, np.int32), np.full((4, 3), -np.inf, np.float32))  # fmt: skip
    assert (Reranking(stages.reranker, words, empty).lists(3, tmp_path).documents == -1).all()


def test_code_that_is_named_as_first_stage_is_named_by_the_command(tmp_path: Path) -> None:
    save_classifier(tmp_path, ("LABEL_0",))
    text = f"cross-encoder:{tmp_path}@first=[python:json:loads]"
    with pytest.raises(UnsafeInput, match="would run"):
        open_system(text)
    with consenting([text]), pytest.raises(InvalidInput):  # it may run, and is no encoder
        open_system(text)
    with consenting([text], nothing=True):
        assert stays_shut(text)


def test_a_plan_estimates_both_stages(tmp_path: Path) -> None:
    save_classifier(tmp_path, ("LABEL_0",))
    study = comparison("bm25", [f"cross-encoder:{tmp_path}@first=[wordllama@dim=64]@depth=12"], ["words"])
    opened_study = open_study(study, RunOptions(values={"words": collection()}))
    step = plan(opened_study, Store()).steps[1]
    assert step.seconds > 0
    assert step.size_bytes > plan(opened_study, Store()).steps[0].size_bytes
    over_bm25 = comparison("char_ngrams", [f"cross-encoder:{tmp_path}"], ["words"])
    of_words, over_words = plan(open_study(over_bm25, RunOptions(values={"words": collection()})), Store()).steps
    model = weights_bytes(open_system(f"cross-encoder:{tmp_path}").engine)
    assert over_words.memory_bytes == of_words.memory_bytes + model + len(TEXTS) * INDEXED_BYTES
    assert model > 0
