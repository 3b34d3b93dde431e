"""The text of a paper with what can be seen of it, against the text alone."""

from importlib import metadata

import pypdfium2

from bench.lines import N_RUNS, Line, alternate
from bench.papers import paper
from evidense.readers._pdfium import reading

N_PAGES = 40


def measure() -> list[Line]:
    """Read the same bytes in one process: ours runs the function that the reader's child process runs."""
    data, read = paper(N_PAGES), reading()
    peer_s, ours_s = alternate(lambda: _plain(data), lambda: read(data))
    version = metadata.version("pypdfium2")
    return [Line(
        job=f"text of a PDF of {N_PAGES} pages with what can be seen of it", peer="pypdfium2, text alone", target="≤ 2 × its time", bound=2.0,
        sense="ours/peer ≤", peer_value=peer_s, ours_value=ours_s, unit="CPU-s", n_runs=N_RUNS,
        notes=(f"pypdfium2 {version}; ours also gives every line's place and size, and hidden text apart",),
    )]  # fmt: skip


def _plain(data: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(data)
    return [page.get_textpage().get_text_range() for page in document]
