"""The contracts, on one page: what a file on a shelf must offer to be a part.

A part file ends in `PART = …`. It is found by its file name; nothing else is to be edited. Importing it must not import
torch, transformers or anything else that is slow: those imports belong inside its functions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Float32, Int

from evidense.records import Json
from evidense.stats import Estimate
from evidense.values import Batch, Collection, Item, Kind, Modality, Pairs, RankedLists, Spelling

Side = Literal["query", "document"]
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
class Named(Protocol):
    """What has a name: the part its file's name, an opened thing the one that it has on the page."""

    @property
    def name(self) -> str:
        """Return it."""
        ...


# --- datasets -------------------------------------------------------------------------------------------------------


@runtime_checkable
class Dataset(Named, Protocol):
    """Makes one or several Collections from a spelling (a path, an id, a built-in name)."""

    @property
    def spellings(self) -> tuple[str, ...]:
        """Examples of what it answers to, for help and error messages."""
        ...

    def recognises(self, spelling: str) -> bool:
        """Say, cheaply and without network, whether this spelling is meant for this part."""
        ...

    def open(self, spelling: str) -> tuple[Collection, ...]:
        """Read the data and return checked Collections.

        Raises:
            InvalidInput: with all mistakes of the input at once.
            MissingExtra: a library that it needs is not installed.
        """
        ...


@runtime_checkable
class PairSource(Protocol):
    """A Dataset that makes training pairs of its own, beside the exact ones that every collection has."""

    @property
    def kinds(self) -> frozenset[Kind]:
        """Which kinds it makes, spelled in the place of a direction: `glyphs/sans:cheap@train`."""
        ...

    def pairs(self, spelling: str) -> Pairs:
        """Return the pairs of a spelling that names one of these kinds.

        Raises:
            InvalidInput: no pairs, or a kind that this part does not make.
        """
        ...


# --- encoders -------------------------------------------------------------------------------------------------------


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


# --- rankers --------------------------------------------------------------------------------------------------------


@runtime_checkable
class Ranker(Named, Protocol):
    """Collection → ranked lists without vectors: BM25, character n-grams, a run file of somebody."""

    @property
    def setup(self) -> Setup:
        """How it is run: a column of the set-up table."""
        ...

    @property
    def fingerprint(self) -> str:
        """sha256 of all that changes a ranking."""
        ...

    def rank(self, collection: Collection, depth: int) -> RankedLists:
        """Return the top `depth` documents of every query; ties in ascending order of document id."""
        ...


@runtime_checkable
class RankerPart(Named, Protocol):
    """Opens rankers of one kind."""

    @property
    def spellings(self) -> tuple[str, ...]:
        """Examples of what it answers to, for help and error messages."""
        ...

    def recognises(self, spelling: Spelling) -> bool:
        """Say, cheaply, whether this spelling is meant for this part."""
        ...

    def open(self, spelling: Spelling) -> Ranker:
        """Return the ranker."""
        ...


# --- claims ---------------------------------------------------------------------------------------------------------

ClaimVerdict = Literal["HOLDS", "FAILS", "UNDECIDED", "NOT_TESTABLE"]


@dataclass(frozen=True)
class Evidence:
    """What a claim about two systems on one collection is decided from."""

    estimate: Estimate
    margin: float
    logit: Estimate | None = None
    """Of an interaction: the same on logits of the cells' means, whose effect and interval are in logits."""


@dataclass(frozen=True)
class Decision:
    """A claim's verdict with one sentence that says why."""

    verdict: ClaimVerdict
    reason: str


@runtime_checkable
class Claim(Named, Protocol):
    """A sentence that can be decided. It ships a world where it is true and one where it is false."""

    @property
    def sentence(self) -> str:
        """What is claimed."""
        ...

    @property
    def source(self) -> str:
        """Who claims it."""
        ...

    def decide(self, evidence: Evidence) -> Decision:
        """Decide by the interval against the margin."""
        ...

    def true_world(self, seed: int) -> Evidence:
        """Return evidence from data with an effect of twice the margin (an equivalence claim: with none)."""
        ...

    def false_world(self, seed: int) -> Evidence:
        """Return evidence from data without the effect (an equivalence claim: with twice the margin)."""
        ...


# --- objectives -----------------------------------------------------------------------------------------------------

Stage = Literal["contrastive pre-training", "alignment fine-tuning", "control"]
Need = Literal["negatives", "targets", "tokens"]


@dataclass(frozen=True)
class Representations:
    """What a loss is computed from: torch tensors (typed loosely here because this floor speaks numpy).

    Candidates c of a query are, in this order: all documents [b × k], all hard negatives [b × n], the queue [m].
    """

    queries: Any
    """[b, e], as scored: unit length where the encoder's similarity is cosine."""
    documents: Any
    """[b × k, e]: the k positives of query i at i × k …"""
    negatives: Any = None
    """[b, n, e], or None."""
    queue: Any = None
    """[m, e] without gradient, or None."""
    excluded: Any = None
    """bool [b, c], or None: True = no negative of this query, since its content equals a positive's (never True at its own positives)."""
    targets: Any = None
    """[b, 1 + n], or None: see `Pairs.targets`."""
    scale: Any = None
    """Scalar tensor: 1 / temperature."""
    bias: Any = None
    """Scalar tensor (siglip)."""
    logits: Any = None
    """[m, v] at masked tokens (mlm)."""
    labels: Any = None
    """[m]"""

    @property
    def n_positives(self) -> int:
        """Positives of each query (k)."""
        return len(self.documents) // len(self.queries)


@runtime_checkable
class Objective(Named, Protocol):
    """A batch of representations → loss in nats; says how its batch is made of pairs."""

    @property
    def source(self) -> str:
        """Paper and equation."""
        ...

    @property
    def stage(self) -> Stage:
        """Which regime it belongs to."""
        ...

    @property
    def feeds_on(self) -> frozenset[Kind]:
        """Kinds of Pairs that it can be trained on."""
        ...

    @property
    def needs(self) -> frozenset[Need]:
        """What a batch must have beside pairs: hard negatives, targets, or predictions at masked tokens."""
        ...

    @property
    def temperature(self) -> float | None:
        """Where the temperature starts; None = it has none."""
        ...

    @property
    def learns_temperature(self) -> bool:
        """Whether temperature (and bias) are trained unless the Recipe says otherwise."""
        ...

    @property
    def bias(self) -> float | None:
        """Where the bias of the logits starts; None = it has none."""
        ...

    @property
    def options(self) -> Mapping[str, Json]:
        """Names and default values of what `Recipe.objective_options` may set."""
        ...

    def batch(
        self, pairs: Pairs, rows: Int[np.ndarray, " b"], rng: np.random.Generator, options: Mapping[str, Json]
    ) -> Batch:
        """Make the batch of these pairs: cut spans, take views, or pass them on."""
        ...

    def loss(self, seen: Representations, options: Mapping[str, Json]) -> Any:
        """Return the loss, a scalar tensor in nats, averaged over queries; permuting the batch does not change it."""
        ...


SHELVES: Mapping[str, type] = {
    "datasets": Dataset,
    "encoders": EncoderPart,
    "rankers": RankerPart,
    "objectives": Objective,
    "claims": Claim,
}
"""Every shelf with the contract that its parts keep."""
