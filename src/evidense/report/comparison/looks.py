"""Looks: what is said of queries that were used before, and of the best of several candidates."""

import math
from datetime import date
from typing import Any

from evidense.boundary.numerals import count, interval, plain, signed
from evidense.boundary.shown import shown_line
from evidense.records import Finding, Study
from evidense.report.rendering import without_sample

MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_ROUNDING = 1e-6
LOOK = "a look is one run with new results, however many systems it compares"
STORE = (
    "A store is a folder on this machine where results are kept (EVIDENSE_STORE names another). A run counts from its first verdict on, "
    "even if it ends in an error."
)
"""Tooltip of the sentences on looks."""


def sentences(study: Study) -> list[str]:
    """Return one sentence for each collection whose queries were used in other comparisons too, and one for each plan of looks.

    They come from what was observed, and say nothing where this store has seen no other comparison.
    """
    lines = []
    for name, facts in study.observed.get("looks", {}).items():
        where = shown_line(without_sample(name))
        if facts["n_other_looks"]:
            lines.append(_used(where, facts))
        if study.looks and facts["place"]:
            lines.append(_plan(where, study, facts))
    return lines


def observed_looks(study: Study) -> dict[str, float]:
    """Return for trackers, of each collection: comparisons and looks so far, the chance of a false verdict, looks of the plan made and left."""
    flat: dict[str, float] = {}
    for name, facts in study.observed.get("looks", {}).items():
        prefix = f"looks/{name}"
        flat |= {f"{prefix}/n_comparisons": facts["n_comparisons"], f"{prefix}/n_looks": facts["n_looks"]}
        flat |= {f"{prefix}/chance_of_a_false_verdict": facts["chance"]}
        if study.looks:
            flat |= {f"{prefix}/planned": study.looks, f"{prefix}/place": facts["place"]}
    return flat


def _used(where: str, facts: dict[str, Any]) -> str:
    also = " and of the baseline file" if facts["is_from_file"] else ""
    n, n_samples = facts["n_looks"], facts["n_samples"]
    times = f"{count(n)} look{'' if n == 1 else 's'} of this store{also} since {day(facts['since'])}"
    samples = f", at {count(n_samples)} samples of one collection" if n_samples > 1 else ""
    among = ", this one among them" if facts["n_other_looks"] < n else ""
    n_comparisons = facts["n_comparisons"]
    held = f", {count(n_comparisons)} different comparisons in all" if n_comparisons != n else ""
    most = math.ceil(facts["chance"] * 100 - _ROUNDING) / 100
    chance = f"the chance of at least one false HELPS or HARMS in these looks is up to {plain(most, 2)}"
    return f"{where}: these queries were used in {times}{samples}{among} ({LOOK}{held}); {chance}"


def _plan(where: str, study: Study, facts: dict[str, Any]) -> str:
    text = f"{where}: look {count(facts['place'])} of {count(study.looks)} planned ({LOOK})"
    if not facts["used_up"]:
        return text
    return f"{text}: all of them are used up, and no gate is met any more; take fresh queries, and save the baseline on them anew"


def day(iso: str) -> str:
    """Return a date in words.

    >>> day("2026-11-03")
    '3 November 2026'
    """
    on = date.fromisoformat(iso)
    return f"{on.day} {MONTHS[on.month - 1]} {on.year}"


def best_sentence(finding: Finding) -> str:
    """Return which of several candidates is best: what was observed, the interval that holds whichever wins, and what is left of the effect."""
    d, where = finding.details, finding.site.get("collection", "")
    over = f"on {shown_line(where)}" if where else f"by the mean of {len(finding.site['collections'])} collections"
    observed = f"{signed(d['observed'])} {interval(finding.low, finding.high)}"
    return (
        f"best of {count(d['n_candidates'])}: {shown_line(str(finding.site['system']))} {over}, {d['label']} {observed}; "
        f"{signed(finding.value)} after allowing for its having been chosen"
    )
