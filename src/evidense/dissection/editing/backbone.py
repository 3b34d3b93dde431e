"""A small backbone that knows facts: a BERT pre-trained from scratch on their sentences by masked tokens; and tests of what it knows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from jaxtyping import Float, Int64

from evidense.compute.models.modules import evaluating
from evidense.compute.models.tokens import Tokens
from evidense.compute.texts.text_tower import TextTower
from evidense.dissection.editing.facts import Fact, World, sentences
from evidense.errors import InvalidInput
from evidense.parts import Encoder
from evidense.records import Recipe
from evidense.values import Pairs

if TYPE_CHECKING:
    from torch import Tensor

Train = Callable[[Recipe, Mapping[str, Pairs], Encoder | None], Encoder]
"""`Bench.train`, or an equivalent function."""


@dataclass(frozen=True)
class BackboneSize:
    """Size of the backbone and length of its training. Two relations of 60 entities take about half a minute on one core."""

    n_layers: int = 2
    width: int = 128
    n_steps: int = 1200
    seed: int = 0


def knowing_backbone(world: World, train: Train, size: BackboneSize = BackboneSize()) -> Encoder:
    """Pre-train a text encoder on the world's told facts, by masked tokens alone (no contrastive loss).

    Source: Devlin et al. 2019, §3.1, task 1.
    """
    pairs = sentences(world)
    return train(backbone_recipe(world, size), {pairs.name: pairs}, None)


def backbone_recipe(world: World, size: BackboneSize = BackboneSize()) -> Recipe:
    """Return the recipe of the backbone."""
    text = {"kind": "bert", "n_layers": size.n_layers, "width": size.width, "n_heads": 4, "max_length": 16, "vocabulary": 1000, "pooling": "mean"}  # fmt: skip
    return Recipe(
        architecture={"text": text, "dropout": 0.0},
        objective="mlm",
        data=(sentences(world).name,),
        n_steps=size.n_steps,
        batch_size=64,
        learning_rate=2e-3,
        schedule="constant",
        warmup=0.05,
        weight_decay=0.0,
        seed=size.seed,
    )


@dataclass(frozen=True, eq=False)
class Cloze:
    """Masked statements with the right token at the mask, for a tower whose input embeddings are also its output layer."""

    tokens: Tokens
    labels: Int64[np.ndarray, " n"]
    """The token of the right value."""
    entity: Int64[np.ndarray, " n"]
    """Position of the last token of the entity's name in each text."""
    mask: Int64[np.ndarray, " n"]
    """Position of the mask."""
    owner: Int64[np.ndarray, " n"]
    """Index of the fact that each statement states."""


def cloze(tower: TextTower, facts: Sequence[Fact], *, tested: bool = False) -> Cloze:
    """Mask the value in the statements of facts: the statements that edits use, or those held out for testing.

    Raises:
        InvalidInput: the tokeniser has no mask token, or it splits or does not know a value or a name.
    """
    tokenizer: Any = tower.reader.tokenizer
    if tokenizer.mask_token is None:
        raise InvalidInput(
            "this tokeniser has no mask token; expected one, to ask for facts; take a masked language model"
        )
    texts = [text for fact in facts for text in fact.prompts(tokenizer.mask_token, tested=tested)]
    owner = [index for index, fact in enumerate(facts) for _ in fact.prompts("", tested=tested)]
    tokens = tower.reader.read(texts)
    values = [token_of(tower, fact.value) for fact in facts]
    rows = [tokens.flat[a:b] for a, b in zip(tokens.offsets, tokens.offsets[1:], strict=False)]
    names = [_pieces(tower, fact.entity)[-1] for fact in facts]
    return Cloze(
        tokens,
        np.array([values[o] for o in owner], np.int64),
        np.array([_place(row, names[o]) for row, o in zip(rows, owner, strict=True)], np.int64),
        np.array([_place(row, tokenizer.mask_token_id) for row in rows], np.int64),
        np.array(owner, np.int64),
    )


def token_of(tower: TextTower, word: str) -> int:
    """Return the single token of a word.

    Raises:
        InvalidInput: the word has several tokens, or is unknown.
    """
    pieces = _pieces(tower, word)
    if len(pieces) != 1 or pieces[0] == tower.reader.tokenizer.unk_token_id:
        raise InvalidInput(
            f"'{word}' is {len(pieces)} tokens of this tokeniser; expected one known token; take another word"
        )
    return pieces[0]


def _pieces(tower: TextTower, word: str) -> list[int]:
    pieces: list[int] = tower.reader.tokenizer(word, add_special_tokens=False)["input_ids"]
    return pieces


def _place(row: Any, token: int) -> int:
    places = np.flatnonzero(row == token)
    return int(places[-1]) if len(places) else 0


def logits(tower: TextTower, statements: Cloze) -> "Tensor":
    """Return the logits [n, v] at the masks, with the input embeddings as output layer. Gradients are kept if they are enabled."""
    import torch
    from torch.nn import functional

    ids, mask = statements.tokens.padded(tower.reader.pad)
    states = tower.backbone.states(ids, mask)[torch.arange(len(ids)), torch.from_numpy(statements.mask)]
    return functional.linear(states, cast(Any, tower.backbone.inner).get_input_embeddings().weight)


def right(tower: TextTower, statements: Cloze, among: Sequence[int] | None = None) -> Float[np.ndarray, " f"]:
    """Return for each fact the share of its statements whose value has the highest logit (among these tokens, or all)."""
    import torch

    with torch.inference_mode(), evaluating(tower.backbone.model):
        scores = logits(tower, statements)
        if among is not None:
            among_only = torch.full_like(scores, -torch.inf)
            among_only[:, list(among)] = scores[:, list(among)]
            scores = among_only
        hits = (scores.argmax(dim=-1).numpy() == statements.labels).astype(np.float64)
    shares: Float[np.ndarray, " f"] = np.bincount(statements.owner, hits) / np.bincount(statements.owner)
    return shares


def known(tower: TextTower, facts: Sequence[Fact]) -> list[Fact]:
    """Return the facts whose value the tower predicts in every statement, the test statements included."""
    if not facts:
        return []
    both = right(tower, cloze(tower, facts)) + right(tower, cloze(tower, facts, tested=True))
    return [fact for fact, share in zip(facts, both, strict=True) if share == 2]
