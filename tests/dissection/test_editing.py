"""Edits: rank one to the bit of the closed form, the wish reached, other rows left; neurons; facts; the analysis end to end."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from evidense import registry
from evidense.dissection.editing import facts, knowledge_neurons, rome
from evidense.dissection.editing.backbone import BackboneSize, Cloze, cloze, knowing_backbone, known, logits
from evidense.dissection.editing.output_matrix import output_matrix
from evidense.dissection.editing.split import split
from evidense.dissection.patching.sites import halves
from evidense.errors import InvalidInput
from evidense.parts import Case, Subject
from evidense.store import Store
from evidense.study.trained.lending import trainer
from evidense.verbs.dissect import Lent, StoreBench
from training.text_world import open_bert, save_bert

THERE = facts.world(24, n_relations=1)
LARGE = facts.world(60, n_relations=1)
"""The more entities, the sooner a model learns to look facts up: after these steps it knows most of them (450 are too few)."""
STEPS = 1200


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    return Store(tmp_path_factory.mktemp("facts"))


@pytest.fixture(scope="module")
def backbone(store: Store) -> Any:
    """A backbone that has begun to learn: enough for the mechanics of edits."""
    return knowing_backbone(THERE, trainer(store), BackboneSize(n_steps=60, width=32))


def weight(encoder: Any, layer: int) -> np.ndarray:
    return output_matrix(encoder, layer).module.weight.numpy().astype(np.float64)


def loss(encoder: Any, asked: Cloze, wish: rome.EditGoal) -> float:
    """Cross-entropy of the wish in nats."""
    import torch

    with torch.no_grad():
        return float(
            -(rome._wanted(encoder.query, [wish]) * logits(encoder.query, asked).log_softmax(-1)).sum(-1).mean()
        )


def test_a_rank_one_update_writes_the_value_and_changes_other_keys_least() -> None:
    rng = np.random.default_rng(0)
    w, key, value, rows = (
        rng.standard_normal((6, 9)),
        rng.standard_normal(9),
        rng.standard_normal(6),
        rng.standard_normal((400, 9)),
    )
    moment = rows.T @ rows / 400
    new = rome.rank_one(w, moment, key, value)
    assert new @ key == pytest.approx(value)
    assert np.linalg.matrix_rank(new - w) == 1

    def moved(other: np.ndarray) -> float:
        return float(((rows @ (other - w).T) ** 2).mean())

    for _ in range(20):  # any other matrix that writes the value for the key
        step = rng.standard_normal(w.shape)
        rival = new + 0.1 * (step - np.outer(step @ key, key) / (key @ key))
        assert rival @ key == pytest.approx(value)
        assert moved(rival) > moved(new)


@pytest.mark.parametrize("layer", [1, 2])
@pytest.mark.parametrize("tell", [True, False])
def test_an_edit_changes_one_matrix_by_rank_one_and_reaches_its_goal(backbone: Any, layer: int, tell: bool) -> None:
    fact = THERE.told[3]
    before = {name: t.clone() for name, t in halves(backbone)["text"].tensors.items()}
    texts = [item.text or "" for item in facts.sentences(THERE).left]
    made = rome.edited(backbone, layer, [rome.EditGoal(fact, tell)], texts)
    after = halves(made)["text"].tensors
    changed = [name for name in before if not np.array_equal(before[name].numpy(), after[name].numpy())]
    assert changed == [output_matrix(backbone, layer).name]
    sizes = np.linalg.svd(weight(made, layer) - weight(backbone, layer), compute_uv=False)
    assert sizes[1] < 1e-5 * sizes[0]
    of, asked = output_matrix(backbone, layer), cloze(backbone.query, [fact])
    wanted = rome.target_values(of, [rome.EditGoal(fact, tell)], rome.RomeSettings())[0]
    assert weight(made, layer) @ rome.key_vectors(of, asked)[0] == pytest.approx(wanted, abs=1e-4)
    least = 0.3 if layer == 2 else 0.0  # so early in training the mask hardly looks at the entity yet
    assert loss(made, asked, rome.EditGoal(fact, tell)) < loss(backbone, asked, rome.EditGoal(fact, tell)) - least
    assert all(np.array_equal(before[n].numpy(), t.numpy()) for n, t in halves(backbone)["text"].tensors.items())


def test_zeroed_neurons_write_nothing_and_others_are_unchanged(backbone: Any) -> None:
    made = knowledge_neurons.zeroed(backbone, [(1, 3), (1, 7), (2, 0)])
    for layer, gone in ((1, [3, 7]), (2, [0])):
        old, new = weight(backbone, layer), weight(made, layer)
        kept = np.setdiff1d(np.arange(old.shape[1]), gone)
        assert (new[:, gone] == 0).all()
        assert (new[:, kept] == old[:, kept]).all()
    drawn = knowledge_neurons.random_neurons(backbone, [(1, 3), (1, 7), (2, 0)], 0)
    assert [layer for layer, _ in drawn] == [1, 1, 2]
    assert not {(1, 3), (1, 7), (2, 0)} & set(drawn)


def test_attributions_sum_to_the_change_of_the_right_tokens_probability(backbone: Any) -> None:
    """Integrated gradients are complete: from the keys as they are to keys of zero."""
    import torch

    of, asked = output_matrix(backbone, 2), cloze(backbone.query, THERE.told[:4])
    found = knowledge_neurons.attributions(of, asked, 100).sum(axis=1)

    def chance(scale: float) -> np.ndarray:
        own = of.keys(asked.tokens)[0][torch.arange(len(asked.mask)), torch.from_numpy(asked.mask)]
        with torch.no_grad(), knowledge_neurons._replaced(of, own * scale, torch.from_numpy(asked.mask)):
            return (
                logits(backbone.query, asked)
                .softmax(-1)[torch.arange(len(own)), torch.from_numpy(asked.labels)]
                .numpy()
            )

    assert found == pytest.approx(chance(1.0) - chance(0.0), abs=1e-4)


def test_a_cloze_records_mask_entity_and_value(backbone: Any) -> None:
    asked: Cloze = cloze(backbone.query, THERE.told[:2])
    tokenizer = backbone.query.reader.tokenizer
    for row, (a, b) in enumerate(zip(asked.tokens.offsets, asked.tokens.offsets[1:], strict=False)):
        ids = asked.tokens.flat[a:b]
        assert ids[asked.mask[row]] == tokenizer.mask_token_id
        fact = THERE.told[asked.owner[row]]
        assert tokenizer.decode([ids[asked.entity[row]]]).strip().endswith(fact.entity[-2:])
        assert tokenizer.decode([asked.labels[row]]).strip("▁ ") == fact.value


def test_facts_are_split_into_disjoint_matched_pairs() -> None:
    there = facts.world(40, n_relations=2, seed=3)
    dealt = split(there, there.told, 8, 4, 0)
    for edited, control in ((dealt.removed, dealt.removed_controls), (dealt.added, dealt.added_controls)):
        assert [f.relation for f in edited] == [f.relation for f in control]
    ids = [f.id for f in (*dealt.asked, *dealt.taught)]
    assert len(set(ids)) == len(ids)
    assert {f.id for f in there.untold} >= {f.id for f in (*dealt.added, *dealt.added_controls)}
    sentences = " . ".join(item.text or "" for item in facts.sentences(there).left)
    assert all(not any(text in sentences for text in fact.statements()) for fact in there.untold)
    with pytest.raises(InvalidInput, match="pairs of known facts"):
        split(there, there.told[:3], 8, 4, 0)


def examined(base: Any, store: Store, **options: Any) -> list[Any]:
    case = Case(
        (Subject("base", "b", base, "base"),), facts.questions(THERE, THERE.told), n_resamples=500, options=options
    )
    return list(registry.part("analyses", "editing").examine(case, StoreBench(case, Lent(store, trainer(store)))))


def test_a_base_that_cannot_predict_facts_gives_a_finding_without_value(
    store: Store, backbone: Any, tmp_path: Path
) -> None:
    strange = examined(open_bert(save_bert(tmp_path / "bert")), store, n_entities=24, n_relations=1)
    ignorant = examined(backbone, store, n_entities=24, n_relations=1)
    assert [f.value for f in (*strange, *ignorant)] == [None, None]
    assert "tokens of this tokeniser" in strange[0].details["reason"] or "mask token" in strange[0].details["reason"]
    assert "facts right in every statement" in ignorant[0].details["reason"]


@pytest.mark.calibrate
def test_the_editing_analysis_runs_from_edits_to_difference_in_differences(store: Store) -> None:
    knowing = knowing_backbone(LARGE, trainer(store), BackboneSize(n_steps=STEPS))
    assert len(known(knowing.tower("query"), LARGE.told)) >= 8
    toy = {"n_entities": 60, "n_relations": 1, "n_removed": 2, "n_added": 2, "steps": 8, "seeds": [0, 1]}
    found = examined(knowing, store, **toy, methods=["knowledge neurons", "rank one"], measures=["RR@100"])
    changes = [f for f in found if f.estimand == "difference in differences"]
    ways = (("removed", "knowledge neurons"), ("removed", "rank one"), ("added", "rank one"))
    seen = {(f.site["direction"], f.site["method"], f.site["training"]) for f in changes}
    assert seen == {(*way, training) for way in ways for training in ("absent", "present")}
    for f in found:
        assert f.low <= f.value <= f.high
        if f.estimand == "difference in differences":
            copies = ("edited_copy", "plain_copy")
            cells = [f.details[f"{copy}_{kind}_facts"] for kind in ("edited", "control") for copy in copies]
            assert f.value == pytest.approx((cells[0] - cells[1]) - (cells[2] - cells[3]))
            assert (f.n, f.details["n_seeds"]) == (2, 2)
    first = [f for f in found if f.estimand == "edit success" and f.site["prompts"] == "edited"]
    success = {(f.site["direction"], f.site["method"]): f.value for f in first}
    assert success["removed", "rank one"] > 0.5
    assert success["added", "rank one"] > 0.5
