"""Patience: how long an index is waited for, how often it is asked again, and how much it may send."""

import random
from dataclasses import dataclass

MIB = 1 << 20


@dataclass(frozen=True)
class Patience:
    """Limits of time and size; all times in seconds."""

    total_wait_s: float = 300.0
    """The longest time that is spent waiting for one host (its limits, its Retry-After, backoff) by one wire, all requests together."""
    request_s: float = 60.0
    """One attempt, from the connection to the last byte."""
    silence_s: float = 20.0
    """The longest silence within an attempt."""
    n_tries: int = 3
    first_wait_s: float = 1.0
    """Backoff before the second attempt; doubled for each further one."""
    n_failures: int = 3
    """After so many failures in a row the host is left alone for `rest_s`."""
    rest_s: float = 60.0
    max_body_bytes: int = 32 * MIB
    """After decompression; lists and PDFs may have four times as much."""
    max_redirects: int = 3

    def backoff(self, attempt: int) -> float:
        """Return the time before the next attempt, with full jitter; `attempt` counts from 0."""
        return random.uniform(0.0, self.first_wait_s * 2.0**attempt)
