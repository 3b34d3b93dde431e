"""random-init: one architecture, weights from a seed; equal seeds, equal bytes."""

from pathlib import Path

import numpy as np
import pytest

from encoders.opening import open_encoder, vectors
from encoders.text_models import TEXTS, save, save_sentence_transformer
from evidense.errors import InvalidInput


def test_equal_seeds_give_equal_bytes_and_others_do_not(tmp_path: Path) -> None:
    import torch

    save(tmp_path, "BertModel", "bert")
    first = open_encoder(f"random-init:{tmp_path}@seed=5@pooling=mean")
    torch.manual_seed(99)  # what was drawn before does not matter
    again = open_encoder(f"random-init:{tmp_path}@seed=5@pooling=mean")
    other = open_encoder(f"random-init:{tmp_path}@seed=6@pooling=mean")
    assert vectors(first, TEXTS).tobytes() == vectors(again, TEXTS).tobytes()
    assert first.tower("query").fingerprint == again.tower("query").fingerprint != other.tower("query").fingerprint
    assert np.abs(vectors(first, TEXTS) - vectors(other, TEXTS)).max() > 0.1


def test_random_init_does_not_change_the_random_state_of_the_caller(tmp_path: Path) -> None:
    import torch

    save(tmp_path, "BertModel", "bert")
    torch.manual_seed(1)
    expected = torch.rand(3)
    torch.manual_seed(1)
    open_encoder(f"random-init:{tmp_path}@seed=5")
    assert torch.equal(torch.rand(3), expected)


def test_dense_layers_are_drawn_too(tmp_path: Path) -> None:
    from sentence_transformers.base.modules import Dense, Normalize

    save_sentence_transformer(tmp_path, "bert", "mean", more=(Dense(32, 8), Normalize()))
    trained, drawn = open_encoder(str(tmp_path / "st")), open_encoder(f"random-init:{tmp_path / 'st'}@seed=0")
    assert (drawn.setup.pooling, drawn.setup.n_dims, drawn.setup.n_parameters) == (
        "mean",
        8,
        trained.setup.n_parameters,
    )
    assert np.abs(vectors(trained, TEXTS) - vectors(drawn, TEXTS)).max() > 0.01
    assert trained.setup.weights_sha256 != drawn.setup.weights_sha256


def test_a_seed_is_required(tmp_path: Path) -> None:
    save(tmp_path, "BertModel", "bert")
    with pytest.raises(InvalidInput, match="@seed=0"):
        open_encoder(f"random-init:{tmp_path}")
