"""Mutations, drawn from a seeded generator: of trees (JSON, TOML), of cells, of lines and of bytes."""

import copy
import gzip
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

ESCAPE = "\x1b]0;pwned\x07\x1b[31mred\x1b[0m"
BIDI = "abc\u202egnp.exe\u2066"


@dataclass(frozen=True)
class Raw:
    """Text that stands in JSON as it is: what `json.dumps` would refuse to write."""

    text: str


def generator(form: str, seed: int) -> random.Random:
    """Return the generator of one case; the same on every machine."""
    return random.Random(f"{form}:{seed}")


NUMBERS: tuple[Any, ...] = (0, -1, 1, 2**31 - 1, 2**31, -(2**31), -(2**31) - 1, 2**40, 2**53 + 1, 2**63 - 1, 2**63, -(2**63) - 1, 10**30,
                            Raw("9" * 4301), Raw("1" + "0" * 400), Raw("1e400"), 0.5, -0.0, 1e-320, 1e308, float("nan"), float("inf"), -float("inf"))  # fmt: skip
TEXTS: tuple[str, ...] = ("", " ", "x", "0", "1.0", "1e0", "nan", "١", "-", "/", "..", "../../etc/passwd", "a\0b", ESCAPE, BIDI, "\ud800", "\udfff",
                          "e\u0301", "é", "\ufeff", "\u2028", "a\nb", "a\tb", "a\rb", '"', "'", ",", "\\", "=1+1", "{{7*7}}", "<script>", "]]>", "%s",
                          "$(id)", "日本語", "👩\u200d💻", "n" * 300, "long " * 20_000)  # fmt: skip
OTHERS: tuple[Any, ...] = (None, True, False, [], {}, [[]], [{}], {"a": {}}, [None], {"": None})


def deep(rng: random.Random) -> Raw:
    """Return deep nesting."""
    n = rng.choice((150, 1_100, 5_000, 100_000))
    opening, closing = rng.choice((("[", "]"), ('{"a":', "}")))
    return Raw(opening * n + ("1" if opening != "[" else "") + closing * n)


def junk(rng: random.Random) -> Any:
    """Return a value of any kind."""
    kind = rng.randrange(10)
    if kind < 4:
        return rng.choice(NUMBERS)
    if kind < 7:
        return rng.choice(TEXTS)
    return copy.deepcopy(rng.choice(OTHERS)) if kind < 9 else deep(rng)


def junk_text(rng: random.Random) -> str:
    """Return a junk value as it would be spelled in a cell."""
    value = junk(rng)
    return value.text if isinstance(value, Raw) else str(value)


# --- trees ------------------------------------------------------------------------------------------------------------


def tree(value: Any, rng: random.Random, most: int = 2) -> Any:
    """Return a copy of a tree with one to `most` mutations."""
    changed = [copy.deepcopy(value)]  # so that the root has a place, too
    for _ in range(rng.randint(1, most)):
        holder, key = rng.choice(_places(changed))
        rng.choice(_CHANGES)(holder, key, rng)
        if not changed:
            changed = [None]
    return changed[0]


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Return (container, key) of every value below this one; deep ones count as much as shallow ones."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    return [found for key in keys for found in [(value, key), *_places(value[key])]]


def _replace(holder: Any, key: Any, rng: random.Random) -> None:
    holder[key] = junk(rng)


def _other_kind(holder: Any, key: Any, rng: random.Random) -> None:
    """The same content as another kind: 1 → "1", {…} → […], x → [x]."""
    value = holder[key]
    ways: list[Callable[[], Any]] = [
        lambda: [value],
        lambda: {"a": value},
        lambda: value if isinstance(value, Raw) else str(value),
    ]
    if isinstance(value, dict):
        ways += [lambda: list(value.values()), lambda: list(map(list, value.items()))]
    if isinstance(value, list):
        ways += [lambda: dict(enumerate(value)), lambda: value[0] if value else None]
    holder[key] = rng.choice(ways)()


def _delete(holder: Any, key: Any, rng: random.Random) -> None:
    del holder[key]


def _double(holder: Any, key: Any, rng: random.Random) -> None:
    if isinstance(holder, list):
        holder.insert(rng.randrange(len(holder) + 1), copy.deepcopy(holder[key]))
    else:
        holder[str(key) + rng.choice(("", " ", "2"))] = copy.deepcopy(holder[key])


def _rename(holder: Any, key: Any, rng: random.Random) -> None:
    if isinstance(holder, dict):
        holder[rng.choice(TEXTS)] = holder.pop(key)
    else:
        holder[key] = {rng.choice(TEXTS): holder[key]}


def _many(holder: Any, key: Any, rng: random.Random) -> None:
    holder[key] = [copy.deepcopy(holder[key])] * rng.choice((0, 2, 100, 20_000))


_CHANGES = (_replace, _replace, _replace, _other_kind, _other_kind, _delete, _delete, _double, _rename, _many)


def json_text(value: Any, rng: random.Random | None = None) -> str:
    """Write a tree as JSON, `Raw` as it is."""
    raws: list[str] = []

    def placeholder(raw: object) -> str:
        assert isinstance(raw, Raw)
        raws.append(raw.text)
        return f"@raw{len(raws) - 1}@"

    text = json.dumps(value, default=placeholder, ensure_ascii=rng is None or rng.random() < 0.5)
    for at, raw in enumerate(raws):
        text = text.replace(f'"@raw{at}@"', raw)
    return text


def toml_text(value: dict[str, Any]) -> str:
    """Write a tree as TOML: plain keys first, every table inline."""
    return "".join(f"{json.dumps(str(key), ensure_ascii=False)} = {_toml(one)}\n" for key, one in value.items())


def _toml(value: Any) -> str:
    if isinstance(value, Raw):
        return value.text
    if isinstance(value, dict):
        return "{" + ", ".join(f"{json.dumps(str(k))} = {_toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml, value)) + "]"
    if isinstance(value, float):
        return repr(value)
    return '""' if value is None else json.dumps(value, ensure_ascii=False)


# --- cells, lines, bytes ----------------------------------------------------------------------------------------------


def cells(rows: Sequence[Sequence[str]], rng: random.Random) -> list[list[str]]:
    """Return a table with one to three mutations: of a cell, a row, a column, the header."""
    table = [list(row) for row in rows]
    for _ in range(rng.randint(1, 3)):
        row = rng.choice(table)
        at = rng.randrange(max(len(row), 1))
        match rng.randrange(7):
            case 0 | 1 | 2 if row:
                row[at] = junk_text(rng)
            case 3:
                row.insert(at, junk_text(rng))
            case 4 if row:
                del row[at]
            case 5:
                table.insert(rng.randrange(len(table)), list(row))
            case _:
                for one in table:
                    one[at : at + 1] = rng.choice(([], one[at : at + 1] * 2, [junk_text(rng)]))
        table = table or [[""]]
    return table


def data(content: bytes, rng: random.Random) -> bytes:
    """Return bytes with one to three mutations: cut, flipped, doubled, filled, in another encoding, packed and damaged."""
    for _ in range(rng.randint(1, 3)):
        content = rng.choice(_BYTES)(content, rng)
    return content


def _spot(content: bytes, rng: random.Random) -> tuple[int, int]:
    start = rng.randrange(len(content) + 1)
    return start, min(len(content), start + rng.choice((1, 1, 4, 16, 200)))


def _flip(content: bytes, rng: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(rng.choice((1, 1, 3, 20))):
        if changed:
            changed[rng.randrange(len(changed))] = rng.choice((0, 255, 0x7F, 0x80, 10, 13, rng.randrange(256)))
    return bytes(changed)


def _fill(content: bytes, rng: random.Random) -> bytes:
    a, b = _spot(content, rng)
    filling = rng.choice(
        (
            b"",
            b"\0" * 16,
            b"\xff" * 8,
            b"\n" * 50,
            b"\r",
            content[a:b] * 3,
            junk_text(rng).encode("utf-8", "surrogatepass"),
        )
    )
    return content[:a] + filling + content[b:]


def _cut(content: bytes, rng: random.Random) -> bytes:
    return content[: rng.randrange(len(content) + 1)]


def _recode(content: bytes, rng: random.Random) -> bytes:
    text = content.decode("utf-8", "replace")
    way = rng.choice(("utf-16", "utf-16-le", "utf-32", "latin-1", "utf-8-sig", "cp1252"))
    return text.encode(way, "replace")


def _crlf(content: bytes, rng: random.Random) -> bytes:
    return content.replace(b"\n", rng.choice((b"\r\n", b"\r", b"\n\n", b"")))


def _pack(content: bytes, rng: random.Random) -> bytes:
    packed = gzip.compress(content, mtime=0)
    return rng.choice(
        (lambda: packed, lambda: _cut(packed, rng), lambda: _flip(packed, rng), lambda: packed + packed)
    )()


_BYTES = (_flip, _flip, _fill, _fill, _cut, _recode, _crlf, _pack)
