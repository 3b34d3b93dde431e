"""Whom the wire connects to: the address that was checked and no other, under the name that the certificate must bear."""

import shutil
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidense.fetching import Patience, Terms, open_wire
from evidense.fetching.addresses import is_public, place_of
from evidense.parts import Manners, Reply, Request
from fetching.loopback import Said, serving

pytest.importorskip("httpx")
MANNERS = Manners("https://index.example", 1000.0, 4, "EVIDENSE_KEY_TRIAL", "x-api-key")
QUICK = Terms(patience=Patience(2.0, 3.0, 1.0, n_tries=1))
LOOKED_UP: list[str] = []


def ask(path: str = "works") -> Reply:
    with open_wire(terms=QUICK) as wire:
        return wire.ask(Request("trial", path), MANNERS)


def _note(event: str, arguments: tuple[object, ...]) -> None:
    if event == "socket.getaddrinfo":
        LOOKED_UP.append(str(arguments[0]))


def test_a_name_is_looked_up_once_and_the_checked_address_is_connected(monkeypatch: pytest.MonkeyPatch) -> None:
    sys.addaudithook(_note)
    with serving(lambda _: Said()) as server:
        monkeypatch.setenv("EVIDENSE_URL_TRIAL", server.url.replace("127.0.0.1", "localhost"))
        LOOKED_UP.clear()
        assert ask().state == "found"
    assert server.seen[0].headers["host"].startswith("localhost:")
    assert LOOKED_UP.count("localhost") == 1
    assert set(LOOKED_UP) <= {"localhost", "127.0.0.1", "::1"}


def test_a_name_that_leads_inside_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    name = socket.gethostname()
    try:
        inside = socket.gethostbyname(name)
    except OSError:
        pytest.skip("this machine's own name leads nowhere")
    if is_public(ip_address(inside)):
        pytest.skip("this machine has a public address")
    monkeypatch.setenv("EVIDENSE_URL_TRIAL", f"https://{name}")
    reply = ask()
    assert reply.state == "blocked"
    assert inside in reply.detail


def test_the_key_does_not_follow_a_redirect(monkeypatch: pytest.MonkeyPatch) -> None:
    """Within the index the key goes along; another host would have to be public, so here the redirect is refused before anything is sent."""
    monkeypatch.setenv("EVIDENSE_KEY_TRIAL", "s3cr3t")
    with serving(lambda _: Said()) as other, serving(lambda seen: _redirect(seen.path, other.url)) as server:
        monkeypatch.setenv("EVIDENSE_URL_TRIAL", server.url)
        assert ask("home").state == "found"
        assert ask("away").state == "blocked"
        assert other.seen == []
        assert [seen.headers.get("x-api-key") for seen in server.seen] == ["s3cr3t"] * 3


def _redirect(path: str, other: str) -> Said:
    target = {"/home": "/moved", "/away": f"{other}/works"}.get(path)
    return Said() if target is None else Said(b"", 301, headers={"location": target})


def test_a_posted_request_is_not_sent_on(monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        serving(lambda _: Said(b"", 307, headers={"location": "/elsewhere"})) as server,
        open_wire(terms=QUICK) as wire,
    ):
        monkeypatch.setenv("EVIDENSE_URL_TRIAL", server.url)
        assert wire.ask(Request("trial", "batch", body={"ids": []}), MANNERS).state == "blocked"
        assert len(server.seen) == 1


@given(
    st.ip_addresses(v=4, network="10.0.0.0/8")
    | st.ip_addresses(v=4, network="172.16.0.0/12")
    | st.ip_addresses(v=4, network="169.254.0.0/16")
)
def test_no_wrapping_makes_a_private_address_public(address: object) -> None:
    number = int(address)  # type: ignore[call-overload]
    assert not is_public(address)  # type: ignore[arg-type]
    for wrapped in (
        f"::ffff:{address}",
        f"64:ff9b::{number >> 16:x}:{number & 0xFFFF:x}",
        f"2002:{number >> 16:x}:{number & 0xFFFF:x}::1",
    ):
        assert not is_public(ip_address(wrapped)), wrapped


@given(st.text(max_size=40))
def test_no_path_leaves_the_host_or_the_base(path: str) -> None:
    place = place_of("trial", Manners("https://index.example/base"))
    url = place.below(path)
    assert url == "https://index.example/base" or url.startswith("https://index.example/base/")
    assert "/../" not in f"{url}/"
    assert not {"?", "#", "\\", " ", "\n"} & set(url)


# --- certificates


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Return key and certificate of an authority that vouches for localhost alone."""
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("tls")
    key, cert = folder / "key.pem", folder / "cert.pem"
    subprocess.run(
        [program, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", cert, "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost"],
        check=True, capture_output=True,
    )  # fmt: skip
    return key, cert


@contextmanager
def encrypted(key: Path, cert: Path) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.end_headers()
            self.wfile.write(b"{}")

    server = HTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


def test_a_certificate_is_checked_against_the_name_not_the_address(
    certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    with encrypted(*certificate) as port:
        monkeypatch.setenv("EVIDENSE_URL_TRIAL", f"https://localhost:{port}")
        unknown = ask()
        assert (unknown.state, "certificate" in unknown.detail.lower()) == ("unreachable", True), (
            "nobody vouches for it"
        )
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate[1]))
        assert ask().state == "found"
        monkeypatch.setenv("EVIDENSE_URL_TRIAL", f"https://127.0.0.1:{port}")
        assert ask().state == "unreachable", "the certificate bears another name"
