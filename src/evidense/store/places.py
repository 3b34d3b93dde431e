"""Places: where a store is. A remote one has a folder on this computer that keeps what was written and read."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from evidense.errors import InvalidInput
from evidense.records import sha256_of
from evidense.store.remote import Remote, is_remote, remote_at

STORE, CACHE = "EVIDENSE_STORE", "EVIDENSE_CACHE"
"""Variables: the address of the store; the folder for copies of remote stores and for packages, where the store is remote."""

_HALF = re.compile(r"(s3|gs|az):(?!//)", re.IGNORECASE)
"""An address that lost a slash, as it does in a `Path`; it would become a folder of that name."""


@dataclass(frozen=True)
class StorePlace:
    """A folder, and the remote store that it is a copy of, if there is one."""

    root: Path
    address: str
    remote: Remote | None = None


def place_of(where: Path | str | None) -> StorePlace:
    """Return the place of a path or an address; of None, that of `$EVIDENSE_STORE`, or else a folder in the user's cache folder.

    Raises:
        MissingExtra, InvalidInput, StoreUnreachable: a remote store cannot be opened.
    """
    address = os.environ.get(STORE, "") if where is None else str(where)
    if _HALF.match(address):
        scheme, _, rest = address.partition(":")
        raise InvalidInput(
            f"the store '{address}' is neither a folder nor an address; expected two slashes after the colon; "
            f"write {scheme}://{rest.lstrip('/')}"
        )
    if not is_remote(address):
        root = Path(address).expanduser() if address else _cache()
        return StorePlace(root, str(root.absolute()))
    remote = remote_at(address)
    name = f"{remote.scheme}-{sha256_of([remote.address, remote.id])[:16]}"
    return StorePlace(_cache() / "remote" / name, remote.address, remote)


def default_root() -> Path:
    """Return `$EVIDENSE_STORE`, or else a folder in the user's cache folder; for a remote store `$EVIDENSE_CACHE`, or else that folder."""
    chosen = os.environ.get(STORE, "")
    return Path(chosen).expanduser() if chosen and not is_remote(chosen) else _cache()


def _cache() -> Path:
    if chosen := os.environ.get(CACHE):
        return Path(chosen).expanduser()
    cache = os.environ.get("XDG_CACHE_HOME")
    return (Path(cache) if cache else Path.home() / ".cache") / "evidense"
