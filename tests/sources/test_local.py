"""Sources that are files of the user: folders of bibliographies, the ACL Anthology, DBLP's dump, a table of retractions."""

import gzip
import json
from pathlib import Path

import pytest

from evidense import registry
from evidense.errors import InvalidInput
from evidense.fetching import Terms, open_wire
from evidense.parts import Source
from evidense.values import Answer, Reference

pytest.importorskip("bibtexparser")
pytest.importorskip("rapidfuzz")

BIB = r"""
@string{jl = "Journal of Lakes"}
@article{quill2020, title = {{Measuring} Glacial Lakes in Northern Valleys}, author = {Quill, Ada and S{\o}rli, Eva}, year = 2020,
  journal = jl, doi = {10.1145/1.1}}
@misc{quill2020, title = "Tide Tables of Small Islands", author = "Bo Harrow", year = 2019, eprint = {2101.00001}, archivePrefix = {arXiv}}
@article{broken, title = {No end
"""
RIS = """TY  - JOUR
TI  - Moth Migration in Dry Seasons
AU  - Linden, Dov
PY  - 2018
JO  - Annals of Moths
DO  - 10.1145/3.3
ER  -
"""
CSL = [
    {
        "id": "a", "type": "article-journal", "title": "Lichen Growth on Old Archives", "DOI": "10.1145/4.4", "container-title": "Lichenology",
        "author": [{"family": "Roos", "given": "Gwen", "non-dropping-particle": "de"}, {"literal": "The Lichen Group"}],
        "issued": {"date-parts": [[2017, 5]]},
    }
]  # fmt: skip
LINE = {
    "title": "Harbour fog in crowded harbours",
    "authors": ["Pell, H."],
    "year": "2016",
    "venue": "Fog",
    "doi": "10.1145/5.5",
}
ACL = """<?xml version='1.0' encoding='UTF-8'?>
<collection id="2021.acl"><volume id="long"><meta><booktitle>Proceedings of the 59th Meeting</booktitle><year>2021</year></meta>
<paper id="1"><title>A Survey of <fixed-case>B</fixed-case>read Starters</title><author><first>Cleo</first><last>van Marsh</last></author>
<url hash="x">2021.acl-long.1</url><doi>10.18653/v1/2021.acl-long.1</doi><retracted date="2022-02-03">Data were lost.</retracted></paper></volume></collection>
"""
DBLP = """<?xml version="1.0" encoding="ISO-8859-1"?>
<!DOCTYPE dblp SYSTEM "dblp.dtd">
<dblp><article key="journals/x/S20"><author>Eva S&oslash;rli 0002</author><title>Violin Varnish in Old Archives.</title><year>2020</year>
<journal>J. Varnish</journal><ee>https://doi.org/10.1145/6.6</ee></article></dblp>
"""
TABLE = """Record ID,Title,RetractionDate,RetractionDOI,OriginalPaperDOI,RetractionNature,Reason
1,Tide tables,12/31/2024 0:00,10.1145/9.9,10.1145/1.1,Retraction,+Data integrity;+Investigation;
"""


def source(name: str) -> Source:
    part: Source = registry.part("sources", name)
    return part


def by_title(spelling: str, title: str) -> Answer:
    with open_wire(terms=Terms(is_offline=True)) as wire:
        return source(spelling.partition(":")[0]).by_title(Reference("k", title=title), wire, spelling)


def by_identifier(spelling: str, **identifiers: str) -> Answer | None:
    with open_wire(terms=Terms(is_offline=True)) as wire:
        found = source(spelling.partition(":")[0]).by_identifiers(
            [Reference("k", identifiers=identifiers)], wire, spelling
        )
    return found.get(0)


@pytest.fixture
def library(tmp_path: Path) -> Path:
    folder = tmp_path / "library"
    (folder / "more").mkdir(parents=True)
    (folder / "a.bib").write_text(BIB, encoding="utf-8")
    (folder / "more" / "b.ris").write_text(RIS, encoding="utf-8")
    (folder / "c.json").write_text(json.dumps(CSL), encoding="utf-8")
    (folder / "d.jsonl.gz").write_bytes(gzip.compress(json.dumps(LINE).encode()))
    (folder / "notes.txt").write_text("not read", encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("title", "author", "year", "venue", "doi"),
    [
        ("Measuring glacial lakes in northern valleys", "Quill, Ada", 2020, "Journal of Lakes", "10.1145/1.1"),
        ("Tide tables of small islands", "Bo Harrow", 2019, "", ""),
        ("Moth migration in dry seasons", "Linden, Dov", 2018, "Annals of Moths", "10.1145/3.3"),
        ("Lichen growth on old archives", "de Roos, Gwen", 2017, "Lichenology", "10.1145/4.4"),
        ("Harbour Fog in Crowded Harbours", "Pell, H.", 2016, "Fog", "10.1145/5.5"),
    ],
)  # fmt: skip
def test_a_folder_reads_every_format(library: Path, title: str, author: str, year: int, venue: str, doi: str) -> None:
    answer = by_title(f"folder:{library}", title)
    assert answer.state == "found"
    work = answer.works[0]
    assert (answer.source, work.source) == ("folder:library", "folder:library")
    assert (work.authors[0], work.year, work.venue, work.identifiers.get("doi", "")) == (author, year, venue, doi)
    if doi:
        same = by_identifier(f"folder:{library}", doi=doi)
        assert same is not None
        assert same.works == (work,)


def test_a_folder_says_what_is_not_there(library: Path) -> None:
    missing = by_identifier(f"folder:{library}", doi="10.1145/404")
    assert missing is not None
    assert missing.state == "not there"
    assert by_identifier(f"folder:{library}") is None
    assert by_title(f"folder:{library}", "Clay kilns").state == "not there"


def test_a_file_that_has_changed_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "mine.jsonl"
    path.write_text(json.dumps(LINE), encoding="utf-8")
    assert by_title(f"folder:{path}", "Clay kilns of the dry season").state == "not there"
    path.write_text(json.dumps({**LINE, "title": "Clay kilns of the dry season"}), encoding="utf-8")
    answer = by_title(f"folder:{path}", "Clay kilns of the dry season")
    assert (answer.state, answer.source) == ("found", "folder:mine")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.jsonl", '{"title": "x"}\n[1]\n', "line 2"),
        ("a.jsonl", '{"title": ', "line 1"),
        ("a.json", "5", "holds no list"),
        ("a.json", '[{"nothing": 1}, 2]', "item 2: no title"),
        ("a.bib", "@article{a, title = {no end", "line 1: the entry 'a' is not closed"),
        ("a.bib", "\xff\xfe", "UTF-8"),
    ],
)
def test_a_file_that_cannot_be_read_is_the_user_s_mistake(tmp_path: Path, name: str, content: str, said: str) -> None:
    (tmp_path / name).write_bytes(content.encode("latin-1"))
    with pytest.raises(InvalidInput, match=said):
        by_title(f"folder:{tmp_path / name}", "x")
    with pytest.raises(InvalidInput, match="nowhere"):
        by_title(f"folder:{tmp_path / 'nowhere'}", "x")


@pytest.mark.parametrize("content", ['{"name": "app", "version": "1.0"}', "5", '{"name": '])
def test_json_that_is_no_bibliography_is_left_out_of_a_folder_and_said(library: Path, content: str) -> None:
    (library / "package.json").write_text(content, encoding="utf-8")
    assert by_title(f"folder:{library}", "Lichen growth on old archives").state == "found"
    said = [flaw for flaw in source("folder").flaws(f"folder:{library}") if "package.json" in flaw]
    assert len(said) == 1
    assert said[0].startswith("package.json is no CSL-JSON (")
    with pytest.raises(InvalidInput, match="package"):
        by_title(f"folder:{library / 'package.json'}", "x")


def test_the_acl_anthology_is_read_from_its_xml(tmp_path: Path) -> None:
    (tmp_path / "2021.acl.xml").write_text(ACL, encoding="utf-8")
    answer = by_identifier(f"acl:{tmp_path}", acl="2021.acl-long.1")
    assert answer is not None
    (work,) = answer.works
    assert (work.title, work.authors, work.year) == ("A Survey of Bread Starters", ("van Marsh, Cleo",), 2021)
    assert (work.notices[0].relation, work.notices[0].date, work.notices[0].reason) == (
        "retraction",
        "2022-02-03",
        "Data were lost.",
    )
    assert by_identifier(f"acl:{tmp_path}", doi="10.1145/404") is None, (
        "another publisher's DOI is none of its business"
    )
    assert by_title(f"acl:{tmp_path}", "A survey of bread starters").works == (work,)


def test_the_acl_anthology_s_files_are_not_trusted(tmp_path: Path) -> None:
    path = tmp_path / "x.xml"
    for content in ('<!DOCTYPE c [<!ENTITY a "b">]><collection id="1">&a;</collection>', "<collection>", "<other/>"):
        path.write_text(content, encoding="utf-8")
        with pytest.raises(InvalidInput, match="x.xml"):
            by_title(f"acl:{path}", "x")


def test_dblp_is_blocked_unless_its_dump_is_given(tmp_path: Path) -> None:
    blocked = by_title("dblp", "x")
    assert (blocked.state, "proof of work" in blocked.detail) == ("blocked", True)
    (tmp_path / "dblp.xml").write_text(DBLP, encoding="latin-1")
    answer = by_title(f"dblp:{tmp_path / 'dblp.xml'}", "Violin varnish in old archives")
    assert answer.works[0].authors == ("Eva Sørli 0002",)
    assert answer.works[0].identifiers["doi"] == "10.1145/6.6"


def test_a_table_of_retractions_says_its_hash_and_its_day(tmp_path: Path) -> None:
    path = tmp_path / "rw.csv"
    path.write_text(TABLE, encoding="utf-8")
    answer = by_identifier(f"retraction_watch:{path}", doi="10.1145/1.1")
    assert answer is not None
    assert answer.works[0].notices[0].reason == "Data integrity; Investigation"
    assert "sha256" in answer.detail
    assert "the latest of 2024-12-31" in answer.detail
    assert by_identifier(f"retraction_watch:{path}", doi="10.1145/2.2") is None
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(InvalidInput, match="lacks the columns"):
        by_identifier(f"retraction_watch:{path}", doi="10.1145/1.1")


def test_five_hundred_references_are_found_among_eight_thousand_works(tmp_path: Path) -> None:
    import numpy as np

    draw = np.random.default_rng(0)
    vocabulary = np.array(
        [
            f"{a}{b}{c}"
            for a in ("ba", "de", "ki", "lo", "mu")
            for b in ("ran", "tel", "vis", "mon")
            for c in map(str, range(150))
        ]
    )
    weight = 1 / np.arange(1, len(vocabulary) + 1)
    words = draw.choice(vocabulary, (8_000, 9), p=weight / weight.sum())
    titles = [" ".join(row) for row in words]
    path = tmp_path / "large.jsonl"
    path.write_text(
        "\n".join(json.dumps({**LINE, "title": t, "doi": f"10.1145/{i}"}) for i, t in enumerate(titles)),
        encoding="utf-8",
    )
    by_title(f"folder:{path}", titles[0])
    n_right = 0
    with open_wire(terms=Terms(is_offline=True)) as wire:
        for title in titles[:500]:
            answer = source("folder").by_title(Reference("k", title=title), wire, f"folder:{path}")
            n_right += answer.works[0].title == title
    assert n_right >= 499


def test_a_folder_reads_a_file_as_a_reader_does(tmp_path: Path) -> None:
    """Beside broken entries, with inherited fields and strings, and with the years and venues that a reader finds."""
    (tmp_path / "a.bib").write_text(
        '@string{j = "Annals"}\n@article{broken, title = {No end\n@inproceedings{c, title = {Kelp and fog}, date = {in 2011}, crossref = {P}}\n'
        "@proceedings{p, title = {Shores}}\n@article{d, title = {Owls}, subtitle = {a study}, journal = j # {, new}}\n",
        encoding="utf-8",
    )
    (tmp_path / "b.ris").write_text(RIS.replace("ER  -", "TY  - BOOK\nT1  - Moth books\nPY  - 2018//\nER  - "))
    for file in sorted(tmp_path.iterdir()):
        read = registry.read(file).references
        assert len(read) > 1
        for reference in read:
            work = by_title(f"folder:{file}", reference.title).works[0]
            assert (work.title, work.authors, work.year, work.venue, work.identifiers, work.kind) == (
                reference.title, reference.authors, reference.year, reference.venue, reference.identifiers, reference.kind,
            )  # fmt: skip
