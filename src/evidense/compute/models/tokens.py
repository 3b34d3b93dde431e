"""Texts as token ids: one flat array with offsets, so that a million texts are two arrays instead of a million lists."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from jaxtyping import Bool, Int, Int32, Int64

from evidense.boundary.strangers import foreign, without_panic_text
from evidense.errors import InvalidInput, MissingExtra

if TYPE_CHECKING:
    from torch import Tensor

_ADVICE = "Expected tokenizer.json or the vocabulary of its class; fetch the model again."


@dataclass(frozen=True)
class Tokens:
    """Token ids of several texts: text i is flat[offsets[i]:offsets[i + 1]]."""

    flat: Int32[np.ndarray, " t"]
    offsets: Int64[np.ndarray, " b_plus_1"]

    @classmethod
    def of(cls, ids: Sequence[Sequence[int]]) -> "Tokens":
        """Join lists of ids.

        >>> Tokens.of([[5, 6], [7]]).sizes.tolist()
        [2, 1]
        """
        offsets = np.zeros(len(ids) + 1, np.int64)
        np.cumsum([len(row) for row in ids], out=offsets[1:])
        flat = np.fromiter(chain.from_iterable(ids), np.int32, count=int(offsets[-1]))
        return cls(flat, offsets)

    @property
    def sizes(self) -> Int64[np.ndarray, " b"]:
        """Number of tokens of each text."""
        return np.diff(self.offsets)

    def take(self, rows: Int[np.ndarray, " n"]) -> "Tokens":
        """Return these texts, in this order."""
        sizes = self.sizes[rows]
        offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        indices = np.repeat(self.offsets[rows] - offsets[:-1], sizes) + np.arange(offsets[-1])
        return Tokens(self.flat[indices], offsets)

    def padded(self, pad: int) -> "tuple[Tensor, Tensor | None]":
        """Return ids[b, t], padded on the right, and mask[b, t]; the mask is None if nothing is padded."""
        import torch

        sizes = self.sizes
        if len(sizes) and (sizes == sizes[0]).all():
            return torch.from_numpy(self.flat.astype(np.int64).reshape(len(sizes), -1)), None
        mask = np.arange(sizes.max()) < sizes[:, None]
        ids = np.full(mask.shape, pad, np.int64)
        ids[mask] = self.flat
        return torch.from_numpy(ids), torch.from_numpy(mask.astype(np.int64))


@dataclass(frozen=True)
class TextReader:
    """A tokeniser with its settings: text → token ids."""

    tokenizer: Any
    max_length: int
    lower_case: bool = False

    def read(self, texts: Sequence[str]) -> Tokens:
        """Tokenise with special tokens, and truncate to `max_length`."""
        texts = [text.lower() for text in texts] if self.lower_case else list(texts)
        if not texts:
            return Tokens.of([])
        with reading_text(self.tokenizer):
            encoded = self.tokenizer(
                texts,
                truncation=True,
                max_length=self.max_length,
                padding=False,
                return_attention_mask=False,
                return_token_type_ids=False,
            )
            return Tokens.of(encoded["input_ids"])

    def is_cut(self, texts: Sequence[str]) -> Bool[np.ndarray, " n"]:
        """Say which texts `read` truncates."""
        return longer_than(self.max_length, self.tokenizer, [t.lower() for t in texts] if self.lower_case else texts)

    def prompt_length(self, prompt: str) -> int:
        """Return the number of tokens of a prompt at the start of a text; special tokens before it count."""
        with reading_text(self.tokenizer):
            ids = self.tokenizer(prompt)["input_ids"] if prompt else []
        return len(ids) - (1 if ids and ids[-1] in self.tokenizer.all_special_ids else 0)

    @property
    def pad(self) -> int:
        """Padding id; 0 if the tokeniser has none (padding is masked)."""
        return int(self.tokenizer.pad_token_id or 0)


SPECIAL = 8
"""Most tokens of a text that represent none of its bytes."""


def longer_than(max_length: int, tokenizer: Any, texts: Sequence[str]) -> Bool[np.ndarray, " n"]:
    """Say which texts have more than `max_length` tokens, special ones included. Texts with fewer bytes are not tokenised."""
    rows = [row for row, text in enumerate(texts) if len(text.encode("utf-8", "replace")) + SPECIAL > max_length]
    is_longer = np.zeros(len(texts), dtype=bool)
    if rows:
        with reading_text(tokenizer):
            encoded = tokenizer([texts[row] for row in rows], padding=False, truncation=False, return_attention_mask=False,
                              verbose=False)  # fmt: skip
        is_longer[rows] = [len(ids) > max_length for ids in encoded["input_ids"]]
    return is_longer


def refuse_beyond_table(tokens: Tokens, n_rows: int) -> None:
    """Refuse token ids that a model has no embedding for.

    Raises:
        InvalidInput: there is such an id; the message shows the largest.
    """
    if len(tokens.flat) and not 0 <= tokens.flat.min() <= tokens.flat.max() < n_rows:
        raise InvalidInput(
            f"the tokeniser gives the token id {tokens.flat.max():,}, and the model has {n_rows:,} embeddings. Expected ids below that; "
            "take tokeniser and weights from one model."
        )


def load_tokenizer(folder: Path) -> Any:
    """Load the tokeniser of a folder; code of the model is never run.

    Raises:
        InvalidInput: there is no tokeniser, or it cannot be read.
    """
    from transformers import AutoTokenizer

    with without_panic_text(), foreign(f"{folder}: its tokeniser", _ADVICE):
        tokenizer = AutoTokenizer.from_pretrained(str(folder), local_files_only=True, trust_remote_code=False)
    # Without a vocabulary file transformers makes an empty one, and every word becomes the unknown token.
    vocabulary_files = sorted({"tokenizer.json", *type(tokenizer).vocab_files_names.values()})
    if type(tokenizer).vocab_files_names and not any((folder / name).is_file() for name in vocabulary_files):
        raise InvalidInput(
            f"'{folder}' holds no tokeniser. Expected {' or '.join(vocabulary_files)}; fetch the model again."
        )
    return tokenizer


def raw_tokenizer(file: Path) -> Any:
    """Load the tokeniser of a tokenizer.json, without padding and truncation.

    Raises:
        InvalidInput: the file is absent or cannot be read.
        MissingExtra: tokenizers is not installed.
    """
    try:
        from tokenizers import Tokenizer
    except ImportError:
        raise MissingExtra.named("static", f"reading '{file.name}'", "tokenizers") from None
    if not file.is_file():
        raise InvalidInput(f"'{file}' is absent; expected the tokeniser of the model; fetch the model again")
    with without_panic_text(), foreign(str(file), _ADVICE):
        raw = Tokenizer.from_file(str(file))
        raw.no_padding()
        raw.no_truncation()
        return raw


@contextmanager
def reading_text(tokenizer: Any) -> Iterator[None]:
    """Guard every use of a tokeniser on texts: any error or panic becomes one InvalidInput that names the tokeniser."""
    source = str(getattr(tokenizer, "name_or_path", "") or "the model")
    with foreign(f"{source}: its tokeniser", _ADVICE):
        yield


def tokenizer_doubts(tokenizer: Any, folder: Path) -> tuple[str, ...]:
    """Return a sentence if the class that transformers chose tokenises a probe text differently than tokenizer.json."""
    file = folder / "tokenizer.json"
    if not file.is_file():
        return ()
    probe = "Evidence for dense retrievers: 12 words, w1 w2."
    raw = raw_tokenizer(file)
    with without_panic_text(), reading_text(tokenizer):
        if raw.encode(probe).ids == tokenizer(probe, verbose=False)["input_ids"]:
            return ()
    return (
        (
            f"{type(tokenizer).__name__}, which transformers chose for this model, reads a text otherwise than the"
            " model's own tokenizer.json"
        ),
    )


def tokenizer_files(folder: Path) -> list[Path]:
    """Return the files that determine the tokeniser, in order of their names."""
    patterns = (
        "tokenizer*.json",
        "vocab*",
        "merges.txt",
        "*.model",
        "special_tokens_map.json",
        "added_tokens.json",
        "*.tiktoken",
        "sentencepiece*",
    )
    return sorted({path for pattern in patterns for path in folder.glob(pattern) if path.is_file()})


def save_tokenizer(tokenizer: Any, folder: Path) -> None:
    """Write a tokeniser as it was opened, without the truncation and padding that its last call has set."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is not None:
        backend.no_truncation()
        backend.no_padding()
    tokenizer.save_pretrained(folder)
