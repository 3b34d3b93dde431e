"""Recipe and Checkpoint: how an encoder is trained, and the weights that come of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from evidense.records.form import Json, Record


@dataclass(frozen=True, kw_only=True)
class Recipe(Record):
    """How an encoder is trained: which parts, which numbers, which seed. Its parent is the Checkpoint that it starts from."""

    kind: ClassVar[str] = "recipe"
    unset: ClassVar[frozenset[str]] = frozenset({"n_processes"})
    start: str = ""
    """Spelling of the encoder whose weights are trained on (`checkpoint:ID`, a folder, pip:…); "" = the architecture's random ones."""
    start_sha256: str = ""
    """Fingerprints of the start's towers; "" without a start."""
    architecture: Mapping[str, Json] = field(default_factory=dict)
    """What is built where there is no start: see `training.backbones.architectures`."""
    objective: str = ""
    """Name of the part; "" with `n_steps` 0: the architecture as initialised."""
    objective_options: Mapping[str, Json] = field(default_factory=dict)
    data: tuple[str, ...] = ()
    """Spellings of Pairs."""
    data_sha256: tuple[str, ...] = ()
    """Their checksums, in the same order."""
    n_pairs: int | None = None
    """At most so many distinct pairs, drawn by the seed; None = all."""
    negatives: str = ""
    """Where hard negatives come from: "" none, "given" by the data, "block" (same block, other group), "mined" by the start."""
    n_negatives: int = 0
    n_steps: int = 0
    batch_size: int = 64
    """Pairs a step, over all processes."""
    chunk: int = 0
    """As much is encoded at once as so many of the longest items (gradient cache); 0 = all, whose graph is kept."""
    accumulate: int = 1
    """Batches whose gradients are averaged before a step; unlike `chunk` it does not widen the pool of negatives."""
    queue: int = 0
    """Keys of earlier batches kept as negatives (MoCo); 0 = in-batch negatives only."""
    momentum: float = 0.999
    """Of the second encoder that makes the queue's keys."""
    learning_rate: float = 1e-3
    schedule: str = "linear"
    """'linear' or 'cosine' to zero, or 'constant', after the warm-up."""
    warmup: float = 0.1
    """Share of the steps."""
    weight_decay: float = 0.01
    max_grad_norm: float = 1.0
    temperature: float | None = None
    """None = the objective's own start value."""
    learn_temperature: bool | None = None
    """None = as the objective has it."""
    tuned: str = "all"
    """'all', 'last:K' blocks, 'heads' (projections only), 'lora:R'; 'text' or 'image' (the other tower is frozen: LiT), 'text:last:K', 'image:lora:R' …;
    with '+heads' at the end both projections too."""
    dropout: float | None = None
    """None = the model's own."""
    dtype: str = "float32"
    """'float32', or 'bf16' for the forward and backward products."""
    query_prompt: str = ""
    """Stands before every query, and is saved with the encoder; "" = the start's own."""
    document_prompt: str = ""
    early_stop: Mapping[str, Json] = field(default_factory=dict)
    """every (steps), patience (times); the held-out pairs are a tenth of the groups."""
    budget: Mapping[str, Json] = field(default_factory=dict)
    """What `n_steps` was derived from: pairs, steps, flops, or seconds with the speed that was measured."""
    seed: int = 0
    n_processes: int = 0
    """Processes that share each batch; the weights depend on their number as sums do on their order. 0: one, or as many as torchrun started."""


@dataclass(frozen=True, kw_only=True)
class Checkpoint(Record):
    """Trained weights, in the ecosystem's own format in the store's folder of this id. Its parent is the Recipe."""

    kind: ClassVar[str] = "checkpoint"
    blob_fields: ClassVar[tuple[str, ...]] = ("diagnostics",)
    weights_sha256: str
    """Over the tensors of every tower."""
    fingerprints: tuple[str, ...]
    """Of the towers (query, document) as the folder opens."""
    n_steps: int
    n_pairs: int
    n_tokens: int
    n_pixels: int
    flops: float
    """Counted, forward and backward."""
    stopped: str
    """'' = all steps; else one sentence: stopped early at step 40, since …"""
    warnings: tuple[str, ...]
    """Collapse, a loss that does not move, suspected false negatives."""
    diagnostics: str
    """Blob: JSON list of one mapping a step: step, loss_nats, accuracy, alignment, uniformity, temperature, grad_norm, false_negatives,
    learning_rate, n_pairs; where it was measured: held_out."""
