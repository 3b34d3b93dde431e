"""Connection: one attempt over HTTP: to a resolved address, every redirect checked again, within time and size."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

from evidense.errors import MissingExtra
from evidense.fetching.addresses import Origin, Place, resolve
from evidense.fetching.bodies import unpacked
from evidense.fetching.failures import NotAnswered
from evidense.fetching.patience import Patience

if TYPE_CHECKING:
    import ssl

_REDIRECTS = frozenset([301, 302, 303, 307, 308])


@dataclass(frozen=True)
class Call:
    """One request as it goes over the wire."""

    method: str
    url: str
    """With its query."""
    headers: Mapping[str, str]
    body: bytes | None
    most_bytes: int
    agent: str = "evidense"
    secret_headers: Mapping[str, str] = field(default_factory=dict)
    """Sent, like the agent's address, to the origin of the place only, never to where it redirects."""


@dataclass(frozen=True)
class Raw:
    """One answer."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Connections:
    """Keeps connections open, one pool an origin and address."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._clients: dict[tuple[Origin, str], Any] = {}
        self._lock = threading.Lock()
        self._tls: ssl.SSLContext | None = None

    def send(self, call: Call, place: Place) -> Raw:
        """Send a request and follow its redirects.

        Raises:
            NotAnswered: nothing came back within the limits, or it leads to an address that is not allowed.
        """
        for _ in range(self._patience.max_redirects + 1):
            origin = Origin.of(call.url)
            if not place.allows(origin):
                raise NotAnswered("blocked", f"a redirect to '{origin.netloc}', which is neither public nor encrypted")
            raw = self._to_any(call, origin, resolve(origin, place), origin == place.origin)
            if raw.status not in _REDIRECTS or "location" not in raw.headers:
                return raw
            if call.method != "GET":
                raise NotAnswered("blocked", f"a redirect of a posted request, to '{raw.headers['location'][:80]}'")
            call = replace(call, url=urljoin(call.url, raw.headers["location"]))
        raise NotAnswered("blocked", f"more than {self._patience.max_redirects} redirects")

    def close(self) -> None:
        """Close all connections."""
        with self._lock:
            clients, self._clients = list(self._clients.values()), {}
        for client in clients:
            client.close()

    def _to_any(self, call: Call, origin: Origin, addresses: list[str], is_home: bool) -> Raw:
        """Try the addresses of a host in turn; only one that cannot be connected leads to the next."""
        httpx = _httpx()
        for address in addresses[:3]:
            try:
                return self._within(partial(self._once, call, origin, address, is_home), origin, address)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                if address == addresses[:3][-1]:
                    said = f"no connection to '{origin.netloc}' ({_said(error)})"
                    raise NotAnswered("unreachable", said, may_retry=True) from None
            except httpx.TimeoutException:
                raise NotAnswered(
                    "unreachable", f"no answer within {self._patience.silence_s:.0f} s", may_retry=True
                ) from None
            except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, UnicodeError, ValueError) as error:
                raise NotAnswered("unreachable", f"a broken answer ({_said(error)})", may_retry=True) from None
        raise NotAnswered("unreachable", f"'{origin.netloc}' has no address")

    def _within(self, attempt: Callable[[], Raw], origin: Origin, address: str) -> Raw:
        """Run an attempt in a thread that is left behind once its time is over, however slowly it drips."""
        outcome: list[Raw] = []
        failed: list[BaseException] = []

        def run() -> None:
            try:
                outcome.append(attempt())
            except BaseException as error:
                failed.append(error)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        thread.join(self._patience.request_s)
        if outcome:
            return outcome[0]
        if failed:
            raise failed[0]
        with self._lock:
            client = self._clients.pop((origin, address), None)
        if client is not None:
            client.close()
        raise NotAnswered("unreachable", f"no whole answer within {self._patience.request_s:.0f} s")

    def _once(self, call: Call, origin: Origin, address: str, is_home: bool) -> Raw:
        httpx = _httpx()
        client = self._client(origin, address)
        own = {**call.secret_headers, "user-agent": call.agent} if is_home else {"user-agent": "evidense"}
        headers = {**call.headers, **own, "host": origin.netloc}
        url = httpx.URL(call.url).copy_with(host=address)
        request = client.build_request(
            call.method, url, headers=headers, content=call.body, extensions={"sni_hostname": origin.host}
        )
        response = client.send(request, stream=True)
        try:
            until = time.monotonic() + self._patience.request_s
            body = unpacked(_chunks(response, until), response.headers.get("content-encoding", ""), call.most_bytes)
            return Raw(response.status_code, {k.lower(): v for k, v in response.headers.items()}, body)
        finally:
            response.close()
            client.cookies.clear()

    def _client(self, origin: Origin, address: str) -> Any:
        httpx = _httpx()
        with self._lock:
            if (origin, address) not in self._clients:
                times = httpx.Timeout(self._patience.silence_s, connect=min(10.0, self._patience.silence_s))
                self._clients[origin, address] = httpx.Client(
                    verify=self._context(origin), trust_env=False, follow_redirects=False, timeout=times,
                )  # fmt: skip
            return self._clients[origin, address]

    def _context(self, origin: Origin) -> "ssl.SSLContext":
        """Return what encrypts. Reading the certificates that are trusted takes longer than many an answer, and plain HTTP needs none."""
        import ssl

        if origin.scheme == "http":
            return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # trusts nobody
        if self._tls is None:
            self._tls = _httpx().create_ssl_context()
        return self._tls


def _httpx() -> Any:
    try:
        import httpx
    except ImportError:
        raise MissingExtra.named("literature", "asking an index", "httpx") from None
    return httpx


def _chunks(response: Any, until: float) -> Iterator[bytes]:
    for chunk in response.iter_raw():
        if time.monotonic() > until:
            raise NotAnswered("unreachable", "its answer dripped for too long")
        yield chunk


def _said(error: BaseException) -> str:
    return (" ".join(str(error).split()) or type(error).__name__)[:120]
