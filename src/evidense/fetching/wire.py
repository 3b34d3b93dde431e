"""Wire: asks an index: from the store where the answer is kept, else over the network, within limits, budgets and patience."""

import os
import threading
import time
from collections import defaultdict
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from importlib import metadata
from types import TracebackType
from urllib.parse import urlencode

from evidense.boundary.offline import is_offline as is_offline_everywhere
from evidense.boundary.offline import without_network
from evidense.fetching.addresses import Place, place_of
from evidense.fetching.connection import Call, Connections
from evidense.fetching.failures import NotAnswered
from evidense.fetching.kept import SECRETS, Kept, KeptAnswers, Question
from evidense.fetching.limits import HostLimits, Meter, Pace
from evidense.fetching.patience import Patience
from evidense.fetching.verdicts import reply_of, without_secrets
from evidense.parts.literature import Manners, Reply, Request
from evidense.records import canonical_json
from evidense.store import Store
from evidense.values.literature import State

WEEK_S = 7 * 86_400.0
_ACCEPT = {"json": "application/json", "xml": "application/xml, text/xml, application/atom+xml", "csv": "text/csv, text/plain", "text": "text/plain",
           "pdf": "application/pdf"}  # fmt: skip
_LARGE = frozenset(["csv", "pdf", "text"])


@dataclass(frozen=True)
class Asked:
    """One request, for the list of what was asked; it holds no secret."""

    source: str
    method: str
    url: str
    state: State
    is_kept: bool
    """The answer came from the store; the index was not asked."""


@dataclass(frozen=True)
class Terms:
    """On which terms a wire works."""

    is_offline: bool = False
    max_requests: int | None = None
    """Requests over the network in all; further ones are "budget spent"."""
    budget_usd: float | None = None
    max_age_s: float = WEEK_S
    """How long a kept answer is used without asking again."""
    patience: Patience = field(default_factory=Patience)


@dataclass
class _Health:
    """How one host has answered this wire."""

    n_failures: int = 0
    rests_until: float = 0.0
    last: NotAnswered | None = None


class IndexWire:
    """How sources reach their indexes; safe for several threads. Use it in a `with` block, or close it."""

    def __init__(self, store: Store, terms: Terms) -> None:
        self.terms = terms
        self.log: list[Asked] = []
        """Every request, kept ones too, in the order of the answers."""
        self._kept = KeptAnswers(store)
        self._folder = store.root / "limits"
        self._connections = Connections(terms.patience)
        self._meters: dict[str, Meter] = defaultdict(lambda: Meter(terms.patience.total_wait_s))
        self._health: dict[str, _Health] = defaultdict(_Health)
        self._spent_usd = 0.0
        self._n_sent = 0
        self._lock = threading.Lock()
        self._forbidden = ExitStack()
        self._is_closed = False

    @property
    def n_requests(self) -> int:
        """Return how often an index was asked over the network, repeated attempts included."""
        return self._n_sent

    def ask(self, request: Request, manners: Manners) -> Reply:
        """Send a request, or say why it was not sent or not answered. It raises nothing for what an index does.

        Raises:
            InvalidInput: the base URL that the environment gives cannot be used.
            MissingExtra: httpx is not installed.
        """
        place, question = place_of(request.source, manners), Question.of(request)
        kept = self._kept.get(question)
        if self.terms.is_offline or is_offline_everywhere() or self._is_closed:
            why = "the audit was stopped" if self._is_closed else "offline, and no answer is kept"
            reply = kept.reply if kept else Reply("not asked", detail=why)
            return self._noted(request, place, reply, is_kept=True)
        usable = kept if kept is not None and kept.is_good and kept.place == place.url else None
        if usable is not None and usable.is_fresh(self.terms.max_age_s):
            return self._noted(request, place, usable.reply, is_kept=True)
        reply = self._asked(request, manners, place, usable)
        if reply.status == 304 and usable is not None:
            reply = self._kept.touch(question, usable)
        elif reply.state in ("found", "not there") or usable is None:
            reply = self._kept.put(question, reply, place.url)
        else:
            reply = usable.reply
        return self._noted(request, place, reply, is_kept=False)

    def close(self) -> None:
        """Close all connections; whoever asks from now on, a thread left behind, gets no new answer."""
        self._is_closed = True
        self._forbidden.close()
        self._connections.close()

    def __enter__(self) -> "IndexWire":
        """Begin; offline, any connection of this process and its children is an error until the end of the block."""
        self._forbidden.enter_context(without_network(self.terms.is_offline))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _asked(self, request: Request, manners: Manners, place: Place, kept: Kept | None) -> Reply:
        try:
            secrets = key_headers(request.source, manners)
            return self._over_network(request, place, manners, secrets, kept)
        except NotAnswered as failure:
            return Reply(failure.state, failure.status, failure.body, detail=failure.detail)

    def _over_network(
        self, request: Request, place: Place, manners: Manners, secrets: dict[str, str], kept: Kept | None
    ) -> Reply:
        """Try, wait and try again, as the index and our patience allow."""
        host, patience = place.shared_name, self.terms.patience
        pace = Pace(None, None) if place.origin.is_loopback else Pace(manners.per_second, manners.at_once)
        with self._lock:
            limits, meter, health = HostLimits(self._folder, host, pace), self._meters[host], self._health[host]
        _check_rest(health)
        call = replace(_call(request, place, kept, patience), secret_headers=secrets, agent=user_agent(manners))
        for attempt in range(patience.n_tries):
            try:
                reply = self._once(request, call, place, limits, meter)
            except NotAnswered as failure:
                if failure.state == "refused" and failure.retry_after_s:
                    limits.close(failure.retry_after_s)
                if not failure.may_retry or attempt == patience.n_tries - 1:
                    raise self._failed(health, failure) from None
                self._pause(failure, attempt, meter, health)
            else:
                self._health[host] = _Health()
                return reply
        raise NotAnswered("unreachable", "it was not tried")

    def _pause(self, failure: NotAnswered, attempt: int, meter: Meter, health: _Health) -> None:
        """Wait as long as the index asks, else for the backoff; give up where that is longer than our patience."""
        pause = self.terms.patience.backoff(attempt) if failure.retry_after_s is None else failure.retry_after_s
        try:
            meter.wait(pause, failure.detail)
        except NotAnswered:
            raise self._failed(health, failure) from None

    def _failed(self, health: _Health, failure: NotAnswered) -> NotAnswered:
        """Count a failure of a host; after several in a row it is left alone for a while."""
        if failure.status != 400 and (failure.state in ("blocked", "unreachable") or failure.status == 429):
            with self._lock:
                health.n_failures += 1
                health.last = failure
                if health.n_failures >= self.terms.patience.n_failures:
                    health.rests_until = time.monotonic() + self.terms.patience.rest_s
        return failure

    def _once(self, request: Request, call: Call, place: Place, limits: HostLimits, meter: Meter) -> Reply:
        limits.wait_for_turn(meter, request.cost_usd)
        with limits.slot(meter):
            self._spend(request)
            raw = self._connections.send(call, place)
        limits.learn(raw.headers)
        if raw.status == 304:
            return Reply("found", 304)
        raw = without_secrets(raw, call.secret_headers)
        try:
            return reply_of(raw, request.expects, bool(call.secret_headers))
        except NotAnswered as failure:
            if failure.state == "budget spent":
                failure.detail = f"429, {limits.spend_all(raw.headers)}"
            raise

    def _spend(self, request: Request) -> None:
        """Count a request against the budget that the user gave.

        Raises:
            NotAnswered: "budget spent".
        """
        terms = self.terms
        with self._lock:
            if terms.max_requests is not None and self._n_sent >= terms.max_requests:
                raise NotAnswered("budget spent", f"the budget of {terms.max_requests:,} requests is spent")
            if terms.budget_usd is not None and self._spent_usd + request.cost_usd > terms.budget_usd:
                raise NotAnswered("budget spent", f"the budget of {terms.budget_usd:g} USD is spent")
            self._n_sent += 1
            self._spent_usd += request.cost_usd

    def _noted(self, request: Request, place: Place, reply: Reply, *, is_kept: bool) -> Reply:
        url, method = shown_url(request, place), "GET" if request.body is None else "POST"
        with self._lock:
            self.log.append(Asked(request.source, method, url, reply.state, is_kept))
        return reply


def open_wire(store: Store | None = None, terms: Terms = Terms()) -> IndexWire:
    """Return a wire that keeps its answers in a store (default: the user's)."""
    return IndexWire(store or Store(), terms)


def key_headers(source: str, manners: Manners) -> dict[str, str]:
    """Return the header that carries the key of the environment; none without a key.

    Raises:
        NotAnswered: "not asked" where the index needs a key and there is none, or it is no header's value.
    """
    key = os.environ.get(manners.key_variable, "").strip() if manners.key_variable else ""
    if not key:
        if manners.needs_key:
            raise NotAnswered("not asked", f"no key in {manners.key_variable or 'the environment'}")
        return {}
    if not key.isascii() or not key.isprintable():
        raise NotAnswered("not asked", f"the key in {manners.key_variable} has letters that no header can carry")
    is_bearer = manners.key_header.lower() in ("authorization", "crossref-plus-api-token")
    return {manners.key_header: f"Bearer {key}" if is_bearer else key}


def shown_url(request: Request, place: Place) -> str:
    """Return the URL of a request without secrets, for people."""
    query = urlencode({k: v for k, v in request.query.items() if k.lower() not in SECRETS})
    return place.below(request.path) + (f"?{query}" if query else "")


def _check_rest(health: _Health) -> None:
    if health.last is not None and time.monotonic() < health.rests_until:
        again = NotAnswered(
            health.last.state, f"left alone after {health.n_failures} failures in a row; the last: {health.last.detail}"
        )
        raise again


def _call(request: Request, place: Place, kept: Kept | None, patience: Patience) -> Call:
    url = place.below(request.path) + (f"?{urlencode(request.query)}" if request.query else "")
    headers = {"accept": _ACCEPT[request.expects], "accept-encoding": "gzip"}
    body = None if request.body is None else canonical_json(request.body).encode()
    if body is not None:
        headers["content-type"] = "application/json"
    if kept is not None:
        headers |= kept.validators
    most = patience.max_body_bytes * (4 if request.expects in _LARGE else 1)
    return Call("GET" if body is None else "POST", url, headers, body, most)


def user_agent(manners: Manners) -> str:
    """Return who asks: the program and, for an index that takes it and if EVIDENSE_MAILTO names one, an address for complaints."""
    try:
        version = metadata.version("evidense")
    except metadata.PackageNotFoundError:
        version = "0"
    mailto = os.environ.get("EVIDENSE_MAILTO", "").strip()
    contact = (
        f"; mailto:{mailto}"
        if manners.takes_mailto and mailto.isascii() and mailto.isprintable() and "@" in mailto
        else ""
    )
    return f"evidense/{version} (https://github.com/evidense/evidense{contact})"
