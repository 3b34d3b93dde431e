"""Text collections that are read from one file of an installed package; the package is not imported."""

from pathlib import Path
from typing import ClassVar

from evidense.reading.dataset_spelling import DatasetSpelling
from evidense.reading.packages import package_file
from evidense.reading.pairing import Pairing
from evidense.reading.splits import only_split
from evidense.values import Collection, Provenance, build


class PackagedTexts:
    """Opens `NAME[@split]` from the file of a package."""

    name: ClassVar[str]
    spellings: ClassVar[tuple[str, ...]]
    package: ClassVar[str]
    """Importable name of the package."""
    pattern: ClassVar[str]
    """Pattern of the file inside the package."""
    only_direction: ClassVar[str]
    """Sentence for users who name a direction."""

    def recognises(self, spelling: str) -> bool:
        """Say whether the spelling is this name, with or without a split."""
        return DatasetSpelling.parse(spelling).head == self.name

    def open(self, spelling: str) -> tuple[Collection, ...]:
        """Read the file and return its collection, or one split of it.

        Raises:
            MissingExtra: the package is not installed.
        """
        spelled = DatasetSpelling.parse(spelling or self.name)
        spelled.refuse_direction(self.only_direction)
        path = package_file(self.package, self.pattern, extra="builtin", what=self.name)
        pairing = Pairing(self.name)
        provenance = self.read(path, pairing)
        return (only_split(build(pairing.draft(self.name, provenance)), spelled.split),)

    def read(self, path: Path, pairing: Pairing) -> Provenance:
        """Add the pairs of the file and return where they come from."""
        raise NotImplementedError
