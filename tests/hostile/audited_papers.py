"""Papers and reports to audit, in every format: broken, packed, disguised, huge, and where a file is none."""

import gzip
import io
import json
import zipfile
import zlib

from hostile import mutate
from hostile.case import Case, Content, Expected, Family, files, folder, link, pipe, then
from hostile.loopback import everything_200, no_key_is_good
from readers.pdfs import IMAGE, LOCKED, SHOWN, pdf_of

OWLS = "@article{owls, author = {Smith, Ada}, title = {A Study of Owls}, year = 2018, doi = {10.1234/owls}}\n"
LIBRARY = {"lib/a.bib": OWLS, "ada/b.bib": OWLS}
OPTIONS = ("--sources", "folder:lib,folder:ada", "--offline", "--out", "out")
ARTICLE = (
    "<article><front><article-meta><title-group><article-title>On owls</article-title></title-group></article-meta></front>"
    '<body><p>Owls see at night <xref ref-type="bibr" rid="r1">1</xref>.</p></body><back><ref-list><ref id="r1"><mixed-citation>'
    "<article-title>A Study of Owls</article-title><year>2018</year></mixed-citation></ref></ref-list></back></article>"
)
TEI = (
    '<TEI xmlns="http://www.tei-c.org/ns/1.0"><teiHeader><fileDesc><titleStmt><title>On owls</title></titleStmt></fileDesc></teiHeader>'
    "<text><body><p>Owls see at night.</p></body></text></TEI>"
)
ENTITIES = "".join(f"<!ENTITY a{n} '{f'&a{n - 1};' * 10}'>" for n in range(1, 10))
LAUGHS = f"<!DOCTYPE r [<!ENTITY a0 'ha'>{ENTITIES}]>"
LATEX = r"\documentclass{article}\title{On owls}\begin{document}Owls see at night \cite{owls}. %s\bibliography{refs}\end{document}"
MARKDOWN = "# On owls\n\nOwls see at night [1].\n\n## References\n\n[1] Ada Smith. A Study of Owls. 2018.\n"
PAGE = "<!doctype html><title>On owls</title><h1>On owls</h1><p>Owls see at night [1].</p><h2>References</h2><ol><li>Ada Smith. A Study of Owls. 2018.</ol>"
RECORD = "TY  - JOUR\nTI  - A Study of Owls\nAU  - Smith, Ada\nPY  - 2018\nDO  - 10.1234/owls\nER  - \n"
ODD = r"""@article{sici, title = {A Study of Owls}, doi = {10.1002/(SICI)1097-4571(199806)49:8<693::AID-ASI4>3.0.CO;2-O}}
@article{url, title = {On Trains}, doi = {https://doi.org/10.1234/Trains;2.}}
@article{cut, title = {On Water}, url = {https://doi.org/10.1234/
   water}}
@misc{old, title = {On Strings}, eprint = {hep-th/9711200v3}, archiveprefix = {arXiv}}
@misc{new, title = {On Nets}, url = {https://arxiv.org/abs/2101.00001v12}}
"""
FOUND = [
    ("A Study of Owls", {"DOI": "10.1002/(sici)1097-4571(199806)49:8<693::aid-asi4>3.0.co;2-o"}),
    ("On Trains", {"DOI": "10.1234/trains;2"}),
    ("On Water", {"DOI": "10.1234/water"}),
    ("On Strings", {"URL": "https://arxiv.org/abs/hep-th/9711200"}),
    ("On Nets", {"URL": "https://arxiv.org/pdf/2101.00001v3.pdf"}),
]


def _case(file: str, content: Content, expected: Expected = "either", says: str = "", name: str = "") -> Case:
    """Return the audit of one file; `says` is of the refusal, or of the first screen where it is read."""
    named = f"audit_{name or file}"
    built = files({file: content, **LIBRARY})
    if expected == "read":
        return Case(named, built, ("audit", file, *OPTIONS), expected, shows=says)
    return Case(named, built, ("audit", file, *OPTIONS), expected, says)


def _pdfs() -> list[Case]:
    whole = pdf_of([SHOWN])
    kids = b"4 0 R " * 5_000
    many = (
        b"%%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj 2 0 obj<</Type/Pages/Kids[%s]/Count 5000>>endobj "
        % kids
        + (
            b"3 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj 4 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]"
            b"/Resources<</Font<</F1 3 0 R>>>>/Contents 5 0 R>>endobj 5 0 obj<</Length %d>>stream\n%s\nendstream endobj trailer<</Root 1 0 R>>"
            % (len(SHOWN), SHOWN)
        )
    )
    return [
        _case("scan.pdf", pdf_of([IMAGE] * 3), "refused", "is a scan: pictures of 3 pages"),
        _case("locked.pdf", pdf_of([SHOWN], LOCKED), "refused", "is encrypted"),
        _case("sign_in.pdf", "\n <!DOCTYPE html><title>Sign in</title>", "refused", "is HTML or XML, not PDF"),
        _case("pages.pdf", many, "read", "5,000 pages"),
        _case("no_end.pdf", whole[: len(whole) // 2]),
        _case("no_table.pdf", whole[:-300]),
        _case("no_bytes.pdf", b"", "refused", "is empty"),
        _case("zeros.pdf", b"\0" * 5_000, "refused", "does not begin like a PDF"),
        _case("no_text.pdf", pdf_of([b""]), "refused", "holds no text"),
        _case("own_parent.pdf", whole.replace(b"/Kids[4 0 R]", b"/Kids[2 0 R]")),
        _case("packed.pdf", lambda: _packed_stream(100), "refused", "holds no text"),
        _case("bomb.pdf", lambda: _members(b"%PDF-1.7\n", 300), "refused", "unpacks to more than"),
        _case("no_references.pdf", whole, "read", "0 references"),
    ]  # fmt: skip


def _packed_stream(mib: int) -> bytes:
    """Return a PDF whose page unpacks to so many MiB of spaces."""
    packer = zlib.compressobj(1)
    packed = b"".join(packer.compress(b" " * (1 << 20)) for _ in range(mib)) + packer.flush()
    plain = b"<</Length %d>>stream\n" % len(SHOWN)
    stream = b"<</Filter/FlateDecode/Length %d>>stream\n" % len(packed)
    return pdf_of([SHOWN]).replace(plain + SHOWN, stream + packed)


def _members(head: bytes, mib: int) -> bytes:
    """Return a gzip file of many equal members, so that it is made quickly."""
    return gzip.compress(head) + gzip.compress(b"a" * (1 << 20)) * mib


def _xml() -> list[Case]:
    outside = '<!DOCTYPE article SYSTEM "http://127.0.0.1:9/x.dtd">'
    deep = ARTICLE.replace("Owls see", "<sec>" * 50_000 + "Owls see", 1)
    return [
        _case("article.xml", ARTICLE, "read", "1 reference"),
        _case("laughs.nxml", LAUGHS + ARTICLE.replace("Owls", "&a9;"), "refused", "entities"),
        _case("laughs.tei", LAUGHS + TEI.replace("Owls", "&a9;"), "refused", "entities"),
        _case("reads_files.nxml", '<!DOCTYPE a [<!ENTITY f SYSTEM "file:///etc/passwd">]>' + ARTICLE, "refused", "entities"),
        _case("laughs_utf_16.nxml", (LAUGHS + ARTICLE).encode("utf-16"), "refused"),
        _case("outside.nxml", outside + ARTICLE, "read", "1 reference"),
        _case("deep.nxml", deep, "refused", "deep.nxml"),
        _case("root.nxml", "<shop><owl/></shop>", "refused", "root.nxml"),
        _case("root.tei", "<shop><owl/></shop>", "refused", "root.tei"),
        _case("other.xml", "<shop><owl/></shop>"),
        _case("cut.nxml", ARTICLE[:200], "refused", "cut.nxml"),
        _case("no_bytes.nxml", b"", "refused", "is empty"),
        _case("no_bytes.tei", b"", "refused", "is empty"),
        _case("included.nxml", ARTICLE.replace("<p>", '<p><xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="/etc/passwd" parse="text"/>'), "read"),
        _case("empty.tei", TEI, "read", "0 references"),
    ]  # fmt: skip


def _bibliographies() -> list[Case]:
    undefined = "@article{a, title = {A Study of Owls}, journal = nowhere # { of } # owls, month = jam, year = 2018}\n"
    nested: object = []
    for _ in range(50):
        nested = [nested]
    return [
        _case("open.bib", OWLS + "@article{lost, title = {On {Water}, year = 2000}\n" + OWLS.replace("owls,", "more,"), "read", "'lost'"),
        _case("doubled.bib", OWLS * 3, "read", "used again"),
        _case("undefined.bib", undefined, "read", "'nowhere'"),
        _case("bom.bib", b"\xef\xbb\xbf" + OWLS.encode(), "read", "1 entry"),
        _case("zeros.bib", b"\0" * 5_000, "refused", "has no format that is read here"),
        _case("comments.bib", "% nothing\n@comment{x}\n@string{a = {b}}\n", "refused", "holds no BibTeX entry"),
        _case("bomb.bib", lambda: _members(OWLS.encode(), 300), "refused", "unpacks to more than"),
        _case("bomb.bib.zip", lambda: _zip(b"a" * (200 << 20)), "refused", "unpacks to more than"),
        _case("two.zip", lambda: _zip(OWLS.encode(), b"x"), "refused", "zip archive of 2 files"),
        _case("list.json", json.dumps({"a": [1, None]}), "refused", "list.json"),
        _case("nested.json", "[" * 100_000, "refused", "nested.json"),
        _case("values.json", json.dumps([{"title": nested, "author": 5, "issued": {"date-parts": {}}, "DOI": ["10.1/x"]}, None, "x"])),
        _case("no_bytes.json", b"", "refused", "is empty"),
        _case("no_end.ris", RECORD.replace("ER  - \n", "") * 2, "read"),
        _case("words.ris", "Owls see at night.\n", "refused", "words.ris"),
        _case("no_tags.ris", "TY  - \n" + "XX  - y\n" * 20_000),
        _case("no_bytes.ris", b"", "refused", "is empty"),
        Case(
            "audit_odd_identifiers", files({"c.bib": ODD, "lib/w.json": _found("a"), "ada/w.json": _found("b")}),
            ("audit", "c.bib", *OPTIONS, "--gate-on", "NOT FOUND,OTHER WORK,NOT ASKED,NOT A PAPER"), "read", shows="gate: PASS",
        ),
    ]  # fmt: skip


def _found(key: str) -> str:
    return json.dumps([{"id": f"{key}{n}", "title": title, **found} for n, (title, found) in enumerate(FOUND)])


def _zip(*members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for n, member in enumerate(members):
            archive.writestr(f"{n}.bib", member)
    return buffer.getvalue()


def _texts() -> list[Case]:
    references = "References\n\n[1] Ada Smith. A Study of Owls. 2018.\n"
    return [
        _case("alone.txt", references, "read", "1 reference"),
        _case("text.txt", "Owls see at night.\n", "read", "0 references"),
        _case("zeros.txt", b"Owls\0\0\0see at night.\n", "refused"),
        _case("late_zeros.txt", b"Owls see at night. " * 400 + b"\0\0", "either"),
        _case("bom.txt", b"\xef\xbb\xbf" + references.encode(), "read", "1 reference"),
        _case("utf_16.txt", ("Owls see at night [1].\n\n" + references).encode("utf-16"), "read", "1 reference"),
        _case("no_bytes.md", b"", "refused", "is empty"),
        _case("paper.md", MARKDOWN, "read", "1 reference"),
        _case("brackets.md", "[" * 100_000 + "](" * 50_000),
        _case("paper.html", PAGE, "read", "1 reference"),
        _case("nested.html", "<div>" * 100_000 + "Owls see at night.", "refused", "100,000 elements within each other"),
        _case("fonts.html", "".join(f"<font size={n}>" for n in range(5_000)) + "<p>Owls" * 50_000, "refused", "5,000 formatting elements"),
        _case("attributes.html", "<p " + " ".join(f"a{n}=1" for n in range(20_000)) + ">Owls see at night.", "refused", "20,001 attributes"),
        _case("paragraphs.html", "<p>Owls see at night.<li>" * 5_000, "read"),
        _case("no_bytes.html", b"", "refused", "is empty"),
        _case("no_words.html", "<html><body><script>x()</script></body></html>", "refused"),
        _case("paper.tex", LATEX % "", "read"),
        _case("reads_files.tex", LATEX % r"\input{../../../etc/passwd}\include{/etc/passwd}\input{reads_files}", "read"),
        _case("loops.tex", r"\def\a{\b\b}\def\b{\a\a}" + LATEX % r"\a", "read"),
        _case("open.tex", LATEX % ("{" * 50_000)),
        _case("no_bytes.tex", b"", "refused", "is empty"),
        _case("archive.docx", lambda: _zip(b"<x/>", b"<y/>"), "refused", "zip archive"),
    ]  # fmt: skip


def _places() -> list[Case]:
    library = files(LIBRARY)
    owls = files({**LIBRARY, "c.bib": OWLS})
    return [
        Case("audit_folder", then(library, folder("x.bib")), ("audit", "x.bib", *OPTIONS), "refused", "'x.bib' is a folder"),
        Case("audit_pipe", then(library, pipe("x.bib")), ("audit", "x.bib", *OPTIONS), "refused", "'x.bib' is a pipe"),
        Case("audit_link", then(owls, link("x.bib", "c.bib")), ("audit", "x.bib", *OPTIONS), "read", shows="1 entry"),
        Case("audit_link_to_nothing", then(library, link("x.bib", "y.bib")), ("audit", "x.bib", *OPTIONS), "refused", "'x.bib' cannot be read"),
        Case("audit_link_to_itself", then(library, link("x.bib", "x.bib")), ("audit", "x.bib", *OPTIONS), "refused", "'x.bib' cannot be read"),
        Case("audit_out_of_the_input", files({"in/c.bib": OWLS, **LIBRARY}), ("audit", "in/c.bib", *OPTIONS[:-1], "in"), "read"),
        Case("audit_out_onto_the_input", files({"found.bib": OWLS, **LIBRARY}), ("audit", "found.bib", *OPTIONS[:-1], "."), "refused", "'found.bib' is an input"),
        Case("audit_out_onto_works", files({"c.bib": OWLS, "lib/found.bib": OWLS, "ada/b.bib": OWLS}), ("audit", "c.bib", *OPTIONS[:-1], "lib"), "refused", "'lib' is an input"),
        Case("audit_out_is_a_link", then(owls, link("out", "lib")), ("audit", "c.bib", *OPTIONS), "refused"),
        Case("audit_pipe_in_a_folder", then(owls, pipe("lib/x.bib")), ("audit", "c.bib", *OPTIONS), "read"),
        Case("audit_link_in_a_folder", then(owls, link("lib/x.bib", "/etc/passwd"), link("lib/up", "..")), ("audit", "c.bib", *OPTIONS)),
        Case("audit_folder_in_a_folder", then(owls, folder("lib/x.bib")), ("audit", "c.bib", *OPTIONS), "read"),
    ]  # fmt: skip


def _broken_works() -> list[Case]:
    def beside(name: str, content: Content, expected: Expected, says: str = "") -> Case:
        built = files({**LIBRARY, "c.bib": OWLS.replace("10.1234/owls", "").replace("Owls", "Trains"), name: content})
        return Case(f"audit_beside_{name}", built, ("audit", "c.bib", *OPTIONS), expected, says, "" if expected == "refused" else says)  # fmt: skip

    return [
        beside("lib/open.bib", OWLS + "@article{lost, title = {On Trains}, year = 2000", "read", "open.bib line 2"),
        beside("lib/cut.json", '[{"title": "On', "read", "cut.json"),
        beside("lib/cut.jsonl", '{"title": "On"}\n{"title"', "refused", "cut.jsonl line 2"),
        beside("lib/zeros.ris", b"\0" * 5_000, "read", "zeros.ris holds no work"),
        beside("lib/latin.bib", OWLS.replace("Smith", "Sm\xeeth").encode("latin-1"), "refused", "latin.bib' line 1"),
        beside("lib/broken.pdf", b"%PDF-1.7\n", "either"),
    ]  # fmt: skip


def _indexes() -> list[Case]:
    """Return audits that ask indexes on this machine, which answer no question."""
    built = files({"c.bib": OWLS, "d.bib": OWLS.replace("doi = {10.1234/owls}", "")})
    proxy = {"EVIDENSE_URL_CROSSREF": everything_200, "EVIDENSE_URL_OPENALEX": everything_200}
    lock = {f"EVIDENSE_URL_{name}": no_key_is_good for name in ("CROSSREF", "SEMANTIC_SCHOLAR")}
    keys = {f"EVIDENSE_KEY_{name}": "secret-key" for name in ("CROSSREF", "SEMANTIC_SCHOLAR")}
    end = ("--out", "out", "--gate-on", "NOT FOUND,OTHER WORK,WRONG FIELD")
    asked = ("audit", "c.bib", "--sources", "crossref,openalex", *end)
    untitled = ("audit", "d.bib", "--sources", "crossref,openalex", *end)
    named = ("audit", "c.bib", "--sources", "crossref,semantic_scholar", *end)
    return [
        Case("audit_proxy_that_says_200", built, asked, "refused", "the gate cannot be held", env=proxy),
        Case("audit_proxy_that_says_200_to_titles", built, untitled, "refused", "the gate cannot be held", env=proxy),
        Case("audit_rejected_key", built, named, "refused", "the gate cannot be held", env={**lock, **keys}),
        Case("audit_key_with_line_break", built, named, "refused", "the gate cannot be held", env={**lock, **dict.fromkeys(keys, "a\nb: c")}),
    ]  # fmt: skip


def _named() -> list[Case]:
    return [*_pdfs(), *_xml(), *_bibliographies(), *_texts(), *_places(), *_broken_works(), *_indexes()]


def _mutated_pdf(seed: int) -> Case:
    return _case("p.pdf", mutate.data(pdf_of([SHOWN] * 2), mutate.generator("pdf", seed)), name=f"pdf:{seed}")


def _mutated_jats(seed: int) -> Case:
    return _case("p.nxml", mutate.data(ARTICLE.encode(), mutate.generator("jats", seed)), name=f"jats:{seed}")


def _mutated_html(seed: int) -> Case:
    return _case("p.html", mutate.data(PAGE.encode(), mutate.generator("html", seed)), name=f"html:{seed}")


def _mutated_latex(seed: int) -> Case:
    return _case("p.tex", mutate.data(LATEX.encode(), mutate.generator("latex", seed)), name=f"latex:{seed}")


def _mutated_markdown(seed: int) -> Case:
    return _case("p.md", mutate.data(MARKDOWN.encode(), mutate.generator("markdown", seed)), name=f"markdown:{seed}")


FAMILY = Family(
    "papers", _named,
    {"pdf": _mutated_pdf, "jats": _mutated_jats, "html": _mutated_html, "latex": _mutated_latex, "markdown": _mutated_markdown},
    seeds=1,
)  # fmt: skip
