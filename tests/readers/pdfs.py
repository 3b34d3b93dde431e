"""PDFs made by hand, page by page."""

from collections.abc import Sequence

SHOWN = b"BT /F1 12 Tf 72 700 Td (Visible text is here.) Tj ET\n"
IMAGE = b"q 612 0 0 792 0 0 cm BI /W 1 /H 1 /CS /G /BPC 8 ID \x80 EI Q "
"""A picture that covers the page."""
LOCKED = b"/Encrypt<</Filter/Standard/V 1/R 2/O <%s>/U <%s>/P -4>>/ID[<00><00>]" % (b"ab" * 32, b"ab" * 32)
"""Of a trailer: a password is needed."""


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
