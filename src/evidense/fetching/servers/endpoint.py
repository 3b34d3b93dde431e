"""Endpoint: what a client must know of one kind of question to a server."""

from collections.abc import Hashable, Iterator, Sequence
from typing import Any, ClassVar, Protocol, TypeVar

import numpy as np
from jaxtyping import Float32

from evidense.fetching.servers.sentinels import Identity

Question = TypeVar("Question", bound=Hashable)
"""What is asked for: a text (its vector), or a pair of query and document (its score)."""


class ServerEndpoint(Protocol[Question]):
    """How one kind of question is asked, and what the answers must be."""

    kind: ClassVar[tuple[str, ...]]
    """Part of the name of what is kept."""
    noun: ClassVar[str]
    """Plural of the question, for messages."""
    expected: ClassVar[str]
    """Plural of the answer, for messages."""
    same: ClassVar[str]
    """What counts as the same answers, for messages."""
    advice: ClassVar[str]
    """What to look at where the server refuses everything."""
    forms: ClassVar[tuple[str, ...]]
    """Ways in which servers want to be asked; the first that this one does not refuse is kept."""
    sentinels: ClassVar[Sequence[Any]]

    def key(self, question: Question) -> bytes:
        """Return the key under which the answer is kept."""
        ...

    def n_bytes(self, question: Question) -> int:
        """Return the bytes of its texts."""
        ...

    def shown(self, question: Question) -> str:
        """Return it in a message."""
        ...

    def batches(self, questions: Sequence[Question], size: int) -> Iterator[Sequence[Question]]:
        """Yield what is asked in one request each."""
        ...

    def request(self, questions: Sequence[Question], model: str, form: str) -> tuple[str, dict[str, Any]]:
        """Return path and body of a request."""
        ...

    def answers(self, value: Any, questions: Sequence[Question], model: str) -> Float32[np.ndarray, "n e"]:
        """Return one row a question, in their order.

        Raises:
            InvalidInput: the answer is not what was asked for.
        """
        ...

    def apart(self, now: Float32[np.ndarray, "ten e"], then: Float32[np.ndarray, "ten f"]) -> str:
        """Return in words how answers to the sentinels differ; "" if they are the same within the tolerance."""
        ...

    def refuse_unlike(
        self, rows: Float32[np.ndarray, "n e"], questions: Sequence[Question], identity: Identity
    ) -> None:
        """Refuse answers of another form than those to the sentinels.

        Raises:
            InvalidInput: they are of another form.
        """
        ...

    def part_of_sentinels(self) -> Sequence[Question]:
        """Return sentinels that are asked alone, too, where their answers must not depend on what is asked beside them; or none."""
        ...
