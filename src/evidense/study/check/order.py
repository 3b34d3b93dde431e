"""Order: what a check is asked to do."""

from dataclasses import dataclass
from pathlib import Path

from evidense import registry
from evidense.boundary.files import exists
from evidense.errors import InvalidInput, UnknownName
from evidense.parts import Entailer
from evidense.study.check.corpus import is_lines

ENTAILER = "features"
"""The entailer that ships; it needs no model."""


@dataclass(frozen=True)
class CheckOrder:
    """Statements to check, where, by whom, and at which risk."""

    subject: str
    """A file, or a statement itself."""
    inside: tuple[Path, ...]
    """Files and folders that hold the works."""
    risk: float = 0.10
    entailer: str = ENTAILER
    encoder: str = ""
    """The spelling of an encoder, whose vectors help to rank works; "": words alone."""
    offline: bool = False
    calibrate: bool = False
    """Measure the entailer on the labels of the file first, and write the result as calibration.json."""
    calibration: Path | None = None
    """A calibration.json by which the entailer's verdicts are given; None: the one that ships with it, if any."""

    def __post_init__(self) -> None:
        """Refuse an order without works, and a risk that is none."""
        if not self.inside:
            raise InvalidInput("no works are named; expected papers, folders or a corpus; name them with --in")
        if not 0 < self.risk < 1:  # NaN is refused too
            raise InvalidInput(f"risk is {self.risk}; expected a number between 0 and 1, as .10; correct --risk")
        if self.calibrate and (self.file is None or not is_lines(self.file)):
            raise InvalidInput(
                f"'{self.subject[:60]}' has no labels to calibrate on; expected JSON lines of claims with their evidence; name such a file, or leave "
                "out --calibrate"
            )

        if self.calibrate and self.calibration is not None:
            raise InvalidInput(
                "--calibrate and --calibration are both given; expected one: measure anew, or use what was measured; leave one out"
            )

    @property
    def file(self) -> Path | None:
        """Return the file that is checked; None where the subject is a statement.

        Raises:
            InvalidInput: it is empty, or looks like the name of a file that is not there.
        """
        if not self.subject.strip():
            raise InvalidInput("the statement is empty; expected a sentence in quotes, or a file; write one")
        path = (
            Path(self.subject).expanduser()
            if not self.subject.startswith("~") or "/" in self.subject
            else Path(self.subject)
        )
        if exists(path):
            return path
        if len(self.subject.split()) == 1 and (path.suffix or "/" in self.subject):
            raise InvalidInput(
                f"there is no file '{self.subject}'; expected a file, or a sentence in quotes; check the name"
            )
        return None

    def open_entailer(self) -> Entailer:
        """Open the entailer that the order names.

        Raises:
            UnknownName: there is none of this name.
            EvidenseError: it cannot be opened.
        """
        found = [part for part in registry.parts("entailers") if registry.means(part, self.entailer)]
        if len(found) != 1:
            raise UnknownName.among("entailer", self.entailer, registry.summaries("entailers"))
        entailer: Entailer = found[0].open(self.entailer)
        return entailer
