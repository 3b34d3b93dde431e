"""CheckedStatement statements: everything that the page of a check shows."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from evidense.checking.aggregate import DECIDED, CheckedStatement
from evidense.checking.calibration import Calibration, TextKind
from evidense.stats.forecasts.abstaining import Threshold


@dataclass(frozen=True)
class TextMeasured:
    """What is known of the entailer's verdicts on one kind of text."""

    kind: TextKind
    n_statements: int
    calibration: Calibration | None
    """None where its verdicts were never measured on it."""
    threshold: Threshold | None
    """None where no verdict is within the target."""


@dataclass(frozen=True)
class AnswersCounted:
    """What became of the answers of a model in words."""

    n_accepted: int
    rejected: Mapping[str, int]
    """Reason → answers."""

    @property
    def n_rejected(self) -> int:
        """Count the answers that were not taken in."""
        return sum(self.rejected.values())


@dataclass(frozen=True)
class CheckedStatements:
    """Statements, what they come to, and by whom."""

    name: str
    checked: tuple[CheckedStatement, ...]
    inside: tuple[str, ...]
    """Names of the files and folders of works."""
    n_works: int
    risk: float
    entailer: str
    encoder: str
    measured: tuple[TextMeasured, ...]
    remarks: tuple[str, ...] = ()
    answers: AnswersCounted | None = None
    """None where the entailer asks no model that answers in words."""
    n_cells: int = 0
    """Cells of tables that statements were laid beside."""

    @property
    def counts(self) -> Counter[str]:
        """Count the words."""
        return Counter(checked.word for checked in self.checked)

    @property
    def n_decided(self) -> int:
        """Count the statements that have a verdict."""
        return sum(checked.word in DECIDED for checked in self.checked)

    @property
    def coverage(self) -> float:
        """Return the share of statements that have a verdict."""
        return self.n_decided / len(self.checked)
