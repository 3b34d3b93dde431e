"""The one family of errors that Evidense raises on purpose.

    EvidenseError                      the command line prints it without a traceback and exits with 2
    ├── InvalidInput                   a file, a value, a study that cannot be read as what it claims to be
    ├── UnknownName                    a name that no part answers to (says the nearest ones)
    ├── AmbiguousName                  a name that several parts answer to (says the spellings that would be clear)
    ├── UnsafeInput                    a pickle, remote code, a decompression bomb: refused whatever the flags
    ├── IncompleteWeights              a checkpoint that would leave a needed weight at random
    ├── MissingExtra                   a library that an optional extra would install
    ├── StoreError                     the store cannot be written or holds what it should not
    ├── WorkerLost                     a worker process that ended without a word (killed, out of memory)
    └── NotReproduced                  a replay that did not meet what the page claims

A message says what is wrong, with the value; then what was expected; then what to do.
"""

import difflib
import re
import shlex
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from importlib import metadata
from typing import NamedTuple

MOST_MISTAKES = 1_000
"""Mistakes of one input that are gathered before reading stops: a file of another kind is wrong on every line."""
FEW_ALIKE = 4
"""Mistakes of one kind from which on only the first is told, with a count."""
_LINES_NAMED = 5
TORCH_CPU_LINE = "pip install torch --index-url https://download.pytorch.org/whl/cpu"


class EvidenseError(Exception):
    """Something that the user can mend; its text is meant to be read by them."""


class InvalidInput(EvidenseError, ValueError):
    """A file, value or study that cannot be read as what it claims to be."""

    @classmethod
    def all_of(cls, subject: str, mistakes: Sequence[str], *, shown: int = 20) -> "InvalidInput":
        """Gather every mistake of one input in one message; of many on different lines that are alike, the first with a count.

        >>> print(InvalidInput.all_of("pairs.csv", ["line 2: empty query", "line 9: empty query"]))
        pairs.csv: 2 mistakes
          line 2: empty query
          line 9: empty query
        >>> print(InvalidInput.all_of("pairs.csv", [f"line {n}: {n} cells; expected 2" for n in (3, 5, 8, 9, 12, 13, 14)]))
        pairs.csv: 7 mistakes
          line 3: 3 cells; expected 2 (6 more like it, on lines 5, 8, 9, 12, 13 …)
        """
        is_capped = len(mistakes) > MOST_MISTAKES
        count = f"more than {MOST_MISTAKES:,} mistakes" if is_capped else f"{len(mistakes)} mistake{_s(len(mistakes))}"
        told = _folded(mistakes, is_capped)
        more = [f"… and {len(told) - shown} more"] if len(told) > shown else []
        return cls("\n  ".join([f"{subject}: {count}", *told[:shown], *more]))


_LINE = re.compile(r"\bline (\d+)")
_VALUE = re.compile(r"'[^']*'|0x[0-9A-F]+|\d[\d,.]*")
"""What may differ between mistakes that are alike: a quoted value, a number."""


def _folded(mistakes: Sequence[str], is_capped: bool) -> list[str]:
    """Return each mistake, of a kind that stands on many lines only the first; mistakes that name no line are all told."""
    kinds: dict[str, list[str]] = {}
    for mistake in mistakes:
        kinds.setdefault(_VALUE.sub("", mistake) if _LINE.search(mistake) else mistake, []).append(mistake)
    told = []
    for alike in kinds.values():
        told += alike if len(alike) < FEW_ALIKE else [f"{alike[0]} ({_more(alike[1:], is_capped)})"]
    return told


def _more(alike: Sequence[str], is_capped: bool) -> str:
    lines = [found[1] for mistake in alike[:_LINES_NAMED] if (found := _LINE.search(mistake))]
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


def _s(n: int) -> str:
    return "" if n == 1 else "s"


class UnknownName(EvidenseError, LookupError):
    """A name that no part answers to."""

    @classmethod
    def among(cls, what: str, name: str, known: Iterable[str], hint: str = "") -> "UnknownName":
        """Name the nearest known names.

        >>> print(UnknownName.among("collection", "phenotype", ["icd10cm", "phenotypes"]))
        unknown collection 'phenotype': did you mean 'phenotypes'? Known: icd10cm, phenotypes.
        """
        names = sorted(known)
        listed = f" Known: {', '.join(names)}." if names else ""
        return cls(f"unknown {what} '{name}':{did_you_mean(name, names)}{listed}{' ' + hint if hint else ''}")


class Mistakes:
    """The mistakes of one input, gathered so that all are reported at once; unknown names are kept apart from the others."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.others: list[str] = []

    def note_unknown(self, what: str, given: Iterable[str], known: Sequence[str]) -> None:
        """Note every given name that is not known, with the nearest one."""
        self.names += [
            f"unknown {what} '{name}':{did_you_mean(name, known)} Known: {', '.join(known)}."
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
    """A name that several parts answer to."""


class UnsafeInput(EvidenseError):
    """Input that would run code or exhaust the machine when opened."""


class IncompleteWeights(EvidenseError):
    """A checkpoint that does not hold a weight that the requested read-out needs."""


class Need(NamedTuple):
    """What needs which library, and which extra would install it ("" where it is a package of its own)."""

    for_what: str
    library: str
    extra: str = ""


class MissingExtra(EvidenseError, ImportError):
    """A library that an optional extra would install."""

    needs: tuple[Need, ...] = ()

    @classmethod
    def named(cls, extra: str, for_what: str, missing: str) -> "MissingExtra":
        """Say what to install, with the CPU line where torch is part of it.

        >>> print(MissingExtra.named("parquet", "reading a Parquet file", "pyarrow"))
        reading a Parquet file needs pyarrow, which is not installed. Install it with: pip install 'pyarrow>=15'
        (in a clone of Evidense: pip install '.[parquet]')
        """
        return cls.of([Need(for_what, missing, extra)])

    @classmethod
    def all_of(cls, errors: Iterable["MissingExtra"]) -> "MissingExtra":
        """Say of several errors at once what needs what, with the one line that installs everything.

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
        """Say what to install for these needs."""
        extras = list(dict.fromkeys(need.extra for need in needs if need.extra))
        packages = list(dict.fromkeys(need.library for need in needs if not need.extra))
        lines = [f"{_needing(needs)} with: {install_line(extras, packages, [n.library for n in needs])}"]
        if extras:
            own = "".join(f" {shlex.quote(one)}" for one in packages)
            lines.append(f"(in a clone of Evidense: pip install '.[{','.join(extras)}]'{own})")
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
    """Note what is missing in this block and go on, so that all of it is said at once."""
    try:
        yield
    except MissingExtra as error:
        missing.append(error)


def missing_extra(error: ModuleNotFoundError) -> MissingExtra | None:
    """Return the error that names the extra of a library that is not installed; None where it belongs to no extra.

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
    """Return the line that installs the libraries of some extras, and some packages: it works wherever Evidense itself came from.

    `missing` stands in for the extras where Evidense is run from its sources, which state no requirements.

    >>> install_line(["notebook"]), install_line(["notebook"], ["my_models"])
    ("pip install 'pandas>=2.0'", "pip install 'pandas>=2.0' my_models")
    """
    stated = _stated()
    libraries = [one for extra in extras for one in _libraries(extra, stated)] or [*missing]
    return " ".join(["pip install", *(shlex.quote(one) for one in dict.fromkeys([*libraries, *packages]))])


def _stated() -> Sequence[str]:
    """Return the requirements that the installed package states; none where it is run from its sources."""
    try:
        return metadata.requires("evidense") or []
    except metadata.PackageNotFoundError:
        return []


def _libraries(extra: str, stated: Sequence[str]) -> list[str]:
    """Return the requirements of an extra, those of extras that it names among them."""
    own = [
        line.partition(";")[0].strip() for line in stated if re.search(f"""extra == ['"]{re.escape(extra)}['"]""", line)
    ]
    found: list[str] = []
    for one in own:
        inner = re.fullmatch(r"evidense\[(.+)\]", one)
        found += [more for name in inner[1].split(",") for more in _libraries(name.strip(), stated)] if inner else [one]
    return list(dict.fromkeys(found))


class StoreError(EvidenseError):
    """The store cannot be written, is full, or holds something whose hash is wrong."""


class WorkerLost(EvidenseError):
    """A worker process that ended without a word: it was killed, or memory ran out."""


class NotReproduced(EvidenseError):
    """A replay whose numbers differ from those that the page claims."""
