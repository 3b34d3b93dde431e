"""Numbers: how the values of findings look: three decimals where they are small, none where they are large."""

from evidense.boundary.numerals import count, plain
from evidense.records import Json


def number(x: Json) -> str:
    """Return a number with three decimals, fewer where it is large.

    >>> number(0.1234), number(123.4), number(54321.0), number(None), number(0.00004)
    ('.123', '123.4', '54,321', '—', '4.0e−05')
    """
    if x is None or isinstance(x, str | bool | list | dict):
        return "—"
    value = float(x)
    if value != 0 and abs(value) < 0.0005:
        return f"{value:.1e}".replace("-", "−")
    if abs(value) >= 10_000:
        return f"{'−' if value < 0 else ''}{count(abs(value))}"
    return plain(value, 1 if abs(value) >= 100 else 2 if abs(value) >= 10 else 3)
