"""SVG files that would take for ever, eat the memory or crash the library that draws them."""

from collections.abc import Callable

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="64" height="64">'


def svg(inside: str) -> bytes:
    return f"{HEAD}{inside}</svg>".encode()


def plain(colour: str = "blue") -> bytes:
    return svg(f'<rect width="32" height="32" fill="{colour}"/>')


def pattern_laughs(n: int = 12) -> bytes:
    """Each pattern holds ten shapes that are filled with the pattern before."""
    box = 'width="64" height="64" patternUnits="userSpaceOnUse"'
    layers = "".join(f'<pattern id="p{i}" {box}>{f"""<rect width="64" height="64" fill="url(#p{i - 1})"/>""" * 10}</pattern>' for i in range(1, n))  # fmt: skip
    first = f'<pattern id="p0" {box}><rect width="3" height="3"/></pattern>'
    return svg(f'<defs>{first}{layers}</defs><rect width="64" height="64" fill="url(#p{n - 1})"/>')


def laughs(element: str, n: int = 12, width: int = 8) -> bytes:
    """Masks or clips of shapes that are masked or clipped by the one before."""
    kind = {"mask": "mask", "clipPath": "clip-path"}[element]
    layers = "".join(
        f'<{element} id="m{i}">{f"""<rect width="64" height="64" fill="white" {kind}="url(#m{i - 1})"/>""" * width}</{element}>'
        for i in range(1, n)
    )
    first = f'<{element} id="m0"><rect width="40" height="40" fill="white"/></{element}>'
    return svg(f'<defs>{first}{layers}</defs><rect width="64" height="64" {kind}="url(#m{n - 1})"/>')


def use_laughs(n: int = 12) -> bytes:
    layers = "".join(f'<g id="a{i}">{f"""<use href="#a{i - 1}"/>""" * 10}</g>' for i in range(1, n))
    return svg(f'<defs><rect id="a0" width="1" height="1"/>{layers}</defs><use href="#a{n - 1}"/>')


def deep(n: int, tag: str = "g") -> bytes:
    return svg(f"<{tag}>" * n + '<rect width="9" height="9"/>' + f"</{tag}>" * n)


def css_bomb(n: int = 20_000) -> bytes:
    """Every rule is tried on every element."""
    rules = "".join(f"g rect.c{i}, g g > rect:first-child {{ fill: red }} " for i in range(n))
    return svg(f"<style>{rules}</style><g>" + '<rect class="a b c" width="9" height="9"/>' * n + "</g>")


def many(n: int = 45_000) -> bytes:
    """Each shape has a layer of its own."""
    return svg('<rect width="64" height="64" opacity=".5" stroke="red" stroke-dasharray=".01"/>' * n)


def attribute_bomb(n: int = 200_000) -> bytes:
    return svg("<rect " + " ".join(f'a{i}="1"' for i in range(n)) + ' width="9" height="9"/>')


def groups(n: int = 95_000) -> bytes:
    return svg('<g opacity=".9"><path d="M0 0H9V9"/></g>' * n)


def path_bomb() -> bytes:
    return svg('<path stroke="red" stroke-dasharray=".0001 .0001" d="M0 0' + "L64 64L0 0" * 30_000 + '"/>')


def spaces() -> bytes:
    """Backtracking of a careless search would take the square of them."""
    return svg("<style>a{fill:url(" + " " * 3_000_000 + "#a)}</style>")


BOMBS: dict[str, Callable[[], bytes]] = {
    "pattern_laughs": pattern_laughs,
    "mask_laughs": lambda: laughs("mask"),
    "clip_laughs": lambda: laughs("clipPath"),
    "use_laughs": use_laughs,
    "deep_g": lambda: deep(20_000),
    "deep_g_100k": lambda: deep(100_000),
    "deep_svg": lambda: deep(100_000, "svg"),
    "css_bomb": css_bomb,
    "many": many,
    "attr_bomb": attribute_bomb,
    "groups": groups,
    "dashes": path_bomb,
    "spaces": spaces,
    "huge": lambda: plain().replace(b'width="64" height="64"', b'width="1e30" height="1e30"', 1),
    "tiny": lambda: plain().replace(b'width="64" height="64"', b'width="1e-30" height="1e-30"', 1),
    "thin": lambda: plain().replace(b'width="64" height="64"', b'width="1000000" height="1"', 1),
    "no_size": lambda: plain().replace(b'width="64" height="64"', b'width="0" height="-1"', 1),
    "nan_size": lambda: plain().replace(b'width="64" height="64"', b'width="nan" height="inf"', 1),
}  # fmt: skip
