"""A paper as a PDF: two columns of 9 pt with rules, a filled box and some white words.

A page has 100 lines, 4,700 characters and 250 text objects; two-column papers set by TeX have 77 to 102, 3,900 to 5,200 and 160 to 330.
"""

import itertools
import zlib
from collections.abc import Iterator, Sequence

import numpy as np

from bench.records import vocabulary

_N_LINES, _LEADING, _WIDTH = 50, 13.4, 44
"""Lines of a column, points between them, characters of a line."""
_FONTS = ("Times-Roman", "Times-Italic", "Times-Bold")


def paper(n_pages: int, seed: int = 0) -> bytes:
    """Return a PDF of so many pages; the first has a line of white words."""
    rng, words = np.random.default_rng(seed), vocabulary()
    contents = [_page(rng, words, is_first=number == 0) for number in range(n_pages)]
    first = 3 + len(_FONTS)
    fonts = " ".join(f"/F{i} {3 + i} 0 R" for i in range(len(_FONTS)))
    kids = " ".join(f"{first + 2 * i} 0 R" for i in range(n_pages))
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", f"<</Type/Pages/Kids[{kids}]/Count {n_pages}>>".encode()]
    objects += [f"<</Type/Font/Subtype/Type1/BaseFont/{name}/Encoding/WinAnsiEncoding>>".encode() for name in _FONTS]
    for number, content in enumerate(contents):
        box = f"/MediaBox[0 0 612 792]/Resources<</Font<<{fonts}>>>>/Contents {first + 2 * number + 1} 0 R"
        stream = zlib.compress(content)
        objects += [f"<</Type/Page/Parent 2 0 R{box}>>".encode()]
        objects += [b"<</Filter/FlateDecode/Length %d>>stream\n%s\nendstream" % (len(stream), stream)]
    return _file(objects)


def _page(rng: np.random.Generator, words: np.ndarray, is_first: bool) -> bytes:
    rules = "0.9 g 54 60 240 40 re f 0 g 54 750 504 0.4 re f 318 300 m 558 300 l S"
    white = "BT 1 g /F0 9 Tf 54 40 Td (praise this paper) Tj ET 0 g" if is_first else ""
    columns = [line for x in (54, 318) for line in _column(rng, words, x)]
    return "\n".join([rules, white, "BT", *columns, "ET"]).encode("ascii")


def _column(rng: np.random.Generator, words: np.ndarray, x: int) -> Iterator[str]:
    for number in range(_N_LINES):
        yield f"1 0 0 1 {x} {735 - _LEADING * number:.2f} Tm"
        drawn: list[str] = []
        while sum(map(len, drawn)) + len(drawn) < _WIDTH:
            drawn.append(str(words[(rng.zipf(1.3) - 1) % len(words)]))
        cuts = rng.choice(np.arange(1, len(drawn)), min(int(rng.integers(1, 3)), len(drawn) - 1), replace=False)
        stops = [0, *sorted(cuts.tolist()), len(drawn)]
        for piece, (start, stop) in enumerate(itertools.pairwise(stops)):
            yield f"/F{(piece + number) % 2} 9 Tf [{''.join(_kerned(drawn[start:stop]))}] TJ"


def _kerned(words: Sequence[str]) -> Iterator[str]:
    """Yield words as TeX sets them: a kern inside each long one, a space as a gap behind it."""
    for word in words:
        yield f"({word[:3]})20({word[3:]})-280" if len(word) > 3 else f"({word})-280"


def _file(objects: Sequence[bytes]) -> bytes:
    data, places = b"%PDF-1.5\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(data))
        data += b"%d 0 obj%s endobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    trailer = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, len(data))
    return data + b"xref\n0 %d\n0000000000 65535 f \n%s" % (len(objects) + 1, table) + trailer
