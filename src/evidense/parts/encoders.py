"""Encoders: items to vectors, by towers that show layers, can be trained, and can be written."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float32, Int

from evidense.parts.names import Named
from evidense.records import Json
from evidense.values import Item, Modality, Spelling

Side = Literal["query", "document"]
SIDES: tuple[Side, Side] = ("query", "document")
"""Both sides, in the order in which they are reported."""
Capability = Literal["vectors", "layers", "gradients", "train"]


@dataclass(frozen=True)
class Setup:
    """How a system was run: one column of the set-up table on the page. None = does not apply or not known."""

    query_prompt: str | None = None
    document_prompt: str | None = None
    pooling: str | None = None
    max_length: int | None = None
    """Tokens."""
    normalised: bool | None = None
    similarity: str | None = None
    """'cosine', 'dot', 'hamming', 'BM25' …"""
    dtype: str | None = None
    n_dims: int | None = None
    n_parameters: int | None = None
    bytes_per_vector: float | None = None
    licence: str | None = None
    weights_sha256: str | None = None
    """Over every weight file read, in the order of their names."""
    unused_weights: tuple[str, ...] = ()
    """Weights of a declared head of the family that the read-out does not use."""
    warnings: tuple[str, ...] = ()
    """Sentences for the page, as: the model's own config names the prompt 'query: ', which was not used."""

    def to_json(self) -> dict[str, Json]:
        """Return the fields as JSON values."""
        return asdict(self)


@runtime_checkable
class Prepared(Protocol):
    """Items made ready for a tower (tokenised, or pictures as pixel arrays)."""

    @property
    def sizes(self) -> Int[np.ndarray, " b"]:
        """Cost of each item in tokens (patches for pictures), for the batch plan."""
        ...

    def take(self, rows: Int[np.ndarray, " n"]) -> "Prepared":
        """Return these rows, in this order."""
        ...


@runtime_checkable
class Tower(Protocol):
    """One side of an encoder. Both sides may be one object; equal fingerprints share cached vectors."""

    @property
    def fingerprint(self) -> str:
        """sha256 over weights, tokeniser and every setting that changes a vector."""
        ...

    @property
    def n_dims(self) -> int:
        """Dimensions of a vector."""
        ...

    @property
    def n_layers(self) -> int:
        """Number of blocks; pooled states exist for layers 0 (embeddings) … n_layers. 0 for a static encoder."""
        ...

    @property
    def modalities(self) -> frozenset[Modality]:
        """What this tower can encode."""
        ...

    @property
    def identity(self) -> Literal["content", "id"]:
        """What makes two items equal for this tower: their content (the rule), or their id (vectors given by somebody)."""
        ...

    def prepare(self, items: Sequence[Item]) -> Prepared:
        """Tokenise; prompts are added here."""
        ...

    def vectors(self, prepared: Prepared) -> Float32[np.ndarray, "b e"]:
        """Encode one batch to final vectors (pooled, projected, normalised as the set-up says)."""
        ...


@runtime_checkable
class CuttingTower(Protocol):
    """A Tower that reads no more than so many tokens of a text."""

    @property
    def max_length(self) -> int:
        """Tokens that are read of a text, prompt and special tokens included."""
        ...

    def is_cut(self, items: Sequence[Item]) -> Bool[np.ndarray, " n"]:
        """Say which items have a text that is longer than that."""
        ...


@runtime_checkable
class LayeredTower(Protocol):
    """A Tower that shows its inside (torch tensors; typed loosely here because this floor speaks numpy)."""

    def layers(self, prepared: Prepared) -> Float32[np.ndarray, "l b e"]:
        """Pool every layer's states in one forward pass: index 0 = embedding layer, last = what `vectors` pools."""
        ...

    def forward(self, prepared: Prepared) -> tuple[Any, Any]:
        """Return (states[l, b, t, e], mask[b, t]) as tensors, with gradients where they are enabled."""
        ...

    def pool(self, states: Any, mask: Any) -> Any:
        """Pool states[b, t, e] under mask[b, t] to [b, e]."""
        ...

    def project(self, pooled: Any) -> Any:
        """Apply what follows pooling (dense modules, projection, normalisation)."""
        ...

    def modules(self, pattern: str) -> Mapping[str, Any]:
        """Return the named torch modules whose names match the regular expression.

        Raises:
            UnknownName: none matches (never silently empty).
        """
        ...


@runtime_checkable
class TrainableTower(Tower, Protocol):
    """A Tower whose vectors carry gradients."""

    @property
    def weights(self) -> Mapping[str, Any]:
        """Name → torch module, of all modules that make a vector, in order; towers that share weights share the objects."""
        ...

    def represent(self, prepared: Prepared) -> Any:
        """Encode one batch to a tensor [b, e], the vectors that are scored, with gradients where they are enabled."""
        ...


@runtime_checkable
class TokenPredictor(Protocol):
    """A Tower that can be trained to predict masked tokens."""

    def predict(self, prepared: Prepared, rng: np.random.Generator) -> tuple[Any, Any]:
        """Mask 15 % of the tokens (80 % mask, 10 % random, 10 % kept) and return (logits[m, v], labels[m]) at their places.

        Source: Devlin et al. 2019, §3.1.
        """
        ...


@runtime_checkable
class TrainableEncoder(Protocol):
    """An Encoder whose `can` holds 'train': its towers are TrainableTowers, and it can be written."""

    def save(self, folder: Any) -> None:
        """Write it into an empty folder, in the ecosystem's own format; opened again, it gives equal vectors."""
        ...


@runtime_checkable
class Encoder(Named, Protocol):
    """Items → vectors."""

    @property
    def setup(self) -> Setup:
        """How it is run: a column of the set-up table."""
        ...

    @property
    def can(self) -> frozenset[Capability]:
        """What this encoder can do."""
        ...

    def tower(self, side: Side) -> Tower:
        """Return the tower of this side."""
        ...


@runtime_checkable
class EncoderPart(Named, Protocol):
    """Opens encoders of one kind."""

    @property
    def spellings(self) -> tuple[str, ...]:
        """Examples of what it answers to, for help and error messages."""
        ...

    def recognises(self, spelling: Spelling) -> bool:
        """Say, cheaply and without network, whether this spelling is meant for this part."""
        ...

    def open(self, spelling: Spelling) -> Encoder:
        """Load it; the loading guard speaks here.

        Raises:
            IncompleteWeights, UnsafeInput, InvalidInput, MissingExtra.
        """
        ...


def fingerprints(encoder: Encoder) -> tuple[str, ...]:
    """Return the fingerprints of both towers of an encoder, the query tower first."""
    return tuple(encoder.tower(side).fingerprint for side in SIDES)
