"""Order: what `ask` is asked to do."""

from dataclasses import dataclass
from pathlib import Path

from evidense.auditing.public_records.tiers import tier_named
from evidense.errors import InvalidInput
from evidense.study.check.order import ENTAILER
from evidense.study.search.order import SearchOrder


@dataclass(frozen=True)
class AskOrder:
    """A question with its search, and how its findings are checked."""

    search: SearchOrder
    risk: float = 0.10
    entailer: str = ENTAILER
    encoder: str = ""
    """The spelling of an encoder, whose vectors help to rank works; "": words alone."""
    gate: str = ""
    """The least tier, as "public-record"; "": no gate."""
    calibration: Path | None = None
    """A calibration.json by which the entailer's verdicts are given; None: the one that ships with it, if any."""

    def __post_init__(self) -> None:
        """Refuse a risk that is none, and a tier that there is not."""
        if not 0 < self.risk < 1:  # NaN is refused too
            raise InvalidInput(f"risk is {self.risk}; expected a number between 0 and 1, as .10; correct --risk")
        if self.gate:
            tier_named(self.gate)
