"""Ready text encoders as the text tower of a new architecture: the folder of a spelling, with its weights or with drawn ones."""

from dataclasses import replace
from pathlib import Path

from evidense.compute.models.folder import is_static
from evidense.compute.models.locate import folder_of
from evidense.compute.models.stored_checkpoint import PREFIX, checkpoint_folder
from evidense.compute.texts.open_static import open_static, open_wordllama
from evidense.compute.texts.open_text import open_text_encoder
from evidense.compute.texts.static_tower import EmbeddingTable
from evidense.training.backbones.architectures import RANDOM
from evidense.values import Spelling

_IN_FILES = "gguf:"


def place(kind: str) -> Path:
    """Return the folder of a checkpoint of the store, or of any other model.

    Raises:
        InvalidInput, MissingExtra, UnknownName: there is none.
    """
    return checkpoint_folder(kind) if kind.startswith(PREFIX) else folder_of(kind)


def text_folder(kind: str, seed: int, scratch: Path) -> Path:
    """Return a folder with the encoder that a kind names, written into `scratch` where there is none: of a GGUF file, of wordllama, of drawn weights.

    The weights of a static table are drawn later, by `static_table`.

    Raises:
        InvalidInput, IncompleteWeights, UnsafeInput, MissingExtra: as for opening it.
    """
    head, written = kind.removeprefix(RANDOM), scratch / "ready"
    if head == "wordllama":
        open_wordllama(Spelling(head)).save(written)
        return written
    is_drawn = head != kind
    if not head.startswith(_IN_FILES) and (not is_drawn or is_static(place(head))):
        return place(head)
    source = head if head.startswith(_IN_FILES) else str(place(head))
    open_text_encoder(Spelling(source), seed if is_drawn else None).save(written)
    return written


def static_table(root: Path, folder: Path, seed: int | None) -> int:
    """Write the static encoder of `root` into `folder`, with a table drawn from the seed if there is one; return its dimensions."""
    encoder = open_static(Spelling(str(root)))
    if seed is not None:
        import torch

        shape = encoder.query.table.initial.shape
        drawn = torch.randn(*shape, generator=torch.Generator().manual_seed(seed)) / shape[1] ** 0.5
        query, document = (replace(t, table=EmbeddingTable(drawn.numpy())) for t in (encoder.query, encoder.document))
        encoder = replace(encoder, query=query, document=document)
    encoder.save(folder)
    return encoder.query.n_dims
