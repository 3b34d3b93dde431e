"""Seeds: what is said of systems that were trained several times."""

from collections.abc import Mapping

from evidense.boundary.numerals import plain
from evidense.records import Json
from evidense.report.contents import Contents

MOST_SEEDS = 10
"""Of more seeds only the lowest and the highest mean are shown."""


def over_seeds(contents: Contents) -> str:
    """Say over which seeds intervals go; an empty text where every system has one run."""
    systems = contents.seeds
    if not systems:
        return ""
    named = [f"{len(seeds)} training seeds of {system}" for system, seeds in systems.items()]
    return f"over queries and {', '.join(named[:-1])}{' and ' if named[:-1] else ''}{named[-1]}"


def seeds_text(details: Mapping[str, Json]) -> str:
    """Say what each seed reached, from the details of a comparison; an empty text where both sides have one run.

    >>> seeds_text({"seeds": {"system": {"dpr.0": 0.31, "dpr.1": 0.33, "dpr.2": 0.3}}})
    '3 seeds: .310, .330, .300'
    >>> seeds_text({"seeds": {"base": {"a": 0.2, "b": 0.25}, "system": {"c": 0.31, "d": 0.33}}})
    '2 seeds of the baseline: .200, .250; 2 seeds: .310, .330'
    """
    whose = {"base": " of the baseline", "system": ""}
    sides = details.get("seeds") or {}
    return "; ".join(
        f"{len(sides[side])} seeds{of}: {_means(sides[side])}" for side, of in whose.items() if side in sides
    )


def _means(by_seed: Mapping[str, float]) -> str:
    means = [plain(mean) for mean in by_seed.values()]
    if len(means) <= MOST_SEEDS:
        return ", ".join(means)
    return f"{plain(min(by_seed.values()))} to {plain(max(by_seed.values()))}"


def seed_lines(details: Mapping[str, Json]) -> str:
    """Return every seed with its mean, for the facts of a comparison.

    >>> seed_lines({"seeds": {"system": {"dpr.0": 0.31, "dpr.1": 0.33}}})
    'dpr.0 .310, dpr.1 .330'
    """
    return ", ".join(
        f"{seed} {plain(mean)}" for by_seed in (details.get("seeds") or {}).values() for seed, mean in by_seed.items()
    )


def sentence(contents: Contents) -> str:
    """Return the sentence of the methods; an empty text where every system has one run."""
    systems = contents.seeds
    if not systems:
        return ""
    means = ", ".join(f"{system} is the mean over {len(seeds)} training seeds" for system, seeds in systems.items())
    alone = any(system not in systems for system in (contents.baseline, *contents.systems))
    means += ", and what has one run is the same in every seed" if alone else ""
    unequal = len({len(seeds) for seeds in systems.values()}) > 1
    return (
        f"{means}; seeds and queries are crossed random effects, and the interval adds what the seeds leave open (Student's t of their means) to what "
        "the queries do (Howe, 1974; Zou and Donner, 2008); it is never narrower than over queries alone. Systems with equally many seeds share one "
        "maximum statistic, the others the error (Bonferroni). Seeds of two systems are paired by their order"
        + (", unequal numbers by Scheffé's contrasts (1943)." if unequal else ".")
    )


def lists_note(contents: Contents) -> str:
    """Say whose lists stand for a system with several seeds; an empty text where every system has one run."""
    firsts = [f"lists of {system} are those of its first seed, {seeds[0]}" for system, seeds in contents.seeds.items()]
    return "; ".join(["Values are means over seeds", *firsts]) if firsts else ""
