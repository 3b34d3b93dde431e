"""Limits: how fast and how often a host is asked, shared by all processes that use one store."""

import fcntl
import json
import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from evidense.boundary.disk import disk_errors
from evidense.boundary.numbers import finite_number
from evidense.fetching.failures import NotAnswered

_DAY_S = 86_400.0
_LOOK_EVERY_S = 0.02
_MOST_BYTES = 1 << 16


@dataclass
class Meter:
    """The time that one wire may still wait for one host."""

    left_s: float

    def wait(self, seconds: float, why: str) -> None:
        """Wait, or refuse at once where the time left does not suffice.

        Raises:
            NotAnswered: "refused".
        """
        if seconds > self.left_s:
            raise NotAnswered("refused", f"{why}: {seconds:.0f} s to wait, and {max(self.left_s, 0):.0f} s are left")
        self.left_s -= max(seconds, 0.0)
        if seconds > 0:
            time.sleep(seconds)


@dataclass(frozen=True)
class Pace:
    """How fast a host may be asked until its answers say otherwise; None: no limit is known."""

    per_second: float | None
    at_once: int | None


class HostLimits:
    """The state of one host in a file under a lock: when it may be asked next, what its answers said, what is left of its budget."""

    def __init__(self, folder: Path, host: str, pace: Pace) -> None:
        self._stem = folder / re.sub(r"[^a-z0-9.-]", "_", host.lower())
        self._numbers = SharedNumbers(self._stem.with_name(f"{self._stem.name}.json"))
        self._pace = pace

    def wait_for_turn(self, meter: Meter, cost_usd: float = 0.0) -> None:
        """Take the next turn and wait until it comes.

        Raises:
            NotAnswered: "refused" where the wait is longer than the meter allows, "budget spent" where the host's budget is.
        """
        now = time.time()
        with self._numbers.held() as state:
            if cost_usd and state.get("left_usd", cost_usd) < cost_usd and now < state.get("budget_until", 0.0):
                raise NotAnswered("budget spent", _budget(state["budget_until"]))
            held_s = min(state.get("closed_until", 0.0) - now, _DAY_S)
            turn = max(now, min(state.get("next_at", 0.0), now + 600.0), now + held_s)
            if turn - now > meter.left_s:
                why = "it asked for a pause" if held_s > 0 else "its limit of requests a second"
                raise NotAnswered(
                    "refused", f"{why}: {turn - now:.0f} s to wait, and {max(meter.left_s, 0):.0f} s are left"
                )
            state["next_at"] = turn + self._interval(state)
        meter.wait(turn - now, "its limit of requests a second")

    def learn(self, headers: Mapping[str, str]) -> None:
        """Note the limits and the budget that an answer states."""
        said: dict[str, Any] = {}
        limit, interval = (
            finite_number(headers.get("x-rate-limit-limit")),
            _seconds(headers.get("x-rate-limit-interval")),
        )
        if limit and limit > 0 and interval:
            said["per_second"] = limit / interval
        if (at_once := finite_number(headers.get("x-concurrency-limit"))) and at_once >= 1:
            said["at_once"] = int(min(at_once, 64))
        left = finite_number(headers.get("x-ratelimit-remaining-usd"))
        if left is not None:
            said |= {"left_usd": left, "budget_until": time.time() + _reset(headers)}
        if said:
            with self._numbers.held() as state:
                state.update(said)

    def close(self, seconds: float) -> None:
        """Let no process ask the host for some time: it said so."""
        with self._numbers.held() as state:
            state["closed_until"] = max(state.get("closed_until", 0.0), time.time() + min(seconds, _DAY_S))

    def spend_all(self, headers: Mapping[str, str]) -> str:
        """Note that the budget is spent, and return until when, in words."""
        until = time.time() + _reset(headers)
        with self._numbers.held() as state:
            state |= {"left_usd": 0.0, "budget_until": until}
        return _budget(until)

    @contextmanager
    def slot(self, meter: Meter) -> Iterator[None]:
        """Hold one of the places at this host; a killed process gives its own back.

        Raises:
            NotAnswered: "refused" where none is free within the meter.
        """
        with self._numbers.held() as state:
            n = int(state.get("at_once") or self._pace.at_once or 0)
        if not n:
            yield
            return
        held = self._free(n)
        while held is None:
            meter.wait(_LOOK_EVERY_S, "its limit of requests at once")
            held = self._free(n)
        with held:
            yield

    def _free(self, n: int) -> Any:
        for i in range(n):
            path = self._stem.with_name(f"{self._stem.name}.slot{i}")
            with disk_errors(path):
                file = path.open("ab")
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                file.close()
                continue
            except OSError:  # a disk without locks
                pass
            return file
        return None

    def _interval(self, state: Mapping[str, Any]) -> float:
        rate = state.get("per_second") or self._pace.per_second
        return 1.0 / rate if rate else 0.0


class SharedNumbers:
    """Numbers by name in a file under a lock, shared by processes."""

    def __init__(self, path: Path) -> None:
        self._path = path

    @contextmanager
    def held(self) -> Iterator[dict[str, Any]]:
        """Read the numbers, and write them back at the end of the block, alone among processes; a half-written file counts as empty."""
        with disk_errors(self._path):
            self._path.parent.mkdir(parents=True, exist_ok=True)
            file = self._path.open("a+b")
        with file, _locked(file):
            file.seek(0)
            state = _numbers(file.read(_MOST_BYTES))
            before = dict(state)
            yield state
            if state != before:
                with disk_errors(self._path):
                    file.truncate(0)
                    file.write(json.dumps(state).encode())
                    file.flush()


@contextmanager
def _locked(file: Any) -> Iterator[None]:
    try:
        fcntl.flock(file, fcntl.LOCK_EX)
    except OSError:  # a disk without locks: one process at a time is then up to the user
        yield
        return
    try:
        yield
    finally:
        fcntl.flock(file, fcntl.LOCK_UN)


def _numbers(data: bytes) -> dict[str, float]:
    try:
        value = json.loads(data or b"{}")
        return {str(k): float(v) for k, v in value.items()}
    except (ValueError, TypeError, AttributeError, RecursionError):
        return {}


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that `Retry-After` names, as a number or a date; None where there is none.

    >>> retry_after_s({"retry-after": "3600"}), retry_after_s({})
    (3600.0, None)
    """
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    if (seconds := finite_number(text)) is not None:
        return max(seconds, 0.0)
    from email.utils import parsedate_to_datetime

    try:
        when = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return max((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp() - time.time(), 0.0)


def is_budget_spent(headers: Mapping[str, str], body: bytes) -> bool:
    """Say which of its two meanings a 429 has: True where a budget is spent, False where requests came too fast.

    Source: OpenAlex, whose answers carry `X-RateLimit-Remaining` (-USD) and what the request would have cost.
    """
    usd = finite_number(headers.get("x-ratelimit-remaining-usd"))
    credit = finite_number(headers.get("x-ratelimit-remaining"))
    usd_needed = finite_number(headers.get("x-ratelimit-cost-required-usd"))
    credit_needed = finite_number(headers.get("x-ratelimit-credits-required"))
    if usd is not None and (usd <= 0 or (usd_needed is not None and usd < usd_needed)):
        return True
    if credit is not None and credit_needed is not None and credit < credit_needed:
        return True  # a remainder of 0 alone may be one of requests a minute
    return b"insufficient budget" in body[:4096].lower() or b"daily budget" in body[:4096].lower()


def _reset(headers: Mapping[str, str]) -> float:
    """Seconds until a budget is renewed: as the answer says, else until midnight UTC."""
    said = finite_number(headers.get("x-ratelimit-reset"))
    if said is not None and 0 <= said <= _DAY_S:
        return said
    now = datetime.now(UTC)
    midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return (midnight - now).total_seconds()


def _budget(until: float) -> str:
    return f"its budget is spent until {datetime.fromtimestamp(until, UTC):%Y-%m-%d %H:%M} UTC"


def _seconds(text: str | None) -> float | None:
    """Return the seconds of an interval such as `1s` or `1m`."""
    match = re.fullmatch(r"(\d+)\s*([smh]?)", (text or "").strip())
    return None if match is None else int(match[1]) * {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0}[match[2]] or None
