"""Verdicts: which of the seven states an HTTP answer is, by its status, its headers, its kind and its content."""

from collections.abc import Mapping
from dataclasses import replace

from evidense.fetching.bodies import check_kind, is_challenge, looks_like_page
from evidense.fetching.connection import Raw
from evidense.fetching.failures import NotAnswered
from evidense.fetching.limits import is_budget_spent, retry_after_s
from evidense.parts.literature import Reply


def reply_of(raw: Raw, expects: str, has_key: bool) -> Reply:
    """Return an answer as "found" or "not there".

    Raises:
        NotAnswered: it is neither.
    """
    kind = raw.headers.get("content-type", "")
    is_page = looks_like_page(raw.body)
    if raw.status in (200, 203):
        check_kind(expects, kind, raw.body)
        return Reply("found", raw.status, raw.body, kind, raw.headers)
    if raw.status == 429:
        raise _too_many(raw)
    if is_page and (is_challenge(raw.body) or raw.status in (401, 403)):
        raise _with(raw, NotAnswered("blocked", f"a challenge page with {raw.status}"))
    if raw.status in (404, 410):
        return Reply("not there", raw.status, raw.body, kind, raw.headers, f"{raw.status}")
    if raw.status in (401, 403, 407):
        said = "the key was rejected" if has_key else "it lets nobody in without a key"
        raise _with(raw, NotAnswered("blocked", f"{raw.status}: {said}"))
    if raw.status >= 500 or raw.status == 408:
        raise _with(
            raw,
            NotAnswered(
                "unreachable", f"{raw.status} from the index", retry_after_s=retry_after_s(raw.headers), may_retry=True
            ),
        )
    raise _with(raw, NotAnswered("blocked", f"{raw.status} where an answer was expected"))


def without_secrets(raw: Raw, secret_headers: Mapping[str, str]) -> Raw:
    """Return an answer in which no key stands that was sent."""
    secrets = [value.encode() for value in secret_headers.values()]
    for secret in [*secrets, *(s.removeprefix(b"Bearer ") for s in secrets)]:
        raw = replace(raw, body=raw.body.replace(secret, b"[key]"))
    return raw


def _too_many(raw: Raw) -> NotAnswered:
    if is_budget_spent(raw.headers, raw.body):
        return _with(raw, NotAnswered("budget spent", "429, its budget is spent"))
    pause = retry_after_s(raw.headers)
    said = "429" if pause is None else f"429, Retry-After {pause:.0f} s"
    return _with(raw, NotAnswered("refused", said, retry_after_s=pause, may_retry=True))


def _with(raw: Raw, failure: NotAnswered) -> NotAnswered:
    failure.status, failure.body = raw.status, raw.body
    return failure
