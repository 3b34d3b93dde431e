"""Addresses: where a source may be asked. Public addresses over https, or the loopback that the user named in the environment."""

import ipaddress
import os
import socket
from dataclasses import dataclass
from typing import Literal
from urllib.parse import SplitResult, quote, urlsplit

from evidense.errors import InvalidInput
from evidense.fetching.failures import NotAnswered
from evidense.parts.literature import Manners

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_PATH = "/:;()<>,=+@!$*'~-._"


@dataclass(frozen=True)
class Origin:
    """A scheme, host and port."""

    scheme: str
    host: str
    port: int

    @classmethod
    def of(cls, url: str) -> "Origin":
        """Return the origin of a URL.

        Raises:
            NotAnswered: it names no host, or another scheme than http and https, or carries a password.
        """
        parts = _split(url)
        if parts is None or parts.scheme not in ("http", "https") or not parts.hostname:
            raise NotAnswered("blocked", f"an address of another kind than https: '{url[:60]}'")
        if parts.username or parts.password:
            raise NotAnswered("blocked", "an address with a user name in it")
        return cls(parts.scheme, parts.hostname.lower(), parts.port or (443 if parts.scheme == "https" else 80))

    @property
    def netloc(self) -> str:
        """Return host and port as the Host header has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.scheme == "https" else 80) else f"{host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Say whether the host is this machine, by its spelling."""
        literal = _literal(self.host)
        return self.host == "localhost" or (literal is not None and literal.is_loopback)


@dataclass(frozen=True)
class Place:
    """The base URL of a source."""

    url: str
    origin: Origin
    reach: Literal["public", "loopback", "named"] = "public"
    """Where requests may go: "loopback" if the environment names an address on this machine; "named" if the user names this host, wherever it is."""

    @property
    def shared_name(self) -> str:
        """Return the name under which limits are shared: the host; on this machine, where one server may play several indexes, the whole URL."""
        return self.url.partition("//")[2] if self.origin.is_loopback else self.origin.netloc

    def below(self, path: str) -> str:
        """Return the URL of a path below the base; dots in it lead nowhere else."""
        steps = [quote(step, safe=_PATH) for step in path.strip("/").split("/")]
        return "/".join([self.url, *("%2E" * len(step) if step in (".", "..") else step for step in steps if step)])

    def allows(self, origin: Origin) -> bool:
        """Say whether a request that began here may go to an origin: the same one, or any over https."""
        return origin == self.origin or (origin.scheme == "https" and not origin.is_loopback)


def place_of(source: str, manners: Manners) -> Place:
    """Return where a source is asked: `EVIDENSE_URL_<SOURCE>`, else the base URL of its manners.

    Raises:
        InvalidInput: it is neither https nor, from the environment, http on this machine; or it carries a password or a query.
    """
    variable = f"EVIDENSE_URL_{source.upper()}"
    given = os.environ.get(variable, "").strip()
    url, owner = (given, variable) if given else (manners.url, f"the base URL of {source}")
    parts = _split(url)
    if parts is None or not parts.hostname or parts.scheme not in ("http", "https"):
        raise InvalidInput(f"{owner} is no https address; expected https://HOST/PATH; correct it")
    if parts.username or parts.password or parts.query or parts.fragment:
        raise InvalidInput(
            f"{owner} has a user name, a query or a fragment; expected https://HOST/PATH; put keys into EVIDENSE_KEY_{source.upper()}"
        )
    origin = Origin(parts.scheme, parts.hostname.lower(), parts.port or (443 if parts.scheme == "https" else 80))
    if origin.scheme == "http" and not (given and origin.is_loopback):
        raise InvalidInput(
            f"{owner} is '{url}', without encryption; expected https, or http on this machine; correct it"
        )
    if origin.is_loopback and not given:
        raise InvalidInput(f"{owner} is '{url}', on this machine; expected a public address; set {variable} to ask it")
    return Place(url.rstrip("/"), origin, "loopback" if given else "public")


def resolve(origin: Origin, place: Place) -> list[str]:
    """Return the addresses of a host; a request connects to one of them and looks nothing up again.

    Raises:
        NotAnswered: the name is unknown, or one of its addresses is not public (nor the loopback that the user named).
    """
    try:
        rows = socket.getaddrinfo(origin.host, origin.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise NotAnswered(
            "unreachable", f"the name '{origin.host}' cannot be resolved ({error})", may_retry=True
        ) from None
    addresses = list(dict.fromkeys(str(row[4][0]).partition("%")[0] for row in rows))
    if origin == place.origin and place.reach == "named":
        return addresses
    may_be_loopback = origin == place.origin and place.reach == "loopback" and origin.is_loopback
    for text in addresses:
        address = ipaddress.ip_address(text)
        if not (address.is_loopback if may_be_loopback else is_public(address)):
            raise NotAnswered("blocked", f"'{origin.host}' leads to {text}, which is not a public address")
    return addresses


def is_public(address: Address) -> bool:
    """Say whether an address is on the public internet, whatever IPv4 address it wraps.

    >>> [is_public(ipaddress.ip_address(a)) for a in ("1.1.1.1", "169.254.169.254", "::ffff:10.0.0.1", "64:ff9b::7f00:1")]
    [True, False, False, False]
    """
    if isinstance(address, ipaddress.IPv6Address):
        wrapped = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if address in _NAT64:
            wrapped = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if wrapped is not None:
            return is_public(wrapped)
        if address.is_site_local:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return None
    return parts


def _literal(host: str) -> Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
