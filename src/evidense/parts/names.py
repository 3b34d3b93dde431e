"""What every contract begins with: a name."""

from typing import Protocol, runtime_checkable


@runtime_checkable
class Named(Protocol):
    """What has a name: the part its file's name, an opened thing the one that it has on the page."""

    @property
    def name(self) -> str:
        """Return it."""
        ...
