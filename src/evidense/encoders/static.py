"""Static token embeddings: wordllama from its package, or a sentence-transformers StaticEmbedding folder."""

from dataclasses import dataclass
from pathlib import Path

from evidense.compute.models.folder import is_static
from evidense.compute.models.locate import peek
from evidense.compute.texts.open_static import OPTIONS, StaticEncoder, open_static, open_wordllama
from evidense.compute.texts.open_text import refuse_unknown_options
from evidense.values import Spelling


@dataclass(frozen=True)
class StaticPart:
    """Opens `wordllama` and folders whose first module is StaticEmbedding."""

    name: str = "static"
    spellings: tuple[str, ...] = ("wordllama",)

    def recognises(self, spelling: Spelling) -> bool:
        """Say whether the spelling is `wordllama` or a folder of this kind."""
        if spelling.head == "wordllama":
            return not Path(spelling.head).exists()
        folder = peek(spelling.head, spelling.options.get("revision"))
        return folder is not None and is_static(folder)

    def open(self, spelling: Spelling) -> StaticEncoder:
        """Read the table and the tokeniser.

        Raises:
            MissingExtra: wordllama, tokenizers or safetensors is not installed.
            InvalidInput: a file is not what it claims to be.
        """
        refuse_unknown_options(spelling, OPTIONS)
        return open_wordllama(spelling) if spelling.head == "wordllama" else open_static(spelling)


PART = StaticPart()
