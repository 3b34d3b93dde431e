"""Loading guard: what loads is what the checkpoint is; what would be random is refused."""

from pathlib import Path

import numpy as np
import pytest
import torch
import transformers

from encoders.opening import open_encoder, vectors
from encoders.text_models import TEXTS, edit_json, edit_weights, save, tokenizer
from evidense.errors import IncompleteWeights, InvalidInput


def reference(model: torch.nn.Module, pool: str) -> np.ndarray:
    """Encode one text at a time with the class itself: nothing is padded."""
    reader, rows = tokenizer(), []
    with torch.no_grad():
        for text in TEXTS:
            states = model(**{k: v for k, v in reader(text, return_tensors="pt").items() if k == "input_ids"})
            rows.append({"cls": states[0][0, 0], "mean": states[0][0].mean(0)}[pool])
    return torch.stack(rows).numpy()


@pytest.mark.parametrize(
    ("class_name", "heads"),
    [
        ("BertForPreTraining", "cls."),
        ("BertForMaskedLM", "cls."),
        ("BertForQuestionAnswering", "qa_outputs."),
        ("BertModel", "pooler."),
    ],
)
@pytest.mark.parametrize("pool", ["cls", "mean"])
def test_bert_checkpoints_load_for_cls_and_mean(tmp_path: Path, class_name: str, heads: str, pool: str) -> None:
    model = save(tmp_path, class_name, "bert")
    encoder = open_encoder(f"{tmp_path}@pooling={pool}")
    np.testing.assert_allclose(vectors(encoder, TEXTS), reference(getattr(model, "bert", model), pool), atol=2e-6)
    assert any(name.startswith(heads) for name in encoder.setup.unused_weights)


def test_opening_a_checkpoint_draws_no_random_numbers(tmp_path: Path) -> None:
    save(tmp_path, "BertModel", "bert")
    before = torch.get_rng_state()
    open_encoder(str(tmp_path))
    assert torch.equal(torch.get_rng_state(), before)


def test_weights_that_change_under_the_same_path_are_other_weights(tmp_path: Path) -> None:
    save(tmp_path, "BertModel", "bert")
    first, again = (open_encoder(str(tmp_path)).setup.weights_sha256 for _ in range(2))
    assert first == again
    edit_weights(tmp_path, lambda weights: weights["embeddings.word_embeddings.weight"].add_(1))
    assert open_encoder(str(tmp_path)).setup.weights_sha256 != first


def test_a_checkpoint_without_pooler_weights_is_refused(tmp_path: Path) -> None:
    save(tmp_path, "BertForMaskedLM", "bert")
    with pytest.raises(
        IncompleteWeights,
        match=(
            r"2 of \d+ weights(.|\n)*pooler\.dense\.bias\n  pooler\.dense\.weight|pooler\.dense\.weight\n "
            r" pooler\.dense\.bias"
        ),
    ):
        open_encoder(f"{tmp_path}@readout=pooler")


def test_saved_pooler_weights_are_loaded(tmp_path: Path) -> None:
    model = save(tmp_path, "BertForPreTraining", "bert")
    encoder = open_encoder(f"{tmp_path}@readout=pooler")
    ids = tokenizer()(TEXTS[2], return_tensors="pt")["input_ids"]
    with torch.no_grad():
        expected = model.bert(ids).pooler_output.numpy()
    np.testing.assert_allclose(vectors(encoder, TEXTS)[2:3], expected, atol=2e-6)
    assert not any("pooler" in name for name in encoder.setup.unused_weights)


@pytest.mark.parametrize("class_name", ["DPRContextEncoder", "DPRQuestionEncoder"])
def test_a_dpr_checkpoint_loads_as_the_tower_that_it_holds(tmp_path: Path, class_name: str) -> None:
    model = save(tmp_path, class_name, "dpr")
    encoder = open_encoder(str(tmp_path))
    with torch.no_grad():
        expected = torch.cat(
            [model(tokenizer()(t, return_tensors="pt")["input_ids"]).pooler_output for t in TEXTS]
        ).numpy()
    np.testing.assert_allclose(vectors(encoder, TEXTS), expected, atol=2e-6)
    assert encoder.setup.pooling == "cls"
    assert encoder.setup.similarity == "dot"


def test_plain_auto_model_leaves_every_weight_of_a_dpr_context_tower_at_random(tmp_path: Path) -> None:
    save(tmp_path, "DPRContextEncoder", "dpr")
    model, report = transformers.AutoModel.from_pretrained(tmp_path, output_loading_info=True)
    assert type(model).__name__ == "DPRQuestionEncoder"
    assert len(report["missing_keys"]) == len(list(model.parameters()))


def test_two_different_dpr_towers_make_one_encoder(tmp_path: Path) -> None:
    save(tmp_path / "q", "DPRQuestionEncoder", "dpr", seed=1)
    save(tmp_path / "d", "DPRContextEncoder", "dpr", seed=2)
    both = open_encoder(f"{tmp_path / 'q'}@document_tower={tmp_path / 'd'}")
    np.testing.assert_array_equal(vectors(both, TEXTS, "query"), vectors(open_encoder(str(tmp_path / "q")), TEXTS))
    np.testing.assert_array_equal(vectors(both, TEXTS, "document"), vectors(open_encoder(str(tmp_path / "d")), TEXTS))
    assert both.tower("query").fingerprint != both.tower("document").fingerprint


@pytest.mark.parametrize(("class_name", "kind", "body"), [
    ("DistilBertForMaskedLM", "distilbert", "distilbert"), ("RobertaForMaskedLM", "roberta", "roberta"), ("T5ForConditionalGeneration", "t5", "encoder"),
    ("LlamaForCausalLM", "llama", "model"), ("Qwen2ForCausalLM", "qwen2", "model"), ("GemmaForCausalLM", "gemma", "model")])  # fmt: skip
def test_other_families_equal_their_own_class(tmp_path: Path, class_name: str, kind: str, body: str) -> None:
    model = save(tmp_path, class_name, kind)
    encoder = open_encoder(f"{tmp_path}@pooling=mean")
    reader, rows = tokenizer(kind), []
    with torch.no_grad():
        for text in TEXTS:
            rows.append(
                getattr(model, body)(reader(text, return_tensors="pt", truncation=True)["input_ids"])[0][0].mean(0)
            )
    np.testing.assert_allclose(vectors(encoder, TEXTS), torch.stack(rows).numpy(), rtol=1e-4, atol=1e-5)


def test_a_tokeniser_that_contradicts_its_file_gives_a_warning(tmp_path: Path) -> None:
    """transformers gives every Qwen2 model the Qwen2 class, whatever tokenizer.json holds: here each text becomes one token."""
    save(tmp_path, "Qwen2Model", "qwen2")
    for file in tmp_path.glob("*token*"):
        file.unlink()
    tokenizer("llama").save_pretrained(tmp_path)
    assert any("tokenizer.json" in sentence for sentence in open_encoder(str(tmp_path)).setup.warnings)


def test_a_missing_weight_is_named(tmp_path: Path) -> None:
    save(tmp_path, "BertModel", "bert")
    edit_weights(tmp_path, lambda t: t.pop("encoder.layer.1.output.dense.weight"))
    with pytest.raises(IncompleteWeights, match=r"1 of \d+ weights(.|\n)*encoder\.layer\.1\.output\.dense\.weight"):
        open_encoder(f"{tmp_path}@pooling=mean")


def test_an_unexpected_weight_is_named(tmp_path: Path) -> None:
    save(tmp_path, "BertModel", "bert")
    edit_weights(tmp_path, lambda t: t.update({"encoder.layer.9.output.dense.weight": torch.zeros(3)}))
    with pytest.raises(InvalidInput, match=r"encoder\.layer\.9\.output\.dense\.weight"):
        open_encoder(f"{tmp_path}@pooling=mean")


def test_a_weight_of_another_shape_is_named(tmp_path: Path) -> None:
    save(tmp_path, "BertModel", "bert")
    edit_json(tmp_path / "config.json", intermediate_size=48)
    with pytest.raises(InvalidInput, match=r"\(64, 32\) instead of \(48, 32\)"):
        open_encoder(f"{tmp_path}@pooling=mean")


def test_a_buffer_of_old_checkpoints_is_tolerated(tmp_path: Path) -> None:
    save(tmp_path, "BertModel", "bert")
    edit_weights(tmp_path, lambda t: t.update({"embeddings.position_ids": torch.arange(64)[None]}))
    assert "embeddings.position_ids" not in open_encoder(f"{tmp_path}@pooling=mean").setup.unused_weights


def test_old_names_of_layer_norms_are_read(tmp_path: Path) -> None:
    save(tmp_path / "new", "BertModel", "bert")
    save(tmp_path / "old", "BertModel", "bert")

    def rename(tensors: dict[str, torch.Tensor]) -> None:
        for name in [n for n in tensors if "LayerNorm" in n]:
            tensors[name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")] = (
                tensors.pop(name)
            )

    edit_weights(tmp_path / "old", rename)
    old, new = (vectors(open_encoder(f"{tmp_path / name}@pooling=mean"), TEXTS) for name in ("old", "new"))
    np.testing.assert_array_equal(old, new)


def test_shards_are_read_and_a_missing_one_is_named(tmp_path: Path) -> None:
    model = save(tmp_path / "whole", "BertModel", "bert")
    model.save_pretrained(tmp_path / "cut", max_shard_size="20KB")
    tokenizer().save_pretrained(tmp_path / "cut")
    shards = sorted((tmp_path / "cut").glob("model-*.safetensors"))
    assert len(shards) > 1
    whole, cut = (vectors(open_encoder(f"{tmp_path / name}@pooling=mean"), TEXTS) for name in ("whole", "cut"))
    np.testing.assert_array_equal(whole, cut)
    shards[1].unlink()
    with pytest.raises(IncompleteWeights, match=shards[1].name):
        open_encoder(f"{tmp_path / 'cut'}@pooling=mean")


def test_a_folder_without_weights_is_refused(tmp_path: Path) -> None:
    save(tmp_path, "BertModel", "bert")
    (tmp_path / "model.safetensors").unlink()
    with pytest.raises(IncompleteWeights, match="holds no weights"):
        open_encoder(str(tmp_path))


STEMS = (
    "module.",
    "0.auto_model.",
    "encoder.",
    "lm_q.",
    "model.",
    "_orig_mod.",
    "_orig_mod.module.bert.",
    "a.b.c.d.e.",
)


@pytest.mark.parametrize("stem", STEMS)
def test_a_prefix_before_all_names_is_recognised_with_its_heads(tmp_path: Path, stem: str) -> None:
    save(tmp_path / "plain", "BertForPreTraining", "bert")
    save(tmp_path / "stem", "BertForPreTraining", "bert")

    def rename(tensors: dict[str, torch.Tensor]) -> None:
        for name in list(tensors):
            tensors[stem + name.removeprefix("bert.")] = tensors.pop(name)

    edit_weights(tmp_path / "stem", rename)
    plain, found = (open_encoder(f"{tmp_path / name}@pooling=mean") for name in ("plain", "stem"))
    np.testing.assert_array_equal(vectors(found, TEXTS), vectors(plain, TEXTS))
    assert f"{stem}pooler.dense.weight" in found.setup.unused_weights


def test_heads_beside_the_model_under_one_prefix_are_recognised(tmp_path: Path) -> None:
    """As DistributedDataParallel saves a BertForPreTraining: module.bert.… beside module.cls.…"""
    save(tmp_path, "BertForPreTraining", "bert")
    edit_weights(tmp_path, lambda t: [t.update({f"module.{name}": t.pop(name)}) for name in list(t)])
    assert any(name.startswith("module.cls.") for name in open_encoder(str(tmp_path)).setup.unused_weights)


def test_a_second_tower_beside_the_matched_one_does_not_count_as_a_head(tmp_path: Path) -> None:
    save(tmp_path, "BertModel", "bert")
    edit_weights(
        tmp_path, lambda t: [t.update({f"lm_{side}.{n}": t[n].clone() for side in "qp"}) or t.pop(n) for n in list(t)]
    )
    with pytest.raises(InvalidInput, match=r"lm_q\.embeddings|lm_p\.embeddings"):
        open_encoder(f"{tmp_path}@pooling=mean")


@pytest.mark.parametrize(("key", "value", "said"), [
    ("hidden_size", 100_000, "instead of"), ("vocab_size", 10**10, "at most 2,147,483,647"), ("vocab_size", 2 * 10**9, "instead of"),
    ("num_hidden_layers", 10**6, "as there are 5"), ("num_labels", 10**9, "at most 100,000"), ("max_position_embeddings", 10**9, "instead of"),
    ("num_attention_heads", 3, "multiple of the number of attention heads"), ("hidden_size", float("nan"), "NaN"), ("vocab_size", 0, "config"),
    ("hidden_act", 5, "hidden_act"), ("layer_norm_eps", "x", "layer_norm_eps"), ("dtype", "float99", "float99"), ("id2label", [1], "config"),
    ("model_type", "timm_backbone", "timm"), ("pad_token_id", 5000, "adding_idx"), ("model_type", 5, "model_type 5")])  # fmt: skip
def test_a_config_larger_than_its_weights_is_refused_before_memory_is_used(tmp_path: Path, key: str, value: object, said: str) -> None:  # fmt: skip
    save(tmp_path, "BertModel", "bert")
    edit_json(tmp_path / "config.json", **{key: value})
    with pytest.raises((InvalidInput, IncompleteWeights), match=said):
        open_encoder(f"{tmp_path}@pooling=mean")


def test_random_weights_larger_than_the_memory_are_refused(tmp_path: Path) -> None:
    save(tmp_path, "BertModel", "bert")
    edit_json(tmp_path / "config.json", hidden_size=10**6, num_attention_heads=10**4)
    with pytest.raises(InvalidInput, match="this machine has"):
        open_encoder(f"random-init:{tmp_path}@seed=0")


def test_integer_weights_are_refused(tmp_path: Path) -> None:
    save(tmp_path, "BertModel", "bert")
    edit_weights(tmp_path, lambda t: t.update({"encoder.layer.1.output.dense.weight": t["encoder.layer.1.output.dense.weight"].to(torch.int8)}))  # fmt: skip
    with pytest.raises(InvalidInput, match="int8 instead of a floating number type"):
        open_encoder(f"{tmp_path}@pooling=mean")
