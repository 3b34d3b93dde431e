"""Existing embeddings: a folder with queries.npy and documents.npy and their ids, or one .npy file for both."""

from dataclasses import dataclass
from pathlib import Path

from evidense.compute.search.imported_vectors import ImportedTower, read_imported
from evidense.compute.similarity import chosen, normalises
from evidense.compute.texts.open_text import refuse_unknown_options
from evidense.compute.two_sides import TwoSidedEncoder
from evidense.errors import InvalidInput
from evidense.parts import Setup
from evidense.records import sha256_of
from evidense.values import Spelling


@dataclass(frozen=True, eq=False)
class ImportedEncoder(TwoSidedEncoder[ImportedTower]):
    """Looks up vectors that were encoded elsewhere."""


@dataclass(frozen=True)
class VectorsPart:
    """Opens FOLDER (queries.npy, queries.ids.txt, documents.npy, documents.ids.txt), BOTH.npy, or Q.npy@document_tower=D.npy."""

    name: str = "vectors"
    spellings: tuple[str, ...] = (
        "my-vectors/ (queries.npy, queries.ids.txt, documents.npy, documents.ids.txt)",
        "emb.npy",
    )

    def recognises(self, spelling: Spelling) -> bool:
        """Say whether the spelling is a `.npy` file or a folder with one of the two arrays."""
        path = Path(spelling.head).expanduser()
        return path.suffix == ".npy" or any((path / f"{side}.npy").is_file() for side in ("queries", "documents"))

    def open(self, spelling: Spelling) -> ImportedEncoder:
        """Check and map the arrays.

        Raises:
            InvalidInput: every mistake of all files at once.
        """
        refuse_unknown_options(spelling, {"document_tower", "similarity", "normalize"})
        path = Path(spelling.head).expanduser()
        if path.is_dir() and "document_tower" in spelling.options:
            raise InvalidInput(
                f"'{spelling}' names a folder and a document_tower; expected one of them; write"
                " Q.npy@document_tower=D.npy"
            )
        pair = (
            (path / "queries.npy", path / "documents.npy")
            if path.is_dir()
            else (path, Path(spelling.options.get("document_tower", path)).expanduser())
        )
        arrays = read_imported(*dict.fromkeys(pair))
        normalised = normalises(spelling.options, False)
        query, document = arrays[0].tower(normalised), arrays[-1].tower(normalised)
        is_unit = normalised or all(array.has_unit_length() for array in arrays)
        return ImportedEncoder(str(spelling), _setup(spelling, query, document, is_unit), query, document)


def _setup(spelling: Spelling, query: ImportedTower, document: ImportedTower, is_unit: bool) -> Setup:
    requested = spelling.options.get("similarity")
    doubt = "the given vectors are not of length 1 and no similarity was named; their dot product was used (@similarity=cosine chooses the other)"  # fmt: skip
    return Setup(
        normalised=is_unit,
        similarity=chosen(requested, None, str(spelling), "cosine" if is_unit else "dot"),
        dtype=str(query.array.dtype),
        n_dims=query.n_dims,
        bytes_per_vector=4.0 * query.n_dims,
        weights_sha256=sha256_of([query.fingerprint, document.fingerprint]),
        warnings=() if is_unit or requested else (doubt,),
    )


PART = VectorsPart()
