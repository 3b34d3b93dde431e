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
from collections.abc import Iterable, Sequence
from importlib import metadata

MOST_MISTAKES = 1_000
"""Mistakes of one input that are gathered before reading stops: a file of another kind is wrong on every line."""
TORCH_CPU_LINE = "pip install torch --index-url https://download.pytorch.org/whl/cpu"


class EvidenseError(Exception):
    """Something that the user can mend; its text is meant to be read by them."""


class InvalidInput(EvidenseError, ValueError):
    """A file, value or study that cannot be read as what it claims to be."""

    @classmethod
    def all_of(cls, subject: str, mistakes: Sequence[str], *, shown: int = 20) -> "InvalidInput":
        """Gather every mistake of one input in one message.

        >>> print(InvalidInput.all_of("pairs.csv", ["line 2: empty query", "line 9: empty query"]))
        pairs.csv: 2 mistakes
          line 2: empty query
          line 9: empty query
        """
        count = f"{len(mistakes)} mistake" + ("s" if len(mistakes) != 1 else "")
        more = [f"… and {len(mistakes) - shown} more"] if len(mistakes) > shown else []
        return cls("\n  ".join([f"{subject}: {count}", *mistakes[:shown], *more]))


class UnknownName(EvidenseError, LookupError):
    """A name that no part answers to."""

    @classmethod
    def among(cls, what: str, name: str, known: Iterable[str], hint: str = "") -> "UnknownName":
        """Name the nearest known names.

        >>> print(UnknownName.among("collection", "phenotype", ["icd10cm", "phenotypes"]))
        unknown collection 'phenotype': did you mean 'phenotypes'? Known: icd10cm, phenotypes.
        """
        names = sorted(known)
        near = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
        guess = f" did you mean '{near[0]}'?" if near else ""
        listed = f" Known: {', '.join(names)}." if names else ""
        return cls(f"unknown {what} '{name}':{guess}{listed}{' ' + hint if hint else ''}")


class AmbiguousName(EvidenseError, LookupError):
    """A name that several parts answer to."""


class UnsafeInput(EvidenseError):
    """Input that would run code or exhaust the machine when opened."""


class IncompleteWeights(EvidenseError):
    """A checkpoint that does not hold a weight that the requested read-out needs."""


class MissingExtra(EvidenseError, ImportError):
    """A library that an optional extra would install."""

    @classmethod
    def named(cls, extra: str, for_what: str, missing: str) -> "MissingExtra":
        """Say what to install, with the CPU line where torch is part of it.

        >>> print(MissingExtra.named("parquet", "reading a Parquet file", "pyarrow"))
        reading a Parquet file needs pyarrow, which is not installed. Install it with: pip install 'pyarrow>=15'
        (in a clone of Evidense: pip install '.[parquet]')
        """
        text = (
            f"{for_what} needs {missing}, which is not installed. Install it with: {install_line(extra, missing)}\n"
            f"(in a clone of Evidense: pip install '.[{extra}]')"
        )
        if missing in {"torch", "transformers"}:
            text += f"\n(without a GPU, first: {TORCH_CPU_LINE})"
        return cls(text)


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


def install_line(extra: str, missing: str = "") -> str:
    """Return the line that installs the libraries of an extra: it works wherever Evidense itself came from.

    >>> install_line("notebook")
    "pip install 'pandas>=2.0'"
    """
    libraries = _libraries(extra, _stated()) or [missing or f".[{extra}]"]
    return " ".join(["pip install", *(f"'{one}'" for one in libraries)])


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
