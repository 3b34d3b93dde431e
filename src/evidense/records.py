"""Records: what a step leaves behind. Frozen, JSON, named by their own content, never edited."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from typing import Any, ClassVar

from evidense.errors import InvalidInput

Json = Any
"""What JSON can hold: None, bool, int, float, str, list, dict with text keys."""


def canonical_json(value: Json) -> str:
    """Return the one JSON text of a value: keys sorted, no spaces, floats as Python's shortest repr.

    Raises:
        InvalidInput: a NaN, an infinity, half of a surrogate pair, or an object, none of which JSON can hold.

    >>> canonical_json({"b": 1, "a": (0.1, None)})
    '{"a":[0.1,null],"b":1}'
    """
    try:
        text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        text.encode()
    except (ValueError, TypeError) as error:
        raise InvalidInput(
            f"a record cannot hold this value ({error}); expected texts, lists, finite numbers of Python; use null for none"
        ) from None
    return text


def sha256_of(value: Json) -> str:
    """Return the sha256 of the canonical JSON of a value, in hexadecimal."""
    return hashlib.sha256(canonical_json(value).encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Record:
    """The common form: content that makes the id, parents that it rests on, and what was merely observed.

    `observed` (started_at, wall_s, host, versions …) is kept beside the content and is no part of the id, so equal work has
    equal ids.
    """

    kind: ClassVar[str]
    blob_fields: ClassVar[tuple[str, ...]] = ()
    """Names of the fields that hold the sha256 of a blob."""
    unset: ClassVar[frozenset[str]] = frozenset()
    """Fields that are no part of the content while they are empty, so that a record without them keeps its id."""
    parents: tuple[str, ...] = ()
    observed: Mapping[str, Json] = field(default_factory=dict, compare=False)

    def content(self) -> dict[str, Json]:
        """Return the fields that the record is about, as JSON values."""
        own = (
            {f.name for f in fields(self)}
            - {"parents", "observed"}
            - {name for name in self.unset if not getattr(self, name)}
        )
        return json.loads(canonical_json({name: getattr(self, name) for name in own}))  # type: ignore[no-any-return]

    @cached_property
    def id(self) -> str:
        """Return the sha256 of (kind, content, parents)."""
        return sha256_of([self.kind, self.content(), list(self.parents)])

    def to_json(self) -> dict[str, Json]:
        """Return everything, the id included, as it is stored."""
        return {"kind": self.kind, "id": self.id, "parents": list(self.parents), "content": self.content(), "observed": dict(self.observed)}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Study(Record):
    """What is asked, of which systems, on which collections, by which rule: its id is the pre-registration."""

    kind: ClassVar[str] = "study"
    unset: ClassVar[frozenset[str]] = frozenset(
        {"factorial", "arms", "dissect", "registered", "best_of", "looks", "trained_on", "clusters", "drawn_by"}
    )
    name: str
    question: str
    systems: tuple[str, ...]
    """Spellings; the first is the baseline."""
    collections: tuple[str, ...]
    measures: tuple[str, ...] = ("nDCG@10",)
    """Canonical spellings; the first is primary and alone gets verdicts."""
    margin: float = 0.02
    claims: tuple[str, ...] = ()
    slices: tuple[str, ...] = ()
    clusters: str = ""
    """How queries depend on each other: "" in proportion to the relevant documents that they share, else see `compute.grouping`."""
    references: tuple[str, ...] = ()
    """Spellings of systems that are shown as lines and get no verdict (BM25, static embeddings)."""
    seed: int = 0
    confidence: float = 0.95
    n_resamples: int = 10_000
    depth: int = 100
    sample_queries: int | None = None
    sample_documents: int | None = None
    drawn_by: str = ""
    """What seeds a sample beside `seed`: "" nothing, so that two collections of one length draw the same rows; "name" that of the collection."""
    excluded: tuple[str, ...] = ()
    """Queries left out for all systems alike, since their label is wrong: 'collection<tab>query_id'."""
    trained_on: tuple[str, ...] = ()
    """Spellings of the pairs that the systems were trained on: counted among the test queries, and the verdict without those."""
    factorial: Mapping[str, Json] = field(default_factory=dict)
    """Factors, levels, seeds and budgets of the trained cells (`study.factorial` says which keys); empty without training."""
    arms: tuple[Mapping[str, Json], ...] = ()
    """Further trained systems, each against its own start: label, start, recipe keys, seeds."""
    dissect: tuple[Mapping[str, Json], ...] = ()
    """What is dissected (`study.dissect` says which keys): base and tuned, seeds, random weights, collections, analyses, options."""
    registered: Mapping[str, str] = field(default_factory=dict)
    """Claim of the literature, at one level → sha256 of all that could be bent afterwards: estimand, margin, controls."""
    best_of: bool = False
    """The systems are candidates of which the best will be taken: it is named, and its effect corrected for having been chosen."""
    looks: int = 0
    """How many times these queries are planned to be looked at; the error is shared by all of them. 0 = no plan."""

    @property
    def baseline(self) -> str:
        """Return the spelling that the others are compared with."""
        return self.systems[0]

    @property
    def primary(self) -> str:
        """Return the measure that verdicts are about."""
        return self.measures[0]


@dataclass(frozen=True, kw_only=True)
class Recipe(Record):
    """How an encoder is trained: which parts, which numbers, which seed. Its parent is the Checkpoint that it starts from."""

    kind: ClassVar[str] = "recipe"
    start: str = ""
    """Spelling of the encoder whose weights are trained on (`checkpoint:ID`, a folder, pip:…); "" = the architecture's random ones."""
    start_sha256: str = ""
    """Fingerprints of the start's towers; "" without a start."""
    architecture: Mapping[str, Json] = field(default_factory=dict)
    """What is built where there is no start: see `training.architectures`."""
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
    """'all', 'last:K' layers, 'heads' (projections only), 'text' or 'image' (the other tower is frozen: LiT), 'lora:R'."""
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


@dataclass(frozen=True, kw_only=True)
class Ranking(Record):
    """Per query the top-k of one system on one collection."""

    kind: ClassVar[str] = "ranking"
    blob_fields: ClassVar[tuple[str, ...]] = ("query_ids", "doc_ids", "documents", "scores")
    system: str
    """Label on the page."""
    spelling: str
    setup: Mapping[str, Json]
    """`parts.Setup` as JSON."""
    collection: Mapping[str, Json]
    """Card: name, checksum, n_queries, n_documents, n_judgements, query_modality, document_modality, licence, source,
    contamination, labels, notes, is_user_data, drop_self_matches."""
    depth: int
    policies: Mapping[str, str]
    """ties, self_matches, missing_queries, pool: one sentence each."""
    query_ids: str
    """Blob: JSON list."""
    doc_ids: str
    """Blob: JSON list."""
    documents: str
    """Blob: int32 array (q, k) into doc_ids; −1 pads."""
    scores: str
    """Blob: float32 array (q, k)."""


@dataclass(frozen=True, kw_only=True)
class Score(Record):
    """Per-query values of one measure for one ranking."""

    kind: ClassVar[str] = "score"
    blob_fields: ClassVar[tuple[str, ...]] = ("query_ids", "values")
    system: str
    collection: str
    measure: str
    """Canonical spelling."""
    query_ids: str
    """Blob: JSON list."""
    values: str
    """Blob: float64 array (q,)."""
    mean: float


@dataclass(frozen=True, kw_only=True)
class Finding(Record):
    """One estimate with its interval, and where it was taken."""

    kind: ClassVar[str] = "finding"
    estimand: str
    """'mean' | 'difference' | 'slice' | 'mean over collections' | 'random effects' | 'winner' | 'queries' | 'difference on unseen queries'; of an
    analysis, what its page says."""
    site: Mapping[str, Json]
    """system, baseline (for differences), collection, measure, and slice/column/named where it is one; of an analysis: see `parts.Case.site`."""
    value: Json
    """A number, or None where nothing could be estimated: `details` then give the reason."""
    low: float | None
    high: float | None
    n: int
    n_clusters: int
    """Independent groups of queries; where queries share documents in part, as how many independent queries they count."""
    unit: str
    """The canonical measure."""
    confidence: float = 0.95
    p: float | None = None
    p_adjusted: float | None = None
    test: str = ""
    family: str = ""
    details: Mapping[str, Json] = field(default_factory=dict)
    """win, tie, loss, probability_of_improvement, d_z, standard_error, queries_to_decide, letters …"""
    excerpts: tuple[Mapping[str, Json], ...] = ()
    """Queries worth reading: query_id, query, group, delta, base_value, system_value, relevant[{doc_id,text,rank_base,rank_system}],
    base_first{doc_id,text,gain}, system_first{…}; pictures as data URLs under 'thumbnail'."""


@dataclass(frozen=True, kw_only=True)
class Verdict(Record):
    """What a claim comes to, with effect, interval, n and the findings that it rests on (its parents)."""

    kind: ClassVar[str] = "verdict"
    claim: str
    verdict: str
    system: str
    baseline: str
    collection: str
    measure: str
    effect: Json
    """A number, as its interval; all None where there is no evidence or the claim is not testable."""
    low: Json
    high: Json
    n: int
    n_clusters: int
    """Independent groups of queries; where queries share documents in part, as how many independent queries they count."""
    margin: float
    base_mean: Json
    system_mean: Json
    reason: str = ""
    details: Mapping[str, Json] = field(default_factory=dict)


KINDS: dict[str, type[Record]] = {
    cls.kind: cls for cls in (Study, Recipe, Checkpoint, Ranking, Score, Finding, Verdict)
}


def from_json(data: Json) -> Record:
    """Read a record back, and check that it still has the id that it was stored under.

    Raises:
        InvalidInput: an unknown kind, fields that this kind does not have, or content that does not hash to the id.
    """
    try:
        kind, stored_id, parents, content, observed = (
            data[key] for key in ("kind", "id", "parents", "content", "observed")
        )
        cls = KINDS[kind]
        fields_of = {key: tuple(value) if isinstance(value, list) else value for key, value in content.items()}
        record = cls(parents=tuple(parents), observed=observed, **fields_of)
    except (KeyError, TypeError, AttributeError) as error:
        raise InvalidInput(
            f"this is no record of this version of Evidense ({error}); expected kind, id, parents, content and observed, "
            f"kind being one of {', '.join(KINDS)}; delete it and run again"
        ) from None
    if record.id != stored_id:
        raise InvalidInput(
            f"record {stored_id[:12]} holds content that hashes to {record.id[:12]}; it was altered; delete it and run again"
        )
    return record
