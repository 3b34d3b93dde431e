"""Levels: how far the claims of a synthesis were verified, from 0 to 7, each by a count."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

GROUNDED = frozenset({"SUPPORTED", "QUALIFIED"})
"""Words of a column that bear a claim out, wholly or under a condition."""
_VERDICTS = re.compile(r"\b(HOLDS|FAILS|UNDECIDED)\b")


@dataclass(frozen=True)
class VerificationLevel:
    """One level, and the count that says how many claims reach it."""

    number: int
    key: str
    label: str
    definition: str
    count: str = ""
    """Its name in `claim_summary`; "" where every claim reaches it."""


_OF_STORE = re.compile(r"(?:; |^[^;:]+ )in the store (?:on )?analogues:? [^;(]*(?:\([^()]*\))?|^\S+: not tested here$")


def that_ships(tested: str) -> str:
    """Return what experiments say without those of the store that a report was made with: another store has others.

    >>> that_ships("S6 on analogues: HOLDS 4; in the store on analogues: FAILS 1"), that_ships("S9 in the store on analogues: HOLDS 2")
    ('S6 on analogues: HOLDS 4', '')
    """
    return _OF_STORE.sub("", tested).strip()


LEVELS = (
    VerificationLevel(0, "unverified", "Unverified", "A claim is stated."),
    VerificationLevel(1, "located", "Located claims", "The claim stands in a source, at a place that is stated.", "located_claims"),
    VerificationLevel(2, "source_grounded", "Source-grounded claims", "Its own source bears the claim out.", "source_grounded_claims"),
    VerificationLevel(
        3, "cross_source_corroborated", "Cross-source corroborated claims",
        "A work that is independent of its source bears the claim out as well: no version of it, no paper of the same authors, no sentence that cites it.",
        "cross_source_corroborated_claims",
    ),
    VerificationLevel(
        4, "artifact_inspected", "Artifact-inspected claims",
        "The claim repeats one that was decided from the published numbers of a study, computed anew.", "artifact_inspected_claims",
    ),
    VerificationLevel(
        5, "sandbox_executed", "Sandbox-executed claims", "An experiment of ours on the claim was run, on analogous models and data.",
        "sandbox_executed_claims",
    ),
    VerificationLevel(
        6, "independently_reproduced", "Independently reproduced claims", "An experiment with the same models and data was run by others.",
        "independently_reproduced_claims",
    ),
    VerificationLevel(
        7, "externally_reviewed", "Externally reviewed or formally verified claims", "People outside reviewed the claim, or a proof was checked.",
        "externally_reviewed_or_formally_verified_claims",
    ),
)  # fmt: skip


def paper_level(counts: Mapping[str, int]) -> int:
    """Return the highest level up to which each level has a claim: a level above a gap does not count.

    >>> paper_level({"located_claims": 6, "source_grounded_claims": 4, "artifact_inspected_claims": 1})
    2
    """
    reached = 0
    for level in LEVELS[1:]:
        if counts.get(level.count, 0) < 1:
            break
        reached = level.number
    return reached


@dataclass(frozen=True)
class Columns:
    """What the checks of one claim came to."""

    is_located: bool
    grounded: str
    corroborated: str
    tested: str = ""

    @property
    def is_grounded(self) -> bool:
        """Say whether its own source bears it out."""
        return self.is_located and self.grounded in GROUNDED

    @property
    def is_verified(self) -> bool:
        """Say whether an independent work bears it out as well, and none says the opposite."""
        return self.is_grounded and self.corroborated in GROUNDED

    def verdicts(self, scope: str) -> frozenset[str]:
        """Return the verdicts of experiments within a scope: "analogues", "published numbers".

        >>> sorted(Columns(True, "", "", "S2 on analogues: HOLDS 7, FAILS 2 (a: HOLDS 7; b: FAILS 2)").verdicts("analogues"))
        ['FAILS', 'HOLDS']
        """
        parts = re.sub(r" \([^()]*\)", "", self.tested).split(";")
        return frozenset(word for part in parts if f"{scope}:" in part for word in _VERDICTS.findall(part))


def counted(claims: Sequence[Columns]) -> dict[str, int]:
    """Count the claims that reach each level. Nothing is reproduced by others or reviewed outside here, so these counts are 0.

    >>> counted([Columns(True, "SUPPORTED", "NOT SURE")])["source_grounded_claims"]
    1
    """
    return {
        "located_claims": sum(claim.is_located for claim in claims),
        "source_grounded_claims": sum(claim.is_grounded for claim in claims),
        "cross_source_corroborated_claims": sum(claim.is_verified for claim in claims),
        "artifact_inspected_claims": sum(bool(claim.verdicts("published numbers")) for claim in claims),
        "sandbox_executed_claims": sum(bool(claim.verdicts("analogues")) for claim in claims),
        "independently_reproduced_claims": 0,
        "externally_reviewed_or_formally_verified_claims": 0,
    }


def gate_status(claims: Sequence[Columns]) -> tuple[str, str]:
    """Return the gate's status and its reason. Numbers that authors published can verify or falsify; experiments on analogues cannot.

    >>> gate_status([Columns(True, "SUPPORTED", "SUPPORTED")])
    ('UNVERIFIED', '0 of 1 claims decided in published numbers, 0 tested on analogues, which neither verify nor falsify.')
    """
    decided = [claim.verdicts("published numbers") for claim in claims]
    n, n_failed = len(claims), sum("FAILS" in words for words in decided)
    if n_failed:
        return "FALSIFIED", f"{n_failed} of {n} claims fail in published numbers."
    n_upheld = sum(words == {"HOLDS"} for words in decided)
    if n and n_upheld == n:
        return "VERIFIED", f"All {n} claims hold in published numbers."
    n_analogue = sum(bool(claim.verdicts("analogues")) for claim in claims)
    return (
        "UNVERIFIED",
        f"{n_upheld} of {n} claims decided in published numbers, {n_analogue} tested on analogues, which neither verify nor falsify.",
    )
