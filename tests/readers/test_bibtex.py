"""BibTeX: every entry is read with its line, those beside mistakes too, and every mistake is named with its line."""

from pathlib import Path

import pytest

from evidense.errors import InvalidInput
from evidense.readers.bibtex import PART
from evidense.texts.bibliographies.bibtex import read_bibtex
from evidense.values import ReadDocument


@pytest.fixture
def read(tmp_path: Path):  # type: ignore[no-untyped-def]
    def reading(text: str | bytes) -> ReadDocument:
        path = tmp_path / "r.bib"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return PART.read(path)

    return reading


def test_an_entry_is_read_with_its_fields_and_line(read) -> None:  # type: ignore[no-untyped-def]
    document = read(
        "% a comment\n\n@InProceedings{vaswani17,\n  author = {Ashish Vaswani and P{\\'e}ter, A. and others},\n"
        '  title = {{Attention} Is All You Need},\n  booktitle = "NIPS",\n  year = 2017,\n  eprint = {1706.03762v5},\n}\n'
    )
    (reference,) = document.references
    assert (reference.key, reference.kind, reference.line) == ("vaswani17", "inproceedings", 3)
    assert (reference.title, reference.year, reference.venue) == ("Attention Is All You Need", 2017, "NIPS")
    assert (reference.authors, reference.has_more_authors) == (("Ashish Vaswani", "Péter, A."), True)
    assert reference.identifiers == {"arxiv": "1706.03762", "arxiv_version": "v5"}
    assert reference.fields["title"] == "{Attention} Is All You Need"
    assert reference.raw.startswith("@InProceedings{vaswani17,")
    assert document.mistakes == ()


def test_strings_are_put_in_and_undefined_ones_are_named(read) -> None:  # type: ignore[no-untyped-def]
    document = read(
        '@string{sigir = "SIGIR"}\n@misc{a, title={C# and {#} more}, journal = sigir # " Forum", month = jan # "~3"}\n'
        "@misc{b, title={B}, journal = tog}\n"
    )
    a, b = document.references
    assert (a.venue, a.title, a.fields["month"]) == ("SIGIR Forum", "C# and # more", "January~3")
    assert b.venue == ""
    (mistake,) = document.mistakes
    assert mistake.startswith("line 3: 'b' uses the string 'tog', which is not defined")


def test_doubled_keys_strings_and_fields_are_mistakes_and_their_entries_are_read(read) -> None:  # type: ignore[no-untyped-def]
    document = read(
        '@string{v = "One"}\n@string{v = "Two"}\n@misc{k, title={A}, journal=v}\n@misc{k, title={B}, title={C}}\n'
    )
    assert [(r.key, r.title, r.venue) for r in document.references] == [("k", "A", "Two"), ("k", "B", "")]
    assert [mistake.split(":")[0] for mistake in document.mistakes] == ["line 2", "line 4", "line 4"]


def test_an_entry_without_closing_brace_costs_only_itself(read) -> None:  # type: ignore[no-untyped-def]
    document = read(
        "@misc{a, title={A}}\n@misc{bad,\n  title={never closed\n@misc{c, title={C}}\n@misc{end, title={x}\n"
    )
    assert [r.key for r in document.references] == ["a", "c"]
    assert document.mistakes[0].startswith("line 2: the entry 'bad' is not closed")
    assert document.mistakes[1].startswith("line 5: the entry 'end' is not closed")


def test_latin_1_is_read_and_said(read) -> None:  # type: ignore[no-untyped-def]
    document = read("@misc{k,\n author={Müller, Jörg}, title={A}}".encode("latin-1"))
    assert document.references[0].authors == ("Müller, Jörg",)
    assert document.mistakes == ("line 2: byte 0xFC is not UTF-8; expected UTF-8; the file was read as cp1252",)


def test_utf_16_and_windows_lines_are_read(read) -> None:  # type: ignore[no-untyped-def]
    document = read("\r\n@misc{k,\r\n title={Ä}}\r\n@misc{l, title={B}}".encode("utf-16"))
    assert [(r.title, r.line) for r in document.references] == [("Ä", 2), ("B", 4)]


def test_twenty_thousand_nested_braces_are_read(read) -> None:  # type: ignore[no-untyped-def]
    nested = "{" * 20_000 + "deep" + "}" * 20_000
    document = read(f"@misc{{k, title={nested}, author={nested}}}\n@misc{{l, title={{B}}}}")
    assert [r.title for r in document.references] == ["deep", "B"]


@pytest.mark.parametrize("text", ["", "  \n", "just words", "@comment{x}", "@misc{a, title={", b"\x00\x01\x02"])
def test_a_file_without_entries_is_refused_in_words(read, text: str | bytes) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InvalidInput, match=r"r\.bib' (is empty|holds)"):
        read(text)


def test_a_child_inherits_from_its_crossref(read) -> None:  # type: ignore[no-untyped-def]
    document = read("@inproceedings{c, title={T}, crossref={P}}\n@proceedings{p, title={Proc}, year=2001}\n")
    assert (document.references[0].venue, document.references[0].year) == ("Proc", 2001)


def test_relax_and_software_versions_are_understood(read) -> None:  # type: ignore[no-untyped-def]
    document = read(
        "@software{s, title={Scilab}, author={{\\relax Yu} Podolsky}, date={1994-01}}\n@softwareversion{v, crossref={s}, version={2}}\n"
    )
    assert [(r.kind, r.title, r.authors, r.year) for r in document.references] == [
        ("software", "Scilab", ("Yu Podolsky",), 1994)
    ] * 2


def test_real_files_are_read_whole(shared_data: Path) -> None:
    papers = shared_data / "papers"
    counts = {p.stem: PART.read(p) for p in sorted(papers.glob("*.bib"))}
    assert {name: len(document.references) for name, document in counts.items()} == {
        "Rcpp": 98, "apssamp": 44, "asmeconf-sample": 31, "sample-base": 100, "software": 13,
    }  # fmt: skip
    assert len(counts["sample-base"].mistakes) == 61


def test_hallmark_round_trips(shared_data: Path, tmp_path: Path) -> None:
    import json

    lines = (shared_data / "hallmark" / "hallmark_dev.jsonl").read_text().splitlines()[:200]
    entries = [json.loads(line) for line in lines]
    path = tmp_path / "h.bib"
    path.write_text("\n".join(
        f"@{e['bibtex_type']}{{{e['bibtex_key']},\n" + ",\n".join(f"  {k} = {{{v}}}" for k, v in e["fields"].items()) + "\n}" for e in entries
    ))  # fmt: skip
    references = PART.read(path).references
    assert [r.key for r in references] == [e["bibtex_key"] for e in entries]
    assert [r.fields["title"] for r in references] == [e["fields"]["title"].strip() for e in entries]


@pytest.mark.parametrize(
    ("field", "venue"),
    [
        (r"howpublished={\url{https://github.com/a/b\_c}}", ""),
        ("note={Code: https://github.com/a/b_c.}", ""),
        ("howpublished={Blog}, url={https://github.com/a/b_c}", "Blog"),
    ],
)  # fmt: skip
def test_an_address_is_its_url_whichever_field_holds_it_and_no_venue(field: str, venue: str) -> None:
    pytest.importorskip("bibtexparser")
    (reference,) = read_bibtex(f"@misc{{tool, title={{A Tool}}, year=2021, {field}}}").references
    assert (reference.identifiers, reference.venue) == ({"url": "https://github.com/a/b_c"}, venue)
