"""A local server of pages: read-only, on this machine alone, for as long as it is asked to run."""

import mimetypes
from collections.abc import Callable, Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

from evidense.boundary.manifest import Manifest
from evidense.errors import InvalidInput
from evidense.report.history.entries import PAGE, PageEntry
from evidense.report.history.page import history_html

HOST = "127.0.0.1"
_NO_SCRIPTS = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"


class PageServer(ThreadingHTTPServer):
    """Serves the history and the files of its pages, nothing else. `list_entries` is asked anew for each view."""

    daemon_threads = True

    def __init__(self, list_entries: Callable[[], Sequence[PageEntry]], where: str, port: int = 0) -> None:
        """Listen on a port of this machine; 0 takes a free one.

        Raises:
            InvalidInput: the port is taken, or it may not be used.
        """
        self.list_entries, self.where = list_entries, where
        try:
            super().__init__((HOST, port), _Handler)
        except (OSError, OverflowError) as error:
            raise InvalidInput(
                f"port {port} cannot be used ({error}); expected a free one; leave --port out and a free one is taken"
            ) from None

    @property
    def address(self) -> str:
        """Return the address of the history."""
        return f"http://{HOST}:{self.server_port}/"


class _Handler(BaseHTTPRequestHandler):
    server: PageServer
    server_version = "Evidense"
    sys_version = ""

    def do_GET(self) -> None:
        if self.headers.get("Host") not in {f"{name}:{self.server.server_port}" for name in (HOST, "localhost")}:
            self._answer(HTTPStatus.FORBIDDEN, b"this server is asked by its own address only", "text/plain")
            return
        parts = [unquote(part) for part in urlsplit(self.path).path.split("/")[1:]]
        if parts == [""]:
            page = history_html(self.server.list_entries(), self.server.where)
            self._answer(HTTPStatus.OK, page.encode("utf-8", "replace"), "text/html; charset=utf-8")
        elif len(parts) >= 3 and parts[0] == "pages" and (path := self._file(parts[1], "/".join(parts[2:]))):
            self._send(path)
        else:
            self._answer(
                HTTPStatus.NOT_FOUND,
                b"no such page; it was moved, removed, or replaced by another study's",
                "text/plain",
            )

    do_HEAD = do_GET  # noqa: N815

    def _file(self, key: str, name: str) -> Path | None:
        """Return a file that the manifest of a listed page names and that is as it was written; nothing else is served."""
        folder = next((entry.folder for entry in self.server.list_entries() if entry.key == key), None)
        held = Manifest.read(folder) if folder is not None else None
        if folder is None or held is None or PAGE not in held.files or name not in held.files:
            return None
        path = folder / name
        return path if path.is_file() and not path.is_symlink() else None

    def _send(self, path: Path) -> None:
        kind = mimetypes.guess_type(path.name)[0] or "text/plain"
        self._answer(HTTPStatus.OK, path.read_bytes(), f"{kind}; charset=utf-8", is_page=path.name.endswith(".html"))

    def _answer(self, status: HTTPStatus, body: bytes, kind: str, *, is_page: bool | None = None) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("X-Content-Type-Options", "nosniff")
        self.send_header("Cache-Control", "no-store")
        if is_page is False:  # pages bring a policy of their own
            self.send_header("Content-Security-Policy", _NO_SCRIPTS)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Say nothing of each request."""
