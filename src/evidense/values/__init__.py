"""Values: what passes between parts. Frozen, plain, free of torch."""

from evidense.values.build import Draft, build, sample
from evidense.values.checking import (
    STANCES,
    CheckWord,
    EvidencePair,
    Passage,
    Stance,
    Synthesis,
    SynthesisSource,
    SynthesisStatement,
    Vote,
)
from evidense.values.collection import Collection, Provenance, Qrels
from evidense.values.item import Item, Modality, Picture
from evidense.values.literature import (
    Answer,
    Block,
    Citation,
    DocumentTable,
    Hidden,
    Notice,
    ReadDocument,
    Reference,
    Relation,
    Span,
    State,
    TableCell,
    Work,
)
from evidense.values.looks import Look
from evidense.values.packages import Package
from evidense.values.pairs import Batch, Kind, Pairs
from evidense.values.public_records import (
    StatedBenchmark,
    StatedClaim,
    StatedDimension,
    StatedQuote,
    StatedRecords,
    StatedSource,
    StatedVote,
)
from evidense.values.ranking import RankedLists
from evidense.values.spelling import Spelling

__all__ = [
    "STANCES",
    "Answer",
    "Batch",
    "Block",
    "CheckWord",
    "Citation",
    "Collection",
    "DocumentTable",
    "Draft",
    "EvidencePair",
    "Hidden",
    "Item",
    "Kind",
    "Look",
    "Modality",
    "Notice",
    "Package",
    "Pairs",
    "Passage",
    "Picture",
    "Provenance",
    "Qrels",
    "RankedLists",
    "ReadDocument",
    "Reference",
    "Relation",
    "Span",
    "Spelling",
    "Stance",
    "State",
    "StatedBenchmark",
    "StatedClaim",
    "StatedDimension",
    "StatedQuote",
    "StatedRecords",
    "StatedSource",
    "StatedVote",
    "Synthesis",
    "SynthesisSource",
    "SynthesisStatement",
    "TableCell",
    "Vote",
    "Work",
    "build",
    "sample",
]
