"""Kept: every answer in the store, under what was asked, so that an audit asks nothing twice and replays without a network."""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from evidense.errors import StoreError
from evidense.parts.literature import Reply, Request
from evidense.records import Json, sha256_of
from evidense.store import Store
from evidense.values.literature import ANSWERED, State

ROOM = "answers"
SECRETS = frozenset(["api_key", "apikey", "key", "access_token", "mailto", "email"])
"""Names of query fields that are no part of what was asked. `token` is not among them: Semantic Scholar's bulk search names its next page by it."""
_HEADERS = ("etag", "last-modified", "retry-after", "content-type")


@dataclass(frozen=True)
class Question:
    """What was asked: source, path, query without secrets, body. Its key names the answer in the store."""

    source: str
    path: str
    query: Mapping[str, str]
    body: Any = None
    expects: str = "json"

    @classmethod
    def of(cls, request: Request) -> "Question":
        """Return the question of a request."""
        query = {k: v for k, v in sorted(request.query.items()) if k.lower() not in SECRETS}
        return cls(request.source, request.path.strip("/"), query, request.body, request.expects)

    @property
    def key(self) -> str:
        """Return the sha256 of the question."""
        return sha256_of(
            {
                "source": self.source,
                "path": self.path,
                "query": dict(self.query),
                "body": self.body,
                "expects": self.expects,
            }
        )


@dataclass(frozen=True)
class Kept:
    """One answer in the store."""

    reply: Reply
    place: str
    """The base URL that answered."""
    asked_at: float
    validators: Mapping[str, str] = field(default_factory=dict)
    """Headers for a conditional request."""

    @property
    def is_good(self) -> bool:
        """Say whether it says anything about the work; others are used offline only."""
        return self.reply.state in ANSWERED

    def is_fresh(self, max_age_s: float) -> bool:
        """Say whether it may be used without asking again."""
        return self.is_good and 0 <= time.time() - self.asked_at < max_age_s


class KeptAnswers:
    """The answers in a store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def get(self, question: Question) -> Kept | None:
        """Return the answer to a question; None where none is kept, or it is damaged."""
        try:
            note: Mapping[str, Any] = self._store.noted(ROOM, question.key)
            blob = str(note["blob"])
            body = self._store.blob(blob) if blob else b""
            headers = dict(note["headers"])
            reply = Reply(
                cast(State, note["state"]),
                int(note["status"]),
                body,
                headers.get("content-type", ""),
                headers,
                str(note["detail"]),
                blob,
            )
            return Kept(reply, str(note["place"]), float(note["asked_at"]), _validators(headers))
        except (StoreError, KeyError, TypeError, ValueError):
            return None

    def put(self, question: Question, reply: Reply, place: str) -> Reply:
        """Keep an answer, its body as a blob; return it with the blob's name."""
        blob = self._store.put_blob(reply.body) if reply.body else ""
        headers: dict[str, Json] = {name: reply.headers[name] for name in _HEADERS if name in reply.headers}
        note: dict[str, Json] = {
            "source": question.source, "path": question.path, "query": dict(question.query), "place": place, "state": reply.state,
            "status": reply.status, "headers": headers, "detail": reply.detail, "blob": blob, "asked_at": round(time.time(), 3),
        }  # fmt: skip
        self._store.note(ROOM, question.key, note)
        kept = self.get(question)
        return kept.reply if kept is not None else reply

    def touch(self, question: Question, kept: Kept) -> Reply:
        """Note that a kept answer still holds (304)."""
        return self.put(question, kept.reply, kept.place)


def _validators(headers: Mapping[str, str]) -> dict[str, str]:
    pairs = (("etag", "if-none-match"), ("last-modified", "if-modified-since"))
    return {conditional: headers[name] for name, conditional in pairs if headers.get(name)}
