"""Numerals: how numbers look on pages and in the terminal: three decimals, no leading zero, a true minus sign."""

import math

MINUS = "−"


def signed(x: float | None) -> str:
    """Return an effect with its sign.

    >>> signed(-0.0431), signed(0.02), signed(0.00001), signed(None)
    ('−.043', '+.020', '.000', '—')
    """
    if x is None:
        return "—"
    text = plain(x)
    return text if text.startswith(MINUS) or float(text) == 0 else f"+{text}"


def plain(x: float | None, digits: int = 3) -> str:
    """Return a value without a plus.

    >>> plain(0.4514), plain(1.0), plain(-0.25), plain(-0.0001)
    ('.451', '1.000', '−.250', '.000')
    """
    if x is None:
        return "—"
    text = f"{abs(x):.{digits}f}"
    minus = MINUS if x < 0 and float(text) != 0 else ""
    return minus + (text[1:] if text.startswith("0.") else text)


def short(x: float) -> str:
    """Return a tick or a margin: no zeros at its end.

    >>> short(0.02), short(-0.5), short(0), short(1)
    ('.02', '−.5', '0', '1')
    """
    text = f"{abs(x):.4f}".rstrip("0").rstrip(".").removeprefix("0")
    return (MINUS if x < 0 and text else "") + (text or "0")


def number_in(text: str) -> float:
    """Return the number in a text. A percent sign divides it by 100.

    Raises:
        ValueError: the text is no number.

    >>> number_in("0.02"), number_in("2%"), number_in(" 2 % ")
    (0.02, 0.02, 0.02)
    """
    digits = text.strip()
    return float(digits.removesuffix("%")) / 100 if digits.endswith("%") else float(digits)


def significant(x: float, digits: int = 2) -> str:
    """Return a ratio or a tolerance by its first digits.

    >>> significant(0.0512), significant(-2.54), significant(1234), significant(0)
    ('.051', '−2.5', '1,200', '0')
    """
    if x == 0:
        return "0"
    decimals = digits - 1 - math.floor(math.log10(abs(float(f"{x:.{digits - 1}e}"))))
    if decimals > 0:
        return plain(x, decimals)
    return f"{MINUS if x < 0 else ''}{round(abs(x), decimals):,.0f}"


def interval(low: float | None, high: float | None, sign: bool = True) -> str:
    """Return the interval in brackets; a dash where there is none.

    >>> interval(-0.066, -0.02), interval(0.4, 0.5, sign=False), interval(None, None)
    ('[−.066, −.020]', '[.400, .500]', '[no interval]')
    """
    if low is None or high is None:
        return "[no interval]"
    show = signed if sign else plain
    return f"[{show(low)}, {show(high)}]"


def probability(p: float | None) -> str:
    """Return a p-value; small ones keep their first digits, since none is ever 0.

    >>> probability(0.0123), probability(1 / 10_001), probability(1.0), probability(None)
    ('.012', '.0001', '1', '—')
    """
    if p is None:
        return "—"
    if p >= 0.9995:
        return "1"
    return plain(p, 3 if p >= 0.01 else 4 if p >= 0.00005 else math.ceil(-math.log10(p)))


def count(n: float) -> str:
    """Return a number of things.

    >>> count(1234)
    '1,234'
    """
    return f"{n:,.0f}"


def size(size_bytes: float) -> str:
    """Return bytes in the unit that leaves one to three digits before the point.

    >>> size(1.536e9), size(48e6), size(500)
    ('1.5 GB', '48 MB', '500 B')
    """
    for factor, unit in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        if size_bytes >= factor:
            value = size_bytes / factor
            return f"{value:.1f} {unit}" if value < 10 else f"{value:.0f} {unit}"
    return f"{size_bytes:.0f} B"


def duration(seconds: float) -> str:
    """Return a time in at most two units.

    >>> duration(0.4), duration(75), duration(4000)
    ('1 s', '1 min 15 s', '1 h 6 min')
    """
    s = max(1, round(seconds))
    if s < 60:
        return f"{s} s"
    if s < 3600:
        return f"{s // 60} min {s % 60} s" if s < 600 else f"{round(s / 60)} min"
    return f"{s // 3600} h {s % 3600 // 60} min"


def level(confidence: float) -> str:
    """Return a level of confidence, never rounded up to certainty.

    >>> level(0.95), level(0.995)
    ('95\u202f%', '99.5\u202f%')
    """
    return f"{100 * confidence:.6g}\u202f%"


def percent(share: float) -> str:
    """Return a share as whole percents, or with two digits where it is less than ten percent.

    >>> percent(0.1), percent(0.025), percent(1), percent(0)
    ('10 %', '2.5 %', '100 %', '0 %')
    """
    return f"{100 * share:.2g} %" if share < 0.1 else f"{100 * share:.0f} %"
