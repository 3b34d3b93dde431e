"""Audits made by hand: every verdict, hostile texts, statements that lost something."""

from evidense.auditing.alignment import align
from evidense.auditing.audited import AskedSource, Audit, AuditedReference
from evidense.auditing.losses import losses
from evidense.auditing.references import decide
from evidense.auditing.statements import Quote, TracedStatement
from evidense.values import Answer, Notice, ReadDocument, Reference, Work
from evidense.values.literature import Citation, Hidden, Span

HOSTILE = "</script><script>window.hacked=1</script>{{7*7}}<img src=x onerror=window.hacked=1>\u202e\x1b[31m"
TITLE = "Attention Is All You Need"
NAMES = {"arxiv": "arXiv", "crossref": "Crossref", "dblp": "DBLP", "openalex": "OpenAlex"}
AUTHORS = ("Vaswani, Ashish", "Shazeer, Noam")
KNOWN = Work("crossref", {"doi": "10.1/x"}, TITLE, AUTHORS, 2017, "NeurIPS")


def found(*works: Work, by: str = "title") -> list[Answer]:
    return [Answer(work.source, "found", (work,), by) for work in works]  # type: ignore[arg-type]


def silent(*sources: str) -> list[Answer]:
    return [Answer(source, "not there", (), "title") for source in sources]


def reference(key: str, line: int, **changes: object) -> Reference:
    fields: dict = {
        "kind": "inproceedings",
        "title": TITLE,
        "authors": AUTHORS,
        "year": 2017,
        "venue": "NIPS",
        "line": line,
    }
    return Reference(key, **{**fields, **changes})


def audited(cited: Reference, answers: list[Answer]) -> AuditedReference:
    return AuditedReference(cited, decide(cited, answers), tuple(answers), names=NAMES)


def twice(work: Work) -> list[Answer]:
    from dataclasses import replace

    return found(work, replace(work, source="arxiv"))


def every_verdict() -> list[AuditedReference]:
    from dataclasses import replace

    stranger = Work("crossref", {"doi": "10.1/y"}, "On the Origin of Species", ("Darwin, Charles",), 1859)
    retracted = replace(KNOWN, notices=(Notice("retraction", "2024-03-02", "data integrity"),))
    preprint = replace(KNOWN, venue="arXiv", published_as={"venue": "NeurIPS", "year": "2017"})
    return [
        audited(reference("right2017", 1), twice(KNOWN)),
        audited(reference("year2013", 9, year=2013), twice(KNOWN)),
        audited(reference("other2017", 17, identifiers={"doi": "10.1/y"}), [*found(stranger, by="identifier"), *twice(KNOWN)]),
        audited(reference("retracted2017", 25), twice(retracted)),
        audited(reference("newer2017", 33, venue="arXiv"), twice(preprint)),
        audited(reference("nowhere", 41, title="A Title That Nobody Wrote"), silent("crossref", "arxiv")),
        audited(reference("alone", 49, title="Another Title"), [*silent("crossref"), Answer("dblp", "blocked", detail="a challenge page")]),
        audited(reference("tool", 57, kind="software", title="Some Tool"), silent("crossref", "arxiv")),
    ]  # fmt: skip


def statement(text: str, passage: str) -> TracedStatement:
    aligned = align(text, passage)
    quote = Quote(Span(0, len(passage), passage, page=4), "yao2025", "§4", 2)
    return TracedStatement(text, Span(10, 10 + len(text), text), "finding", "yao2025", quote, aligned, losses(aligned))


def audit(**changes: object) -> Audit:
    sources = (
        AskedSource("arxiv", NAMES["arxiv"], "preprints", {"found": 5, "not there": 2}),
        AskedSource("crossref", NAMES["crossref"], "DOIs", {"found": 5, "not there": 3}),
        AskedSource("dblp", NAMES["dblp"], "computer science", {"blocked": 1}, "a challenge page"),
        AskedSource("openalex", NAMES["openalex"], "works", {"not asked": 8}, "offline"),
    )
    fields: dict = {
        "name": "references.bib",
        "document": ReadDocument("bibtex"),
        "references": tuple(every_verdict()),
        "sources": sources,
    }
    return Audit(**{**fields, **changes})


def hostile() -> Audit:
    work = Work("crossref", {"doi": "10.1/x"}, HOSTILE + TITLE, (HOSTILE,), 2017, HOSTILE, url="javascript:alert(1)")
    bad = [
        audited(reference(f"=cmd|' /C calc'!A0{HOSTILE}", 3, title=HOSTILE + TITLE, venue=HOSTILE, authors=(HOSTILE,)), twice(work)),
        audited(reference("@SUM(1)", 5, title=HOSTILE), silent("crossref", "arxiv")),
        audited(reference("-1+1", 7, title=HOSTILE + TITLE, year=1999, authors=(HOSTILE,)), twice(work)),
    ]  # fmt: skip
    document = ReadDocument(
        "bibtex", HOSTILE, HOSTILE, mistakes=(HOSTILE,), hidden=(Hidden(HOSTILE, "white on white", 1),),
        citations=(Citation(Span(0, 1, "A"), (HOSTILE,)),),
    )  # fmt: skip
    sources = (AskedSource(f"folder:{HOSTILE}", f"folder {HOSTILE}", HOSTILE, {"blocked": 1}, HOSTILE),)
    said = (statement(HOSTILE, f"We ask whether {HOSTILE}"),)
    return Audit(
        f"{HOSTILE}.bib",
        document,
        tuple(bad),
        said,
        sources,
        questions=((HOSTILE, f"https://example.org/{HOSTILE}"),),
        remarks=(HOSTILE, HOSTILE),
    )
