"""Verdicts on claims of the literature that ship: what built-in studies (`inside`, `pictures_inside`, `pictures`) and the published numbers came to.

`docs/claim_verdicts.py PAGE …` writes those of a study anew from its page, and keeps those of the others.
"""

import csv
import io
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, fields
from functools import cache
from importlib import resources
from typing import Any, Literal, cast

Scope = Literal["analogue", "published numbers"]
"""Other models or data than the claim is about; or the numbers that its authors printed. Neither reproduces it."""


@dataclass(frozen=True)
class ClaimVerdict:
    """One verdict on a claim at one level, of one pair of encoders on one collection."""

    code: str
    level: str
    scope: Scope
    study: str
    """The built-in study, or the published one, whose findings decide it."""
    subject: str
    against: str
    collection: str
    apart: str
    """What sets it apart from others of the same pair and collection: "N = 5", or a pooling."""
    verdict: str
    effect: str
    low: str
    high: str
    n: str
    registration: str
    """Hash of what was registered: claim, level, estimand, margin, controls."""


@cache
def shipped() -> tuple[ClaimVerdict, ...]:
    """Return every verdict that ships, in the order of the claims."""
    text = resources.files("evidense.published").joinpath("claim_verdicts.csv").read_text(encoding="utf-8")
    return tuple(ClaimVerdict(**cast(dict[str, Any], row)) for row in csv.DictReader(io.StringIO(text)))


def apart_words(apart: Mapping[str, object]) -> str:
    """Say what sets a verdict apart from others of its pair and collection.

    >>> apart_words({"n_candidates": 5}), apart_words({"pooling": "mean"}), apart_words({})
    ('N = 5', 'mean', '')
    """
    return ", ".join(f"N = {value}" if key == "n_candidates" else str(value) for key, value in apart.items())


def verdicts_of(checks: Iterable[Mapping[str, Any]], scope: Scope, study: str) -> list[ClaimVerdict]:
    """Return the verdicts of checks on claims as the page of a study has them; those without evidence say nothing."""
    return [
        ClaimVerdict(
            check["details"]["code"], check["details"]["level"], scope, study, check["system"], check["baseline"], check["collection"],
            apart_words(check["details"].get("at", {})), check["verdict"],
            f"{check['effect']:.3f}", f"{check['low']:.3f}", f"{check['high']:.3f}", str(check["n"]), check["details"]["registration"],
        )
        for check in checks
        if "code" in check["details"] and check["effect"] is not None
    ]  # fmt: skip


def written(verdicts: Iterable[ClaimVerdict]) -> str:
    """Return verdicts as the CSV that ships."""
    out = io.StringIO()
    table = csv.DictWriter(out, [field.name for field in fields(ClaimVerdict)], lineterminator="\n")
    table.writeheader()
    table.writerows(asdict(verdict) for verdict in verdicts)
    return out.getvalue()
