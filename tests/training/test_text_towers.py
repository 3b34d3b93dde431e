"""Text towers whose vectors carry gradients: equal to what is scored, shared between sides, right in the middle of training."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from encoders.opening import open_encoder
from encoders.text_models import TEXTS, edit_json, save, save_sentence_transformer
from evidense.errors import InvalidInput
from evidense.values import Item
from training.text_world import save_bert

ITEMS = [Item(f"i{n}", text) for n, text in enumerate(TEXTS)]


def _dense(folder: Path) -> str:
    import torch
    from sentence_transformers.base.modules import Dense, Normalize

    torch.manual_seed(0)
    save_sentence_transformer(folder, "bert", "mean", more=(Dense(32, 12), Normalize()))
    return str(folder / "st")


def _saved(class_name: str, kind: str, more: str = "") -> Any:
    def make(folder: Path) -> str:
        save(folder, class_name, kind)
        return str(folder) + more

    return make


KINDS: dict[str, Any] = {
    "bert": _saved("BertModel", "bert"),
    "pooler": _saved("BertModel", "bert", "@readout=pooler"),
    "decoder": _saved("LlamaModel", "llama"),
    "dense": _dense,
    "dpr": _saved("DPRQuestionEncoder", "dpr"),
    "static": lambda _: "wordllama",
}


@pytest.fixture(scope="module", params=list(KINDS))
def encoder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    return open_encoder(KINDS[request.param](tmp_path_factory.mktemp(request.param)))


def test_represent_equals_vectors_in_evaluation(encoder: Any) -> None:
    import torch

    tower = encoder.tower("query")
    prepared = tower.prepare(ITEMS)
    scored = tower.vectors(prepared)
    if encoder.setup.similarity == "cosine":
        scored = scored / np.linalg.norm(scored, axis=1, keepdims=True)
    with torch.no_grad():
        np.testing.assert_allclose(tower.represent(prepared).numpy(), scored, atol=1e-6)


def test_gradients_reach_every_module_and_equal_finite_differences(encoder: Any) -> None:
    """Along a random direction in the space of weights, in double precision, so that the slope can be measured."""
    import torch

    tower = encoder.tower("query")
    modules = list(tower.weights.values())
    prepared = tower.prepare(ITEMS[:3])
    generator = torch.Generator().manual_seed(1)
    weights = [p.requires_grad_(True) for module in modules for p in module.parameters()]
    try:
        tower.represent(prepared)[:, :5].sum().backward()
        reached = [
            any(p.grad is not None and p.grad.abs().sum() > 0 for p in module.parameters()) for module in modules
        ]
        assert all(reached)
        ways = [torch.randn(p.shape, generator=generator) * (p.grad is not None) for p in weights]
        slope = sum(
            float((p.grad.double() * way).sum()) for p, way in zip(weights, ways, strict=True) if p.grad is not None
        )
        step, seen = 1e-3, []
        with torch.no_grad():
            for sign in (1, -2, 1):
                for p, way in zip(weights, ways, strict=True):
                    p.add_(way, alpha=sign * step)
                seen.append(float(tower.represent(prepared)[:, :5].double().sum()))
        assert (seen[0] - seen[1]) / (2 * step) == pytest.approx(slope, rel=0.05, abs=2e-2)
    finally:
        for p in weights:
            p.grad = None
            p.requires_grad_(False)


@pytest.mark.parametrize("kind", ["bert", "dense", "static"])
def test_two_prompts_give_two_towers_with_shared_weights(tmp_path: Path, kind: str) -> None:
    encoder = open_encoder(KINDS[kind](tmp_path) + "@query_prompt=w1 ")
    query, document = encoder.tower("query"), encoder.tower("document")
    assert query is not document
    assert list(query.weights) == list(document.weights)
    assert all(query.weights[name] is document.weights[name] for name in query.weights)


def test_vectors_during_training_have_no_dropout_and_current_weights(tmp_path: Path) -> None:
    import torch

    tower = open_encoder(str(save_bert(tmp_path, dropout=0.5))).tower("query")
    model, prepared = tower.backbone.model, tower.prepare(ITEMS)
    still = tower.vectors(prepared)
    model.train()
    model.encoder.layer[0].eval()
    modes = [module.training for module in model.modules()]
    assert tower.vectors(prepared).tobytes() == still.tobytes()
    assert np.isfinite(tower.layers(prepared)).all()
    assert [module.training for module in model.modules()] == modes
    with torch.no_grad():
        assert not np.allclose(tower.represent(prepared).numpy(), still, atol=1e-3), "represent should drop out"
        model.embeddings.word_embeddings.weight.mul_(-1)
    assert not np.allclose(tower.vectors(prepared), still, atol=1e-3)


def test_vectors_use_the_trained_embedding_table(tmp_path: Path) -> None:
    import torch

    tower = open_encoder("wordllama").tower("query")
    prepared = tower.prepare(ITEMS)
    still = tower.vectors(prepared)
    with torch.no_grad():
        tower.weights["embedding"].weight.mul_(2)
    np.testing.assert_allclose(tower.vectors(prepared), 2 * still, rtol=1e-6)


def test_predictions_are_states_times_input_embeddings_at_masked_positions(tmp_path: Path) -> None:
    import torch

    tower = open_encoder(str(save_bert(tmp_path, dropout=0.0))).tower("query")
    prepared = tower.prepare([Item(str(n), " ".join(TEXTS)) for n in range(40)])
    with torch.no_grad():
        logits, labels = tower.predict(prepared, np.random.default_rng(3))
    n_plain = int((~np.isin(prepared.flat, tower.reader.tokenizer.all_special_ids)).sum())
    assert len(labels) / n_plain == pytest.approx(0.15, abs=0.02)
    assert logits.shape == (len(labels), 66)
    assert not set(labels.tolist()) & set(tower.reader.tokenizer.all_special_ids)
    one = tower.prepare([Item("one", "w7")])
    with torch.no_grad():
        logits, labels = tower.predict(one, np.random.default_rng(0))
        model, reader = tower.backbone.model, tower.reader.tokenizer
        states = model(input_ids=torch.tensor([[2, reader.mask_token_id, 3]])).last_hidden_state[0, 1]
        expected = states @ model.embeddings.word_embeddings.weight.T
    assert labels.tolist() == reader.convert_tokens_to_ids(["w7"])
    torch.testing.assert_close(logits[0], expected)


def test_predicting_with_a_tokeniser_without_mask_is_refused(tmp_path: Path) -> None:
    save(tmp_path, "LlamaModel", "llama")
    edit_json(tmp_path / "tokenizer_config.json", mask_token=None)
    tower = open_encoder(str(tmp_path)).tower("query")
    with pytest.raises(InvalidInput, match="no mask token"):
        tower.predict(tower.prepare(ITEMS), np.random.default_rng(0))


@pytest.mark.parametrize(("options", "trains"), [("", True), ("@dtype=bf16", False), ("@readout=pooler", False)])
def test_only_trainable_and_savable_encoders_declare_train(tmp_path: Path, options: str, trains: bool) -> None:
    save(tmp_path, "BertModel", "bert")
    assert ("train" in open_encoder(f"{tmp_path}{options}").can) is trains
    assert ("train" in open_encoder(f"random-init:{tmp_path}@seed=1").can) is True


def test_training_two_models_as_one_encoder_is_refused(tmp_path: Path) -> None:
    for seed, name in enumerate("ab"):
        save(tmp_path / name, "BertModel", "bert", seed=seed)
    encoder = open_encoder(f"{tmp_path / 'a'}@document_tower={tmp_path / 'b'}")
    assert "train" not in encoder.can
    with pytest.raises(InvalidInput, match="two models"):
        encoder.save(tmp_path / "c")
