"""Client: answers of a model behind a server: kept ones from the store, others in batches, several at once, within a budget."""

import hashlib
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from typing import Generic

import numpy as np
from jaxtyping import Float32

from evidense.errors import InvalidInput, UnsafeInput
from evidense.fetching.servers.address import ServerAddress
from evidense.fetching.servers.answers import n_tokens_of
from evidense.fetching.servers.asking import Manner, RefusedContent, ServerWire
from evidense.fetching.servers.budget import TOKENS_PER_BYTE, Purse, Unaffordable, most_tokens
from evidense.fetching.servers.endpoint import Question, ServerEndpoint
from evidense.fetching.servers.kept_vectors import KeptVectors
from evidense.fetching.servers.sentinels import Acquaintances, Identity
from evidense.parts.served import Asked, Bill
from evidense.records import sha256_of
from evidense.store import Store
from evidense.values import Spelling

CHECK_EVERY = 200
"""Requests after which the sentinels are asked again."""
OPTIONS = frozenset({"url", "price", "budget", "per_second", "at_once", "batch", "timeout", "answers_as", "revision"})
"""Options of every model behind a server."""
Advance = Callable[[int], None]
"""Called with the number of questions that were answered since the last call."""


@dataclass(frozen=True)
class ServedModel:
    """Which model a server is asked for."""

    address: ServerAddress
    name: str
    manner: Manner
    purse: Purse
    answers_as: str = ""
    """The name under which it answers, where that is another one."""
    revision: str = ""

    @classmethod
    def of(cls, spelling: Spelling, prefix: str, store: Store) -> "ServedModel":
        """Return the model that `PREFIX:MODEL@url=…` names, with how it is asked and what that may cost.

        Raises:
            InvalidInput: no model or address, or an option without sense.
        """
        options, name = spelling.options, spelling.head.removeprefix(prefix).strip()
        if not name or not options.get("url", "").strip():
            raise InvalidInput(
                f"'{spelling}' names no {'model' if not name else 'address'}. Expected {prefix}MODEL@url=http://HOST:PORT/v1"
            )
        return cls(
            ServerAddress.of(str(spelling), options["url"].strip()),
            name,
            Manner.of(spelling),
            Purse.of(spelling, store.root / "limits"),
            options.get("answers_as", ""),
            options.get("revision", ""),
        )


class ModelClient(Generic[Question]):
    """The answers of one model behind one server. Its methods are called from one thread."""

    def __init__(self, model: ServedModel, endpoint: ServerEndpoint[Question], store: Store) -> None:
        self.model, self.manner, self.purse, self._store = model, model.manner, model.purse, store
        self.endpoint = endpoint
        url, name = model.address.place.url, (*endpoint.kind, model.name, model.revision)
        self._wire = ServerWire(model.address, model.manner, model.purse, store.root / "limits")
        self._acquaintances = Acquaintances(store, name, url, endpoint.apart)
        self._writer = hashlib.sha256(url.encode()).hexdigest()[:8]
        self._identity: Identity | None = None
        self._kept: KeptVectors | None = None
        self._failure: InvalidInput | UnsafeInput | None = None
        """Why the server was not reached, where the store's answers are used all the same."""
        self._form = 0
        """Number of the form in which this server is asked."""
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
                self._identity = self._met(self._sentinels(), last)
            except (InvalidInput, UnsafeInput) as failure:
                if last is None:
                    raise
                self._identity, self._failure = last, failure
                print(
                    f"  ⚠ {_not_reached(failure)}; the store's answers are used, and which model is there was not checked",
                    file=sys.stderr,
                )
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
        key = sha256_of(["served", *self.endpoint.kind, self.model.name, self.model.revision, identity.fingerprint])
        return KeptVectors(self._store.root / "served" / key[:2] / key, identity.n_dims, self._writer)

    def _met(self, rows: Float32[np.ndarray, "ten e"], last: Identity | None) -> Identity:
        """Return the model with these answers to the sentinels; of one that was not here last, whether each answer stands for itself is tried.

        Raises:
            InvalidInput: an answer depends on what is asked beside it.
        """
        part = self.endpoint.part_of_sentinels()
        if part and (last is None or self.endpoint.apart(rows, last.vectors)):
            alone = np.concatenate([rows[: -len(part)], self._asked(part)])
            if difference := self.endpoint.apart(alone, rows):
                raise InvalidInput(
                    f"the server {self.model.address.place.url} answers otherwise where less is asked at once: {difference}. Expected {self.endpoint.expected} "
                    "that stand for themselves; a listwise model cannot be asked in parts: rank with it elsewhere and hand over the run file"
                )
        return self._acquaintances.met(rows)

    def missing(self, questions: Sequence[Question]) -> list[Question]:
        """Return the distinct questions whose answer is not kept, without asking the server: all of them if the store never met it."""
        distinct = list(dict.fromkeys(questions))
        last = self._identity or self._acquaintances.last()
        if last is None or not distinct:
            return distinct
        is_kept = self._kept_of(last).has([self.endpoint.key(question) for question in distinct])
        return [question for question, kept in zip(distinct, is_kept, strict=True) if not kept]

    def bill(self, gathered: Sequence[Sequence[Question]], asked: Asked) -> Bill:
        """Return what questions will cost that are gathered in several turns, beside those that were `asked` for; the server is not asked."""
        name, n_waiting, n_above, wanted = self._name_in_plans(), 0, 0, list[list[Question]]()
        for questions in gathered:
            missing = self.missing(questions)
            waits = self._waits(missing)
            new = list[Question]()
            for question, is_waiting in zip(missing, waits, strict=True):
                key = name + self.endpoint.key(question)
                n_above += key in asked
                n_waiting += is_waiting and key not in asked
                if not is_waiting and key not in asked:
                    new.append(question)
                asked.add(key)
            wanted.append(new)
        n_requests = [sum(1 for _ in self.endpoint.batches(new, self.manner.batch)) for new in wanted]
        n, n_tokens = sum(map(len, wanted)), sum(map(self.estimated_tokens, wanted))
        return replace(self.bill_of(n, n_tokens, n_requests, asked), n_waiting=n_waiting, n_above=n_above)

    def bill_of(self, n: int, n_tokens: int, n_requests: Sequence[int], asked: Asked) -> Bill:
        """Return the bill of so many questions with their requests in each turn. The sentinels are asked first, after some requests, and after each turn."""
        is_first, pace = (name := self._name_in_plans()) not in asked, self._acquaintances.pace()
        asked.add(name)
        n_checks = is_first + sum(1 + turn // CHECK_EVERY for turn in n_requests if turn)
        n_tokens += n_checks * self.estimated_tokens(self.endpoint.sentinels)
        exceeds = str(self.purse.limit) if n and self.purse.exceeds(n_tokens) else ""
        cost, seconds = self.purse.cost(n_tokens), None if pace is None else n * pace
        return Bill(n, n_tokens, sum(n_requests), cost, exceeds, self.endpoint.noun, n_checks=n_checks, seconds=seconds)

    def _name_in_plans(self) -> bytes:
        """Return what all that share the kept answers of this model have in common."""
        last = self._identity or self._acquaintances.last()
        model = (*self.endpoint.kind, self.model.name, self.model.revision)
        return bytes.fromhex(sha256_of([*model, last.fingerprint if last else self.model.address.place.url]))

    def _waits(self, questions: Sequence[Question]) -> list[bool]:
        """Say of each question whether a killed run was answered, without that its answer counts yet."""
        last = self._identity or self._acquaintances.last()
        if last is None:
            return [False] * len(questions)
        waiting = self._kept_of(last).waiting()
        return [self.endpoint.key(question) in waiting for question in questions]

    def answers(self, questions: Sequence[Question]) -> Float32[np.ndarray, "n e"]:
        """Return a row for each question; those that are not kept are asked."""
        keys = [self.endpoint.key(question) for question in questions]
        rows, is_there = self.kept.get(keys)
        if not is_there.all():
            lost = [question for question, there in zip(questions, is_there, strict=True) if not there]
            self.gather(lost, damaged=True)
            rows, is_there = self.kept.get(keys)
            if not is_there.all():
                raise InvalidInput(
                    "answers that were just kept cannot be read. Expected a sound disk; look at it and run again"
                )
        return rows

    def gather(self, questions: Sequence[Question], advance: Advance | None = None, *, damaged: bool = False) -> None:
        """Have the answers to questions kept. The sentinels are asked again at the end; only then the answers count.

        Raises:
            InvalidInput: the server fails or changes, or the budget ends.
        """
        identity, distinct = self.identity, list(dict.fromkeys(questions))
        wanted = distinct if damaged else self._not_kept(distinct)
        if advance and len(wanted) < len(distinct):
            advance(len(distinct) - len(wanted))
        if not wanted:
            return
        if self._failure is not None:
            raise self._failure
        self._refuse_beyond_budget(wanted)
        began = time.perf_counter()
        try:
            self._ask_all(wanted, identity, advance)
            self._check(identity)
            self.kept.confirm()
            self._acquaintances.note_pace((time.perf_counter() - began) / len(wanted))
        finally:
            self.kept.close()
            self.kept.refresh()

    def _not_kept(self, distinct: Sequence[Question]) -> list[Question]:
        if not distinct:
            return []
        self.kept.refresh()
        is_kept = self.kept.has([self.endpoint.key(question) for question in distinct])
        return [question for question, kept in zip(distinct, is_kept, strict=True) if not kept]

    def estimated_tokens(self, questions: Sequence[Question]) -> int:
        """Return about how many tokens questions have."""
        return int(sum(map(self.endpoint.n_bytes, questions)) * TOKENS_PER_BYTE) + 2 * len(questions)

    def _refuse_beyond_budget(self, questions: Sequence[Question]) -> None:
        n = self.estimated_tokens(questions)
        if self.purse.exceeds(n):
            raise InvalidInput(
                f"{len(questions):,} {self.endpoint.noun} have about {n:,} tokens{_usd(self.purse.cost(n))}, which exceeds the budget of {self.purse.limit} "
                f"({self.purse.n_tokens:,} tokens are spent). Nothing of it was sent; raise @budget, or take fewer {self.endpoint.noun}"
            )

    def _ask_all(self, questions: Sequence[Question], identity: Identity, advance: Advance | None) -> None:
        """Ask in batches, several at once. After a fault nothing more is sent, and what is under way is kept."""
        n_since_check = 0
        with ThreadPoolExecutor(self.manner.at_once) as pool:
            under_way: set[Future[int]] = set()
            try:
                for batch in self.endpoint.batches(questions, self.manner.batch):
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

    def _ask_and_keep(self, questions: Sequence[Question], identity: Identity) -> int:
        """Ask a batch; one that is refused or too dear is halved, so that the message names a question."""
        try:
            rows = self._asked(questions)
        except RefusedContent as refusal:
            if len(questions) == 1:
                raise self._refused(refusal, questions[0]) from None
        except Unaffordable:
            if len(questions) == 1:
                raise self._spent() from None
        else:
            self.endpoint.refuse_unlike(rows, questions, identity)
            with self._lock:
                self.kept.put([self.endpoint.key(question) for question in questions], rows)
            return len(questions)
        middle = len(questions) // 2
        return self._ask_and_keep(questions[:middle], identity) + self._ask_and_keep(questions[middle:], identity)

    def _asked(self, questions: Sequence[Question]) -> Float32[np.ndarray, "n e"]:
        path, body = self.endpoint.request(questions, self.model.name, self.endpoint.forms[self._form])
        reserved = most_tokens(sum(map(self.endpoint.n_bytes, questions)), len(questions))
        self.purse.reserve(reserved)
        spent = 0
        try:
            value = self._wire.post(path, body, reserved)
            spent = n_tokens_of(value) or reserved
        finally:
            self.purse.settle(reserved, spent)
        return self.endpoint.answers(value, questions, self.model.answers_as or self.model.name)

    def _sentinels(self) -> Float32[np.ndarray, "ten e"]:
        """Return the answers to the sentinels."""
        self.model.address.require_consent()
        try:
            return self._sentinels_in_some_form()
        except RefusedContent as refusal:
            raise self._refused(refusal, None) from None
        except Unaffordable:
            raise self._spent() from None

    def _sentinels_in_some_form(self) -> Float32[np.ndarray, "ten e"]:
        """Ask the sentinels in the form of before, then in those that follow it; if all are refused, perhaps ten are too many at once."""
        for form in range(self._form, len(self.endpoint.forms)):
            self._form = form
            try:
                return self._asked(self.endpoint.sentinels)
            except RefusedContent as refusal:
                if refusal.status == 404:
                    raise
        for form in range(len(self.endpoint.forms)):
            self._form = form
            try:
                first = self._asked(self.endpoint.sentinels[:1])
            except RefusedContent:
                if form + 1 == len(self.endpoint.forms):
                    self._form = 0
                    raise
            else:
                return np.concatenate([first, *(self._asked([question]) for question in self.endpoint.sentinels[1:])])
        raise AssertionError("the last form returns or raises")

    def _check(self, identity: Identity) -> None:
        """Ask the sentinels again.

        Raises:
            InvalidInput: their vectors have changed.
        """
        now = self._sentinels()
        difference = self.endpoint.apart(now, identity.vectors)
        if not difference:
            return
        self._acquaintances.met(now)
        raise InvalidInput(
            f"the server {self.model.address.place.url} changed its model '{self.model.name}' while it was asked: {difference}. Expected the same "
            f"{self.endpoint.same}. Answers since the last check do not count; run again once the server stays as it is"
        )

    def _refused(self, refusal: RefusedContent, question: Question | None) -> InvalidInput:
        what = f" {self.endpoint.shown(question)}" if question is not None else f" the model '{self.model.name}'"
        said = f": {refusal.said}" if refusal.said else ""
        if refusal.status == 404 and question is None:
            path, _ = self.endpoint.request(
                self.endpoint.sentinels[:1], self.model.name, self.endpoint.forms[self._form]
            )
            return InvalidInput(
                f"the server answers 404{said} to POST {self.model.address.place.url.rstrip('/')}/{path.lstrip('/')}: it has no such path, or no model "
                f"'{self.model.name}'. Expected {self.endpoint.expected}; {self.endpoint.advice}"
            )
        advice = self.endpoint.advice if question is None else "cut it with @truncate=CHARACTERS, or mend the text"
        return InvalidInput(
            f"the server {self.model.address.place.url} refuses{what} ({refusal.status}{said}). Expected {self.endpoint.expected}; {advice}"
        )

    def _spent(self) -> InvalidInput:
        purse = self.purse
        return InvalidInput(
            f"the next request could exceed the budget of {purse.limit}: {purse.n_tokens:,} tokens{_usd(purse.cost(purse.n_tokens))} in "
            f"{purse.n_requests:,} requests are spent. Their answers are kept; raise @budget and run again: nothing is paid twice"
        )


def _not_reached(failure: Exception) -> str:
    return str(failure).partition(". Expected")[0]


def _usd(cost: float | None) -> str:
    return "" if cost is None else f" ({cost:.4g} USD)"


def _advanced(under_way: "set[Future[int]]", advance: Advance | None, until: str) -> "set[Future[int]]":
    done, left = wait(under_way, return_when=until)
    for future in done:
        n = future.result()
        if advance:
            advance(n)
    return left
