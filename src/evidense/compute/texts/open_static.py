"""Open static token embeddings: a table of vectors and a tokeniser."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from evidense.compute.models.checkpoint import read_arrays, sha256_of_files, weight_files
from evidense.compute.models.folder import ModelFolder, listed_modules, read_settings
from evidense.compute.models.locate import folder_of, package_folder
from evidense.compute.models.tokens import raw_tokenizer
from evidense.compute.models.trial_run import refuse_unusable
from evidense.compute.similarity import chosen, normalises
from evidense.compute.texts.open_text import refuse_unknown_options
from evidense.compute.texts.static_tower import EmbeddingTable, StaticTower
from evidense.compute.two_sides import TwoSidedEncoder, shared_if_equal
from evidense.errors import InvalidInput, MissingExtra
from evidense.parts import SIDES, Capability, Setup
from evidense.records import sha256_of
from evidense.values import Spelling

OPTIONS = {"normalize", "query_prompt", "document_prompt", "prompt", "revision", "similarity"}


@dataclass(frozen=True, eq=False)
class StaticEncoder(TwoSidedEncoder[StaticTower]):
    """An encoder whose vectors are means of static token vectors."""

    can: frozenset[Capability] = frozenset({"vectors", "train"})

    def save(self, folder: Path) -> None:
        """Write the StaticEmbedding folder of sentence-transformers; opened again, it gives equal vectors.

        Raises:
            StoreError: the disk is full.
        """
        from evidense.compute.texts.save_static import save_static

        save_static(self.query, self.document, Path(folder), str(self.setup.similarity))


def open_static(spelling: Spelling) -> StaticEncoder:
    """Open a folder whose first module is StaticEmbedding.

    Raises:
        MissingExtra: tokenizers or safetensors is not installed.
        InvalidInput: a file is not what it claims to be.
    """
    refuse_unknown_options(spelling, OPTIONS)
    root = folder_of(spelling.head, spelling.options.get("revision"))
    _refuse_other_modules(root)
    folder = read_settings(root)
    return opened(spelling, folder, weight_files(folder.transformer)[0], folder.transformer / "tokenizer.json")


def open_wordllama(spelling: Spelling) -> StaticEncoder:
    """Open the table and the tokeniser of the package wordllama.

    Raises:
        MissingExtra: wordllama, tokenizers or safetensors is not installed.
    """
    try:
        root = package_folder("pip:wordllama/")
    except MissingExtra:
        raise MissingExtra.named("static", "the system 'wordllama'", "wordllama") from None
    weights = root / "weights" / "l2_supercat_256.safetensors"
    vocabulary = root / "tokenizers" / "l2_supercat_tokenizer_config.json"
    return opened(spelling, ModelFolder(root, root, {}, licence="MIT"), weights, vocabulary, clamps=True)


def _refuse_other_modules(root: Path) -> None:
    names = [module.kind for module in listed_modules(root)]
    if set(names[1:]) - {"Normalize", "Dropout"}:
        raise InvalidInput(
            f"'{root}' chains {' → '.join(names)}; expected StaticEmbedding, then nothing or Normalize; encode with "
            "sentence-transformers and hand over the vectors (vectors:FOLDER)"
        )


def opened(
    spelling: Spelling, folder: ModelFolder, weights: Path, vocabulary: Path, *, clamps: bool = False
) -> StaticEncoder:
    """Make the encoder from a table and a tokeniser, with the settings of the folder and the options of the spelling.

    `clamps`: token ids beyond the table use its last row, as in wordllama; without it they are refused.
    """
    table, tokenizer = _table(weights), raw_tokenizer(vocabulary)
    truncate_dim, is_unit = folder.truncate_dim, any(kind == "Normalize" for kind, _ in folder.after)
    normalised = normalises(spelling.options, is_unit and truncate_dim is None)
    similarity = chosen(spelling.options.get("similarity"), folder.similarity, spelling.head)
    sha256, truncation = sha256_of_files([weights]), [] if truncate_dim is None else [truncate_dim, is_unit]
    identity = ["static", sha256, sha256_of_files([vocabulary]), normalised, *truncation]
    tower = StaticTower(
        "",
        tokenizer,
        EmbeddingTable(table),
        normalised=normalised,
        by_angle=similarity == "cosine",
        truncate_dim=truncate_dim,
        is_unit_before=truncate_dim is not None and is_unit,
        clamps=clamps,
    )
    query, document = (
        replace(tower, prompt=prompt, fingerprint=sha256_of([*identity, prompt]))
        for prompt in (folder.prompt(side, spelling.options) for side in SIDES)
    )
    document = shared_if_equal(query, document)
    refuse_unusable(spelling.head, query, document)
    return StaticEncoder(str(spelling), _setup(folder, query, document, similarity, sha256), query, document)


def _setup(folder: ModelFolder, query: StaticTower, document: StaticTower, similarity: str, sha256: str) -> Setup:
    prompts = {query.prompt, document.prompt}
    return Setup(
        query_prompt=query.prompt,
        document_prompt=document.prompt,
        pooling="mean",
        normalised=query.normalised,
        similarity=similarity,
        dtype="float32",
        n_dims=query.n_dims,
        n_parameters=query.table.initial.size,
        bytes_per_vector=4.0 * query.n_dims,
        licence=folder.licence,
        weights_sha256=sha256,
        warnings=folder.warnings(prompts),
    )


def _table(path: Path) -> np.ndarray:
    arrays = read_arrays(path)
    tables = [a for a in arrays.values() if a.ndim == 2 and a.size and a.dtype.kind == "f"]
    if len(arrays) != 1 or len(tables) != 1:
        raise InvalidInput(
            f"'{path}' holds {sorted(arrays)}; expected one table (tokens, dimensions) of floating numbers; name a StaticEmbedding model"
        )
    return np.ascontiguousarray(tables[0], np.float32)
