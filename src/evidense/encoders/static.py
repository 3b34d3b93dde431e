"""Static token embeddings: wordllama from its package, or a sentence-transformers StaticEmbedding folder."""

from dataclasses import dataclass
from pathlib import Path

from evidense.compute.models.folder import ModelFolder, is_static
from evidense.compute.models.locate import package_folder, peek
from evidense.compute.texts.open_static import OPTIONS, StaticEncoder, open_static, opened
from evidense.compute.texts.open_text import refuse_unknown_options
from evidense.errors import MissingExtra
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
        if spelling.head == "wordllama":
            root = _wordllama_folder()
            weights, tokenizer = (
                root / "weights" / "l2_supercat_256.safetensors",
                root / "tokenizers" / "l2_supercat_tokenizer_config.json",
            )
            return opened(spelling, ModelFolder(root, root, {}, licence="MIT"), weights, tokenizer, clamps=True)
        return open_static(spelling)


def _wordllama_folder() -> Path:
    try:
        return package_folder("pip:wordllama/")
    except MissingExtra:
        raise MissingExtra.named("static", "the system 'wordllama'", "wordllama") from None


PART = StaticPart()
