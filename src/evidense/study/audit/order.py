"""Order: what an audit is asked to do."""

from dataclasses import dataclass
from pathlib import Path

from evidense.auditing.audited import GATE_WORDS, USUAL_GATE
from evidense.auditing.policies import POLICIES
from evidense.errors import InvalidInput, UnknownName

FOLDER = "folder"


@dataclass(frozen=True)
class Order:
    """A file to audit, whom to ask, and what to write."""

    file: Path
    sources: tuple[str, ...] = ()
    """Spellings; empty: every index of the shelf."""
    offline: bool = False
    policy: str = ""
    gate: tuple[str, ...] = ()
    """Words that the gate does not let pass; empty: no gate."""
    fix: bool = False
    encoder: str = ""
    """Spelling of an encoder that searches passages beside BM25; empty: BM25 alone."""
    max_requests: int | None = None
    """At most so many requests, all indexes together."""
    max_seconds: float | None = None
    """At most so many seconds of waiting for indexes."""
    max_usd: float | None = None
    """At most so many US dollars at indexes that charge."""

    @property
    def may_ask_at_once(self) -> bool:
        """Say whether different indexes may be asked at the same time; not within a budget, which then ends at the same question in every run."""
        return not self.offline and self.max_requests is None and self.max_usd is None

    def __post_init__(self) -> None:
        """Refuse a policy or a verdict that there is not."""
        if self.policy and self.policy not in POLICIES:
            raise UnknownName.among("policy", self.policy, POLICIES)
        for verdict in self.gate:
            if verdict not in GATE_WORDS:
                raise UnknownName.among("verdict", verdict, GATE_WORDS)
        check_budgets(max_requests=self.max_requests, max_seconds=self.max_seconds, max_usd=self.max_usd)


def check_budgets(**budgets: float | None) -> None:
    """Refuse a budget that is no amount.

    Raises:
        InvalidInput: it is below 0, or not a number.
    """
    for name, value in budgets.items():
        if value is not None and not value >= 0:  # NaN is refused too
            raise InvalidInput(f"{name} is {value}; expected 0 or more; correct the budget")


def gate_of(is_gated: bool, verdicts: str = "") -> tuple[str, ...]:
    """Return the words of a gate: those that are named, else the usual ones.

    >>> gate_of(True)
    ('OTHER WORK', 'RETRACTED', 'NOT FOUND', 'REFUTED', 'CHANGED', 'DIFFERS')
    >>> gate_of(False), gate_of(False, "wrong field, not found")
    ((), ('WRONG FIELD', 'NOT FOUND'))
    """
    named = tuple(" ".join(part.upper().replace("_", " ").split()) for part in verdicts.split(",") if part.strip())
    return named or (USUAL_GATE if is_gated else ())
