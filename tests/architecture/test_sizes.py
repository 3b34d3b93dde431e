"""Files, functions and parameter lists stay small enough to be read in one sitting."""

import warnings

from architecture.sources import functions, sources

MAX_FILE, MAX_FUNCTION, WANTS_A_REASON, MAX_PARAMETERS = 400, 60, 40, 5

MANY_PARAMETERS: dict[str, str] = {
    "evidense.cli.score_.command": "one parameter an option of the command line",
    "evidense.report.write.write": "public: what to write, where, and three switches, by name",
    "evidense.stats.estimates.simultaneous": "public: the family, and by name what a study file sets",
    "evidense.stats.all_pairs.all_pairs": "public: as `simultaneous`",
    "evidense.stats.all_pairs._estimates": "what `all_pairs` is given, by the same names",
    "evidense.stats.estimates.mean_over": "public: as `simultaneous`, and what the collections share",
    "evidense.stats.means.mean_interval": "public: as `mean_intervals`",
    "evidense.stats.means.mean_intervals": "public: values and clusters, and by name what a study file and a measure set",
    "evidense.stats.populations.seeded_systems.simultaneous_over_seeds": "public: as `simultaneous`, and its place in the whole family",
    "evidense.stats.populations.seeded_systems.mean_over_seeds": "public: as `mean_over`",
    "evidense.stats.populations.seeded.seeded": "public: as `simultaneous`, and its place in the whole family",
}
"""Function → why it takes more than five parameters."""


def test_no_file_is_longer_than_400_lines() -> None:
    long = {s.module: n for s in sources() if (n := len(s.text.splitlines())) > MAX_FILE}
    assert not long, f"files over {MAX_FILE} lines: {long}"


def test_no_function_is_longer_than_60_lines() -> None:
    sizes = {f.name: f.n_lines for s in sources() for f in functions(s)}
    for name, n in sizes.items():
        if WANTS_A_REASON < n <= MAX_FUNCTION:
            warnings.warn(f"{name} has {n} lines; over {WANTS_A_REASON} it wants a reason", stacklevel=1)
    long = {name: n for name, n in sizes.items() if n > MAX_FUNCTION}
    assert not long, f"functions over {MAX_FUNCTION} lines: {long}"


def test_no_function_takes_more_than_five_parameters() -> None:
    counts = {f.name: f.n_parameters for s in sources() for f in functions(s)}
    many = {name: n for name, n in counts.items() if n > MAX_PARAMETERS and name not in MANY_PARAMETERS}
    assert not many, f"functions over {MAX_PARAMETERS} parameters (use a frozen dataclass): {many}"


def test_every_listed_exception_still_exists_and_still_needs_it() -> None:
    counts = {f.name: f.n_parameters for s in sources() for f in functions(s)}
    stale = [name for name in MANY_PARAMETERS if counts.get(name, 0) <= MAX_PARAMETERS]
    assert not stale, f"no longer exceptions, remove them: {stale}"
