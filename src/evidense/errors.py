"""Errors: the family of errors that Evidense raises on purpose.

    EvidenseError                      the command line prints it without a traceback and exits with 2
    ├── InvalidInput                   a file, value or study that cannot be read
    ├── UnknownName                    an unknown name (the message has the nearest one)
    ├── AmbiguousName                  a name of several parts (the message has the clear spellings)
    ├── UnsafeInput                    a pickle, remote code, a decompression bomb: refused whatever the flags
    ├── IncompleteWeights              a checkpoint that lacks a needed weight
    ├── MissingExtra                   a library that an optional extra would install
    ├── StoreError                     the store cannot be written, or is damaged
    ├── StoreUnreachable               the bucket of a store does not answer; nothing in it is taken for missing
    ├── WorkerLost                     a worker process that ended without an answer (killed, out of memory)
    └── NotReproduced                  a replay whose numbers differ from the page

A message has three parts: what is wrong, with the value; what was expected; what to do.
"""

import difflib
import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib import metadata
from typing import NamedTuple

MOST_MISTAKES = 1_000
"""Reading stops after this many mistakes: a file of another kind is wrong on every line."""
FEW_ALIKE = 4
"""From this many similar mistakes on, only the first is reported, with a count."""
_LINES_NAMED = 5
TORCH_CPU_LINE = "pip install torch --index-url https://download.pytorch.org/whl/cpu"


class EvidenseError(Exception):
    """An error that the user can fix; its text is written for the user."""


class InvalidInput(EvidenseError, ValueError):
    """A file, value or study that cannot be read."""

    @classmethod
    def all_of(cls, subject: str, mistakes: Sequence[str], *, shown: int = 20) -> "InvalidInput":
        """Report all mistakes of one input in one message; of many similar ones on different lines, only the first, with a count. One mistake is one line.

        >>> print(InvalidInput.all_of("pairs.csv", ["line 2: empty query", "line 9: empty query"]))
        pairs.csv: 2 mistakes
          line 2: empty query
          line 9: empty query
        >>> print(InvalidInput.all_of("pairs.csv", [f"line {n}: {n} cells; expected 2" for n in (3, 5, 8, 9, 12, 13, 14)]))
        pairs.csv: line 3: 3 cells; expected 2 (6 more like it, on lines 5, 8, 9, 12, 13 …)
        """
        is_capped = len(mistakes) > MOST_MISTAKES
        count = f"more than {MOST_MISTAKES:,} mistakes" if is_capped else f"{len(mistakes)} mistakes"
        reported = _folded(mistakes, is_capped)
        if len(reported) == 1 and not is_capped:
            return cls(f"{subject}: {reported[0]}")
        more = [f"… and {len(reported) - shown} more"] if len(reported) > shown else []
        return cls("\n  ".join([f"{subject}: {count}", *reported[:shown], *more]))


_LINE = re.compile(r"\bline (\d+)")
_VALUE = re.compile(r"'[^']*'|0x[0-9A-F]+|\d[\d,.]*")
"""Parts in which similar mistakes may differ: quoted values and numbers."""


def _folded(mistakes: Sequence[str], is_capped: bool) -> list[str]:
    """Return the mistakes, with similar ones on many lines folded into the first; mistakes without a line are all kept."""
    kinds: dict[str, list[str]] = {}
    for mistake in mistakes:
        kinds.setdefault(_VALUE.sub("", mistake) if _LINE.search(mistake) else mistake, []).append(mistake)
    folded = []
    for alike in kinds.values():
        folded += alike if len(alike) < FEW_ALIKE else [f"{alike[0]} ({_more(alike[1:], is_capped)})"]
    return folded


def _more(alike: Sequence[str], is_capped: bool) -> str:
    lines = [match[1] for mistake in alike[:_LINES_NAMED] if (match := _LINE.search(mistake))]
    where = f", on lines {', '.join(lines)}{' …' if len(alike) > _LINES_NAMED else ''}" if lines else ""
    return f"{'at least ' if is_capped else ''}{len(alike):,} more like it{where}"


def nearest(name: str, known: Iterable[str], cutoff: float = 0.6) -> str | None:
    """Return the known name that a mistyped one is closest to, or None if none is close.

    `cutoff` is the least similarity, from 0 to 1 (`difflib.SequenceMatcher.ratio`).

    >>> nearest("phenotype", ["icd10cm", "phenotypes"])
    'phenotypes'
    """
    matches = difflib.get_close_matches(name, list(known), n=1, cutoff=cutoff)
    return matches[0] if matches else None


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return " did you mean 'X'?" with the known name closest to a mistyped one, or "" if none is close."""
    match = nearest(name, known)
    return f" did you mean '{match}'?" if match else ""


def _guess(name: str, known: Iterable[str]) -> str:
    guess = did_you_mean(name, known)
    return f":{guess}" if guess else "."


class UnknownName(EvidenseError, LookupError):
    """A name that no part has."""

    @classmethod
    def among(cls, what: str, name: str, known: Iterable[str], hint: str = "") -> "UnknownName":
        """Return the error for a name that is not among the known ones, with the nearest of them.

        >>> print(UnknownName.among("collection", "phenotype", ["icd10cm", "phenotypes"]))
        unknown collection 'phenotype': did you mean 'phenotypes'? Known: icd10cm, phenotypes.
        """
        names = sorted(known)
        listed = f" Known: {', '.join(names)}." if names else ""
        return cls(f"unknown {what} '{name}'{_guess(name, names)}{listed}{' ' + hint if hint else ''}")


class Mistakes:
    """The mistakes of one input, gathered so that all are reported at once; unknown names are kept apart from the others."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.others: list[str] = []

    def note_unknown(self, what: str, given: Iterable[str], known: Sequence[str]) -> None:
        """Note every given name that is not known, with the nearest one."""
        self.names += [
            f"unknown {what} '{name}'{_guess(name, known)} Known: {', '.join(known)}."
            for name in given
            if name not in known
        ]

    def note_error(self, where: str, error: EvidenseError) -> None:
        """Note an error that was raised while reading one place of the input."""
        (self.names if isinstance(error, UnknownName) else self.others).append(f"{where}: {error}")

    def raise_if_any(self, subject: str) -> None:
        """Raise one error with every mistake that was noted.

        Raises:
            UnknownName: all of them are unknown names.
            InvalidInput: some are of another kind.
        """
        if self.others:
            raise InvalidInput.all_of(subject, list(dict.fromkeys([*self.names, *self.others])))
        if self.names:
            raise UnknownName("; ".join(dict.fromkeys(self.names)))


class AmbiguousName(EvidenseError, LookupError):
    """A name that several parts have."""


class UnsafeInput(EvidenseError):
    """Input that would run code or exhaust the machine when opened."""


class IncompleteWeights(EvidenseError):
    """A checkpoint that lacks a weight which the requested read-out needs."""


class Need(NamedTuple):
    """A missing library, what needs it, and the extra that installs it ("" for a package outside the extras)."""

    for_what: str
    library: str
    extra: str = ""


class MissingExtra(EvidenseError, ImportError):
    """A library is missing that an optional extra installs."""

    needs: tuple[Need, ...] = ()

    @classmethod
    def named(cls, extra: str, for_what: str, missing: str) -> "MissingExtra":
        """Return the error for one missing library, with the line to install it; for torch also the line for CPUs.

        >>> print(MissingExtra.named("parquet", "reading a Parquet file", "pyarrow"))
        reading a Parquet file needs pyarrow, which is not installed. Install it with: pip install 'pyarrow>=15'
        (in a clone of Evidense: pip install '.[parquet]')
        """
        return cls.of([Need(for_what, missing, extra)])

    @classmethod
    def all_of(cls, errors: Iterable["MissingExtra"]) -> "MissingExtra":
        """Combine several errors into one, with one line that installs everything.

        >>> table, model = MissingExtra.named("notebook", "a table", "pandas"), MissingExtra.of([Need("'pip:m/a'", "m")])
        >>> print(MissingExtra.all_of([table, model, table]))
        2 things need libraries that are not installed. Install them with: pip install 'pandas>=2.0' m
        (in a clone of Evidense: pip install '.[notebook]' m)
          a table: pandas
          'pip:m/a': m
        """
        return cls.of(list(dict.fromkeys(need for error in errors for need in error.needs)))

    @classmethod
    def of(cls, needs: Sequence[Need]) -> "MissingExtra":
        """Return the error for these needs, with the line to install them."""
        extras = list(dict.fromkeys(need.extra for need in needs if need.extra))
        packages = list(dict.fromkeys(need.library for need in needs if not need.extra))
        lines = [f"{_needing(needs)} with: {install_line(extras, packages, [n.library for n in needs])}"]
        if extras:
            other_packages = "".join(f" {shlex.quote(package)}" for package in packages)
            lines.append(f"(in a clone of Evidense: pip install '.[{','.join(extras)}]'{other_packages})")
        if {need.library for need in needs} & {"torch", "transformers"}:
            lines.append(f"(without a GPU, first: {TORCH_CPU_LINE})")
        error = cls("\n".join([*lines, *(f"  {need.for_what}: {need.library}" for need in needs if len(needs) > 1)]))
        error.needs = tuple(needs)
        return error


def _needing(needs: Sequence[Need]) -> str:
    if len(needs) == 1:
        return f"{needs[0].for_what} needs {needs[0].library}, which is not installed. Install it"
    return f"{len(needs)} things need libraries that are not installed. Install them"


@contextmanager
def gathered(missing: list[MissingExtra]) -> Iterator[None]:
    """Collect a MissingExtra of this block in the list and go on, so that all can be reported at once."""
    try:
        yield
    except MissingExtra as error:
        missing.append(error)


def missing_extra(error: ModuleNotFoundError) -> MissingExtra | None:
    """Return the MissingExtra for a module that is not installed, or None if no extra installs it.

    >>> print(missing_extra(ModuleNotFoundError(name="pandas")))
    this command needs pandas, which is not installed. Install it with: pip install 'pandas>=2.0'
    (in a clone of Evidense: pip install '.[notebook]')
    """
    library = (error.name or "").partition(".")[0]
    for line in _stated():
        extra = re.search(r"""extra == ['"]([\w-]+)['"]""", line)
        if extra and library and re.match(rf"{re.escape(library.replace('_', '-'))}(?![\w.-])", line.replace("_", "-")):
            return MissingExtra.named(extra[1], "this command", library)
    return None


def install_line(extras: Sequence[str], packages: Sequence[str] = (), missing: Sequence[str] = ()) -> str:
    """Return the pip line that installs the libraries of extras and further packages, wherever Evidense was installed from.

    `missing` replaces the extras if Evidense runs from its sources, which have no metadata of requirements.

    >>> install_line(["notebook"]), install_line(["notebook"], ["my_models"])
    ("pip install 'pandas>=2.0'", "pip install 'pandas>=2.0' my_models")
    """
    stated = _stated()
    libraries = [requirement for extra in extras for requirement in _libraries(extra, stated)] or [*missing]
    return " ".join(
        ["pip install", *(shlex.quote(requirement) for requirement in dict.fromkeys([*libraries, *packages]))]
    )


def _stated() -> Sequence[str]:
    """Return the requirements in the metadata of the installed package; none if it runs from its sources."""
    try:
        return metadata.requires("evidense") or []
    except metadata.PackageNotFoundError:
        return []


def _libraries(extra: str, stated: Sequence[str]) -> list[str]:
    """Return the requirements of an extra, with those of extras that it includes."""
    requirements = [
        line.partition(";")[0].strip() for line in stated if re.search(f"""extra == ['"]{re.escape(extra)}['"]""", line)
    ]
    libraries: list[str] = []
    for requirement in requirements:
        inner = re.fullmatch(r"evidense\[(.+)\]", requirement)
        libraries += (
            [more for name in inner[1].split(",") for more in _libraries(name.strip(), stated)]
            if inner
            else [requirement]
        )
    return list(dict.fromkeys(libraries))


class StoreError(EvidenseError):
    """The store cannot be written, is full, or holds data with a wrong hash."""


class StoreUnreachable(EvidenseError):
    """A store in a bucket that does not answer or forbids what is asked. What is missing in it is not known, so nothing is computed anew."""


class WorkerLost(EvidenseError):
    """A worker process ended without an answer: it was killed, or memory ran out."""


class NotReproduced(EvidenseError):
    """A replay gave other numbers than the page."""
