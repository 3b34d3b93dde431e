"""What claims seek is what some analysis, the factorial or the published results declare: a misspelt estimand finds nothing, ever."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

import evidense
from evidense.verbs.decide_claims import literature

SOURCE = Path(evidense.__file__).parent
DECLARING = ("analyses", "dissection", "published", "verbs/decide_effects.py")
_DERIVED = re.compile(r"^change (in|of) | (beyond|over) seeds$")
"""What an analysis makes of an estimand: its change against the base, and what is left of it when seeds are taken off."""


@cache
def declared() -> frozenset[str]:
    """Return every text that these rooms hold as it is."""
    files = [
        p for name in DECLARING for p in ([SOURCE / name] if name.endswith(".py") else (SOURCE / name).rglob("*.py"))
    ]
    nodes = [node for path in files for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))]
    return frozenset(node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))


def sought() -> list[object]:
    """Return each estimand that a hypothesis or one of its controls seeks, once a claim."""
    estimands = {
        (name, part.estimand)
        for name, claim in literature().items()
        for h in claim.hypotheses
        for part in (h.sought, *(c.sought for c in h.controls))
    }
    return [pytest.param(estimand, id=f"{name}: {estimand}") for name, estimand in sorted(estimands)]


@pytest.mark.parametrize("estimand", sought())
def test_every_estimand_that_a_claim_seeks_is_declared_by_an_analysis(estimand: str) -> None:
    assert estimand in declared() or _DERIVED.sub("", estimand) in declared()
