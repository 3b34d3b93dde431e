"""A reranker behind a server with `/rerank` (`rerank:MODEL@url=…@first=bm25@depth=100`): TEI, vLLM, Infinity, llama.cpp, Jina, Cohere, Voyage."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float32

from evidense.compute.progress import Clock, Progress
from evidense.compute.texts.plain_texts import prompted_texts
from evidense.compute.texts.too_long import TooLong
from evidense.fetching.servers.client import OPTIONS, ModelClient, ServedModel
from evidense.fetching.servers.reranking import QueryDocument, RerankEndpoint
from evidense.parts import CandidateList, Setup
from evidense.parts.served import UNSEEN, Asked, Bill
from evidense.rankers._first_stage import FirstStage
from evidense.records import sha256_of
from evidense.store import Store
from evidense.values import Collection, Item, Spelling

VERSION = 1
"""Rises with every change that changes a score."""
_PREFIX = "rerank:"
_SAMPLE = 64
"""Documents whose lengths stand for those of a first list that is not known yet."""


@dataclass(frozen=True, eq=False)
class RerankModel:
    """A model behind a server. It is asked when its scores or its fingerprint are first needed."""

    name: str
    client: ModelClient[QueryDocument]
    stage: FirstStage
    too_long: TooLong

    @property
    def first(self) -> str:
        """Spelling of the system whose lists it reorders."""
        return self.stage.first

    @property
    def n_reranked(self) -> int:
        """Number of documents at the head of each list that it scores."""
        return self.stage.depth

    @cached_property
    def fingerprint(self) -> str:
        """sha256 over the sentinels' scores and every setting that changes a score."""
        model = self.client.model
        settings = [*self.stage.prompts, self.too_long.n_characters, self.too_long.is_refused]
        return sha256_of(["rerank", VERSION, model.name, model.revision, self.client.identity.fingerprint, *map(str, settings)])  # fmt: skip

    @property
    def setup(self) -> Setup:
        """Say how it is run."""
        known = f"known by its scores of ten pairs, {self.client.identity.fingerprint[:12]}"
        return Setup(
            query_prompt=self.stage.prompts[0],
            document_prompt=self.stage.prompts[1],
            similarity="score of a reranker behind a server",
            warnings=(f"{UNSEEN} ({known}): {self.too_long.words}",),
        )

    def scores(self, candidates: CandidateList) -> Float32[np.ndarray, " d"]:
        """Return one score per document; those that are not kept are asked.

        Raises:
            InvalidInput: an item without text, a text that is too long, or a fault of the server.
        """
        return self.client.answers(list(self.pairs(candidates)))[:, 0]

    def gather(self, several: Sequence[CandidateList], progress: Progress | None = None) -> None:
        """Ask for all scores that the user's store does not hold, several queries at once."""
        pairs = [pair for candidates in several for pair in self.pairs(candidates)]
        clock = Clock(len(dict.fromkeys(pairs)), 0.0, progress)
        clock.start(0)
        self.client.gather(pairs, clock.advance)

    def pairs(self, candidates: CandidateList) -> Iterator[QueryDocument]:
        """Yield query and document as they are sent.

        Raises:
            InvalidInput: an item without text, or a text that is too long.
        """
        (query,) = self._texts([candidates.query], 0)
        for document in self._texts(candidates.documents, 1):
            yield QueryDocument(query, document)

    def _texts(self, items: Sequence[Item], side: int) -> list[str]:
        return self.too_long.applied(prompted_texts(items, self.stage.prompts[side]))

    def bill_of_pairs(self, collection: Collection, several: Sequence[CandidateList] | None, asked: Asked) -> Bill:
        """Return what the first lists of a collection will cost; where they are not known yet, the most that it could be, at the mean length."""
        if several is not None:
            return self.client.bill([[pair for candidates in several for pair in self.pairs(candidates)]], asked)
        n = min(self.n_reranked, len(collection.corpus))
        places = np.unique(np.linspace(0, len(collection.corpus) - 1, _SAMPLE if n else 0).astype(int))
        documents = self._texts([collection.corpus[int(place)] for place in places], 1)
        sample = [QueryDocument(query, text) for query in self._texts(collection.queries, 0) for text in documents]
        n_pairs = n * len(collection.queries)
        n_tokens = round(self.client.estimated_tokens(sample) / max(1, len(sample)) * n_pairs)
        n_requests = len(collection.queries) * -(-n // self.client.manner.batch)
        return self.client.bill_of(n_pairs, n_tokens, [n_requests], asked)


@dataclass(frozen=True)
class RerankPart:
    """Opens `rerank:MODEL@url=http://HOST:PORT`; nothing is asked yet."""

    name: str = "rerank"
    spellings: tuple[str, ...] = (
        "rerank:BAAI/bge-reranker-v2-m3@url=http://127.0.0.1:8080@first=bm25@depth=100",
        "rerank:jina-reranker-v2-base-multilingual@url=https://api.jina.ai/v1@price=0.02@budget=0.50",
    )

    def recognises(self, spelling: Spelling) -> bool:
        """Say whether the spelling begins with `rerank:`."""
        return spelling.head.startswith(_PREFIX)

    def open(self, spelling: Spelling) -> RerankModel:
        """Read the spelling.

        Raises:
            InvalidInput: no model or address, or an option without sense.
        """
        stage = FirstStage.of(spelling, OPTIONS | {"truncate"})
        store = Store()
        client = ModelClient(ServedModel.of(spelling, _PREFIX, store), RerankEndpoint(), store)
        return RerankModel(str(spelling), client, stage, TooLong.of(spelling.options.get("truncate")))


PART = RerankPart()
