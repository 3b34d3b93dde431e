"""Address: which server a user named, and the key that belongs to its host."""

import os
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from evidense.boundary.consent import consent
from evidense.errors import InvalidInput, UnsafeInput
from evidense.fetching.addresses import Origin, Place
from evidense.fetching.failures import NotAnswered
from evidense.values import Spelling
from evidense.values.spelling import named_in

_CUSTOMARY = {
    "api.openai.com": "OPENAI_API_KEY", "api.jina.ai": "JINA_API_KEY", "api.cohere.com": "CO_API_KEY",
    "api.voyageai.com": "VOYAGE_API_KEY", "api.mistral.ai": "MISTRAL_API_KEY",
}  # fmt: skip
"""Host → the variable in which its users keep their key anyway."""


@dataclass(frozen=True)
class ServerAddress:
    """The base URL of a server. A key belongs to a host, so that a study of somebody else cannot send it elsewhere."""

    spelling: str
    """The system that names it."""
    place: Place

    @classmethod
    def of(cls, spelling: str, url: str) -> "ServerAddress":
        """Return the address.

        Raises:
            InvalidInput: it is no http or https address, or carries a user name, a query or a fragment.
        """
        if "://" not in url:
            raise InvalidInput(
                f"@url={url[:80]} lacks its beginning. Expected http:// or https:// before the host: @url=http://{url[:80]}"
            )
        try:
            origin, parts = Origin.of(url), urlsplit(url)
        except NotAnswered as failure:
            raise InvalidInput(
                f"@url names {failure.detail}. Expected http://HOST:PORT/v1 or https://HOST/v1; put a key into the environment"
            ) from None
        if parts.query or parts.fragment:
            raise InvalidInput(
                f"@url={url[:80]} has a query or a fragment. Expected http://HOST:PORT/v1; put a key into the environment"
            )
        return cls(spelling, Place(url.rstrip("/"), origin, "named"))

    @property
    def key_variable(self) -> str:
        """Return the variable of the environment that holds the key of this host.

        >>> ServerAddress.of("", "http://gpu-3:8000/v1").key_variable
        'EVIDENSE_KEY_GPU_3'
        """
        return "EVIDENSE_KEY_" + re.sub(r"[^A-Z0-9]+", "_", self.place.origin.host.upper()).strip("_")

    def key(self) -> str:
        """Return the key, "" without one.

        Raises:
            InvalidInput: no header can carry it.
        """
        names = (self.key_variable, _CUSTOMARY.get(self.place.origin.host, ""))
        key = next((value for name in names if name and (value := os.environ.get(name, "").strip())), "")
        if not key.isascii() or not key.isprintable():
            raise InvalidInput(f"the key in {self.key_variable} has letters that no header can carry. Correct it.")
        return key

    def require_consent(self) -> None:
        """Refuse a server that only a file names: texts would go to a host that the user did not choose.

        Raises:
            UnsafeInput: neither the command, nor the environment, nor `--allow-code` names it.
        """
        agreed = consent()
        is_named = any(self.place.url in _urls_of(name) for name in agreed.named)
        if not (is_named or agreed.everything or self.key()):
            raise UnsafeInput(
                f"'{self.spelling}' would send texts to {self.place.origin.netloc}, which this command does not name. If you trust it, name the "
                f"system on the command line, set {self.key_variable}, or add --allow-code (in Python: allow_code=True)."
            )


def _urls_of(spelling: str) -> list[str]:
    try:
        options = [Spelling.parse(name).options for name in named_in(spelling)]
    except InvalidInput:
        return []
    return [of_system.get("url", "").strip().rstrip("/") for of_system in options]
