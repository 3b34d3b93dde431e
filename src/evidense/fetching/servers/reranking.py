"""Reranking: pairs of query and document to scores by `POST /rerank`, as Text Embeddings Inference or as Cohere has it."""

import hashlib
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any, ClassVar, NamedTuple

import numpy as np
from jaxtyping import Float32, Float64

from evidense.errors import InvalidInput
from evidense.fetching.servers.answers import refuse_another_model, shown
from evidense.fetching.servers.kept_vectors import KEY_BYTES
from evidense.fetching.servers.sentinels import TEXTS, Identity

QUERY = "What does a dense retriever do with queries and documents?"
"""The query of the sentinels: their scores range from an answer to nonsense."""
SAME_SCORE = 0.01
"""Scores of one model differ by at most this share of the range of the sentinels' scores: servers in 16 bits sum in another order from call
to call. Probabilities are compared as logits, since those of most sentinels are nearly 0."""
_LEAST, _MOST = 1e-7, 1 - 1e-4
"""Probabilities beyond are taken for these, since a server rounds them."""
_ALONE = 3
"""Sentinels that are asked alone, too."""
_ADVICE = "look at the server"


class QueryDocument(NamedTuple):
    """A query and a document, as they are sent."""

    query: str
    document: str


class RerankEndpoint:
    """The endpoint of a reranker. A question is a pair; one request has the documents of one query.

    Source: the OpenAPI of Text Embeddings Inference (`POST /rerank`, `texts`); Cohere, "Rerank" (`documents`), as Jina, vLLM, Infinity, llama.cpp
    and Voyage have it too.
    """

    kind: ClassVar[tuple[str, ...]] = ("rerank",)
    noun: ClassVar[str] = "pairs of query and document"
    expected: ClassVar[str] = "scores"
    same: ClassVar[str] = f"scores (within {SAME_SCORE:.0%} of their range)"
    advice: ClassVar[str] = (
        "look at the name of the model, and whether /rerank stands below @url (http://HOST:PORT, or http://HOST:PORT/v1)"
    )
    forms: ClassVar[tuple[str, ...]] = ("documents", "texts")
    sentinels: ClassVar[Sequence[QueryDocument]] = tuple(QueryDocument(QUERY, text) for text in TEXTS)

    def key(self, question: QueryDocument) -> bytes:
        """Return the key of a pair."""
        query, document = (text.encode("utf-8", "surrogatepass") for text in question)
        return hashlib.blake2b(len(query).to_bytes(8, "big") + query + document, digest_size=KEY_BYTES).digest()

    def n_bytes(self, question: QueryDocument) -> int:
        """Return the bytes of both texts in UTF-8; a model reads the query once for each document."""
        return sum(len(text.encode("utf-8", "replace")) for text in question)

    def shown(self, question: QueryDocument) -> str:
        """Return the beginning of both texts, and their lengths."""
        return f"the query {shown(question.query)} with {shown(question.document)}"

    def batches(self, questions: Sequence[QueryDocument], size: int) -> Iterator[Sequence[QueryDocument]]:
        """Yield so many documents of one query at a time."""
        for _, group in groupby(questions, key=lambda pair: pair.query):
            pairs = list(group)
            yield from (pairs[start : start + size] for start in range(0, len(pairs), size))

    def request(self, questions: Sequence[QueryDocument], model: str, form: str) -> tuple[str, dict[str, Any]]:
        """Return path and body."""
        texts = [pair.document for pair in questions]
        body = {"query": questions[0].query, form: texts}
        return "rerank", body if form == "texts" else {"model": model, **body}

    def answers(self, value: Any, questions: Sequence[QueryDocument], model: str) -> Float32[np.ndarray, "n 1"]:
        """Return the score of each pair; raises as `scores_of` does."""
        return scores_of(value, questions, model)[:, None]

    def apart(self, now: Float32[np.ndarray, "ten 1"], then: Float32[np.ndarray, "ten 1"]) -> str:
        """Return in words how the sentinels' scores differ; "" if they are the same within the tolerance."""
        line, n = _on_a_line(np.concatenate([now, then])), len(then)
        differences = np.abs(line[:n] - line[n:])
        if differences.max() <= SAME_SCORE * np.ptp(line[n:]):
            return ""
        worst = int(differences.argmax())
        return f"'{TEXTS[worst]!s:.40}' has the score {float(now[worst, 0]):.4g}, and had {float(then[worst, 0]):.4g}"

    def refuse_unlike(
        self, rows: Float32[np.ndarray, "n 1"], questions: Sequence[QueryDocument], identity: Identity
    ) -> None:
        """Accept every score: any number may be one."""

    def part_of_sentinels(self) -> Sequence[QueryDocument]:
        """Return the last sentinels: a listwise model gives them other scores without those before them."""
        return self.sentinels[-_ALONE:]


def scores_of(value: Any, pairs: Sequence[QueryDocument], model: str) -> Float32[np.ndarray, " n"]:
    """Return one score per pair, in the order of the pairs, whatever the order of the answer.

    Raises:
        InvalidInput: another model, another number of scores, an index that is none or comes twice, NaN.
    """
    rows = value if isinstance(value, list) else None
    if isinstance(value, dict):
        rows = next((value[key] for key in ("results", "data") if isinstance(value.get(key), list)), None)
        refuse_another_model(value.get("model"), model)
    if rows is None or not all(isinstance(row, dict) for row in rows):
        raise InvalidInput(f"the server's answer holds no list of scores. Expected 'results', or a list alone; {_ADVICE}, or correct @url")  # fmt: skip
    if len(rows) != len(pairs):
        raise InvalidInput(
            f"the server sent {len(rows)} scores for {len(pairs)} documents. Expected one each; {_ADVICE} (does it keep the best only, as with top_n?)"
        )
    indexes = [row.get("index") for row in rows]
    if sorted(i for i in indexes if isinstance(i, int) and not isinstance(i, bool)) != list(range(len(rows))):
        raise InvalidInput(
            f"the server numbers its {len(rows)} scores {', '.join(map(str, indexes[:5]))} …. Expected each 'index' from 0 to {len(rows) - 1} once; {_ADVICE}"
        )
    scores = np.empty(len(rows), np.float32)
    for row in rows:
        scores[row["index"]] = _score(row)
    if not np.isfinite(scores).all():
        pair = pairs[int(np.flatnonzero(~np.isfinite(scores))[0])]
        raise InvalidInput(
            f"the server sent NaN or infinity for {(~np.isfinite(scores)).sum()} documents, as {shown(pair.document)}. Expected finite numbers; "
            f"{_ADVICE}, or at these texts"
        )
    return scores


def _score(row: dict[str, Any]) -> float:
    score = next((row[key] for key in ("relevance_score", "score") if key in row), None)
    if isinstance(score, bool) or not isinstance(score, int | float):
        raise InvalidInput(f"the server sent the score {str(score)[:40]!r}. Expected a number as 'relevance_score' or 'score'; {_ADVICE}")  # fmt: skip
    with np.errstate(over="ignore"):
        return float(np.float32(score))


def _on_a_line(scores: Float32[np.ndarray, "n 1"]) -> Float64[np.ndarray, " n"]:
    """Return scores on a scale on which equal differences matter equally: logits, if all of them are probabilities."""
    line = scores[:, 0].astype(np.float64)
    if not ((line >= 0) & (line <= 1)).all():
        return line
    line = np.clip(line, _LEAST, _MOST)
    return np.asarray(np.log(line / (1 - line)))
