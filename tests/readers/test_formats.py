"""RIS, CSL-JSON, TEI, Markdown, HTML and LaTeX: what each holds is read, and what nobody sees is listed."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evidense import registry
from evidense.errors import EvidenseError, InvalidInput
from evidense.readers.latex import PART as LATEX
from evidense.readers.markdown import markdown_document
from evidense.texts.tokens import tokens
from evidense.values import ReadDocument


def read(tmp_path: Path, name: str, text: str) -> ReadDocument:
    (tmp_path / name).write_text(text, encoding="utf-8")
    document = registry.read(tmp_path / name)
    assert spans_hold(document)
    return document


def spans_hold(document: ReadDocument) -> bool:
    spans = [b.span for b in document.blocks] + [c.sentence for c in document.citations]
    spans += [r.span for r in document.references if r.span]
    return all(document.text[s.start : s.end] == s.quote for s in spans)


def test_ris_records_are_read_with_their_lines(tmp_path: Path) -> None:
    document = read(
        tmp_path, "a.ris",
        "TY  - JOUR\nAU  - van den Oord, Aäron\nAU  - Li, Y\nTI  - A title\nPY  - 2010/01/02\nJO  - J One\nDO  - 10.1000/ABC\nER  - \n\n"
        "TY  - COMP\nTI  - A tool\nUR  - https://example.org\nTY  - BOOK\nA1  - Smith, J\nT1  - A book\nY1  - 1999\nPB  - Wiley\nER  - \n",
    )  # fmt: skip
    one, two, three = document.references
    assert (one.kind, one.title, one.authors, one.year, one.venue, one.identifiers, one.line) == (
        "article", "A title", ("van den Oord, Aäron", "Li, Y"), 2010, "J One", {"doi": "10.1000/abc"}, 1,
    )  # fmt: skip
    assert (two.kind, two.title, two.line) == ("software", "A tool", 10)
    assert (three.kind, three.title, three.year, three.venue) == ("book", "A book", 1999, "Wiley")
    assert document.mistakes == (
        "line 10: a record has no end; expected a line 'ER  - '; it was read up to the next one",
    )


CFF = """cff-version: 1.2.0
title: Some software
authors: [{family-names: Nobody}]
doi: 10.5281/zenodo.1
references:
  - type: conference-paper
    title: 'A title: with a colon'
    authors:
      - {family-names: Oord, name-particle: van den, given-names: A.}
      - name: The Owl Society
    conference: {name: Conf of Owls}
    year: 2018
    identifiers: [{type: other, value: "arXiv:1807.03748"}, {type: doi, value: 10.1000/X}]
  - {type: article}
  - {type: software-code, title: Tool, date-released: 2020-01-02, url: https://example.org}
preferred-citation: {type: article, title: The paper, journal: J, year: 2021, doi: 10.1000/Y}
"""


def test_the_references_of_a_citation_file_are_read_and_what_it_describes_is_none(tmp_path: Path) -> None:
    document = read(tmp_path, "CITATION.cff", CFF)
    one, two, three = document.references
    assert (one.key, one.kind, one.title, one.authors, one.year, one.venue, one.line) == (
        "1", "inproceedings", "A title: with a colon", ("van den Oord, A.", "The Owl Society"), 2018, "Conf of Owls", 6,
    )  # fmt: skip
    assert one.identifiers == {"doi": "10.1000/x", "arxiv": "1807.03748"}
    assert (two.key, two.kind, two.year, two.line) == ("3", "software", 2020, 15)
    assert (three.key, three.kind, three.venue, three.identifiers) == ("preferred-citation", "article", "J", {"doi": "10.1000/y"})  # fmt: skip
    assert document.mistakes == ("line 14: no title, doi or url; expected a reference of CFF; it was left out",)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("cff-version: 1.2.0\ntitle: Only itself", "holds no reference"), ("- a", "Expected keys"), ("a: [", "is no YAML"),
        ("a: &x [1]\nreferences: [*x, *x]", "line 2, stands for another part"), ("[" * 1000, "nested too deeply"),
        ("a" * 1_000_001, "1,000,001 characters"), ("references: {}\npreferred-citation: 5", "no title, doi or url"),
    ],
    ids=lambda one: one[:12],
)  # fmt: skip
def test_a_citation_file_that_holds_nothing_or_unfolds_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(EvidenseError, match=said):
        read(tmp_path, "CITATION.cff", text)


def test_csl_items_are_read_and_others_are_mistakes(tmp_path: Path) -> None:
    items = [
        {"id": "k", "type": "article-journal", "title": "T",
         "author": [{"family": "Oord", "non-dropping-particle": "van den", "given": "A"}, {"literal": "WHO"}],
         "issued": {"date-parts": [[2018, 7]]}, "container-title": "J", "DOI": "10.1000/X"},
        {"type": "software", "title": ["Tool"], "issued": {"raw": "2020-01"}}, {"nothing": 1}, 5,
    ]  # fmt: skip
    document = read(tmp_path, "a.json", json.dumps({"items": items}))
    one, two = document.references
    assert (one.key, one.kind, one.authors, one.year, one.venue) == (
        "k",
        "article",
        ("van den Oord, A", "WHO"),
        2018,
        "J",
    )
    assert one.identifiers == {"doi": "10.1000/x"}
    assert (two.kind, two.title, two.year) == ("software", "Tool", 2020)
    assert len(document.mistakes) == 2


@pytest.mark.parametrize("text", ["[]", "{}", "5", "[1", '"x"'])
def test_json_without_items_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(InvalidInput):
        registry.read(tmp_path / "a.json")


def test_tei_is_read_with_citations(tmp_path: Path) -> None:
    document = read(
        tmp_path, "a.xml",
        '<TEI xmlns="http://www.tei-c.org/ns/1.0"><teiHeader><fileDesc><titleStmt><title>T</title></titleStmt></fileDesc>'
        "<profileDesc><abstract><div><p>We ask.</p></div></abstract></profileDesc></teiHeader>"
        '<text><body><div><head>Intro</head><p>It works <ref type="bibr" target="#b0">[1]</ref>. Yes.</p></div></body>'
        '<back><listBibl><biblStruct xml:id="b0"><analytic>'
        '<title level="a">One</title><author><persName><forename>A</forename><forename>B</forename>'
        '<surname>Smith</surname></persName></author><idno type="DOI">10.1000/X</idno></analytic><monogr><title level="j">J</title><imprint>'
        '<date when="2011-02">2011</date></imprint></monogr></biblStruct></listBibl></back></text></TEI>',
    )  # fmt: skip
    assert [b.span.quote for b in document.blocks][-3:] == ["Intro", "It works [1]. Yes.", "References"]
    assert [(c.sentence.quote, c.keys) for c in document.citations] == [("It works [1].", ("b0",))]
    (one,) = document.references
    assert (one.title, one.authors, one.year, one.venue, one.identifiers) == (
        "One",
        ("Smith, A B",),
        2011,
        "J",
        {"doi": "10.1000/x"},
    )


MARKDOWN = """---
x: 1
---
# A report

Some *emph* text [1] and [a paper](https://arxiv.org/abs/2001.00001v2) <!-- ignore all --> here[^n].
Next [@smith10; see @x, p. 3].

```
code [2]
```

| Claim | Conf |
|---|---|
| It works [2] | .9 |

- one

[^n]: Jones K. A title here. 2019. https://doi.org/10.1000/xyz

## References

1. Smith J, Jones K. Study of things. 2010. [link](https://doi.org/10.1000/abc)
2. A. Vaswani. "Attention is all you need." 2017.
"""


def test_markdown_is_read_as_it_is_shown(tmp_path: Path) -> None:
    document = read(tmp_path, "a.md", MARKDOWN)
    assert document.title == "A report"
    assert [(b.kind, b.span.quote) for b in document.blocks][1:4] == [
        ("paragraph", "Some emph text [1] and a paper here. Next [@smith10; see @x, p. 3]."), ("table", "Claim | Conf"), ("item", "It works [2]"),
    ]  # fmt: skip
    assert {key for c in document.citations for key in c.keys} == {
        "1",
        "2",
        "n",
        "smith10",
        "x",
        "https://arxiv.org/abs/2001.00001v2",
    }
    assert [(r.key, r.title) for r in document.references] == [
        ("1", "Study of things"), ("2", "Attention is all you need"), ("n", "A title here"), ("https://arxiv.org/abs/2001.00001v2", ""),
    ]  # fmt: skip
    assert [r.identifiers.get("doi", "") for r in document.references][:3] == ["10.1000/abc", "", "10.1000/xyz"]
    assert [(h.quote, h.reason) for h in document.hidden] == [("ignore all", "comment")]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(st.sampled_from("#[](){}*_`<>!|@^:-~\n .ab1é\u0301\u200b") | st.characters(), max_size=120))
def test_any_markdown_has_spans_that_hold(text: str) -> None:
    assert spans_hold(markdown_document("markdown", text))


REAL = "What is said here was shown by others [2]."
LISTINGS = [
    "res\n# [1] 104.5",
    "v[0] = 1; v[1] = 2;",
    "[1] 1 4 10 16",
    '> x[1]\n[1] "a" "b"',
    "f <- function(x) { x[[1]] }",
]


@pytest.mark.parametrize("listing", LISTINGS)
@pytest.mark.parametrize(
    "fence", ["```r\n{}\n```", "  ~~~\n  {}\n  ~~~", "    {}", "{}"], ids=["fenced", "in a fence", "indented", "plain"]
)  # fmt: skip
def test_markdown_code_cites_nothing(listing: str, fence: str) -> None:
    shown = fence.format(listing.replace("\n", "\n    ") if fence.startswith("    ") else listing)
    document = markdown_document(
        "markdown", f"# A\n\n{REAL}\n\n{shown}\n\n## References\n\n1. Smith J. Study. 2010.\n2. Lee K. Work. 2011.\n"
    )
    assert [c.keys for c in document.citations] == [("2",)]
    assert len(document.references) == 2


def test_inline_code_cites_nothing_and_stands_in_the_text() -> None:
    text = "The call `rank[3]` and ``a`` give x[1], as others say [2] and numbers do[4]; `print(y)` [5] and the chain (PCR)[6] [7][8] too, not z[9][10].\n"
    document = markdown_document("markdown", text)
    assert "call rank[3] and a give" in document.text
    assert [c.keys for c in document.citations] == [("2", "4", "5", "6", "7", "8")]


def test_a_fence_that_is_never_closed_hides_no_text() -> None:
    document = markdown_document("markdown", f"# A\n\n```r\nx <- 1\n\n{REAL}\n")
    assert REAL in document.text


def test_lines_that_continue_an_item_are_no_code() -> None:
    document = markdown_document("markdown", f"- one\n\n    {REAL}\n\nText.\n\n    x[1] <- 2\n")
    assert REAL in document.text
    assert "x[1]" not in document.text


def test_html_code_cites_nothing(tmp_path: Path) -> None:
    pytest.importorskip("selectolax")
    page = "<h1>A</h1><pre><code>rank[3]</code> and more [4]</pre><p>So <code><var>row</var>[5]</code> is, by others [6].</p>"
    document = read(tmp_path, "a.html", f"<html><body>{page}</body></html>")
    assert [c.keys for c in document.citations] == [("6",)]


def test_html_is_read_as_it_is_shown(tmp_path: Path) -> None:
    document = read(
        tmp_path, "a.html",
        "<!doctype html><html><head><title>T</title><style>x</style></head><body><nav>menu</nav><h1>A <i>report</i></h1>"
        '<p>Text [1] <span style="display:none">secret</span>here.<p hidden>gone</p><p style="color:#fff">white</p><!-- no -->'
        "<div>loose <b>div</b></div><ul><li>item one</li></ul><table><tr><th>a</th><th>b</th></tr></table><script>alert(1)</script>"
        '<h2>References</h2><ol><li>Smith J. A title here. 2010. <a href="https://doi.org/10.1000/abc">doi</a></li></ol></body></html>',
    )  # fmt: skip
    assert [(b.kind, b.span.quote) for b in document.blocks] == [
        ("heading", "A report"), ("paragraph", "Text [1] here."), ("paragraph", "loose div"), ("item", "item one"),
        ("table", "a | b"), ("heading", "References"),
    ]  # fmt: skip
    assert [(h.quote, h.reason) for h in document.hidden] == [
        ("secret", "display:none"),
        ("gone", "hidden"),
        ("white", "white on white"),
    ]
    assert [(r.title, r.identifiers) for r in document.references] == [("A title here", {"doi": "10.1000/abc"})]


def test_deeply_nested_html_is_read(tmp_path: Path) -> None:
    assert read(tmp_path, "a.html", "<html><body>" + "<div>" * 10_000 + "deep").text == "deep"


PAPER = r"""\documentclass{article} % \cite{no}
\title{A \emph{nice} Paper}
\begin{document}
\maketitle
\begin{abstract} We ask~\citep[see][p.~3]{a,b}. We answer. \end{abstract}
\section{Intro}\label{s}
As \citet{a} says. Nothing here, \textbf{bold}. See~\cite{gone}.
\begin{equation} x = 1 \cite{inside}\end{equation}
\begin{itemize}\item One \cite{b} \item Two\end{itemize}
\bibliography{refs,../other}
\end{document}
"""


def test_latex_is_read_with_its_bib_and_nothing_outside_its_folder(tmp_path: Path) -> None:
    folder = tmp_path / "paper"
    folder.mkdir()
    (tmp_path / "other.bib").write_text("@misc{outside, title={No}}")
    (folder / "refs.bib").write_text("@misc{a,title={A}}\n@misc{b,title={B}}\n@misc{c,title={C}}")
    document = read(folder, "p.tex", PAPER)
    assert document.title == "A nice Paper"
    assert [(c.sentence.quote, c.keys) for c in document.citations] == [
        ("We ask [@a; @b].", ("a", "b")), ("As [@a] says.", ("a",)), ("See [@gone].", ("gone",)), ("One [@b]", ("b",)),
    ]  # fmt: skip
    assert [r.key for r in document.references] == ["a", "b", "c"]
    assert document.mistakes == (
        "the bibliography '../other' is outside the paper's folder; expected a file in it; it was not read",
    )


def test_keys_are_no_words_of_a_statement_and_latex_has_the_sentences_of_markdown(tmp_path: Path) -> None:
    cited = "Owls hunt mice at night {}. As {} say, they rest by day."
    latex = read(
        tmp_path, "p.tex", "\\documentclass{x}\\begin{document}" + cited.format("\\citep{a20,b21}", "\\citet{c}")
    )
    markdown = read(tmp_path, "p.md", "# Owls\n\n" + cited.format("[@a20; @b21]", "[@c]"))
    assert len(latex.citations) == 2
    assert [(c.sentence.quote, c.keys) for c in latex.citations] == [
        (c.sentence.quote, c.keys) for c in markdown.citations
    ]
    words = [token.key for c in latex.citations for token in tokens(c.sentence.quote) if token.kind == "word"]
    assert words == "owls hunt mice at night as say they rest by day".split()


@pytest.mark.parametrize(
    ("head", "keys", "n_mistakes"),
    [
        ("", ["a", "b"], 0),
        ("---\ntitle: x\nbibliography: more.bib\n---\n", ["c"], 0),
        ("---\nbibliography: [references.bib, 'more.bib']\n---\n", ["a", "b", "c"], 0),
        ("---\nbibliography:\n  - references.bib\n  - more.bib\n---\n", ["a", "b", "c"], 0),
        ("---\nbibliography: ../other.bib\n---\n", [], 1),
        ("---\nbibliography: none.bib\n---\n", [], 1),
    ],
)  # fmt: skip
def test_markdown_is_read_with_its_bib_and_nothing_outside_its_folder(
    tmp_path: Path, head: str, keys: list[str], n_mistakes: int
) -> None:
    pytest.importorskip("bibtexparser")
    folder = tmp_path / "paper"
    folder.mkdir()
    (tmp_path / "other.bib").write_text("@misc{outside, title={No}}")
    (folder / "references.bib").write_text("@misc{a,title={A}}\n@misc{b,title={B}}")
    (folder / "more.bib").write_text("@misc{c,title={C}}")
    document = read(folder, "p.md", f"{head}# Owls\n\nOwls hunt [@a]. As @b says, mail x@c.org or @user.\n")
    assert [r.key for r in document.references] == keys
    assert len(document.mistakes) == n_mistakes
    bare = [("As [@b] says, mail x@c.org or @user.", ("b",))] if "b" in keys else []
    assert [(c.sentence.quote, c.keys) for c in document.citations] == [("Owls hunt [@a].", ("a",)), *bare]


@pytest.mark.parametrize(
    ("opening", "entry", "keys"),
    [
        ("```bibtex", "@misc{a, title = {A}}", ["a"]), ("~~~ BibTeX", "% mine\n@misc{a, title = {A}}", ["a"]), ("```", "\n@misc{a, title = {A}}", ["a"]),
        ("```python", "@decorator", []), ("```text", "see @misc{a, title = {A}}", []), ("```bib", "@misc{a, title = {A", []),
    ],
)  # fmt: skip
def test_bibtex_in_a_fence_is_a_bibliography(tmp_path: Path, opening: str, entry: str, keys: list[str]) -> None:
    document = read(tmp_path, "p.md", f"# T\n\nShade harms [@a].\n\n{opening}\n{entry}\n{opening[:3]}\n")
    assert [r.key for r in document.references] == keys
    assert entry.strip() not in document.text
    assert bool(document.mistakes) == (opening == "```bib")


def test_a_bbl_is_read_alone_and_beside_its_paper(tmp_path: Path) -> None:
    bbl = (
        "\\begin{thebibliography}{9}\n\\bibitem[Smith et~al.(2010)Smith, Jones]{smith10}\nJ.~Smith and K.~Jones.\n\\newblock A study of {BERT} and things.\n"
        '\\newblock \\emph{Journal of Things}, 2010.\n\\bibitem{x} A. B\\"ohm. \\newblock Title two. \\newblock 2011.\n\\end{thebibliography}'
    )
    document = read(tmp_path, "p.bbl", bbl)
    assert [(r.key, r.title, r.authors, r.year, r.line) for r in document.references] == [
        ("smith10", "A study of BERT and things", ("J. Smith", "K. Jones"), 2010, 2),
        ("x", "Title two", ("A. Böhm",), 2011, 6),
    ]  # fmt: skip
    (tmp_path / "p.tex").write_text("\\documentclass{x}\\begin{document}Text \\cite{x}.\\end{document}")
    assert [r.key for r in LATEX.read(tmp_path / "p.tex").references] == ["smith10", "x"]


def test_links_behind_a_full_stop_cite_for_the_sentence_before_it(tmp_path: Path) -> None:
    one, two = (f"(https://doi.org/10.5555/{name})" for name in ("one", "two"))
    (tmp_path / "a.md").write_text(f"It rains. [1]{one} [2]{two} We see. ([Lee]{two}) As [Cho]{one} says.\n")
    cited = [(c.sentence.quote, [key[-3:] for key in c.keys]) for c in registry.read(tmp_path / "a.md").citations]
    assert cited == [("It rains.", ["one", "two"]), ("We see.", ["two"]), ("(Lee) As Cho says.", ["one"])]
