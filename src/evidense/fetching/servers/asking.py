"""Asking: posts one request to a server, as often as is right, and returns its JSON."""

import math
import time
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from evidense.boundary.documents import parsed
from evidense.boundary.numbers import finite_number
from evidense.errors import InvalidInput, MissingExtra
from evidense.fetching.addresses import is_public
from evidense.fetching.connection import Call, Connections
from evidense.fetching.failures import NotAnswered
from evidense.fetching.limits import HostLimits, Meter, Pace
from evidense.fetching.patience import MIB, Patience
from evidense.fetching.servers.address import ServerAddress
from evidense.fetching.servers.budget import Purse
from evidense.fetching.verdicts import reply_of, without_secrets
from evidense.parts.literature import Reply
from evidense.records import canonical_json
from evidense.values import Spelling

TRIES = 6
_UNREACHED_TRIES = 3
"""Where nobody listens."""
_LONGEST_PAUSE_S = 600.0
"""A Retry-After beyond this is an error with its words, not a wait."""
_SHOWN = 200
_BOUNDS = {"per_second": (0.001, 10_000.0), "at_once": (1, 64), "batch": (1, 2048), "timeout": (1, 3600)}
"""Option → the least and the most that it may be."""


class RefusedContent(Exception):
    """The server refuses this request for its content (400, 404, 413, 422); it never leaves `servers`."""

    def __init__(self, status: int, said: str) -> None:
        super().__init__(said)
        self.status, self.said = status, said


@dataclass(frozen=True)
class Manner:
    """How a server is asked; no vector depends on it."""

    per_second: float | None = None
    at_once: int = 4
    batch: int = 32
    timeout_s: float = 120.0

    @classmethod
    def of(cls, spelling: Spelling) -> "Manner":
        """Return how the options of a spelling say that a server is asked.

        Raises:
            InvalidInput: a number that is none, or out of its bounds; all at once.
        """
        numbers, mistakes = dict[str, float](), list[str]()
        for key, (least, most) in _BOUNDS.items():
            if key in spelling.options:
                number = finite_number(spelling.options[key])
                is_whole = key in ("per_second", "timeout") or number is None or number == int(number)
                if number is None or not least <= number <= most or not is_whole:
                    mistakes.append(f"@{key}={spelling.options[key]}: expected a number from {least:g} to {most:g}")
                else:
                    numbers[key] = number
        if mistakes:
            raise InvalidInput.all_of(f"'{spelling}'", mistakes)
        return cls(
            numbers.get("per_second"), int(numbers.get("at_once", 4)), int(numbers.get("batch", 32)), numbers.get("timeout", 120.0)
        )  # fmt: skip


class ServerWire:
    """Posts to one server, from several threads, with limits that all processes of a store share."""

    def __init__(self, address: ServerAddress, manner: Manner, purse: Purse, folder: Path) -> None:
        self._address, self._purse = address, purse
        self._patience = Patience(
            request_s=manner.timeout_s, silence_s=manner.timeout_s, n_tries=TRIES, max_body_bytes=256 * MIB
        )
        self._connections = Connections(self._patience)
        host = f"server-{address.place.origin.host}-{address.place.origin.port}"
        self._limits = HostLimits(folder, host, Pace(manner.per_second, manner.at_once))

    def post(self, path: str, body: dict[str, Any], reserved: int = 0) -> Any:
        """Return the JSON that a server answers. 429, 5xx, timeouts and broken answers are asked again with growing, random pauses.

        `reserved` tokens count as spent for each attempt that failed on the way: the server may have done the work.

        Raises:
            RefusedContent: the server refuses the content.
            InvalidInput: it does not answer, or with something else.
            MissingExtra: httpx is not installed.
        """
        call = self._call(path, body)
        for attempt in range(TRIES):
            try:
                return self._once(call)
            except NotAnswered as failure:
                if failure.status == 0 and failure.may_retry and not failure.detail.startswith("no connection"):
                    self._purse.settle(0, reserved)
                pause = self._patience.backoff(attempt) if failure.retry_after_s is None else failure.retry_after_s
                n_tries = _UNREACHED_TRIES if failure.detail.startswith("no connection") else TRIES
                if not failure.may_retry or attempt + 1 >= n_tries or pause > _LONGEST_PAUSE_S:
                    raise self._in_words(failure, attempt + 1) from None
                if failure.retry_after_s:
                    self._limits.close(failure.retry_after_s)
                time.sleep(pause)
        raise AssertionError("the last attempt returns or raises")

    def close(self) -> None:
        """Close all connections."""
        self._connections.close()

    def _call(self, path: str, body: dict[str, Any]) -> Call:
        if find_spec("httpx") is None:
            raise MissingExtra.named("server", f"asking '{self._address.spelling}'", "httpx")
        key = self._address.key()
        self._refuse_plain(key)
        headers = {"accept": "application/json", "accept-encoding": "gzip", "content-type": "application/json"}
        secrets = {"authorization": f"Bearer {key}"} if key else {}
        most = self._patience.max_body_bytes
        data = canonical_json(body).encode("utf-8", "replace")
        return Call("POST", self._address.place.below(path), headers, data, most, secret_headers=secrets)

    def _refuse_plain(self, key: str) -> None:
        """Refuse to send a key without encryption over the internet; an unknown name is refused later, in its own words."""
        import ipaddress
        import socket

        origin = self._address.place.origin
        if not key or origin.scheme == "https":
            return
        try:
            rows = socket.getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            return
        if any(is_public(ipaddress.ip_address(str(row[4][0]).partition("%")[0])) for row in rows):
            raise InvalidInput(
                f"a key is set for {origin.netloc}, and {self._address.place.url} is not encrypted. Expected https; write @url=https://…, "
                f"or unset {self._address.key_variable}"
            )

    def _once(self, call: Call) -> Any:
        forever = Meter(math.inf)
        self._limits.wait_for_turn(forever)
        with self._limits.slot(forever):
            self._purse.count_request()
            raw = without_secrets(self._connections.send(call, self._address.place), call.secret_headers)
        if raw.status in (400, 404, 413, 422):
            raise RefusedContent(raw.status, _said(raw.body))
        if raw.status == 429 and b"insufficient_quota" in raw.body[:4096]:
            raise _stated(NotAnswered("budget spent", f"429: {_said(raw.body)}"), raw.status)
        try:
            reply: Reply = reply_of(raw, "json", bool(call.secret_headers))
        except NotAnswered as failure:
            failure.detail = f"{failure.detail}{_quoted(raw.body)}"
            raise _stated(failure, raw.status) from None
        return parsed(reply.body, "answer")

    def _in_words(self, failure: NotAnswered, n: int) -> InvalidInput:
        what = failure.detail.replace("from the index", "from the server")
        tried = f", {n} times" if n > 1 else ""
        advice = "start it, or correct @url"
        if failure.status in (401, 403):
            advice = f"put the key of this host into {self._address.key_variable}"
        elif failure.status == 429:
            advice = "ask more slowly (@per_second=…, @at_once=1) or later"
        elif "redirect" in what:
            advice = "write the address that it leads to as @url, if you trust it"
        elif failure.status >= 500 or "within" in what:
            advice = "look at its log, or give it more time (@timeout=…)"
        return InvalidInput(
            f"the server {self._address.place.url} does not answer{tried}: {what}. Expected JSON; {advice}, and run again: what it answered is kept"
        )


def _stated(failure: NotAnswered, status: int) -> NotAnswered:
    failure.status = status
    return failure


def _quoted(body: bytes) -> str:
    said = _said(body)
    return f" ('{said}')" if said else ""


def _said(body: bytes) -> str:
    """Return what a server says of an error, as the usual servers write it; "" where it says nothing."""
    try:
        value = parsed(body, "answer")
    except InvalidInput:
        return ""
    for name in ("error", "message", "detail"):
        if isinstance(value, dict) and value.get(name):
            value = value[name]
    text = value if isinstance(value, str) else canonical_json(value)
    shown = "".join(letter if letter.isprintable() else " " for letter in text)
    return shown if len(shown) <= _SHOWN else shown[: _SHOWN - 1] + "…"
