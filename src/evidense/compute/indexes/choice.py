"""Choice: which approximate index a spelling asks for, with the parameters that the field knows by these names."""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from evidense.errors import InvalidInput, UnknownName

OPTION = "index"


@dataclass(frozen=True)
class Parameter:
    """One number that an index is built or searched with."""

    name: str
    least: int
    most: int
    default: int | None
    """None: it follows from the number of vectors."""
    is_built_in: bool
    """Whether it changes the index itself; otherwise only the search."""


KINDS: Mapping[str, tuple[Parameter, ...]] = {
    "hnsw": (
        Parameter("M", 2, 256, 32, True),
        Parameter("ef_construction", 1, 10_000, 200, True),
        Parameter("ef", 1, 100_000, 200, False),
    ),
    "ivf": (Parameter("nlist", 1, 1_000_000, None, True), Parameter("nprobe", 1, 1_000_000, 16, False)),
}
"""Name of an index → its parameters.

Source: Malkov and Yashunin 2020 (HNSW: M, ef_construction, ef); Johnson, Douze and Jégou 2019 (IVF in faiss: nlist, nprobe).
"""
PARAMETERS = {parameter.name: kind for kind, parameters in KINDS.items() for parameter in parameters}
"""Name of a parameter → the index that it belongs to."""
OPTIONS = frozenset({OPTION, *PARAMETERS})
"""Options of a spelling that concern the index."""
_HINT = (
    "DiskANN is not among them: diskannpy 0.7.0 is pinned to numpy 1.25, and its search on disk did not end when tried."
)


@dataclass(frozen=True)
class Approximation:
    """The index that `@index=…` names, with the parameters that the spelling gives.

    >>> Approximation.of({"index": "hnsw", "M": "16"})
    Approximation(kind='hnsw', given=(('M', 16),))
    """

    kind: str
    given: tuple[tuple[str, int], ...] = ()

    @classmethod
    def of(cls, options: Mapping[str, str], text: str = "this system") -> "Approximation | None":
        """Read the options of a spelling; None if they name no index. `text` names the system in errors.

        Raises:
            UnknownName: there is no such index.
            InvalidInput: parameters without an index, of another index, or out of range. The message lists all of them.
        """
        kind = options.get(OPTION)
        parameters = {name: options[name] for name in PARAMETERS if name in options}
        if kind is None:
            if parameters:
                named = ", ".join(f"@{name}={value}" for name, value in parameters.items())
                kinds = " or ".join(dict.fromkeys(f"@index={PARAMETERS[name]}" for name in parameters))
                raise InvalidInput(
                    f"'{text}' gives {named} and names no index; expected {kinds}; add it, or leave {named} out"
                )
            return None
        if kind not in KINDS:
            raise UnknownName.among("index", kind, KINDS, _HINT if "disk" in kind.lower() else "")
        mistakes = [mistake for name, value in parameters.items() if (mistake := _mistake(kind, name, value))]
        if mistakes:
            raise InvalidInput.all_of(f"the index of '{text}'", mistakes)
        return cls(kind, tuple(sorted((name, int(value)) for name, value in parameters.items())))

    def values(self, n_vectors: int) -> dict[str, int]:
        """Return every parameter for an index of so many vectors. Without `nlist`, there are 4·√n lists, as faiss advises.

        Raises:
            InvalidInput: more lists than vectors, or more lists visited than there are.

        >>> Approximation("ivf").values(10_000)
        {'nlist': 400, 'nprobe': 16}
        """
        given = dict(self.given)
        values = {parameter.name: given.get(parameter.name, parameter.default) for parameter in KINDS[self.kind]}
        if self.kind != "ivf":
            return {name: int(value or 0) for name, value in values.items()}
        nlist = values["nlist"] or min(n_vectors, max(1, round(4 * math.sqrt(n_vectors))))
        nprobe = given.get("nprobe", min(values["nprobe"] or 1, nlist))
        if nlist > n_vectors:
            raise InvalidInput(
                f"@nlist={nlist:,} makes more lists than there are distinct vectors ({n_vectors:,}); "
                f"expected at most {n_vectors:,}; leave it out for 4·√n"
            )
        if nprobe > nlist:
            raise InvalidInput(
                f"@nprobe={nprobe:,} visits more lists than there are ({nlist:,}); expected at most {nlist:,}; lower it"
            )
        return {"nlist": nlist, "nprobe": nprobe}


def _mistake(kind: str, name: str, value: str) -> str:
    """Return what is wrong with one parameter; "" if nothing is."""
    if PARAMETERS[name] != kind:
        own = ", ".join(f"@{parameter.name}=" for parameter in KINDS[kind])
        return f"@{name}={value} belongs to @index={PARAMETERS[name]}; expected parameters of {kind} ({own}); drop it"
    parameter = next(p for p in KINDS[kind] if p.name == name)
    is_number = value.isascii() and value.isdigit()
    if is_number and len(value) < 12 and parameter.least <= int(value) <= parameter.most:
        return ""
    return f"@{name}={value}; expected a whole number from {parameter.least} to {parameter.most:,}; correct it"
