"""Reports: what a synthesis says of itself beside what is found: its papers, its question, its claims, its confidence."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from evidense.auditing.audited import Said
from evidense.auditing.markers import n_negations
from evidense.auditing.passages import Passages, SourceText, claims_of
from evidense.auditing.public_records.prose import SCORE, n_verified, wrong_clause
from evidense.auditing.shipped_works import ShippedWork, shipped_works
from evidense.auditing.statements import Quote, TracedStatement
from evidense.auditing.topics import Topic, topic
from evidense.compute.search.vector_index import Embed
from evidense.texts.letters import fold
from evidense.texts.names import Name
from evidense.texts.sentences import sentences
from evidense.texts.tokens import tokens
from evidense.values import ReadDocument, Reference, Span, Work

_COUNTED = r"(\d[\d,]{0,12}) ((?:peer[- ]reviewed |scientific |relevant |published )*)(?:papers?|study|studies|articles?|publications?|sources?)\b"
_PAPERS = re.compile(rf"\b{_COUNTED}", re.IGNORECASE)
_FROM = re.compile(rf"\bextracted from {_COUNTED}", re.IGNORECASE)
"""Of several counts the one that claims were taken from."""
_EXTRACTED = re.compile(r"\b(\d[\d,]{0,12}) claims? (?:were |was )?extracted\b", re.IGNORECASE)
_VOTES = re.compile(r"\b(?:votes?|reviewer [1-9A-C]|reviewed by [A-Z]|scores? of each reviewer)\b", re.IGNORECASE)
_QUESTION = re.compile(r"\bresearch question\w*(?: is)?\s*:\s*(.+?)(?:[.?](?:\s|$)|$)", re.IGNORECASE | re.DOTALL)
_IS_QUESTION = re.compile(r"[\d.\s]*research questions?\W*", re.IGNORECASE)
_CELL = re.compile(r"(?<![\d./])(?:0?\.\d+|1\.0+|0\.0+)(?![\d/])")
_NAME = r"[A-Z][a-zß-ÿ][\w'’-]*"
_NAMES = re.compile(
    rf"\b({_NAME})(?: and | & )({_NAME})(?:'s?|’s?)?(?P<year>,? [\[(]?(?:19|20)\d\d)?|\b({_NAME}) et al\b"
)
_CONTRAST = re.compile(
    r"^(?:however|but|yet|contrary to|in contrast|conversely|nevertheless|nonetheless)\b", re.IGNORECASE
)
_MEANING = frozenset(["aim", "negation", "number", "hedge", "condition", "weaker"])
_SHARED = 4
"""Rare words that a passage must share with a statement to qualify it."""


@dataclass(frozen=True)
class Missing:
    """A work that statements name and the references lack."""

    names: tuple[str, ...]
    statements: tuple[int, ...]
    """Positions of the statements that name it, from 0."""
    work: Work | None = None
    """The work, where a record of it is at hand."""
    published: str = ""

    @property
    def sentence(self) -> str:
        """Say what is missing, and how many claims are about it."""
        n = len(self.statements)
        title = f" (“{self.work.title}”, {self.published or self.work.venue})" if self.work else ""
        return f"{' and '.join(self.names)}{title} is not among the references; {n} claim{'s name' if n != 1 else ' names'} it"


@dataclass(frozen=True)
class AuditedReport:
    """What a report comes to."""

    statements: tuple[TracedStatement, ...]
    said: tuple[Said, ...] = ()
    """What it says of itself, beside what is found."""
    remarks: tuple[str, ...] = ()
    """What the whole comes to, the box first."""
    notes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Key of a reference → which things of the question its title and abstract name."""
    topics: Mapping[str, Topic] = field(default_factory=dict)
    missing: tuple[Missing, ...] = ()
    question: str = ""


def is_report(document: ReadDocument) -> bool:
    """Say whether a document is a synthesis: it cites nothing in its sentences, and says how many claims it extracted, or lists claims under a question."""
    if document.stated is not None:
        return True
    if document.citations or not document.text:
        return False
    lists_claims = any(block.kind == "item" and "claim" in block.section.lower() for block in document.blocks)
    return bool(_EXTRACTED.search(document.text)) or (lists_claims and bool(question_of(document)))


def audit_report(
    document: ReadDocument,
    works: Mapping[str, Work],
    texts: Mapping[str, SourceText],
    experiments: Mapping[str, str] | None = None,
    embed: Embed | None = None,
) -> AuditedReport:
    """Audit a report against the works that its references mean and their texts, both by the keys of the references.

    `experiments` says of a statement, by its text, what experiments of our own say.
    """
    passages = Passages(list(texts.values()), embed)
    question = question_of(document)
    statements = tuple(passages.statement(span) for span in stated_claims(document))
    missing = tuple(_missing(statements, document.references, works))
    statements = tuple(
        replace(
            statement, others=tuple(_qualifying(statement, texts)), experiment=(experiments or {}).get(statement.text, ""),
            notes=tuple(m.sentence for m in missing if i in m.statements),
        )
        for i, statement in enumerate(statements)
    )  # fmt: skip
    topics = {key: topic(question, work.title, work.abstract) for key, work in works.items() if question}
    report = AuditedReport(
        statements,
        notes={key: found.clauses for key, found in topics.items()},
        topics=topics,
        missing=missing,
        question=question,
    )
    return replace(report, said=tuple(_said(document, works, report)), remarks=tuple(_remarks(report)))


def stated_claims(document: ReadDocument) -> list[Span]:
    """Return the claims of a report; none where it says that it extracted none and lists none."""
    extracted = _EXTRACTED.search(document.text)
    lists_claims = any(
        b.kind == "item" and re.search("claim|statement", b.section, re.IGNORECASE) for b in document.blocks
    )
    says_none = extracted is not None and not int(extracted[1].replace(",", ""))
    return [] if says_none and not lists_claims else claims_of(document)


def question_of(document: ReadDocument) -> str:
    """Return the research question that a report says it answers; "" where it names none."""
    if document.stated is not None:
        return document.stated.question
    headed = (b for b in document.blocks if b.kind == "paragraph" and _IS_QUESTION.fullmatch(b.section))
    found = _QUESTION.search(document.text)
    return " ".join(found[1].split()) if found else next((" ".join(b.span.quote.split()) for b in headed), "")


def findings_of(statements: Sequence[TracedStatement]) -> list[TracedStatement]:
    """Return the statements that report a finding, without those whose source asks what they tell."""
    return [s for s in statements if s.kind == "finding" and not _has(s, "aim")]


def origin(statements: Sequence[TracedStatement]) -> str:
    """Say where statements come from, as closely as they come from one place."""
    quotes = [s.quote for s in statements if s.quote is not None]
    if not quotes:
        return f"none of {len(statements)} located in a source"
    (source, section), n = Counter((q.source, q.section) for q in quotes).most_common(1)[0]
    numbers = [q.sentence or 0 for q in quotes if (q.source, q.section) == (source, section)]
    head = f"{n} of {len(statements)} are "
    if numbers == list(range(numbers[0], numbers[0] + n)) and numbers[0] and n > 2:
        return f"{head}sentences {numbers[0]}–{numbers[-1]} of one section of one source ({source}, {section})"
    n_sources, n_sections = len({q.source for q in quotes}), len({(q.source, q.section) for q in quotes})
    return f"{len(quotes)} of {len(statements)} located, in {_number(n_sections, 'section')} of {_number(n_sources, 'source')}"


def _said(document: ReadDocument, works: Mapping[str, Work], report: AuditedReport) -> Iterator[Said]:
    text, statements = document.text, report.statements
    if (papers := _FROM.search(text) or _PAPERS.search(text)) and document.stated is None:
        adjective = f", {papers[2].strip()}" if papers[2].strip() else ""
        is_listed = int(papers[1].replace(",", "")) == len(document.references)
        yield Said("papers", papers[1] + adjective, _listed(document.references, works), is_listed)
    if report.topics:
        n = sum(found.is_about for found in report.topics.values())
        yield Said(
            "about its question",
            "–",
            f"{n} of {len(report.topics)} by title and abstract{'' if n else _lacking(report)}",
        )
    extracted, verified = _EXTRACTED.search(text), n_verified(text)
    if statements and document.stated is None:
        n = len(findings_of(statements))
        said = [f"{extracted[1]} extracted"] if extracted else []
        said += [f"{verified} verified"] if verified is not None else []
        are_listed = int(extracted[1].replace(",", "")) == len(statements) if extracted else None
        listed = "" if are_listed is not False else f"{_number(len(statements), 'claim')} listed; "
        yield Said(
            "claims", ", ".join(said) or "–", f"{listed}{origin(statements)}; {n} {'is a finding' if n == 1 else 'are findings'}", are_listed
        )  # fmt: skip
    if document.stated is None:
        yield from _self_assessment(document, statements, verified)


def _self_assessment(
    document: ReadDocument, statements: Sequence[TracedStatement], n_verified: int | None
) -> Iterator[Said]:
    claims = {block.section for block in document.blocks if block.kind == "item"}
    cells = [b.span.quote for b in document.blocks if b.kind == "table" and b.section in claims]
    values = [float(value) for cell in cells for value in _CELL.findall(cell)]
    if values:
        located = [s for s in statements if s.quote is not None]
        copies = sum(not any(_has(s, rule) for rule in _MEANING) for s in located)
        found = f"{len(located)} of {len(statements)} located in a source, {copies} without a change of meaning"
        if n_verified == 0 and len(located) == len(statements) <= 2 * copies:
            found += "; its verifier failed, not the source"
        yield Said("confidence", f"{_short(min(values))} to {_short(max(values))}", found)
    if score := SCORE.search(document.text):
        is_shown = bool(_VOTES.search(document.text))
        named = "" if is_shown else ", reviewers not named"
        yield Said(
            "quality",
            f"{score[0]}{named}",
            "its votes are shown" if is_shown else "cannot be recomputed: no votes, no records",
        )


def _listed(references: Sequence[Reference], works: Mapping[str, Work]) -> str:
    preprints = [r for r in references if "arxiv" in r.identifiers and "doi" not in r.identifiers]
    published = [r for r in preprints if r.key in works and works[r.key].published_as]
    said = f"{len(references)} listed"
    if preprints:
        all_of = "all" if len(preprints) == len(references) else str(len(preprints))
        said += f", {all_of} cited as {'a preprint' if all_of == '1' else 'preprints'}"
    if published:
        each = (
            "each has"
            if len(published) == len(references)
            else f"{len(published)} of them {'has' if len(published) == 1 else 'have'}"
        )
        said += f" ({each} a published version)"
    return said


def _lacking(report: AuditedReport) -> str:
    """Say which subjects no work names together."""
    names = [f.name for f in next(iter(report.topics.values())).facets if f.is_subject]
    return f": none names {' and '.join(names)}" + (" together" if len(names) > 1 else "")


def _remarks(report: AuditedReport) -> Iterator[str]:
    """Yield the box first, where there is something to warn of, then what is missing."""
    statements = report.statements
    n_findings, n_asked = len(findings_of(statements)), sum(_has(s, "aim") for s in statements)
    n_changed = sum(any(_has(s, rule) for rule in _MEANING - {"aim"}) for s in statements)
    is_off_topic = bool(report.topics) and not any(found.is_about for found in report.topics.values())
    n_lost = sum(s.alignment.kind == "NOT LOCATED" for s in statements)
    reasons = [
        "no finding in it" if statements and not n_findings else "",
        "no source on its question" if is_off_topic else "",
        f"{_count(n_asked, 'question')} told as {'a finding' if n_asked == 1 else 'findings'}" if n_asked else "",
        f"{_count(n_lost, 'claim')} in none of its sources" if n_lost else "",
        f"{_count(n_changed, 'claim')} changed in meaning" if n_changed and not (n_asked or is_off_topic) else "",
    ]
    told = ", ".join(filter(None, reasons))
    if told:
        is_hopeless = (statements and not n_findings) or is_off_topic or n_lost * 2 > len(statements)
        yield f"{'DO NOT RELY ON IT' if is_hopeless else 'READ IT BESIDE ITS SOURCES'}: {told}."
        yield from (f"missing: {m.sentence}" for m in report.missing)
        yield from _cut_remark(statements)


def with_wrong(remarks: Sequence[str], said: Sequence[Said], *, is_record: bool = False) -> list[str]:
    """Add to the box how many things a report states of itself that are not so; a text whose claims are warned of already says enough."""
    clause = wrong_clause(said)
    if not clause or (remarks and not is_record):
        return list(remarks)
    if not remarks:
        return [f"READ IT BESIDE ITS SOURCES: {clause}."]
    return [f"{remarks[0].removesuffix('.')}, {clause}.", *remarks[1:]]


def _cut_remark(statements: Sequence[TracedStatement]) -> Iterator[str]:
    """Several claims that break off after the same number of characters were cut by a program."""
    lengths = Counter(len(s.text) for s in statements if s.alignment.is_cut)
    for length, n in lengths.most_common(1):
        if n > 1:
            yield f"{_count(n, 'claim')} cut at {length} characters"


def _missing(
    statements: Sequence[TracedStatement], references: Sequence[Reference], works: Mapping[str, Work]
) -> Iterator[Missing]:
    """Yield works that statements name by their authors and that no reference has."""
    authors = [
        {Name.of(a).family[-1:] for a in (works[r.key].authors if r.key in works else r.authors)} for r in references
    ]
    named: dict[tuple[str, ...], list[int]] = {}
    for i, statement in enumerate(statements):
        for match in _NAMES.finditer(statement.text):
            names = tuple(filter(None, (match[1], match[2], match[4])))
            is_cited = bool(match["year"] or match[4] or _shipped(names))
            if is_cited and not any({(fold(name),) for name in names} <= people for people in authors):
                named.setdefault(names, []).append(i)
    for names, places in named.items():
        known = _shipped(names)
        work, published = (known.work, known.published) if known else (None, "")
        yield Missing(names, tuple(dict.fromkeys(places)), work, published)


def _shipped(names: tuple[str, ...]) -> ShippedWork | None:
    return next((s for s in shipped_works() if s.surnames[: len(names)] == names), None)


def _qualifying(statement: TracedStatement, texts: Mapping[str, SourceText]) -> Iterator[Quote]:
    """Yield sentences of the source that begin with a contrast, deny, and speak of what a question or a finding speaks of."""
    source = next((t for t in texts.values() if t.name == statement.source), None)
    if source is None or not (_has(statement, "aim") or statement.kind == "finding"):
        return
    wanted = _rare(statement.text)
    for part in source.parts:
        spans = sentences(source.text[part.start : part.end])
        for i, span in enumerate(spans):
            around = " ".join(s.quote for s in spans[max(0, i - 1) : i + 1])
            if _CONTRAST.match(span.quote) and n_negations(span.quote) and len(wanted & _rare(around)) >= _SHARED:
                place = Span(part.start + span.start, part.start + span.end, span.quote)
                number = None if part.first == 0 else (part.first or 1) + i
                yield Quote(place, source.name, part.section, number)


def _rare(text: str) -> set[str]:
    return {token.key[:5] for token in tokens(text) if token.kind == "word" and len(token.key) > 3}


def _has(statement: TracedStatement, rule: str) -> bool:
    return any(loss.rule == rule for loss in statement.losses)


def _count(n: int, noun: str) -> str:
    words = ("no", "one", "two", "three", "four", "five", "six")
    return f"{words[n]} {noun}{'s' if n != 1 else ''}" if n < len(words) else _number(n, noun)


def _number(n: int, noun: str) -> str:
    return f"{n} {noun}{'s' if n != 1 else ''}"


def _short(value: float) -> str:
    return f"{value:.2f}".removeprefix("0")
