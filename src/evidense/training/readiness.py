"""Readiness: checks that a recipe, its data and its encoder fit together, before the first step."""

from collections.abc import Iterator, Sequence

import numpy as np

from evidense.errors import InvalidInput, nearest
from evidense.parts import Encoder, Objective, TokenPredictor, Tower, takes_targets
from evidense.records import Recipe
from evidense.training.data.portions import held_out
from evidense.values import Item, Pairs

_LOOKED_AT = 64
"""How many items of each side, evenly spread, are checked for their modality."""
_SCHEDULES = ("linear", "cosine", "constant")
_DTYPES = ("float32", "bf16")
_NEGATIVES = ("", "given", "block", "mined")
_EARLY_STOP = {"every", "patience"}
MIN_GROUPS = 20
"""Least groups for a held-out tenth: of fewer it would be one group, whose pairs have hardly any negatives."""


def check(recipe: Recipe, objective: Objective, pairs: Pairs, encoder: Encoder) -> None:
    """Refuse a recipe that cannot be trained.

    Raises:
        InvalidInput: all mistakes at once.
    """
    mistakes = [*recipe_mistakes(recipe, objective), *_data(recipe, objective, pairs)]
    mistakes += _early_stop(recipe, objective, pairs) if not mistakes and recipe.early_stop else []
    mistakes += _encoder(recipe, objective, pairs, encoder) if not mistakes else []
    if mistakes:
        raise InvalidInput.all_of("this recipe cannot be trained", mistakes)


def recipe_mistakes(recipe: Recipe, objective: Objective) -> list[str]:
    """Return the mistakes of a recipe and its objective that do not depend on the data."""
    return [*_numbers(recipe), *_objective(recipe, objective)]


def _numbers(recipe: Recipe) -> Iterator[str]:
    for name, least in (("n_steps", 1), ("batch_size", 1), ("accumulate", 1), ("chunk", 0), ("queue", 0), ("n_negatives", 0), ("n_processes", 0)):  # fmt: skip
        if getattr(recipe, name) < least:
            yield f"{name} is {getattr(recipe, name)}; expected at least {least}"
    if recipe.n_processes > recipe.batch_size:
        yield f"n_processes is {recipe.n_processes}, which share a batch of {recipe.batch_size}; expected at most one a pair"
    if recipe.n_pairs is not None and recipe.n_pairs < 1:
        yield f"n_pairs is {recipe.n_pairs}; expected at least 1, or none for all"
    if recipe.temperature is not None and not recipe.temperature > 0:
        yield f"the temperature is {recipe.temperature}; expected more than 0, as .05"
    if not recipe.learning_rate > 0:
        yield f"the learning rate is {recipe.learning_rate}; expected more than 0"
    if not 0 <= recipe.warmup <= 1:
        yield f"warmup is {recipe.warmup}; expected a share of the steps, between 0 and 1"
    for name, known in (("schedule", _SCHEDULES), ("dtype", _DTYPES), ("negatives", _NEGATIVES)):
        if (value := getattr(recipe, name)) not in known:
            yield f"{name} is '{value}'; expected one of {', '.join(repr(k) for k in known)}{_near(value, known)}"
    if unknown := set(recipe.early_stop) - _EARLY_STOP:
        yield f"early_stop names '{sorted(unknown)[0]}'; expected every (steps) and patience (times)"


def _objective(recipe: Recipe, objective: Objective) -> Iterator[str]:
    for name in sorted(set(recipe.objective_options) - set(objective.options)):
        known = sorted(objective.options)
        yield f"the objective {objective.name} has no option '{name}'; expected one of {', '.join(known) or 'none at all'}{_near(name, known)}"
    if recipe.temperature is not None and objective.temperature is None:
        yield f"the objective {objective.name} has no temperature; leave it out"
    has_company = recipe.queue or recipe.n_negatives or objective.needs
    if recipe.batch_size == 1 and not has_company and objective.temperature is not None:
        yield f"a batch of one has no negatives, so that {objective.name} has nothing to tell apart; expected batch_size of at least 2"


def _data(recipe: Recipe, objective: Objective, pairs: Pairs) -> Iterator[str]:
    if not len(pairs):
        yield f"'{pairs.name}' holds no pairs; expected at least {recipe.batch_size}; name data with training pairs"
        return
    if pairs.kind not in objective.feeds_on:
        yield (
            f"'{pairs.name}' gives pairs of the kind {pairs.kind}; expected {' or '.join(sorted(objective.feeds_on))} for the "
            f"objective {objective.name}; write the kind in the data's spelling, as '{_other_kind(pairs, objective)}'"
        )
    has_negatives = bool(recipe.n_negatives) and bool(recipe.negatives)
    if "negatives" in objective.needs and not has_negatives:
        yield f"the objective {objective.name} needs hard negatives; expected negatives = given, block or mined, and n_negatives of at least 1"
    if recipe.negatives and not recipe.n_negatives:
        yield f"negatives = '{recipe.negatives}' and n_negatives is 0; expected at least 1"
    if recipe.n_negatives and not recipe.negatives:
        yield f"n_negatives is {recipe.n_negatives} and nothing says where they come from; expected negatives = given, block or mined"
    if recipe.negatives == "given" and not pairs.negatives:
        yield f"'{pairs.name}' names no hard negatives; expected some; write negatives = block or mined"
    if recipe.negatives == "block" and not pairs.blocks:
        yield f"'{pairs.name}' has no blocks to take hard negatives from; expected a block of each pair; write negatives = mined"
    if "targets" in objective.needs and not pairs.targets:
        yield f"the objective {objective.name} needs a target for each pair (a similarity, a teacher's scores); '{pairs.name}' has none; add some"

    if pairs.targets and not takes_targets(objective):
        yield (
            f"'{pairs.name}' gives each pair a similarity ({pairs.provenance.labels}), and the objective {objective.name} takes every "
            "pair as relevant; expected an objective that learns from similarities; write objective = cosine, or keep only the rows "
            "that are relevant and take the column out"
        )


def _early_stop(recipe: Recipe, objective: Objective, pairs: Pairs) -> Iterator[str]:
    """Yield the reasons why a held-out tenth would be useless."""
    n_groups = len(set(pairs.groups))
    if n_groups < MIN_GROUPS:
        yield (
            f"early stopping looks at a tenth of the groups, and '{pairs.name}' has {n_groups} ({len(pairs)} pairs); expected at "
            f"least {MIN_GROUPS}, so that two are held out; add data, or leave early stopping out"
        )
        return
    held_out_pairs = held_out(pairs, recipe.seed)[1]
    n_documents = len({item.content_key() for item in held_out_pairs.right})
    if n_documents < 2 and objective.temperature is not None and not recipe.n_negatives:
        yield (
            f"all {len(held_out_pairs)} held-out pairs of '{pairs.name}' have the same document, so that none has a negative and the loss that "
            "early stopping looks at is 0 whatever is learnt; expected two documents at least; take another seed, add data, or "
            "leave early stopping out"
        )


def _encoder(recipe: Recipe, objective: Objective, pairs: Pairs, encoder: Encoder) -> Iterator[str]:
    if "train" not in encoder.can:
        yield f"'{encoder.name}' cannot be trained (it can: {', '.join(sorted(encoder.can))}); expected an encoder with weights to train"
        return
    query, document = encoder.tower("query"), encoder.tower("document")
    sides: list[tuple[str, Tower, Sequence[Item]]] = [("left", query, pairs.left)]
    sides += [("right", document, pairs.right)] if pairs.kind != "items" else []
    for side, tower, items in sides:
        for modality in sorted(_modalities(items) - tower.modalities):
            yield (
                f"the {side} side of '{pairs.name}' holds items of the modality {modality}, and '{encoder.name}' encodes "
                f"{', '.join(sorted(tower.modalities))}; expected data of what it encodes; start from a two-tower encoder, or name other data"
            )
    if "tokens" in objective.needs and not isinstance(query, TokenPredictor):
        yield f"the objective {objective.name} predicts masked tokens, which '{encoder.name}' cannot; expected a transformer with token embeddings"


def _modalities(items: Sequence[Item]) -> set[str]:
    places = np.unique(np.linspace(0, len(items) - 1, _LOOKED_AT).astype(int))
    return {items[int(i)].modality for i in places}


def _near(name: str, known: Sequence[str]) -> str:
    closest = nearest(name, known)
    return f" (did you mean '{closest}'?)" if closest else ""


def _other_kind(pairs: Pairs, objective: Objective) -> str:
    """Return the spelling of the pairs with a kind that the objective takes, as `icons:cheap@train`."""
    head, sign, split = pairs.name.partition("@")
    stem, colon, last = head.rpartition(":")
    stem = stem if colon and last in {"exact", "cheap", "views", "items"} else head
    return f"{stem}:{sorted(objective.feeds_on)[0]}{sign}{split}"
