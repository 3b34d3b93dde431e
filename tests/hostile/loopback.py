"""Servers on this machine that answer no question: a proxy that says 200 to everything, an index that rejects every key."""

import threading
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

SIGN_IN = b"<!DOCTYPE html><html><head><title>Sign in</title></head><body><form>Hotel Owl: sign in to go on</form></body></html>"


@cache
def everything_200() -> str:
    """Return the address of a proxy that shows its own page, whatever is asked."""
    return _serve(200, "text/html", SIGN_IN)


@cache
def no_key_is_good() -> str:
    """Return the address of an index that rejects every key."""
    return _serve(401, "application/json", b'{"error": "invalid key"}')


@cache
def too_many_requests() -> str:
    """Return the address of an index that says 429 to every request."""
    return _serve(429, "application/json", b"{}")


def _serve(status: int, kind: str, body: bytes) -> str:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"
