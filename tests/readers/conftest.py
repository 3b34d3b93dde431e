"""PDFs made by hand, page by page."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest


def pdf_of(contents: Sequence[bytes], trailer: bytes = b"", box: bytes = b"0 0 612 792") -> bytes:
    """Return a PDF with these page contents; `/F1` is Helvetica."""
    kids = b" ".join(b"%d 0 R" % (4 + 2 * n) for n in range(len(contents)))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[%s]/Count %d>>" % (kids, len(contents)),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    for content in contents:
        place = len(objects) + 2
        resources = b"<</Font<</F1 3 0 R>>/ExtGState<</G0 <</ca 0>>>>>>"
        objects.append(
            b"<</Type/Page/Parent 2 0 R/MediaBox[%s]/Resources%s/Contents %d 0 R>>" % (box, resources, place)
        )
        objects.append(b"<</Length %d>>stream\n%s\nendstream" % (len(content), content))
    body, places = b"%PDF-1.4\n", []
    for number, one in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    return body + b"xref\n0 %d\n0000000000 65535 f \n%strailer<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF" % (
        len(objects) + 1, table, len(objects) + 1, trailer, len(body),
    )  # fmt: skip


@pytest.fixture
def make_pdf(tmp_path: Path) -> Callable[..., Path]:
    """Return the function that writes a PDF and returns its path."""

    def make(*contents: bytes, trailer: bytes = b"", box: bytes = b"0 0 612 792") -> Path:
        path = tmp_path / "made.pdf"
        path.write_bytes(pdf_of(contents, trailer, box))
        return path

    return make
