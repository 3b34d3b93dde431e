"""Save static embeddings as the StaticEmbedding folder of sentence-transformers."""

from pathlib import Path

import numpy as np

from evidense.boundary.disk import disk_errors
from evidense.compute.texts.save_text import module_entry, refuse_unit_after_cut, settings, write_json
from evidense.compute.texts.static_tower import StaticTower


def save_static(query: StaticTower, document: StaticTower, folder: Path, similarity: str) -> None:
    """Write table, tokeniser and settings. Equal weights give equal bytes.

    Token ids beyond the table use its last row. The format cannot express that, so that row is repeated for them.

    Raises:
        StoreError: the disk is full.
        InvalidInput: vectors are normalised after truncation, which the format cannot express.
    """
    refuse_unit_after_cut(query.truncate_dim is not None and query.normalised)
    from safetensors.numpy import save_file

    rows = query.table.current
    n_more = max(0, query.tokenizer.get_vocab_size(with_added_tokens=True) - len(rows))
    rows = np.concatenate([rows, np.repeat(rows[-1:], n_more, axis=0)])
    kinds = ["StaticEmbedding", *(["Normalize"] if query.normalised or query.is_unit_before else [])]
    paths = ["" if not index else f"{index}_{kind}" for index, kind in enumerate(kinds)]
    modules = [module_entry(index, kind, path) for index, (kind, path) in enumerate(zip(kinds, paths, strict=True))]
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for path in paths[1:]:
            (folder / path).mkdir(exist_ok=True)
        save_file({"embedding.weight": np.ascontiguousarray(rows)}, folder / "model.safetensors")
        query.tokenizer.save(str(folder / "tokenizer.json"))
        write_json(folder / "modules.json", modules)
        write_json(
            folder / "config_sentence_transformers.json",
            settings(query.prompt, document.prompt, similarity, query.truncate_dim),
        )
