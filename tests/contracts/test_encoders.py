"""The promises that every encoder on the shelf keeps, each tried on a real example of its kind."""

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from encoders.opening import open_encoder
from encoders.text_models import TEXTS, save
from evidense import registry
from evidense.parts import EncoderPart, LayeredTower, Setup, TrainableEncoder, TrainableTower
from evidense.values import Item, Spelling

ITEMS = [Item(f"i{n}", text) for n, text in enumerate(TEXTS)]
NAMES = list(registry.summaries("encoders"))


def _given(folder: Path) -> str:
    for side in ("queries", "documents"):
        np.save(folder / f"{side}.npy", np.random.default_rng(0).standard_normal((len(ITEMS), 6)).astype(np.float32))
        (folder / f"{side}.ids.txt").write_text("\n".join(item.id for item in ITEMS))
    return str(folder)


def _transformer(folder: Path) -> str:
    save(folder, "BertModel", "bert")
    return str(folder)


def _function(folder: Path) -> str:
    (folder / "contract_of_functions.py").write_text(
        "def embed(texts):\n    return [[len(t), t.count('w')] for t in texts]\n"
    )
    sys.path.insert(0, str(folder))
    return "python:contract_of_functions:embed"


def _clip(folder: Path) -> str:
    from pictures.tiny_models import save_clip

    return str(save_clip(folder))


def _two_towers(folder: Path) -> str:
    from training.towers import built

    return str(built(folder / "towers"))


def _checkpoint(folder: Path) -> str:
    from evidense.store import Store
    from training.towers import built

    built(folder / "towers")
    Store().adopt_folder("ab" * 32, folder / "towers")
    return "checkpoint:abab"


def _gguf(folder: Path) -> str:
    from encoders.tiny_gguf import write

    return f"gguf:{write(folder / 'tiny.gguf')}"


def _openai(_: Path) -> str:
    from encoders.embedding_server import embedding_server

    _SERVERS.enter_context(pytest.MonkeyPatch.context()).setenv("EVIDENSE_KEY_127_0_0_1", "any")
    _, loopback = _SERVERS.enter_context(embedding_server())
    return f"openai:wordllama@url={loopback.url}/v1"


EXAMPLES: dict[str, Callable[[Path], str]] = {
    "transformer": _transformer,
    "random_init": lambda folder: f"random-init:{_transformer(folder)}@seed=1",
    "static": lambda _: "wordllama",
    "vectors": _given,
    "python": _function,
    "clip": _clip,
    "two_towers": _two_towers,
    "checkpoint": _checkpoint,
    "gguf": _gguf,
    "openai": _openai,
}
_SERVERS = ExitStack()
"""Servers that run to the end of this module."""


@pytest.fixture(scope="module", autouse=True)
def own_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Give this module one store, so that what a part opens from it can be opened again."""
    root = tmp_path_factory.mktemp("store")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EVIDENSE_STORE", str(root))
        with _SERVERS:
            yield root


@pytest.fixture(scope="module", params=NAMES)
def opened(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str, Any]:
    """Return (part's name, spelling, encoder); a part that needs no files is opened by the first spelling it shows."""
    example = EXAMPLES.get(request.param)
    folder = tmp_path_factory.mktemp(request.param)
    spelling = example(folder) if example else registry.part("encoders", request.param).spellings[0]
    return request.param, spelling, open_encoder(spelling)


def test_exactly_one_part_recognises_it(opened: tuple[str, str, Any]) -> None:
    name, text, _ = opened
    found = [
        part.name
        for part in registry.parts("encoders") + registry.parts("rankers")
        if part.recognises(Spelling.parse(text))
    ]
    assert found == [name]


def test_the_part_keeps_the_contract(opened: tuple[str, str, Any]) -> None:
    part = registry.part("encoders", opened[0])
    assert isinstance(part, EncoderPart)
    assert part.name == opened[0]
    assert part.spellings
    assert not part.recognises(Spelling("no such thing at all"))


def test_the_setup_says_how_it_was_run(opened: tuple[str, str, Any]) -> None:
    setup = opened[2].setup
    assert isinstance(setup, Setup)
    assert setup.similarity in {"cosine", "dot"}
    assert setup.n_dims == opened[2].tower("query").n_dims == opened[2].tower("document").n_dims
    assert setup.bytes_per_vector == 4 * setup.n_dims
    assert "vectors" in opened[2].can


@pytest.mark.parametrize("side", ["query", "document"])
def test_vectors_are_one_row_an_item_and_do_not_depend_on_the_batch(opened: tuple[str, str, Any], side: str) -> None:
    tower = opened[2].tower(side)
    prepared = tower.prepare(ITEMS)
    assert len(prepared.sizes) == len(ITEMS)
    assert (prepared.sizes >= 0).all()
    together = tower.vectors(prepared)
    assert together.shape == (len(ITEMS), tower.n_dims)
    assert together.dtype == np.float32
    assert np.isfinite(together).all()
    order = np.array([4, 0, 6])
    np.testing.assert_allclose(tower.vectors(prepared.take(order)), together[order], rtol=1e-4, atol=2e-6)


def test_opened_twice_it_is_the_same_system(opened: tuple[str, str, Any]) -> None:
    again = open_encoder(opened[1])
    for side in ("query", "document"):
        one, other = opened[2].tower(side), again.tower(side)
        assert one.fingerprint == other.fingerprint
        assert len(one.fingerprint) == 64
        assert one.vectors(one.prepare(ITEMS)).tobytes() == other.vectors(other.prepare(ITEMS)).tobytes()


def test_what_says_it_shows_layers_shows_them(opened: tuple[str, str, Any]) -> None:
    encoder = opened[2]
    for side in ("query", "document"):
        tower = encoder.tower(side)
        assert ("layers" in encoder.can) <= isinstance(tower, LayeredTower)
        if "layers" in encoder.can and "text" in tower.modalities:
            layers = tower.layers(tower.prepare(ITEMS))
            assert layers.shape[:2] == (tower.n_layers + 1, len(ITEMS))
            assert tower.modules(r".+")


def test_what_says_it_trains_has_towers_that_carry_gradients(opened: tuple[str, str, Any]) -> None:
    encoder = opened[2]
    towers = [encoder.tower(side) for side in ("query", "document")]
    if "train" not in encoder.can:
        pytest.skip(f"{opened[0]} does not say that it trains")
    assert isinstance(encoder, TrainableEncoder)
    for tower in towers:
        assert isinstance(tower, TrainableTower)
        weights = [p.requires_grad_(True) for module in tower.weights.values() for p in module.parameters()]
        prepared = tower.prepare(ITEMS)
        seen = tower.represent(prepared)
        seen[:, :3].sum().backward()
        assert any(float(p.grad.abs().sum()) > 0 for p in weights if p.grad is not None)
        for p in weights:
            p.grad = None
            p.requires_grad_(False)
        scored = tower.vectors(prepared)
        if encoder.setup.similarity == "cosine":
            scored = scored / np.linalg.norm(scored, axis=1, keepdims=True)
        np.testing.assert_allclose(seen.detach().numpy(), scored, atol=1e-6)


def test_what_says_it_trains_is_saved_and_opened_again_with_equal_vectors(
    opened: tuple[str, str, Any], tmp_path: Path
) -> None:
    import torch

    encoder = open_encoder(opened[1])
    if "train" not in encoder.can:
        pytest.skip(f"{opened[0]} does not say that it trains")
    with torch.no_grad():
        for module in encoder.tower("query").weights.values():
            for weight in module.parameters():
                weight.add_(0.01 * torch.randn(weight.shape, generator=torch.Generator().manual_seed(weight.numel())))
    encoder.save(tmp_path)
    again = open_encoder(str(tmp_path))
    assert "train" in again.can
    for side in ("query", "document"):
        changed, old, new = (e.tower(side) for e in (encoder, opened[2], again))
        assert new.vectors(new.prepare(ITEMS)).tobytes() == changed.vectors(changed.prepare(ITEMS)).tobytes()
        assert not np.allclose(old.vectors(old.prepare(ITEMS)), changed.vectors(changed.prepare(ITEMS)), atol=1e-4)


def test_importing_the_shelf_imports_nothing_slow() -> None:
    names = ", ".join(f"evidense.encoders.{name}" for name in NAMES)
    code = f"import sys, {names}; print([m for m in ('torch', 'transformers', 'tokenizers', 'safetensors', 'PIL') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
