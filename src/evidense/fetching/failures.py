"""Failures: how one attempt over the network ends without an answer that can be read."""

from evidense.values import State


class NotAnswered(Exception):
    """No usable answer: one of the seven states, and why in words. It never leaves `fetching`."""

    def __init__(
        self, state: State, detail: str, *, retry_after_s: float | None = None, may_retry: bool = False
    ) -> None:
        super().__init__(detail)
        self.state, self.detail = state, detail
        self.retry_after_s = retry_after_s
        """Seconds that the index asks for; None where it names none."""
        self.may_retry = may_retry
        self.status = 0
        self.body = b""
