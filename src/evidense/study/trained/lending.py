"""Training for analyses, also from an encoder that exists in this process only."""

from collections.abc import Mapping
from dataclasses import replace
from typing import cast

from evidense import registry
from evidense.boundary.disk import remove
from evidense.compute.models.checkpoint import weights_sha256_of
from evidense.compute.models.stored_checkpoint import PREFIX
from evidense.compute.quiet import quiet
from evidense.errors import InvalidInput
from evidense.parts import Encoder, TrainableEncoder, fingerprints
from evidense.records import Checkpoint, Recipe, sha256_of
from evidense.store import Store
from evidense.values import Pairs, Spelling
from evidense.verbs.dissect import Train
from evidense.verbs.train import train


def trainer(store: Store) -> Train:
    """Return the function that trains for analyses. Checkpoints are kept in the store, so equal work is done once."""

    def lend(recipe: Recipe, pairs: Mapping[str, Pairs], start: Encoder | None = None) -> Encoder:
        if start is not None:
            recipe = replace(recipe, start=f"{PREFIX}{keep(start, store).id}")
        checkpoint = train(recipe, store, pairs_by_spelling=dict(pairs))
        return registry.open_encoder(Spelling(str(store.fetched_folder(checkpoint.id))))

    return lend


def keep(encoder: Encoder, store: Store) -> Checkpoint:
    """Store an encoder that exists in this process only, under the id of its weights.

    Raises:
        InvalidInput: the encoder cannot be saved.
    """
    if not isinstance(encoder, TrainableEncoder):
        raise InvalidInput(
            f"'{encoder.name}' cannot be saved; expected an encoder that can be trained; open another encoder"
        )
    recipe = Recipe(architecture={"changed_in_memory": fingerprints(encoder)})
    key = sha256_of(["keep", recipe.id])
    if (done := store.recall(key)) and store.has_folder(done[0]):
        return cast(Checkpoint, store.get(done[0]))
    with store.partial(key) as folder, quiet():
        target = folder / "encoder"
        remove(target)
        encoder.save(target)
        saved = registry.open_encoder(Spelling(str(target)))
        checkpoint = Checkpoint(
            parents=(recipe.id,), weights_sha256=weights_sha256_of(saved),
            fingerprints=fingerprints(saved), n_steps=0, n_pairs=0, n_tokens=0, n_pixels=0,
            flops=0.0, stopped="", warnings=(), diagnostics=store.put_json([]),
        )  # fmt: skip
        store.put(recipe)
        store.put(checkpoint)
        store.adopt_folder(checkpoint.id, target)
        remove(target)
        store.remember(key, [checkpoint.id])
    return checkpoint
