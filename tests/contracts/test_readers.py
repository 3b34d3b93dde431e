"""The promise of every reader: light to import, only one answers for a file, whatever is in it is read or refused in words."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evidense import registry
from evidense.errors import EvidenseError, InvalidInput
from evidense.parts import Reader
from evidense.values import ReadDocument

NAMES = list(registry.summaries("readers"))
SMALL = {
    "a.bib": ("bibtex", "@misc{k, title={T}}"),
    "b.txt": ("bibtex", "@misc{k,\n title={T}}"),
    "c.txt": ("plain", "Title\n\nText of a report."),
    "d": ("plain", "Title\n\nText of a report."),
    "e.md": ("markdown", "# Title\n\nText"),
    "f.txt": ("markdown", "# Title\n\nText"),
    "g.txt": ("ris", "TY  - JOUR\nTI  - T\nER  - \n"),
    "h.json": ("csl_json", '[{"title": "T"}]'),
    "CITATION.cff": ("cff", "cff-version: 1.2.0\nreferences:\n- {title: T}\n"),
    "cff.txt": ("cff", "message: Cite it\ncff-version: 1.2.0\nreferences:\n- {title: T}\n"),
    "hh.json": ("public_records", '{"claim_summary": {"aggregate_claim_records": 2}}'),
    "i.xml": ("jats", "<article><front/></article>"),
    "j.xml": ("tei", "<TEI><text/></TEI>"),
    "k.bib": ("html", "<!doctype html><html><body><p>Sign in</p></body></html>"),
    "l.tex": ("latex", "Text \\cite{x}."),
    "m.txt": ("latex", "\\section{A} Text \\cite{x}."),
}
"""File name → the reader that it is for, and what it holds."""


@pytest.fixture(params=NAMES)
def reader(request: pytest.FixtureRequest) -> Reader:
    part: Reader = registry.part("readers", request.param)
    return part


def test_it_keeps_the_contract(reader: Reader) -> None:
    assert reader.suffixes
    assert all(suffix.startswith(".") and suffix == suffix.lower() for suffix in reader.suffixes)


@pytest.mark.parametrize("name", SMALL)
def test_each_file_is_for_one_reader_by_its_content_first(tmp_path: Path, name: str) -> None:
    meant, text = SMALL[name]
    (tmp_path / name).write_text(text)
    assert registry.reader(tmp_path / name).name == meant
    assert isinstance(registry.read(tmp_path / name), ReadDocument)


def test_every_reader_is_tried_here() -> None:
    assert {meant for meant, _ in SMALL.values()} | {"pdf"} >= set(NAMES) - {
        "refer"
    }  # the example of docs/add-a-reader.md


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(head=st.binary(max_size=200), suffix=st.sampled_from(["", ".bib", ".pdf", ".txt", ".xml", ".json", ".md"]))
def test_at_most_one_reader_answers_for_any_bytes(head: bytes, suffix: str) -> None:
    found = [part.name for part in registry.parts("readers") if part.recognises(Path(f"f{suffix}"), head)]
    assert len([name for name in found if name != "plain"]) <= 1


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=300))
def test_any_bytes_are_read_or_refused_in_words(reader: Reader, tmp_path: Path, data: bytes) -> None:
    path = tmp_path / f"f{reader.suffixes[0]}"
    path.write_bytes(data)
    with contextlib.suppress(EvidenseError):
        document = reader.read(path)
        assert document.format == reader.name
        assert all(document.text[b.span.start : b.span.end] == b.span.quote for b in document.blocks)


def test_what_is_not_there_or_no_file_is_refused(reader: Reader, tmp_path: Path) -> None:
    for path in (tmp_path / "no" / "such", tmp_path):
        with pytest.raises(InvalidInput, match="Expected"):
            reader.read(path)


def test_a_file_of_no_known_format_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.bin").write_bytes(b"\x00\x01\x02")
    with pytest.raises(InvalidInput, match="no format that is read here"):
        registry.reader(tmp_path / "x.bin")
