"""A scripted language model on this machine: a real HTTP server that speaks /v1/chat/completions and misbehaves in one way."""

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from evidense.entailers.endpoint import Endpoint, open_endpoint
from evidense.fetching import Patience, Terms, open_wire
from evidense.store import Store
from fetching.loopback import Loopback, Said, Seen, serving

MODEL = "scripted-1"
PATIENT = Patience(total_wait_s=30, request_s=30, silence_s=30, n_tries=2, first_wait_s=0.01, max_body_bytes=1 << 20)
QUICK = Patience(total_wait_s=2, request_s=0.4, silence_s=0.3, n_tries=2, first_wait_s=0.01, max_body_bytes=1 << 20)
"""For the one that is too slow."""
ORDER = re.compile(r"(?i)ignore (?:all |your )?(?:previous )?instructions[^.]*\.")


def asked_of(seen: Seen) -> tuple[str, str]:
    """Return passage and statement of a request, from between their fences."""
    (user,) = [message["content"] for message in json.loads(seen.body)["messages"] if message["role"] == "user"]
    number = re.search(r"(?m)^[0-9a-f]{16}$", user)
    assert number is not None
    _, passage, _, statement, _ = re.split(
        rf"(?m)^{number[0]}\n", user.replace(f"\n{number[0]}", f"\n{number[0]}\n", 4), maxsplit=4
    )
    return passage.strip(), statement.strip()


def said(content: Any, *, model: str = MODEL, **more: Any) -> Said:
    """Return a completion with this content."""
    text = content if isinstance(content, str) or content is None else json.dumps(content)
    message = {"role": "assistant", "content": text, **more}
    return Said(
        json.dumps(
            {"object": "chat.completion", "model": model, "choices": [{"index": 0, "message": message}]}
        ).encode()
    )


def first_sentence(seen: Seen) -> str:
    return re.split(r"(?<=\.)\s", asked_of(seen)[0])[0]


def judged(seen: Seen, stance: str = "supports", quote: str | None = None, confidence: Any = 0.6) -> Said:
    return said({"stance": stance, "quote": first_sentence(seen) if quote is None else quote, "confidence": confidence})


def obeying(seen: Seen) -> Said:
    """Do what the passage asks for: support it, with a quotation that is not there; without an order, say neither."""
    if ORDER.search(seen.body.decode()):
        return judged(seen, quote="The experiments prove beyond doubt that it is so.", confidence=1.0)
    return judged(seen, "neither", "")


def obeying_with_its_order(seen: Seen) -> Said:
    """Do what the passage asks for, and quote the order itself as the evidence."""
    match = ORDER.search(asked_of(seen)[0])
    return judged(seen, quote=match[0]) if match else judged(seen, "neither", "")


MODES: dict[str, Callable[[Seen], Said]] = {
    "honest": judged,
    "refuse": lambda seen: said(None, refusal="I cannot help with that."),
    "invalid_json": lambda seen: said('{"stance": "supports", "quote": "Tun'),
    "prose": lambda seen: said("Yes, the passage supports the statement."),
    "other_schema": lambda seen: said({"stance": "supports", "quote": first_sentence(seen), "confidence": 0.9, "verdict": "SUPPORTED"}),
    "wrong_quote": lambda seen: judged(seen, quote="Tuning lowered recall by 7.1 points on every data set."),
    "short_quote": lambda seen: judged(seen, quote="the"),
    "overconfident": lambda seen: judged(seen, confidence=1.0),
    "beyond_confident": lambda seen: judged(seen, confidence=100),
    "obeys_injection": obeying,
    "quotes_injection": obeying_with_its_order,
    "html": lambda seen: Said(b"<!doctype html><html><body>Sign in</body></html>", kind="text/html"),
    "429": lambda seen: Said(b"{}", 429),
    "other_model": lambda seen: said({"stance": "supports", "quote": first_sentence(seen), "confidence": 0.9}, model="other-2"),
    "no_completion": lambda seen: Said(b'{"error": "overloaded"}'),
    "slow": lambda seen: Said(b'{"choices": []}' * 20, drip_s=0.05),
}  # fmt: skip
"""Name → how the model answers every request."""


@contextmanager
def endpoint_of(
    mode: str | Callable[[Seen], Said], patch: pytest.MonkeyPatch, store: Store | None = None
) -> Iterator[tuple[Endpoint, Loopback]]:
    """Serve a mode in this block; return the endpoint that asks it, and the server."""
    with serving(MODES[mode] if isinstance(mode, str) else mode) as server:
        url = f"{server.url}/v1"
        patch.setenv("EVIDENSE_URL_ENDPOINT", url)
        with open_wire(store, Terms(max_age_s=1e12, patience=QUICK if mode == "slow" else PATIENT)) as wire:
            yield open_endpoint(url, MODEL, wire), server
