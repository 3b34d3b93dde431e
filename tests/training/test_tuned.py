"""What each value of `tuned` lets a training change, and that nothing stays behind."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evidense.errors import InvalidInput
from evidense.records import Recipe
from evidense.training.loop.step import EncodeSettings, Load, step_gradients
from evidense.training.loop.trainer import Callbacks, run
from evidense.training.loop.tuned import tuned
from training.text_world import job, open_bert, save_bert, weights_of
from training.towers import BERT, CONVNET, STATIC, VIT, mixed_items, opened


def flags(encoder: Any) -> dict[str, bool]:
    tower = encoder.tower("query")
    return {f"{n}.{k}": p.requires_grad for n, m in tower.weights.items() for k, p in m.named_parameters()}


def trained(encoder: Any, value: str) -> set[str]:
    """Return the names of the weights that are trained within the context; check that the flags come back."""
    before = flags(encoder)
    with tuned(encoder, Recipe(tuned=value)):
        found = {name for name, flag in flags(encoder).items() if flag}
    assert flags(encoder) == before
    return found


@pytest.fixture(scope="module")
def bert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_bert(tmp_path_factory.mktemp("bert"))


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return opened(tmp_path_factory.mktemp("two"), VIT, BERT)


def test_tuned_all_and_last_block_of_a_text_encoder(bert: Path) -> None:
    encoder = open_bert(bert)
    assert trained(encoder, "all") == set(flags(encoder))
    last = trained(encoder, "last:1")
    assert last == {name for name in flags(encoder) if ".layer.1." in name or ".pooler." in name}
    assert not any("embeddings" in name for name in trained(encoder, "last:2"))


def test_tuned_one_tower_heads_and_last_block_of_two_towers(two: Any) -> None:
    names = set(flags(two))
    assert trained(two, "text") == {name for name in names if name.startswith("text.")}
    assert trained(two, "image") == {name for name in names if name.startswith("image.")}
    heads = trained(two, "heads")
    assert heads == {name for name in names if ".backbone." not in name}
    assert {name.partition(".")[0] for name in heads} == {"text", "image"}
    assert trained(two, "text+heads") == {name for name in names if name.startswith("text.")} | heads
    assert trained(two, "image:last:1+heads") == {n for n in trained(two, "last:1") if n.startswith("image.")} | heads
    last = trained(two, "last:1")
    assert heads < last < names
    assert not any("embeddings" in name or "layer.0." in name or "layers.0." in name for name in last)


@pytest.mark.parametrize(
    "value",
    ["", "last", "last:0", "last:-1", "lora:0", "lora", "head", "ALL", "last:1.5", "text:", "text:image", "+heads"],
)
def test_wrong_value_of_tuned_is_refused_with_the_possible_values(bert: Path, value: str) -> None:
    with pytest.raises(InvalidInput, match=r"expected 'all', 'last:K'"), tuned(open_bert(bert), Recipe(tuned=value)):
        pass


@pytest.mark.parametrize(
    ("value", "words"),
    [("heads", "nothing with weights follows"), ("image", "no towers of texts"), ("last:9", "has 2 blocks")],
)
def test_tuned_parts_that_a_text_encoder_lacks_are_refused(bert: Path, value: str, words: str) -> None:
    encoder = open_bert(bert)
    before = flags(encoder)
    with pytest.raises(InvalidInput, match=words), tuned(encoder, Recipe(tuned=value)):
        pass
    assert flags(encoder) == before


def test_last_blocks_of_a_static_tower_are_refused(tmp_path: Path) -> None:
    encoder = opened(tmp_path, CONVNET, STATIC)
    with pytest.raises(InvalidInput, match="no blocks"), tuned(encoder, Recipe(tuned="last:1")):
        pass
    assert {name.partition(".")[0] for name in trained(encoder, "lora:2")} == {"image"}


def test_adapters_train_and_merge_into_a_plain_model(bert: Path, tmp_path: Path) -> None:
    import torch

    wanted = job(bert, tmp_path / "state", tuned="lora:2", learning_rate=0.05)
    before, names = weights_of(wanted.encoder), set(flags(wanted.encoder))
    run(wanted, Callbacks())
    after = weights_of(wanted.encoder)
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert set(flags(wanted.encoder)) == names
    assert changed
    assert all(".layer." in name and name.endswith(".weight") and "LayerNorm" not in name for name in changed)
    assert all(torch.linalg.matrix_rank(after[name] - before[name], atol=1e-5) <= 2 for name in changed)
    wanted.encoder.save(tmp_path / "saved")
    tower, again = wanted.encoder.tower("query"), open_bert(tmp_path / "saved").tower("query")
    prepared = tower.prepare(list(wanted.pairs.left))
    assert (tower.vectors(prepared) == again.vectors(prepared)).all()


def test_merged_adapters_give_the_same_vectors_as_adapters(two: Any) -> None:
    import torch

    tower = two.tower("query")
    prepared = tower.prepare(mixed_items())
    with tuned(two, Recipe(tuned="lora:3", seed=4)), torch.no_grad():
        named = {n: p for m in tower.weights.values() for n, p in m.named_parameters() if p.requires_grad}
        assert named
        assert all("lora_" in name for name in named)
        for weight in named.values():
            weight.add_(torch.full_like(weight, 0.05))
        open_adapters = tower.represent(prepared)
    with torch.no_grad():
        torch.testing.assert_close(tower.represent(prepared), open_adapters, atol=1e-5, rtol=1e-4)


def test_error_drops_adapters_and_keeps_weights(bert: Path) -> None:
    import torch

    encoder = open_bert(bert)
    before = weights_of(encoder)
    with pytest.raises(ZeroDivisionError), tuned(encoder, Recipe(tuned="lora:2")):
        for module in encoder.tower("query").weights.values():
            for weight in module.parameters():
                if weight.requires_grad:
                    torch.nn.init.ones_(weight)
        _ = 1 / 0
    after = weights_of(encoder)
    assert before.keys() == after.keys()
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert not hasattr(encoder.tower("query").backbone.model, "peft_config")


def test_killed_training_of_adapters_resumes_to_the_same_weights(bert: Path, tmp_path: Path) -> None:
    import torch

    whole = job(bert, tmp_path / "whole", tuned="lora:2")
    run(whole, Callbacks())

    def stop(done: int, total: int, left_s: float) -> None:
        if done == 3:
            raise KeyboardInterrupt

    from evidense.training.loop import trainer

    cut = job(bert, tmp_path / "cut", tuned="lora:2")
    every = trainer._SAVED_STEPS, trainer._SAVING_SHARE
    trainer._SAVED_STEPS, trainer._SAVING_SHARE = 1, 1e9
    try:
        with pytest.raises(KeyboardInterrupt):
            run(cut, Callbacks(progress=stop))
    finally:
        trainer._SAVED_STEPS, trainer._SAVING_SHARE = every
    rest = replace(cut, encoder=open_bert(bert))
    seen: list[int] = []
    run(rest, Callbacks(progress=lambda done, total, left_s: seen.append(done)))
    assert seen[0] > 1
    one, other = weights_of(whole.encoder), weights_of(rest.encoder)
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_frozen_tower_beside_its_frozen_head_may_have_a_piece_of_the_batch_alone(two: Any) -> None:
    import torch

    with tuned(two, Recipe(tuned="image:heads")):
        tower, items = two.tower("query"), mixed_items()
        texts, pictures = ([item for item in items if item.modality == kind] for kind in ("text", "image"))
        loads = [
            Load(tower, tower.prepare(part), np.arange(len(part), dtype=np.uint64), chunk=1)
            for part in (texts, pictures)
        ]
        step_gradients(
            loads, lambda leaves: torch.cat(list(leaves)).square().sum(dim=0).max(), EncodeSettings(drops=False)
        )
        grads = {n for m in tower.weights.values() for n, p in m.named_parameters() if p.grad is not None}
    assert grads == {"linear.weight"}
