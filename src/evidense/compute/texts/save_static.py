"""Save static embeddings as the StaticEmbedding folder of sentence-transformers."""

import json
from pathlib import Path

import numpy as np

from evidense.boundary.disk import disk_errors
from evidense.compute.texts.save_text import refuse_unit_after_cut, settings
from evidense.compute.texts.static_tower import StaticTower


def save_static(query: StaticTower, document: StaticTower, folder: Path, similarity: str) -> None:
    """Write table, tokeniser and settings; equal weights make equal bytes.

    Ids beyond the table count as its last, which such a folder cannot say: they get rows that equal it.

    Raises:
        StoreError: the disk is full.
        InvalidInput: unit length after a cut, which such a folder cannot say.
    """
    refuse_unit_after_cut(query.kept is not None and query.normalised)
    from safetensors.numpy import save_file

    rows = query.table.current
    n_more = max(0, query.tokenizer.get_vocab_size(with_added_tokens=True) - len(rows))
    rows = np.concatenate([rows, np.repeat(rows[-1:], n_more, axis=0)])
    kinds = ["StaticEmbedding", *(["Normalize"] if query.normalised or query.is_unit_before else [])]
    modules = [
        {
            "idx": at,
            "name": str(at),
            "path": "" if not at else f"{at}_{kind}",
            "type": f"sentence_transformers.models.{kind}",
        }
        for at, kind in enumerate(kinds)
    ]
    with disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for at, kind in enumerate(kinds[1:], 1):
            (folder / f"{at}_{kind}").mkdir(exist_ok=True)
        save_file({"embedding.weight": np.ascontiguousarray(rows)}, folder / "model.safetensors")
        query.tokenizer.save(str(folder / "tokenizer.json"))
        said = settings(query.prompt, document.prompt, similarity, query.kept)
        for name, value in (("modules.json", modules), ("config_sentence_transformers.json", said)):
            (folder / name).write_text(json.dumps(value, indent=2, sort_keys=True) + "\n", encoding="utf-8")
