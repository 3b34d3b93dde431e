"""Numbers as people read them in a terminal."""


def signed(value: float) -> str:
    """Return an effect with its sign and without a leading zero.

    >>> signed(-0.0432), signed(0.02), signed(0.0)
    ('−.043', '+.020', '.000')
    """
    text = f"{abs(value):.3f}"
    text = text[1:] if text.startswith("0") else text
    if float(text) == 0:
        return text
    return ("−" if value < 0 else "+") + text


def share(value: float) -> str:
    """Return a value of a measure without its leading zero.

    >>> share(0.27), share(1.0)
    ('.270', '1.000')
    """
    return f"{value:.3f}".removeprefix("0")


def duration(seconds: float) -> str:
    """Return a time in the two units that matter.

    >>> duration(0.4), duration(75), duration(4000)
    ('1 s', '1 min 15 s', '1 h 6 min')
    """
    s = max(1, round(seconds))
    if s < 60:
        return f"{s} s"
    if s < 3600:
        return f"{s // 60} min {s % 60} s" if s < 600 else f"{round(s / 60)} min"
    return f"{s // 3600} h {s % 3600 // 60} min"


def size(n_bytes: float) -> str:
    """Return a size in decimal units.

    >>> size(900), size(1_540_000), size(2.5e9)
    ('900 B', '1.5 MB', '2.5 GB')
    """
    for unit, scale in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if n_bytes >= scale:
            return f"{n_bytes / scale:.1f} {unit}"
    return f"{n_bytes:.0f} B"


def amount(n: float) -> str:
    """Return a count with separators.

    >>> amount(12345)
    '12,345'
    """
    return f"{n:,.0f}"
