"""Two towers: pixels and vectors as transformers makes them, gradients that reach every weight, mixed batches, folders that open elsewhere."""

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from encoders.opening import open_encoder
from evidense.compute.pictures import arrays as picture_arrays
from evidense.compute.pictures.arrays import ArrayReader, Scaling
from evidense.errors import EvidenseError, IncompleteWeights, InvalidInput, UnknownName
from evidense.parts import LayeredTower, TrainableEncoder, TrainableTower
from evidense.values import Item, Picture
from pictures.tiny_models import save_pictures, save_siglip
from training.towers import CONVNET, STATIC, TEXTS, VIT, built, grey, mixed_items, opened, trained_a_little

KINDS: dict[str, dict[str, Any]] = {
    "convnet": {"image": CONVNET},
    "vit": {"image": VIT},
    "shared": {"image": VIT, "shared_projection": True},
    "static": {"image": CONVNET, "text": STATIC},
}


@pytest.fixture(scope="module", params=KINDS)
def towers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return two towers of each kind, trained a little."""
    encoder = opened(tmp_path_factory.mktemp(request.param) / "start", **KINDS[request.param])
    trained_a_little(encoder, mixed_items())
    return encoder


# --- pixels -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n_channels", [1, 3])
def test_pixels_equal_transformers_pillow_processor(tmp_path: Path, n_channels: int) -> None:
    from transformers import AutoImageProcessor

    from evidense.compute.pictures.decoding import decode

    image = {**CONVNET, "channels": n_channels, "side": 32}
    tower = opened(tmp_path / "towers", image).image
    pictures = [*map(Picture, save_pictures(tmp_path / "files")), grey(7, side=32), grey(8, side=50)]
    ours = tower.prepare([Item(str(row), picture=picture) for row, picture in enumerate(pictures)]).tensor().numpy()
    processor = AutoImageProcessor.from_pretrained(tmp_path / "towers" / "image")
    mode = "L" if n_channels == 1 else "RGB"
    theirs = processor(images=[decode(p).convert(mode) for p in pictures], return_tensors="np")["pixel_values"]
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_picture_is_decoded_once_if_memory_allows(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    half = (0.5,) * 3
    reader, other = ArrayReader(Scaling(17, half, half), 4), ArrayReader(Scaling(17, half, half, resample=2), 4)
    paths = save_pictures(tmp_path)
    pictures = [(path.name, Picture(path)) for path in paths]
    first = reader.read(pictures)
    monkeypatch.setattr(picture_arrays, "MAX_KEPT_BYTES", 2 * 3 * 17 * 17)
    assert np.array_equal(other.read(pictures), other.read(pictures))
    assert len(other.decoded) == 2
    for path in paths:
        path.unlink()
    assert np.array_equal(reader.read(pictures[::-1]), first[::-1])
    with pytest.raises(InvalidInput) as caught:
        other.read(pictures)
    assert "3 mistakes" in str(caught.value)


# --- vectors and gradients --------------------------------------------------------------------------------------------


def test_two_towers_keep_the_tower_contract(towers: Any) -> None:
    assert isinstance(towers, TrainableEncoder)
    assert isinstance(towers.tower("query"), TrainableTower)
    assert towers.tower("query") is towers.tower("document")
    assert "train" in towers.can
    for one in (towers.text, towers.image):
        assert isinstance(one, TrainableTower)
    assert isinstance(towers.image, LayeredTower)
    assert towers.setup.n_dims == 24


def test_similarity_option_sets_both_towers(tmp_path: Path) -> None:
    folder = built(tmp_path / "towers")
    (folder / "text" / "modules.json").write_text(
        json.dumps(
            [m for m in json.loads((folder / "text" / "modules.json").read_text()) if "Normalize" not in m["type"]]
        )
    )
    for similarity, is_unit in (("cosine", True), ("dot", False)):
        encoder = open_encoder(f"{folder}@similarity={similarity}")
        assert (encoder.setup.similarity, encoder.setup.normalised) == (similarity, False)
        text = encoder.text
        lengths = text.represent(text.prepare([Item("a", TEXTS[0])])).detach().norm(dim=-1)
        assert (abs(float(lengths[0]) - 1) < 1e-5) is is_unit
    with pytest.raises(InvalidInput, match="expected cosine, dot, euclidean, manhattan"):
        open_encoder(f"{folder}@similarity=angle")


def test_mixed_batch_equals_items_encoded_alone(towers: Any) -> None:
    tower, items = towers.tower("query"), mixed_items()
    together = tower.vectors(tower.prepare(items))
    for item, row in zip(items, together, strict=True):
        np.testing.assert_allclose(tower.vectors(tower.prepare([item]))[0], row, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(together, axis=1), 1, atol=1e-6)
    text, picture = (tower.vectors(tower.prepare([i]))[0] for i in (Item("t", TEXTS[1]), Item("p", picture=grey(1))))
    np.testing.assert_allclose(together[2], (text + picture) / np.linalg.norm(text + picture), atol=1e-5)


def test_represent_equals_vectors_and_has_gradients_for_every_weight(towers: Any) -> None:
    import torch

    tower, items = towers.tower("query"), mixed_items()
    prepared = tower.prepare(items)
    weights = {f"{n}.{k}": p for n, m in tower.weights.items() for k, p in m.named_parameters()}
    for weight in weights.values():
        weight.requires_grad_(True)
        weight.grad = None
    try:
        seen = tower.represent(prepared)
        np.testing.assert_allclose(seen.detach().numpy(), tower.vectors(prepared), atol=1e-6)
        (seen @ torch.linspace(-1, 1, seen.shape[1])).sum().backward()
        without = [n for n, p in weights.items() if p.grad is None or not p.grad.abs().sum() > 0]
        assert not [n for n in without if not n.endswith(("key.bias", "k_proj.bias"))], "no softmax sees a key's bias"
    finally:
        for weight in weights.values():
            weight.requires_grad_(False)
            weight.grad = None


def test_rows_of_a_mixed_batch_have_separate_gradients(towers: Any) -> None:
    import torch

    tower, items = towers.tower("query"), mixed_items()
    modules = tower.weights
    for module in modules.values():
        module.requires_grad_(True)
    weights = list({id(p): p for m in modules.values() for p in m.parameters()}.values())
    try:
        wanted = torch.linspace(-1, 1, tower.n_dims)
        whole = torch.autograd.grad((tower.represent(tower.prepare(items)) @ wanted).sum(), weights, allow_unused=True)
        alone: list[Any] = [0] * len(weights)
        for item in items:
            one = (tower.represent(tower.prepare([item])) @ wanted).sum()
            for place, grad in enumerate(torch.autograd.grad(one, weights, allow_unused=True)):
                alone[place] = alone[place] + (0 if grad is None else grad)
        for found, expected in zip(whole, alone, strict=True):
            if found is not None:
                torch.testing.assert_close(found, expected, atol=2e-5, rtol=1e-3)
    finally:
        for module in modules.values():
            module.requires_grad_(False)


@pytest.mark.parametrize("chunk", [1, 2, 5])
def test_chunks_do_not_change_gradients_of_mixed_batches_with_dropout(tmp_path: Path, chunk: int) -> None:
    import torch

    from evidense.training.loop.step import EncodeSettings, Load, step_gradients

    encoder = opened(tmp_path / "towers", VIT, dropout=0.3)
    tower, items = encoder.tower("query"), mixed_items()
    weights = {f"{n}.{k}": p for n, m in tower.weights.items() for k, p in m.named_parameters()}
    for module in tower.weights.values():
        module.requires_grad_(True).train()

    def gradients(size: int) -> tuple[Any, dict[str, Any]]:
        for weight in weights.values():
            weight.grad = None
        load = Load(tower, tower.prepare(items), np.arange(len(items), dtype=np.uint64), size)
        loss = step_gradients([load], lambda leaves: (leaves[0] @ leaves[0].T).square().sum(), EncodeSettings((3, 4)))
        return loss, {n: p.grad.clone() for n, p in weights.items()}

    loss, whole = gradients(0)
    other_loss, cut = gradients(chunk)
    torch.testing.assert_close(other_loss, loss, atol=1e-5, rtol=1e-5)
    for name, grad in whole.items():
        torch.testing.assert_close(cut[name], grad, atol=1e-5, rtol=1e-4, msg=lambda m, name=name: f"{name}: {m}")


def test_outputs_of_a_frozen_backbone_are_cached_until_it_is_trained(tmp_path: Path) -> None:
    import torch

    encoder = opened(tmp_path / "towers", VIT, dropout=0.5)
    tower, items = encoder.tower("query"), mixed_items()
    prepared, n_calls = tower.prepare(items), [0]
    model = encoder.image.half.model
    model.register_forward_hook(lambda *_: n_calls.__setitem__(0, n_calls[0] + 1))
    for name, module in tower.weights.items():
        module.requires_grad_("backbone" not in name).train()
    first, again = tower.represent(prepared), tower.represent(prepared.take(np.arange(len(items))[::-1].copy()))
    assert n_calls[0] == 1
    assert torch.equal(again.flip(0), first), "the order of a batch changes a frozen feature"
    assert first.requires_grad
    assert model.training, "what encodes features leaves a module as it was"
    np.testing.assert_allclose(first.detach().numpy(), tower.vectors(prepared), atol=1e-6)
    with torch.no_grad():
        model.pooler.dense.bias.add_(torch.linspace(-1, 1, 32))
    changed = tower.represent(prepared)
    assert not torch.allclose(changed[1], first[1], atol=1e-4)
    np.testing.assert_allclose(changed.detach().numpy(), tower.vectors(prepared), atol=1e-6)


# --- layers -----------------------------------------------------------------------------------------------------------


def test_last_layer_is_the_input_of_the_projection(towers: Any) -> None:
    import torch

    image = towers.image
    prepared = image.prepare([Item(str(seed), picture=grey(seed)) for seed in range(3)])
    layers = image.layers(prepared)
    assert layers.shape == (image.n_layers + 1, 3, image.n_pooled)
    states, mask = image.forward(prepared)
    with torch.no_grad():
        assert np.allclose(image.project(torch.from_numpy(layers[-1])).numpy(), image.vectors(prepared), atol=1e-6)
        assert np.allclose(image.pool(states[-1], mask).numpy(), layers[-1], atol=1e-6)
    assert list(prepared.sizes) == [states.shape[2]] * 3 == [image.reader.n_tokens] * 3
    assert image.flops_per_token > 0
    assert prepared.n_pixels == 3 * 16 * 16
    with pytest.raises(UnknownName):
        image.modules("nothing")


def test_flops_of_a_convolutional_tower_equal_a_count_by_hand(tmp_path: Path) -> None:
    tower = opened(tmp_path / "towers", {**CONVNET, "widths": [4, 8], "depths": [1, 1]}).image
    # multiply-adds: stem 2 × 2 of 1 → 4 at 64 places; block of width e: 7 × 7 depthwise, e → 4e, 4e → e; 2 × 2 of 4 → 8 at 16 places
    blocks = 64 * (49 * 4 + 8 * 4 * 4) + 16 * (49 * 8 + 8 * 8 * 8)
    assert tower.flops_per_token * tower.reader.n_tokens == 2 * (64 * 4 * 4 + blocks + 16 * 4 * 4 * 8)


# --- folders ----------------------------------------------------------------------------------------------------------


def test_saved_encoder_gives_the_same_bits_when_reopened(towers: Any, tmp_path: Path) -> None:
    towers.save(tmp_path / "saved")
    again = open_encoder(str(tmp_path / "saved"))
    one, other = towers.tower("query"), again.tower("query")
    items = mixed_items()
    assert one.vectors(one.prepare(items)).tobytes() == other.vectors(other.prepare(items)).tobytes()
    again.save(tmp_path / "twice")
    assert open_encoder(str(tmp_path / "twice")).tower("query").fingerprint == other.fingerprint
    outright = open_encoder(f"two-towers:{tmp_path / 'saved'}")
    assert outright.tower("query").fingerprint == other.fingerprint


def test_saved_towers_open_in_their_libraries(towers: Any, tmp_path: Path) -> None:
    import torch
    from sentence_transformers import SentenceTransformer
    from transformers import AutoImageProcessor, AutoModel

    from evidense.compute.pictures.decoding import decode

    towers.save(tmp_path)
    texts = SentenceTransformer(str(tmp_path / "text"), device="cpu").encode(TEXTS)
    ours = towers.text.vectors(towers.text.prepare([Item(str(n), text) for n, text in enumerate(TEXTS)]))
    np.testing.assert_allclose(ours, texts, atol=1e-5)
    model, info = AutoModel.from_pretrained(tmp_path / "image", output_loading_info=True)
    assert not info["missing_keys"]
    assert not info["unexpected_keys"]
    mode = "L" if model.config.num_channels == 1 else "RGB"
    processor = AutoImageProcessor.from_pretrained(tmp_path / "image")
    pixels = processor(images=[decode(grey(n)).convert(mode) for n in range(3)], return_tensors="pt")
    with torch.no_grad():
        theirs = towers.image.project(model.eval()(**pixels).pooler_output).numpy()
    seen = towers.image.vectors(towers.image.prepare([Item(str(n), picture=grey(n)) for n in range(3)]))
    np.testing.assert_allclose(seen, theirs, atol=1e-6)


@pytest.mark.parametrize("part", ["text", "image", "projection.safetensors"])
def test_folder_with_a_missing_part_is_refused(tmp_path: Path, part: str) -> None:
    folder = built(tmp_path / "towers")
    target = folder / part
    shutil.rmtree(target) if target.is_dir() else target.unlink()
    with pytest.raises(IncompleteWeights, match=part):
        open_encoder(str(folder))


@pytest.mark.parametrize("where", ["image/model.safetensors", "projection.safetensors", "text/model.safetensors"])
def test_missing_and_unknown_weights_are_refused(tmp_path: Path, where: str) -> None:
    from safetensors.torch import load_file, save_file

    folder = built(tmp_path / "towers")
    tensors = load_file(folder / where)
    first = sorted(tensors)[0]
    save_file({name: t for name, t in tensors.items() if name != first}, folder / where)
    with pytest.raises(IncompleteWeights):
        open_encoder(str(folder))
    save_file({**tensors, "stranger.weight": tensors[first].clone()}, folder / where)
    with pytest.raises(InvalidInput, match="stranger"):
        open_encoder(str(folder))


def test_pickle_instead_of_weights_is_refused(tmp_path: Path) -> None:
    folder = built(tmp_path / "towers")
    (folder / "image" / "model.safetensors").rename(folder / "image" / "pytorch_model.bin")
    with pytest.raises(EvidenseError, match="pickle"):
        open_encoder(str(folder))


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"format": 2}, "expected 1"),
        ({"n_dims": 7}, "says 7"),
        ({"n_dims": None}, "'n_dims' is missing"),
        ({"shared_projection": True}, "holds a projection of its own"),
    ],
)
def test_inconsistent_settings_are_refused(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    folder = built(tmp_path / "towers")
    path = folder / "two_towers.json"
    settings = json.loads(path.read_text()) | changes
    path.write_text(json.dumps({key: value for key, value in settings.items() if value is not None}))
    with pytest.raises(InvalidInput, match=said):
        open_encoder(str(folder))


def test_tower_of_the_wrong_kind_is_refused(towers: Any, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no plain texts"):
        towers.text.prepare([Item("p", picture=grey(0))])
    with pytest.raises(InvalidInput, match="not pictures without text"):
        towers.image.prepare([Item("t", "a text")])
    with pytest.raises(InvalidInput, match="does not read"):
        open_encoder(f"{built(tmp_path / 'x')}@max_length=7")


def test_vision_model_of_transformers_opens_as_a_tower(tmp_path: Path) -> None:
    import torch
    from transformers import Dinov2Config, Dinov2Model, ResNetConfig, ResNetModel, ViTImageProcessorPil

    made = {
        "dinov2": Dinov2Model(Dinov2Config(hidden_size=32, num_hidden_layers=2, num_attention_heads=4, image_size=28, patch_size=14)),
        "resnet": ResNetModel(ResNetConfig(embedding_size=8, hidden_sizes=[8, 16], depths=[1, 1], layer_type="basic")),
    }  # fmt: skip
    for name, model in made.items():
        model.eval().save_pretrained(tmp_path / name)
        processor = ViTImageProcessorPil(size={"height": 28, "width": 28})
        processor.save_pretrained(tmp_path / name)
        image = opened(tmp_path / f"{name}-towers", {"kind": str(tmp_path / name)}).image
        items = [Item(str(n), picture=grey(n, side=28)) for n in range(3)]
        with torch.no_grad():
            theirs = image.project(model(image.prepare(items).tensor()).pooler_output.flatten(1)).numpy()
        np.testing.assert_allclose(image.vectors(image.prepare(items)), theirs, atol=1e-5)
    with pytest.raises(UnknownName, match="kind of vision model 'siglip'"):
        built(tmp_path / "whole", {"kind": str(save_siglip(tmp_path / "siglip"))})


def test_tokens_and_pixels_of_a_mixed_batch_are_both_counted(towers: Any) -> None:
    from evidense.training.loop.costs import TrainingCosts
    from evidense.training.loop.step import Load

    tower, items = towers.tower("query"), mixed_items()
    prepared = tower.prepare(items)
    costs = TrainingCosts()
    costs.add([Load(tower, prepared, np.arange(len(items), dtype=np.uint64))])
    texts = towers.text.prepare([Item(item.id, item.text) for item in items if item.text is not None])
    assert costs.n_tokens == texts.sizes.sum() > 0
    assert costs.n_pixels == 5 * 16 * 16
    assert costs.flops > 5 * towers.image.flops_per_token * towers.image.reader.n_tokens
