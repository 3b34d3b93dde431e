"""A server on this machine with `/rerank`, as TEI or as Cohere has it, whose scores are those of a real cross-encoder."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from evidense import registry
from evidense.parts import CandidateList
from evidense.values import Item, Spelling
from fetching.loopback import Loopback, Said, Seen, serving

Change = Callable[[Any, int], Any]
"""An answer and the number of its request → what is sent in its place."""


@dataclass
class RerankServer:
    """Answers with the scores of the model in `folder`, best first; `change` makes a fault of an answer."""

    folder: Path
    form: str = "documents"
    """"documents" (Cohere, Jina, vLLM, Infinity) or "texts" (TEI)."""
    change: Change = lambda answer, number: answer
    is_listwise: bool = False
    """Scores are then those less their mean."""
    counts_tokens: bool = True
    pairs: list[tuple[str, str]] = field(default_factory=list)
    """Every pair that was answered, in order."""
    n_requests: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _model: Any = None

    def __call__(self, seen: Seen) -> Said:
        """Answer a request."""
        asked = json.loads(seen.body)
        with self._lock:
            self.n_requests += 1
            number = self.n_requests
            if seen.path not in ("/rerank", "/v1/rerank"):
                return Said(b'{"error": {"message": "no such path"}}', 404)
            if self.form not in asked:
                return Said(json.dumps({"error": f"missing field `{self.form}`"}).encode(), 422)
            said = self.change(self.answer(asked), number)
            if isinstance(said, Said):
                return said
            self.pairs += [(asked["query"], text) for text in asked[self.form]]
        return Said(json.dumps(said).encode())

    def answer(self, asked: dict[str, Any]) -> Any:
        """Return the right answer."""
        self._model = self._model or registry.open_system(Spelling.parse(f"cross-encoder:{self.folder}"))
        texts = asked[self.form]
        documents = tuple(Item(str(n), text) for n, text in enumerate(texts))
        scores = np.asarray(self._model.scores(CandidateList(Item("q", asked["query"]), documents)), np.float64)
        scores = scores - scores.mean() if self.is_listwise else 1 / (1 + np.exp(-scores))
        best_first = [int(place) for place in np.argsort(-scores)]
        if self.form == "texts":
            return [{"index": place, "score": float(scores[place])} for place in best_first]
        results = [{"index": place, "relevance_score": float(scores[place])} for place in best_first]
        n = sum(len(f"{asked['query']} {text}".split()) for text in texts)
        usage = {"usage": {"total_tokens": n}} if self.counts_tokens else {}
        return {"model": asked["model"], "results": results, **usage}


@contextmanager
def rerank_server(folder: Path, **settings: Any) -> Iterator[tuple[RerankServer, Loopback]]:
    """Run a server in this block."""
    server = RerankServer(folder, **settings)
    with serving(server) as loopback:
        yield server, loopback
