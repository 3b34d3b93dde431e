"""Starts: which encoder a recipe starts from, and whether that fits what else the recipe says."""

from collections.abc import Mapping
from typing import Any, cast

from evidense.errors import InvalidInput
from evidense.records import Recipe, canonical_json
from evidense.store import Store


def architecture_of(checkpoint_id: str, store: Store) -> Mapping[str, Any]:
    """Return the architecture that a checkpoint and its starts were built with; {} if the first start was a ready model."""
    while True:
        checkpoint = store.get(checkpoint_id)
        recipe = cast(Recipe, store.get(checkpoint.parents[0]))
        if not recipe.parents:
            return recipe.architecture
        checkpoint_id = recipe.parents[0]


def check_architecture(recipe: Recipe, built: Mapping[str, Any]) -> None:
    """Check that a start was built with the architecture that the recipe names, if it names one.

    Raises:
        InvalidInput: it was built otherwise; says in what they differ.
    """
    if not recipe.architecture or canonical_json(dict(recipe.architecture)) == canonical_json(dict(built)):
        return
    keys = [key for key in {**recipe.architecture, **built} if recipe.architecture.get(key) != built.get(key)]
    is_not = f"was built as {dict(built)!r}" if built else "is a ready model, for which no architecture was named"
    raise InvalidInput(
        f"the recipe's architecture differs from its start in {', '.join(sorted(keys))}: '{recipe.start[:40]}' {is_not}; "
        "expected the same; leave the architecture out, or start from another checkpoint"
    )


def check_backbone(recipe: Recipe) -> None:
    """Check a recipe without an objective: it builds an architecture and trains nothing.

    Raises:
        InvalidInput: it names steps or a start.
    """
    if recipe.n_steps or recipe.budget:
        raise InvalidInput(
            f"the recipe has {recipe.n_steps or dict(recipe.budget)} steps and no objective; expected the name of one; see `evidense list objectives`"
        )
    if recipe.start:
        raise InvalidInput(
            f"the recipe starts from '{recipe.start}' and trains nothing; expected an objective and steps, or an architecture to build"
        )
