"""Messages: reads the translations of a gettext catalogue (.mo), without running its plural rule."""

import struct
from collections.abc import Mapping

from evidense.errors import InvalidInput

_MAGIC = {b"\xde\x12\x04\x95": "<", b"\x95\x04\x12\xde": ">"}
_LONGEST = 10_000


def messages(data: bytes, place: str) -> Mapping[str, str]:
    """Return message (with its context and the sign \\x04 in front, if it has one) → translation; empty ones are left out.

    Raises:
        InvalidInput: it is no such catalogue, or not UTF-8.
    """
    order = _MAGIC.get(data[:4])
    if order is None or len(data) < 20:
        raise InvalidInput(f"'{place}' is no catalogue of translations; expected a .mo file; fetch the data again")
    count, sources, targets = struct.unpack_from(f"{order}3I", data, 8)
    try:
        pairs = [
            (_text(data, order, sources, n), _text(data, order, targets, n)) for n in range(min(count, len(data) // 16))
        ]
    except (struct.error, UnicodeDecodeError) as error:
        raise InvalidInput(
            f"'{place}' is damaged ({error}); expected translations in UTF-8; fetch the data again"
        ) from None
    return {source: target for source, target in pairs if source and target}


def _text(data: bytes, order: str, table: int, number: int) -> str:
    length, start = struct.unpack_from(f"{order}2I", data, table + 8 * number)
    return data[start : start + min(length, _LONGEST)].decode("utf-8")
