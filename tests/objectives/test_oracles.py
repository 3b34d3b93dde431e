"""Other people's losses as oracles: sentence-transformers and transformers, value and gradient."""

from dataclasses import replace

import pytest
import torch

from evidense import registry
from evidense.parts import Representations
from objectives.made import EXACT, Form, representations, value_and_gradients

losses = pytest.importorskip("sentence_transformers.losses")
util = pytest.importorskip("sentence_transformers.util")


@pytest.fixture(scope="module")
def nobody() -> torch.nn.Module:
    """A model that is never called: these losses are asked for embeddings that are there already."""
    import sentence_transformers

    return sentence_transformers.SentenceTransformer(modules=[torch.nn.Identity()], device="cpu")


def assert_same(found: torch.Tensor, wanted: torch.Tensor, batch: Representations) -> None:
    ours, theirs = (value_and_gradients(loss, batch) for loss in (found, wanted))
    for name, value in theirs.items():
        torch.testing.assert_close(ours[name], value, rtol=1e-10, atol=1e-10)


def columns(batch: Representations) -> list[torch.Tensor]:
    return [batch.queries, batch.documents, *([] if batch.negatives is None else batch.negatives.unbind(1))]


@pytest.mark.parametrize("form", [Form(6), Form(5, n=2)])
def test_infonce_equals_multiple_negatives_ranking(nobody: torch.nn.Module, form: Form) -> None:
    part = registry.part("objectives", "infonce")
    batch = replace(representations(part, form), scale=torch.tensor(20.0, dtype=EXACT))
    theirs = losses.MultipleNegativesRankingLoss(nobody, scale=20.0, similarity_fct=util.dot_score)
    assert_same(part.loss(batch, {}), theirs.compute_loss_from_embeddings(columns(batch), None), batch)


def test_infonce_equals_cached_multiple_negatives_ranking(nobody: torch.nn.Module) -> None:
    part = registry.part("objectives", "infonce")
    batch = replace(representations(part, Form(7, n=2)), scale=torch.tensor(20.0, dtype=EXACT))
    theirs = losses.CachedMultipleNegativesRankingLoss(nobody, 20.0, util.dot_score, 3)
    chunks = [list(column.split(3)) for column in columns(batch)]
    assert_same(part.loss(batch, {}), theirs.calculate_loss(chunks), batch)


@pytest.mark.parametrize("labels", [None, (0.875, 0.125, 0.5, 0.0)])
def test_cosine_equals_cosine_similarity_loss(nobody: torch.nn.Module, labels: tuple[float, ...] | None) -> None:
    """The labels are exact in float32, to which theirs rounds them."""
    part = registry.part("objectives", "cosine")
    batch = representations(part, Form(4))
    targets = None if labels is None else torch.tensor(labels, dtype=EXACT)[:, None]
    wanted = torch.ones(4, dtype=EXACT) if targets is None else targets[:, 0]
    theirs = losses.CosineSimilarityLoss(nobody).compute_loss_from_embeddings([batch.queries, batch.documents], wanted)
    assert_same(part.loss(replace(batch, targets=targets), {"negatives": 0}), theirs, batch)


def test_cosine_without_targets_equals_the_mean_loss_over_all_shuffles(nobody: torch.nn.Module) -> None:
    """Four pairs with target 1, and beside them the documents moved on by 1, 2 or 3 with target 0."""
    part = registry.part("objectives", "cosine")
    batch = representations(part, Form(4))
    theirs, labels = losses.CosineSimilarityLoss(nobody), torch.tensor([1.0] * 4 + [0.0] * 4, dtype=EXACT)
    shuffled = [
        theirs.compute_loss_from_embeddings(
            [batch.queries.repeat(2, 1), torch.cat([batch.documents, batch.documents.roll(by, 0)])], labels
        )
        for by in (1, 2, 3)
    ]
    assert_same(part.loss(batch, part.options), torch.stack(shuffled).mean(), batch)


@pytest.mark.parametrize("n", [1, 3])
def test_distill_equals_margin_mse(nobody: torch.nn.Module, n: int) -> None:
    part = registry.part("objectives", "distill")
    batch = representations(part, Form(5, n=max(n, 2)))
    batch = replace(
        batch, negatives=batch.negatives[:, :n].detach().requires_grad_(), targets=batch.targets[:, : 1 + n]
    )
    batch = replace(batch, scale=torch.tensor(1.0, dtype=EXACT))
    theirs = losses.MarginMSELoss(nobody).compute_loss_from_embeddings(columns(batch), batch.targets)
    assert_same(part.loss(batch, part.options), theirs, batch)


def test_distill_by_kl_equals_distill_kl_div(nobody: torch.nn.Module) -> None:
    part = registry.part("objectives", "distill")
    batch = replace(representations(part, Form(5, n=3)), scale=torch.tensor(0.5, dtype=EXACT))
    theirs = losses.DistillKLDivLoss(nobody, temperature=2.0).compute_loss_from_embeddings(
        columns(batch), batch.targets
    )
    ours = part.loss(batch, {"kind": "kl", "teacher_temperature": 2.0})
    assert_same(ours * 2.0**2, theirs, batch)  # theirs is scaled by the square of its temperature


def test_margin_equals_triplet_loss_by_cosine(nobody: torch.nn.Module) -> None:
    part = registry.part("objectives", "margin")
    batch = representations(part, Form(6, n=2))
    batch = replace(batch, negatives=batch.negatives[:, :1].detach().requires_grad_())
    metric = losses.TripletDistanceMetric.COSINE
    theirs = losses.TripletLoss(nobody, distance_metric=metric, triplet_margin=0.2)
    value = theirs.compute_loss_from_embeddings(columns(batch), None)
    torch.testing.assert_close(part.loss(batch, part.options), value, rtol=1e-10, atol=1e-10)


def test_clip_equals_transformers() -> None:
    from transformers.models.clip import modeling_clip as theirs

    part = registry.part("objectives", "clip")
    batch = representations(part, Form(6))
    loss = getattr(theirs, "image_text_contrastive_loss", None) or theirs.clip_loss
    assert_same(part.loss(batch, {}), loss(batch.queries @ batch.documents.T * batch.scale), batch)


def test_siglip_equals_transformers() -> None:
    """Their model makes embeddings, scale, bias and loss; our loss of the same embeddings is the same number."""
    import transformers

    torch.manual_seed(0)
    size = {"hidden_size": 8, "intermediate_size": 8, "num_hidden_layers": 1, "num_attention_heads": 1}
    config = transformers.SiglipConfig(
        text_config={**size, "vocab_size": 20, "projection_size": 8}, vision_config={**size, "image_size": 8, "patch_size": 4}
    )  # fmt: skip
    model = transformers.SiglipModel(config).eval()
    with torch.no_grad():
        model.logit_scale.fill_(1.0)
        model.logit_bias.fill_(-2.0)
        words, pixels = torch.randint(3, 20, (5, 6)), torch.randn(5, 3, 8, 8)
        theirs = model(input_ids=words, pixel_values=pixels, return_loss=True)
    batch = Representations(
        theirs.text_embeds, theirs.image_embeds, scale=model.logit_scale.detach().exp(), bias=model.logit_bias.detach()
    )
    torch.testing.assert_close(registry.part("objectives", "siglip").loss(batch, {}), theirs.loss, rtol=1e-5, atol=1e-5)


def test_siglip_starts_with_the_paper_s_temperature_and_bias() -> None:
    part = registry.part("objectives", "siglip")
    assert (1 / part.temperature, part.bias) == (10.0, -10.0)
    assert part.learns_temperature


def test_mlm_equals_cross_entropy() -> None:
    part = registry.part("objectives", "mlm")
    batch = representations(part, Form(4))
    assert_same(part.loss(batch, {}), torch.nn.functional.cross_entropy(batch.logits, batch.labels), batch)
    none = replace(batch, logits=batch.logits[:0], labels=batch.labels[:0])
    assert part.loss(none, {}).item() == 0.0


def test_align_uniform_equals_the_code_of_its_paper() -> None:
    part = registry.part("objectives", "align_uniform")
    batch = representations(part, Form(6))
    x, y = (torch.nn.functional.normalize(side, dim=1) for side in (batch.queries, batch.documents))
    align = (x - y).norm(dim=1).pow(2).mean()
    spread = [torch.pdist(side).pow(2).mul(-2).exp().mean().log() for side in (x, y)]
    assert_same(part.loss(batch, part.options), align + sum(spread) / 2, batch)
