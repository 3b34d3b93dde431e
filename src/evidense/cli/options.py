"""Options: how the values of options are read."""


def split(values: tuple[str, ...]) -> list[str]:
    """Return the comma-separated parts of an option that may be repeated.

    >>> split(("a, b", "c"))
    ['a', 'b', 'c']
    """
    return [part.strip() for value in values for part in value.split(",") if part.strip()]
