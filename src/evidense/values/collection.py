"""Collection: queries, corpus and relevance judgements, as one checked value."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from evidense.values.contents import KEY_BYTES, contents_of, ids_of, known_contents
from evidense.values.item import Item, Modality

Qrels = Mapping[str, Mapping[str, int]]
"""query_id → doc_id → gain; a gain above 0 is relevant, a document that is not named is unjudged."""
_LINES = 4096
"""Items whose lines are hashed at once."""


@dataclass(frozen=True)
class Provenance:
    """Where a collection comes from, and what readers of its scores must know."""

    licence: str = "not stated (your data)"
    source: str = ""
    """File, package and version, or address that the data came from."""
    contamination: str = "unknown"
    """What is known about these texts in the training data of public models."""
    labels: str = "judged"
    """How relevance was determined: judged, or structural (paired fields)."""
    notes: tuple[str, ...] = ()
    """Sentences for the page: how many documents were merged, which rows were dropped, how it was sampled."""
    is_user_data: bool = True
    """Whether the texts are the user's own (the page counts them); False for built-in public data."""


@dataclass(frozen=True)
class Collection:
    """One corpus with its queries and judgements; lazy sequences are fine, the checksum reads them once.

    `queries` and `corpus` are sequences of Item with distinct ids; `groups` maps a query id to its group key (queries of
    one group are not independent; empty where there are none); `columns` maps a column name to query id → value (slices).
    """

    name: str
    """Canonical spelling `dataset[/subset][:direction][@split]`, as `glyphs/serif:t2i@test`."""
    queries: Sequence[Item]
    corpus: Sequence[Item]
    qrels: Qrels
    groups: Mapping[str, str] = field(default_factory=dict)
    columns: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    provenance: Provenance = field(default_factory=Provenance)
    aliases: Mapping[str, str] = field(default_factory=dict)
    """Id of a document that was merged into an equal one → the id that stands for it (results of others may name it)."""
    drop_self_matches: bool = False
    """Policy: True removes the document whose id equals the query's from that query's ranking (and from its qrels)."""
    doc_groups: Mapping[str, str] = field(default_factory=dict)
    """Document id → split key, if known: documents of one key never lie on two sides of a split.

    It is not part of the checksum, since no ranking depends on it; the checksum of Pairs covers what training sees.
    """
    shares: str = ""
    """What the group keys name, if other collections use the same keys for the same things ("unicode character"); "" = own keys."""
    split: str = ""
    """The split that `reading.splits.only_split` took the queries from; documents of other splits are not trained on. "" = all."""

    whole: str = ""
    """`question_key` of the collection that this is a sample of; "" if it is whole."""

    @cached_property
    def query_ids(self) -> tuple[str, ...]:
        """Ids of the queries, in order."""
        return ids_of(self.queries)

    @cached_property
    def doc_ids(self) -> tuple[str, ...]:
        """Ids of the documents, in order."""
        return ids_of(self.corpus)

    @cached_property
    def checksum(self) -> str:
        """Return the sha256 over ids, contents and judgements, which identifies this collection."""
        digest = hashlib.sha256()
        for side in (self.queries, self.corpus):
            contents = contents_of(side)
            for start in range(0, len(side), _LINES):
                keys = contents.keys[start : start + _LINES].tobytes().hex("\n", KEY_BYTES).split("\n")
                ids = contents.ids[start : start + _LINES]
                digest.update("".join([f"{name}\0{key}\n" for name, key in zip(ids, keys, strict=True)]).encode())
            digest.update(b"\f")
        self._add_judgements(digest)
        digest.update(repr((sorted(self.groups.items()), self.drop_self_matches)).encode())
        return digest.hexdigest()

    @cached_property
    def question_key(self) -> str:
        """Return the sha256 over the queries and judgements of the whole collection: all its samples share it, whatever their documents."""
        if self.whole:
            return self.whole
        contents = contents_of(self.queries)
        keys = contents.keys.tobytes().hex("\n", KEY_BYTES).split("\n")
        digest = hashlib.sha256(
            "".join(f"{name}\0{key}\n" for name, key in zip(contents.ids, keys, strict=False)).encode()
        )
        self._add_judgements(digest)
        return digest.hexdigest()

    def _add_judgements(self, digest: "hashlib._Hash") -> None:
        for query_id in sorted(self.qrels):
            for doc_id, gain in sorted(self.qrels[query_id].items()):
                digest.update(f"{query_id}\0{doc_id}\0{gain}\n".encode())

    @cached_property
    def modalities(self) -> tuple[Modality | str, Modality | str]:
        """Modality of the queries and of the documents: 'mixed' if a side has several, 'ids' if there are only judgements."""
        return _modality(self.queries), _modality(self.corpus)

    def findable(self) -> "Collection":
        """Drop judgements of documents that the corpus lacks, and queries that have no other relevant document.

        For code that reads the documents; measures keep these judgements. Returns self if nothing is lacking.
        """
        there = set(self.doc_ids)
        if all(doc_id in there for gains in self.qrels.values() for doc_id in gains):
            return self
        findable = {q: {d: gain for d, gain in gains.items() if d in there} for q, gains in self.qrels.items()}
        answerable = {q: gains for q, gains in findable.items() if any(gain > 0 for gain in gains.values())}
        left_out = (
            f"{len(self.qrels) - len(answerable):,} queries whose relevant documents the corpus lacks were left out"
        )
        return replace(
            self, queries=[item for item in self.queries if item.id in answerable], qrels=answerable
        ).with_notes(left_out)

    def with_notes(self, *notes: str) -> "Collection":
        """Return the same collection with further sentences for the page."""
        return replace(self, provenance=replace(self.provenance, notes=(*self.provenance.notes, *notes)))


def _modality(items: Sequence[Item]) -> str:
    known = known_contents(items)
    modalities = (
        known.modalities
        if known is not None
        else {"ids" if item.text is None and item.picture is None else item.modality for item in items}
    )
    return modalities.pop() if len(modalities) == 1 else "mixed"
