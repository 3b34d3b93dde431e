"""Contrast: what the losses share, scores of all candidates, masks of positives and negatives, and InfoNCE.

Everything is computed in at least float32, also under bf16 autocast, and in float64 for float64 representations.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jaxtyping import Bool, Float

from evidense.compute.tensor_similarity import score_table
from evidense.parts import Representations

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class Sides:
    """Vectors of queries and candidates, with masks of positives and negatives. Axes: b queries, c candidates, e embedding."""

    queries: Float[Any, "b e"]
    candidates: Float[Any, "c e"]
    """All documents, then all hard negatives, then the queue."""
    positive: Bool[Any, "b c"]
    """Mask of the k documents of each query."""
    negative: Bool[Any, "b c"]
    """Mask of all other candidates, without the excluded ones."""
    given: Bool[Any, "b c"]
    """Mask of each query's own hard negatives, without the excluded ones."""
    n_positives: int
    """Positives of each query (k)."""
    n_negatives: int = 0
    """Hard negatives of each query (n)."""
    scale: Any = None
    similarity: str = "dot"

    def of_query(self, values: Float[Any, "b c"]) -> tuple[Float[Any, "b k"], Float[Any, "b n"]]:
        """Return the values at each query's positives, and at its own hard negatives, with the excluded ones."""
        b, k, n = len(values), self.n_positives, self.n_negatives
        hard = values[:, b * k : b * (k + n)].reshape(b, b, n).diagonal().T
        return values[self.positive].view(b, k), hard


def sides(seen: Representations) -> Sides:
    """Convert representations to full precision, and compute the masks of positives and negatives."""
    import torch

    queries = full(seen.queries)
    b, k = len(queries), seen.n_positives
    n = 0 if seen.negatives is None else seen.negatives.shape[1]
    is_own = torch.eye(b, dtype=torch.bool, device=queries.device)
    blocks, vectors = [is_own.repeat_interleave(k, 1)], [full(seen.documents)]
    if seen.negatives is not None:
        vectors.append(full(seen.negatives).flatten(0, 1))
        blocks.append(is_own.repeat_interleave(n, 1))
    if seen.queue is not None:
        vectors.append(full(seen.queue).to(queries.dtype))
        blocks.append(is_own.new_zeros(b, len(seen.queue)))
    candidates, belongs = torch.cat(vectors), torch.cat(blocks, 1)
    positive = belongs.clone()
    positive[:, b * k :] = False
    allowed = ~positive if seen.excluded is None else ~(positive | seen.excluded)
    scale = None if seen.scale is None else full(seen.scale)
    return Sides(queries, candidates, positive, allowed, belongs & allowed, k, n, scale, seen.similarity)


def grouped(seen: Representations) -> Sides:
    """Treat each query with its documents as a group: every member is an anchor, the other members are its positives.

    Candidates are all queries, then the candidates of `sides`. Exclusion is symmetric: between a query and a candidate; between two queries,
    if one excludes all documents of the other; between two documents, if the query of either excludes the other.
    """
    import torch

    s = sides(seen)
    b, k = len(s.queries), s.n_positives
    of_document = torch.arange(b, device=s.queries.device).repeat_interleave(k)
    out = ~(s.positive | s.negative)
    equal, to_documents = out[:, : b * k].view(b, b, k).all(2), out[of_document]
    to_documents[:, : b * k] |= to_documents[:, : b * k].T.clone()
    barred = torch.cat([torch.cat([equal | equal.T, out], 1), torch.cat([out[:, : b * k].T, to_documents], 1)])
    owner = torch.cat([torch.arange(b, device=of_document.device), of_document])
    n = len(owner)
    same = torch.zeros_like(barred)
    same[:, :n] = owner[:, None] == owner
    positive = same.clone()
    positive[:, :n].fill_diagonal_(False)
    vectors = torch.cat([s.queries, s.candidates])
    return Sides(vectors[:n], vectors, positive, ~(same | barred), torch.zeros_like(same), k, 0, s.scale, s.similarity)


def full(tensor: "Tensor") -> "Tensor":
    """Return a half-precision tensor as float32, any other unchanged."""
    import torch

    return tensor.float() if tensor.dtype in (torch.bfloat16, torch.float16) else tensor


def product(left: Float[Any, "b e"], right: Float[Any, "c e"]) -> Float[Any, "b c"]:
    """Return all inner products in the precision of the factors, also under autocast."""
    products: Tensor = score_table(left, right, "dot")
    return products


def scores(s: Sides) -> Float[Any, "b c"]:
    """Return the encoder's similarity of each query and candidate, divided by the temperature."""
    similarities = likeness(s)
    return similarities if s.scale is None else similarities * s.scale


def likeness(s: Sides) -> Float[Any, "b c"]:
    """Return the similarity of each query and each candidate."""
    similarities: Tensor = score_table(s.queries, s.candidates, s.similarity)
    return similarities


def info_nce(
    logits: Float[Any, "b c"], positive: Bool[Any, "b c"], negative: Bool[Any, "b c"], n_positives: int = 1
) -> Float[Any, " b"]:
    """Return for each row −log of the softmax of a positive among the negatives, averaged over its positives.

    Each of the `n_positives` positives competes only with the negatives, not with the other positives; without negatives the loss is 0.

    Source: van den Oord et al. 2018, eq. 4; Karpukhin et al. 2020, eq. 2.

    >>> import torch
    >>> own = torch.eye(4, dtype=torch.bool)
    >>> info_nce(torch.zeros(4, 4), own, ~own).exp().round().int()  # four equal candidates: log 4 each
    tensor([4, 4, 4, 4], dtype=torch.int32)
    """
    import torch
    from torch.nn import functional

    others = logits.masked_fill(~negative, -torch.inf).logsumexp(1, keepdim=True)
    positive_logits = logits[positive].view(-1, n_positives)
    return -functional.logsigmoid(positive_logits - others).mean(1)


def mean_where(values: Float[Any, "b c"], mask: Bool[Any, "b c"]) -> Float[Any, " b"]:
    """Return the mean of each row over its mask; 0 for a row with an empty mask."""
    return values.masked_fill(~mask, 0).sum(1) / mask.sum(1).clamp(min=1)


def one_way(seen: Representations) -> "Tensor":
    """Return InfoNCE of the queries against all candidates, averaged over queries."""
    s = sides(seen)
    return info_nce(scores(s), s.positive, s.negative, s.n_positives).mean()


def both_ways(seen: Representations) -> "Tensor":
    """Return the mean of InfoNCE of queries against candidates and of documents against the queries of the batch.

    Source: Radford et al. 2021, figure 3.
    """
    s = sides(seen)
    logits, n = scores(s), len(seen.documents)
    there = info_nce(logits, s.positive, s.negative, s.n_positives).mean()
    back = info_nce(logits[:, :n].T, s.positive[:, :n].T, s.negative[:, :n].T).mean()
    return (there + back) / 2
