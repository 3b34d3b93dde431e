"""Memory: what a worker is estimated to keep resident while it does one step."""

from evidense.compute.indexes.faiss_index import overhead
from evidense.parts import Encoder, Ranker, Reranker
from evidense.parts.served import Served, ServedReranker
from evidense.values import Collection
from evidense.verbs.retrieve import System, TwoStages

WORKER_BYTES = 448 << 20
"""A worker without a model: 388 MiB with torch and transformers imported, and the batch that it encodes."""
SEARCH_BYTES = 128 << 20
"""Blocks of a search: pages of a vectors file that were read, products, and candidates of 1,024 queries."""
INDEXED_BYTES = 2_400
"""BM25's index for a document of 47 words, measured on 100,000; it grows with the words."""
LISTED_BYTES = 32
"""One ranked document: its number and score, twice, while lists are sorted and stored."""
DOCUMENT_BYTES = 300
"""What an open collection keeps of a document (220), and its id in the list of a ranking."""
FLOAT_BYTES = 4
_TRAINED = 8
"""Numbers for each weight in a training: weight, gradient, two moments of Adam, and copies while it is set up and written."""
_KEPT_PER_FLOP = 6.4
"""Bytes that the graph of a transformer keeps for each FLOP of its forward pass, times the width of a state.

A layer costs 24·w² FLOPs a token and keeps about 66·w bytes of it in float32, which makes 2.75; the rest is padding and attention scores. With both
numbers, MiniLM on pairs of 98 and 15 tokens should need 1.5 GB in batches of 8 and 2.5 GB in batches of 32; 1.6 and 2.6 GB were measured.

Source: Korthikanti et al. 2022, "Reducing Activation Recomputation in Large Transformer Models", §4.1 (34·w bytes in half precision).
"""


def ranking_bytes(system: System, collection: Collection, depth: int) -> int:
    """Estimate what a worker needs to encode and rank a collection with a system."""
    return (
        WORKER_BYTES + weights_bytes(system.engine) + SEARCH_BYTES + listed_bytes(collection, depth)
        + index_bytes(system, len(collection.corpus))
    )  # fmt: skip


def listed_bytes(collection: Collection, depth: int) -> int:
    """Estimate what an open collection and the ranked lists of one system on it take."""
    n_documents = len(collection.corpus)
    return n_documents * DOCUMENT_BYTES + len(collection.queries) * min(depth, n_documents) * LISTED_BYTES


def weights_bytes(engine: Encoder | Ranker) -> int:
    """Return the size of the weights of a system in float32, those of its first stage included.

    It is 0 if the system does not say how many it has, or if a server holds them, which is not asked.
    """
    if isinstance(engine, TwoStages):
        return _weights_bytes(engine.reranker) + weights_bytes(engine.first.engine)
    return _weights_bytes(engine)


def _weights_bytes(engine: Encoder | Ranker | Reranker) -> int:
    return 0 if isinstance(engine, Served | ServedReranker) else (engine.setup.n_parameters or 0) * FLOAT_BYTES


def index_bytes(system: System, n_documents: int) -> int:
    """Estimate the size of what a system builds to search: BM25's index of words, or an approximate index with its own copy of the vectors."""
    spellings = [system.spelling, system.engine.first.spelling if isinstance(system.engine, TwoStages) else ""]
    if any("bm25" in spelling for spelling in spellings):
        return n_documents * INDEXED_BYTES
    if system.approximation is None or isinstance(system.engine, Ranker):
        return 0
    values = system.approximation.values(n_documents)
    per_vector = n_dims_of(system, system.engine) * FLOAT_BYTES + overhead(system.approximation.kind, values)
    return round(2 * n_documents * per_vector)  # beside the index, its bytes as they are read or written


def n_dims_of(system: System, encoder: Encoder) -> int:
    """Return the dimensions of the vectors that a system with this encoder searches."""
    cut = system.compression.n_dims if system.compression else None
    return cut or encoder.tower("document").n_dims


def training_bytes(engine: Encoder | Ranker, forward_flops: float) -> int:
    """Estimate what a training needs. `forward_flops`: of all pairs whose graph is kept at once."""
    if isinstance(engine, Ranker):
        return WORKER_BYTES
    graph = _KEPT_PER_FLOP * forward_flops / max(1, engine.tower("document").n_dims)
    return WORKER_BYTES + _TRAINED * weights_bytes(engine) + round(graph)
