"""Mismatch: one way in which a statement differs from its passage."""

import re
from dataclasses import dataclass
from typing import Literal

from evidense.checking.scope import ScopeField

MismatchRule = Literal[
    "number", "direction", "negation", "entity", "dataset", "metric", "split", "model", "population", "condition"
]
"""How a statement differs from its passage. "condition": it dropped one, or a population, a dataset, a hedge; this qualifies, it never refutes."""
ORDER: tuple[MismatchRule, ...] = (
    "negation", "direction", "number", "dataset", "metric", "split", "model", "population", "entity", "condition",
)  # fmt: skip
"""The worst first."""
RULE_OF: dict[ScopeField, MismatchRule] = {
    "dataset": "dataset", "metric": "metric", "split": "split", "model": "model", "population": "population", "place": "entity", "task": "entity",
}  # fmt: skip
"""The rule by which another name of a field is told."""
NEAR_ONLY: frozenset[MismatchRule] = frozenset(ORDER) - {"direction"}
"""Rules that say nothing of a statement in other words: they fire as often on what is supported there as on what is refuted."""
DENYING = re.compile(
    r"\b(?:not|no|never|none|neither|cannot|without|fail(?:s|ed|ing|ure)?|lack(?:s|ed|ing)?|hardly|barely|rarely|scarcely|seldom|nothing|nobody|"
    r"nowhere|unable|absence|absent|devoid|non|"
    r"den(?:y|ies|ied)|false|untrue|unlikely|little)\b|n['’]t\b",
    re.IGNORECASE,
)
"""Words that deny."""


@dataclass(frozen=True)
class Mismatch:
    """One rule, with the words of the statement and of the passage that it is about; either may be empty."""

    rule: MismatchRule
    claim: str
    evidence: str

    @property
    def qualifies(self) -> bool:
        """Say whether the statement only dropped a condition."""
        return self.rule == "condition"
