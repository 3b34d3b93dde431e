"""Check the stated facts of a published model: shapes on the full class without weights, encoding on a small model."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from evidense.boundary.scratch import Scratch
from evidense.compute.quiet import quiet
from evidense.compute.trials import small_models
from evidense.errors import EvidenseError
from evidense.records import Json

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class Facts:
    """Facts that a template states about one model."""

    id: str
    """Hub id."""
    source: str
    """Where these facts are published."""
    model_class: str
    """Class in transformers, as BertModel."""
    config: Mapping[str, Json]
    """The keys of its config.json that shapes depend on."""
    n_parameters: int
    n_dims: int
    """Of a vector."""
    pooling: str = ""
    """Pooling of a text model or decoder; image-text models pool by their class."""
    max_length: int = 512
    """Tokens."""
    query_prompt: str = ""
    document_prompt: str = ""
    modules: Mapping[str, int] = field(default_factory=dict)
    """Pattern of module names → number of modules in the full model."""


@dataclass(frozen=True)
class Checked:
    """The result: one line that sums it up, and the facts that do not agree."""

    line: str
    mistakes: tuple[str, ...]


def check_model(facts: Facts) -> Checked:
    """Build the full class without weights and count; build a small model with random weights and encode with it.

    Raises:
        MissingExtra: transformers or torch is not installed.
    """
    import transformers

    small_models.require()
    model_class = getattr(transformers, facts.model_class, None)
    if model_class is None:
        return Checked(
            facts.model_class,
            (f"{facts.id}: transformers {transformers.__version__} has no class {facts.model_class}",),
        )
    with quiet():
        full_model = _without_weights(model_class, facts.config)
        mistakes = [*_shapes(facts, full_model)]
        try:
            how, encoding_mistakes = _small(facts)
        except EvidenseError as error:
            how, encoding_mistakes = "not encoded", [f"{facts.id}: {error}"]
    counts = ", ".join(f"{n} × {pattern}" for pattern, n in facts.modules.items())
    line = f"{facts.model_class}: {facts.n_parameters:,} parameters, {facts.n_dims} d; {counts}; {how}"
    return Checked(line, (*mistakes, *encoding_mistakes))


def _without_weights(model_class: Any, config: Mapping[str, Json]) -> "torch.nn.Module":
    import torch

    with torch.device("meta"):
        return model_class(model_class.config_class(**config))


def _shapes(facts: Facts, full_model: Any) -> list[str]:
    mistakes = []
    if (n_parameters := sum(p.numel() for p in full_model.parameters())) != facts.n_parameters:
        mistakes.append(
            f"{facts.id}: {n_parameters:,} parameters in {facts.model_class} of this config; expected {facts.n_parameters:,}"
        )
    names = [name for name, _ in full_model.named_modules()]
    for pattern, expected in facts.modules.items():
        if (n := sum(re.fullmatch(pattern, name) is not None for name in names)) != expected:
            mistakes.append(f"{facts.id}: the pattern '{pattern}' finds {n} modules; expected {expected}")
    if (width := small_models.width(full_model.config)) != facts.n_dims:
        mistakes.append(f"{facts.id}: a vector has {width} dimensions by this config; expected {facts.n_dims}")
    limit = small_models.positions(full_model.config)
    if facts.max_length > limit:
        mistakes.append(f"{facts.id}: {facts.max_length} tokens; this config has {limit} positions")
    return mistakes


def _small(facts: Facts) -> tuple[str, Sequence[str]]:
    """Encode with a small model of the class; return what was done, and what does not agree."""
    with Scratch() as folder:
        small_model = small_models.save(facts.model_class, folder)
        vectors, how = small_models.encode(small_model, facts.pooling, facts.query_prompt, facts.document_prompt)
    wrong = [
        f"{facts.id}: a small model gives vectors of the shape {v.shape}; expected {small_model.n_dims} numbers each"
        for v in vectors
        if v.shape[1:] != (small_model.n_dims,)
    ]
    return how, wrong
