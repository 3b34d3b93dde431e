"""Text encoders: the encoder that an audit or a check may search texts with, beside BM25."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float32

from evidense import registry
from evidense.auditing.audited import SearchedWith
from evidense.boundary.consent import consenting
from evidense.compute.search.vector_index import Embed
from evidense.errors import InvalidInput
from evidense.parts import Encoder
from evidense.parts.encoders import SIDES, Side, fingerprints
from evidense.store import Store
from evidense.values import Item, Spelling
from evidense.values.labels import label_of


def encoder_of(spelling: str, store: Store) -> tuple[Embed | None, SearchedWith | None]:
    """Open an encoder, and return how it embeds texts, and what the page says of it; None where the spelling is empty.

    Raises:
        UnknownName, AmbiguousName: no part, or several parts, recognise the spelling.
        InvalidInput: it makes no vectors of texts.
        EvidenseError: the part cannot open it.
    """
    if not spelling:
        return None, None
    with consenting([spelling]):
        encoder = registry.open_encoder(Spelling.parse(spelling))
    for side in SIDES:
        tower = encoder.tower(side)
        if "text" not in tower.modalities or tower.identity != "content":
            raise InvalidInput(
                f"'{spelling}' makes no vectors of texts; expected an encoder of texts; name another with --encoder"
            )
    return _embedder(encoder, store), SearchedWith(label_of(spelling), fingerprints(encoder))


def _embedder(encoder: Encoder, store: Store) -> Embed:
    from evidense.compute.search.encode import encode

    def embed(texts: Sequence[str], side: Side) -> Float32[np.ndarray, "texts width"]:
        """Return unit vectors: statements are encoded as queries, passages as documents, which the store keeps."""
        tower, items = encoder.tower(side), [Item(str(n), text) for n, text in enumerate(texts)]
        vectors = tower.vectors(tower.prepare(items)) if side == "query" else encode(tower, items, store).all()
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        return np.asarray(vectors / np.maximum(lengths, 1e-12), np.float32)

    return embed
