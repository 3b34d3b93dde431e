"""PDFs of hand-made pages as files."""

from collections.abc import Callable
from pathlib import Path

import pytest

from readers.pdfs import pdf_of


@pytest.fixture
def make_pdf(tmp_path: Path) -> Callable[..., Path]:
    """Return the function that writes a PDF and returns its path."""

    def make(*contents: bytes, trailer: bytes = b"", box: bytes = b"0 0 612 792") -> Path:
        path = tmp_path / "made.pdf"
        path.write_bytes(pdf_of(contents, trailer, box))
        return path

    return make
