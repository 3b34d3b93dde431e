"""Read [factorial] and [[arms]] of a study into frozen values. The record of the study keeps their JSON."""

from dataclasses import dataclass

from evidense.records import Study
from evidense.study.trained.arms import Arm, arms_of
from evidense.study.trained.factorial import Factorial, factorial_of


@dataclass(frozen=True)
class TrainingTables:
    """The factorial and the arms of a study."""

    factorial: Factorial | None
    arms: tuple[Arm, ...]


def training_tables(study: Study, source: str = "") -> TrainingTables:
    """Read [factorial] and [[arms]] of a study; Errors name `source`, by default the name of the study.

    Raises:
        UnknownName, InvalidInput: as `factorial_of` and `arms_of`.
    """
    where = source or study.name
    factorial = factorial_of(study.factorial, where) if study.factorial else None
    return TrainingTables(factorial, arms_of(study.arms, where, factorial))
