"""Open static token embeddings: a table of vectors and a tokeniser."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from evidense.compute.checkpoint import read_json, sha256_of_files, weight_files
from evidense.compute.locate import folder_of
from evidense.compute.model_folder import ModelFolder, read_settings
from evidense.compute.open_text import refuse_unknown_options
from evidense.compute.similarity import chosen, normalises
from evidense.compute.static_tower import StaticTower, Table
from evidense.errors import InvalidInput, MissingExtra
from evidense.parts import Capability, Setup, Side
from evidense.records import sha256_of
from evidense.values import Spelling

OPTIONS = {"normalize", "query_prompt", "document_prompt", "prompt", "revision", "similarity"}


@dataclass(frozen=True, eq=False)
class StaticEncoder:
    """An encoder whose vectors are means of token vectors."""

    name: str
    setup: Setup
    query: StaticTower
    document: StaticTower
    can: frozenset[Capability] = frozenset({"vectors", "train"})

    def tower(self, side: Side) -> StaticTower:
        """Return the tower of this side."""
        return self.query if side == "query" else self.document

    def save(self, folder: Path) -> None:
        """Write the StaticEmbedding folder of sentence-transformers; opened again, it gives equal vectors.

        Raises:
            StoreError: the disk is full.
        """
        from evidense.compute.save_static import save_static

        save_static(self.query, self.document, Path(folder), str(self.setup.similarity))


def open_static(spelling: Spelling) -> StaticEncoder:
    """Open a folder whose first module is StaticEmbedding.

    Raises:
        MissingExtra: tokenizers or safetensors is not installed.
        InvalidInput: files that are not what they claim to be.
    """
    refuse_unknown_options(spelling, OPTIONS)
    folder = read_settings(folder_of(spelling.head, spelling.options.get("revision")))
    return opened(spelling, folder, weight_files(folder.transformer)[0], folder.transformer / "tokenizer.json")


def opened(spelling: Spelling, folder: ModelFolder, weights: Path, vocabulary: Path) -> StaticEncoder:
    """Make the encoder of a table and a tokeniser, as the folder's settings and the spelling's options say."""
    table, tokenizer = _table(weights), _tokenizer(vocabulary)
    normalised = normalises(spelling.options, any(kind == "Normalize" for kind, _ in folder.after))
    sha = sha256_of_files([weights])
    prompts = {side: folder.prompt(side, spelling.options) for side in ("query", "document")}
    similarity = chosen(spelling.options.get("similarity"), folder.similarity, spelling.head)
    identity = [sha, sha256_of_files([vocabulary]), normalised]
    shared = Table(table)
    towers = {
        p: StaticTower(sha256_of(["static", *identity, p]), tokenizer, shared, p, normalised, similarity == "cosine")
        for p in set(prompts.values())
    }
    setup = Setup(
        query_prompt=prompts["query"],
        document_prompt=prompts["document"],
        pooling="mean",
        normalised=normalised,
        similarity=similarity,
        dtype="float32",
        n_dims=int(table.shape[1]),
        n_parameters=table.size,
        bytes_per_vector=4.0 * table.shape[1],
        licence=folder.licence,
        weights_sha256=sha,
        warnings=folder.prompt_warnings(set(prompts.values())),
    )
    return StaticEncoder(str(spelling), setup, towers[prompts["query"]], towers[prompts["document"]])


def _table(path: Path) -> np.ndarray:
    try:
        from safetensors import SafetensorError
        from safetensors.numpy import load_file
    except ImportError:
        raise MissingExtra.named("static", f"reading '{path.name}'", "safetensors") from None
    try:
        arrays = dict(load_file(path))
    except (SafetensorError, OSError, ValueError, KeyError) as error:
        raise InvalidInput(
            f"'{path}' is no readable safetensors file ({error}); expected a table of vectors; fetch it again"
        ) from None
    tables = [a for a in arrays.values() if a.ndim == 2]
    if len(arrays) != 1 or len(tables) != 1:
        raise InvalidInput(
            f"'{path}' holds {sorted(arrays)}; expected one table (tokens, dimensions); name a StaticEmbedding model"
        )
    return np.ascontiguousarray(tables[0], np.float32)


def _tokenizer(path: Path) -> Any:
    try:
        from tokenizers import Tokenizer
    except ImportError:
        raise MissingExtra.named("static", f"reading '{path.name}'", "tokenizers") from None
    if not read_json(path):
        raise InvalidInput(f"'{path}' is absent; expected the tokeniser beside the table; fetch the model again")
    tokenizer = Tokenizer.from_file(str(path))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer
