"""A server on this machine that answers as a test says, and notes what it was asked."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Seen:
    """One request that came in."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes = b""


@dataclass(frozen=True)
class Said:
    """One answer."""

    body: bytes = b"{}"
    status: int = 200
    kind: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict)
    drip_s: float = 0.0
    """Seconds between single bytes of the body."""
    wait_s: float = 0.0
    """Seconds before the first byte."""
    length: int | None = None
    """The Content-Length to claim, where it is not that of the body."""


Answering = Callable[[Seen], Said]


@dataclass
class Loopback:
    """A running server."""

    answering: Answering
    seen: list[Seen] = field(default_factory=list)
    url: str = ""


def in_turn(*answers: Said) -> Answering:
    """Give these answers one after the other, and the last one for ever."""
    left = list(answers)
    return lambda seen: left.pop(0) if len(left) > 1 else left[0]


@contextmanager
def serving(answering: Answering) -> Iterator[Loopback]:
    """Run a server in this block."""
    loopback = Loopback(answering)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_: Any) -> None:
            pass

        def do_GET(self) -> None:
            self._answer("GET")

        def do_HEAD(self) -> None:
            self._answer("HEAD")

        def do_POST(self) -> None:
            self._answer("POST")

        def _answer(self, method: str) -> None:
            parts = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {k.lower(): v for k, v in self.headers.items()}
            seen = Seen(method, parts.path, dict(parse_qsl(parts.query)), headers, body)
            loopback.seen.append(seen)
            _send(self, loopback.answering(seen))

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    loopback.url = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield loopback
    finally:
        server.shutdown()
        server.server_close()


def _send(handler: BaseHTTPRequestHandler, said: Said) -> None:
    time.sleep(said.wait_s)
    try:
        handler.send_response(said.status)
        handler.send_header("content-type", said.kind)
        handler.send_header("content-length", str(len(said.body) if said.length is None else said.length))
        for name, value in said.headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        for piece in _pieces(said) if handler.command != "HEAD" else ():
            handler.wfile.write(piece)
            handler.wfile.flush()
            time.sleep(said.drip_s)
    except OSError:
        pass
    if said.length is not None:
        handler.close_connection = True


def _pieces(said: Said) -> Sequence[bytes]:
    return [said.body[i : i + 1] for i in range(len(said.body))] if said.drip_s else [said.body]
