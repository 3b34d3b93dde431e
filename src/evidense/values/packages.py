"""Package: a file of a public registry that brings the data of a part, pinned to its bytes."""

from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

Client = Literal["apt-get", "npm"]
"""The ordinary client that downloads it."""


@dataclass(frozen=True)
class Package:
    """One package of Debian or npm: what it is called there, which bytes it has, and what is read from it."""

    client: Client
    name: str
    version: str
    file: str
    """Name of the file that the client writes."""
    sha256: str
    size_bytes: int
    licence: str
    wanted: tuple[str, ...]
    """Patterns of the files inside that are read, as `usr/share/*.png`, where `*` stands for folders too."""

    @property
    def title(self) -> str:
        """Return name and version."""
        return f"{self.name} {self.version}"

    def wants(self, path: str) -> bool:
        """Say whether a file inside the package is read."""
        return any(fnmatchcase(path, pattern) for pattern in self.wanted)
