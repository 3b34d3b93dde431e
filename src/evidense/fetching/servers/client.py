"""Client: vectors of texts from a server: kept ones from the store, others in batches, several at once, within a budget."""

import hashlib
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float32

from evidense.errors import InvalidInput, UnsafeInput
from evidense.fetching.servers.address import ServerAddress
from evidense.fetching.servers.answers import n_tokens_of, shown, vectors_of
from evidense.fetching.servers.asking import Manner, RefusedContent, ServerWire
from evidense.fetching.servers.budget import TOKENS_PER_BYTE, Purse, Unaffordable, most_tokens
from evidense.fetching.servers.kept_vectors import KeptVectors, key_of
from evidense.fetching.servers.sentinels import TEXTS, Acquaintances, Identity, apart
from evidense.records import sha256_of
from evidense.store import Store

CHECK_EVERY = 200
"""Requests after which the sentinels are asked again."""
Advance = Callable[[int], None]
"""Called with the number of texts that were answered since the last call."""


@dataclass(frozen=True)
class ServedModel:
    """Which model a server is asked for."""

    address: ServerAddress
    name: str
    answers_as: str = ""
    """The name under which it answers, where that is another one."""
    revision: str = ""


class EmbeddingClient:
    """The vectors of one model behind one server. Its methods are called from one thread."""

    def __init__(self, model: ServedModel, manner: Manner, purse: Purse, store: Store) -> None:
        self.model, self.manner, self.purse, self._store = model, manner, purse, store
        url, name = model.address.place.url, (model.name, model.revision)
        self._wire = ServerWire(model.address, manner, purse, store.root / "limits")
        self._acquaintances = Acquaintances(store, name, url)
        self._writer = hashlib.sha256(url.encode()).hexdigest()[:8]
        self._identity: Identity | None = None
        self._kept: KeptVectors | None = None
        self._failure: InvalidInput | UnsafeInput | None = None
        """Why the server was not reached, where the store's answers are used all the same."""
        self._format = "base64"
        self._batch = manner.batch
        self._lock = threading.Lock()

    @property
    def identity(self) -> Identity:
        """Return the model behind the server: it is asked for its sentinels once. Not reached, it is the one that was last there.

        Raises:
            InvalidInput, UnsafeInput: it was not reached, and the store has never met it.
        """
        if self._identity is None:
            last = self._acquaintances.last()
            try:
                self._identity = self._acquaintances.met(self._sentinels())
            except (InvalidInput, UnsafeInput) as failure:
                if last is None:
                    raise
                self._identity, self._failure = last, failure
            else:
                is_same = last is None or last.fingerprint == self._identity.fingerprint
                if last is not None and not is_same:
                    self._kept_of(last).settle(is_same=False)
                self.kept.settle(is_same=is_same)
        return self._identity

    @property
    def kept(self) -> KeptVectors:
        """Return what the store holds of this model."""
        if self._kept is None:
            self._kept = self._kept_of(self.identity)
        return self._kept

    def _kept_of(self, identity: Identity) -> KeptVectors:
        key = sha256_of(["served", self.model.name, self.model.revision, identity.fingerprint])
        return KeptVectors(self._store.root / "served" / key[:2] / key, identity.n_dims, self._writer)

    def missing(self, texts: Sequence[str]) -> list[str]:
        """Return the distinct texts that are not kept, without asking the server: all of them if the store never met it."""
        distinct = list(dict.fromkeys(texts))
        last = self._identity or self._acquaintances.last()
        if last is None or not distinct:
            return distinct
        is_kept = self._kept_of(last).has([key_of(text) for text in distinct])
        return [text for text, kept in zip(distinct, is_kept, strict=True) if not kept]

    def vectors(self, texts: Sequence[str]) -> Float32[np.ndarray, "n e"]:
        """Return a vector of each text; those that are not kept are asked for."""
        keys = [key_of(text) for text in texts]
        vectors, is_there = self.kept.get(keys)
        if not is_there.all():
            self.gather([text for text, there in zip(texts, is_there, strict=True) if not there], damaged=True)
            vectors, is_there = self.kept.get(keys)
            if not is_there.all():
                raise InvalidInput(
                    "vectors that were just kept cannot be read. Expected a sound disk; look at it and run again"
                )
        return vectors

    def gather(self, texts: Sequence[str], advance: Advance | None = None, *, damaged: bool = False) -> None:
        """Have the vectors of texts kept. The sentinels are asked again at the end; only then the vectors count.

        Raises:
            InvalidInput: the server fails or changes, or the budget ends.
        """
        identity, distinct = self.identity, list(dict.fromkeys(texts))
        wanted = distinct if damaged else self._not_kept(distinct)
        if advance and len(wanted) < len(distinct):
            advance(len(distinct) - len(wanted))
        if not wanted:
            return
        if self._failure is not None:
            raise self._failure
        self._refuse_beyond_budget(wanted)
        try:
            self._ask_all(wanted, identity, advance)
            self._check(identity)
            self.kept.confirm()
        finally:
            self.kept.close()
            self.kept.refresh()

    def _not_kept(self, distinct: Sequence[str]) -> list[str]:
        if not distinct:
            return []
        self.kept.refresh()
        is_kept = self.kept.has([key_of(text) for text in distinct])
        return [text for text, kept in zip(distinct, is_kept, strict=True) if not kept]

    def estimated_tokens(self, texts: Sequence[str]) -> int:
        """Return about how many tokens texts have."""
        return int(sum(len(text.encode("utf-8", "replace")) for text in texts) * TOKENS_PER_BYTE) + 2 * len(texts)

    def _refuse_beyond_budget(self, texts: Sequence[str]) -> None:
        n = self.estimated_tokens(texts)
        if self.purse.exceeds(n):
            raise InvalidInput(
                f"{len(texts):,} texts have about {n:,} tokens{_usd(self.purse.cost(n))}, which exceeds the budget of {self.purse.limit} "
                f"({self.purse.n_tokens:,} tokens are spent). Nothing of it was sent; raise @budget, or take fewer texts"
            )

    def _ask_all(self, texts: Sequence[str], identity: Identity, advance: Advance | None) -> None:
        """Ask in batches, several at once. After a fault nothing more is sent, and what is under way is kept."""
        n_since_check = 0
        with ThreadPoolExecutor(self.manner.at_once) as pool:
            under_way: set[Future[int]] = set()
            try:
                for batch in _batches(texts, self._batch):
                    under_way.add(pool.submit(self._ask_and_keep, batch, identity))
                    n_since_check += 1
                    if len(under_way) >= 2 * self.manner.at_once:
                        under_way = _advanced(under_way, advance, FIRST_COMPLETED)
                    if n_since_check >= CHECK_EVERY:
                        n_since_check = 0
                        n_put = self.kept.n_put
                        self._check(identity)
                        self.kept.confirm(n_put)
                while under_way:
                    under_way = _advanced(under_way, advance, FIRST_COMPLETED)
            except BaseException:
                pool.shutdown(wait=True, cancel_futures=True)
                raise

    def _ask_and_keep(self, texts: Sequence[str], identity: Identity) -> int:
        """Ask for the vectors of a batch; one that is refused or too dear is halved, so that the message names a text."""
        try:
            vectors = self._asked(texts)
        except RefusedContent as refusal:
            if len(texts) == 1:
                raise self._refused(refusal, texts[0]) from None
        except Unaffordable:
            if len(texts) == 1:
                raise self._spent() from None
        else:
            self._check_like(vectors, texts, identity)
            with self._lock:
                self.kept.put([key_of(text) for text in texts], vectors)
            return len(texts)
        middle = len(texts) // 2
        return self._ask_and_keep(texts[:middle], identity) + self._ask_and_keep(texts[middle:], identity)

    def _asked(self, texts: Sequence[str]) -> Float32[np.ndarray, "n e"]:
        body: dict[str, Any] = {"model": self.model.name, "input": list(texts), "encoding_format": self._format}
        n_bytes = sum(len(text.encode("utf-8", "replace")) for text in texts)
        reserved = most_tokens(n_bytes, len(texts))
        self.purse.reserve(reserved)
        spent = 0
        try:
            value = self._wire.post("embeddings", body, reserved)
            spent = n_tokens_of(value) or reserved
        finally:
            self.purse.settle(reserved, spent)
        return vectors_of(value, texts, self.model.answers_as or self.model.name)

    def _sentinels(self) -> Float32[np.ndarray, "ten e"]:
        """Return the vectors of the sentinels; a server that knows no base64 is asked for numbers."""
        self.model.address.require_consent()
        try:
            try:
                return self._asked(TEXTS)
            except RefusedContent as refusal:
                if self._format == "float" or refusal.status == 404:
                    raise
                self._format = "float"
                try:
                    return self._asked(TEXTS)
                except RefusedContent:  # not the format: perhaps ten texts are too many at once
                    self._format = "base64"
                    return np.concatenate([self._asked([text]) for text in TEXTS])
        except RefusedContent as refusal:
            raise self._refused(refusal, "") from None
        except Unaffordable:
            raise self._spent() from None

    def _check(self, identity: Identity) -> None:
        """Ask the sentinels again.

        Raises:
            InvalidInput: their vectors have changed.
        """
        now = self._sentinels()
        difference = apart(now, identity.vectors)
        if not difference:
            return
        self._acquaintances.met(now)
        raise InvalidInput(
            f"the server {self.model.address.place.url} changed its model '{self.model.name}' while it was asked: {difference}. Expected the same "
            "vectors (cosine at least .9999). Answers since the last check do not count; run again once the server stays as it is"
        )

    def _check_like(self, vectors: np.ndarray, texts: Sequence[str], identity: Identity) -> None:
        """Refuse vectors of other dimensions or of another length than those of the sentinels.

        Raises:
            InvalidInput: it is one of these.
        """
        if vectors.shape[1] != identity.n_dims:
            raise InvalidInput(
                f"the server sent vectors of {vectors.shape[1]} dimensions, and of {identity.n_dims} for the sentinels. Expected one number; "
                "look whether it changed its model"
            )
        lengths = np.linalg.norm(vectors, axis=1)
        if identity.is_unit and (odd := (np.abs(lengths - 1) > 0.01) & (lengths > 0)).any():
            row = int(np.flatnonzero(odd)[0])
            raise InvalidInput(
                f"the server sent a vector of length {lengths[row]:.3g} for {shown(texts[row])}, and unit vectors for the sentinels. Expected unit "
                "vectors; look whether it changed its model"
            )

    def _refused(self, refusal: RefusedContent, text: str) -> InvalidInput:
        what = f" {shown(text)}" if text else f" the model '{self.model.name}'"
        said = f": {refusal.said}" if refusal.said else ""
        advice = (
            "cut it with @truncate=CHARACTERS, or mend the text"
            if text
            else "look at the name of the model, and whether @url ends in /v1"
        )
        return InvalidInput(
            f"the server {self.model.address.place.url} refuses{what} ({refusal.status}{said}). Expected vectors; {advice}"
        )

    def _spent(self) -> InvalidInput:
        purse = self.purse
        return InvalidInput(
            f"the next request could exceed the budget of {purse.limit}: {purse.n_tokens:,} tokens{_usd(purse.cost(purse.n_tokens))} in "
            f"{purse.n_requests:,} requests are spent. Their answers are kept; raise @budget and run again: nothing is paid twice"
        )


def _usd(cost: float | None) -> str:
    return "" if cost is None else f" ({cost:.4g} USD)"


def _batches(texts: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    yield from (texts[start : start + size] for start in range(0, len(texts), size))


def _advanced(under_way: "set[Future[int]]", advance: Advance | None, until: str) -> "set[Future[int]]":
    done, left = wait(under_way, return_when=until)
    for future in done:
        n = future.result()
        if advance:
            advance(n)
    return left
