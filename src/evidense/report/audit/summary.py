"""Summary: the answer of an audit in one sentence, its lines, the worst first, and who was asked; the terminal and the page print the same."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evidense.auditing.audited import AskedSource, Audit, AuditedReference
from evidense.auditing.fields import FieldCheck
from evidense.auditing.references import ReferenceVerdict
from evidense.report.audit.words import REFERENCE_WORDS
from evidense.report.check.words import CHECK_WORDS

TO_REPLACE = frozenset({"RETRACTED"})
TO_CORRECT = frozenset({"OTHER WORK", "WRONG FIELD"})
TO_READ = frozenset({"CONCERN", "CORRECTED", "OLDER VERSION", "INDEXES DISAGREE"})
_WITH_KEYS = frozenset({"latex", "markdown"})
"""Formats whose citations name the keys of entries."""
_QUIET = frozenset({"OK", "NOT A PAPER"})
LEAST_SHARED = 3
"""References of one verdict from which on a reason that they share is said once."""


@dataclass(frozen=True)
class Answered:
    """The one box: what it comes to, and its tone."""

    sentence: str
    tone: str
    """harms, undecided, helps."""
    gate: str = ""
    """"PASS", "PASS, 1 not decided", "FAIL", or "NOT DECIDED" where nothing was; "" without a gate."""


@dataclass(frozen=True)
class SharedReason:
    """What is said of most references of one verdict."""

    text: str
    n: int
    """References of which it is said."""
    n_of_verdict: int


def counts(audit: Audit) -> Counter[str]:
    """Count verdicts."""
    return Counter(audited.decision.verdict for audited in audit.references)


def answer(audit: Audit) -> Answered:
    """Return the one sentence of the box."""
    gate = _gate(audit)
    if audit.remarks:
        return Answered(audit.remarks[0], "harms", gate)
    n = counts(audit)
    n_correct, refuted = sum(n[verdict] for verdict in TO_CORRECT), [*_refuted(audit), *_changed(audit)]
    nouns = f"reference{'s' * (n_correct != 1)} " if refuted else ""
    parts = [
        f"{amount} {words}"
        for amount, words in (
            (n_correct, f"{nouns}to correct"),
            (sum(n[verdict] for verdict in TO_REPLACE), "to replace"),
            (n["NOT FOUND"], "not found"),
            (sum(n[verdict] for verdict in TO_READ), "to look at"),
            (n["NOT ASKED"], "not decided, since fewer than two indexes answered"),
        )
        if amount
    ]
    if audit.missing_keys and audit.document.format in _WITH_KEYS:
        parts.append(f"{len(audit.missing_keys)} cited without an entry")
    if not audit.references:
        sentence = "; ".join(["No references in this file", *refuted])
        return Answered(f"{sentence}.", "harms" if refuted else "undecided", gate)
    if not parts and not refuted:
        counted = "; what it states of itself is what we count" if audit.document.stated and _is_counted(audit) else ""
        return Answered(f"Nothing to correct: {_right(n)}{counted}.", "helps", gate)
    is_wrong = bool(refuted) or any(n[verdict] for verdict in (*TO_CORRECT, *TO_REPLACE))
    told = ", ".join(parts) or f"No reference to correct: {_right(n)}"
    return Answered(f"{'; '.join([told, *refuted])}.", "harms" if is_wrong else "undecided", gate)


def _is_counted(audit: Audit) -> bool:
    """Say whether all that a report states of itself was counted again, and came out so."""
    counted = [row.agrees for row in audit.said if row.what != "about its question"]
    return bool(counted) and all(counted)


def _refuted(audit: Audit) -> list[str]:
    """Say how many statements the source contradicts; nothing where it contradicts none."""
    n = sum(statement.verdict == "REFUTED" for statement in audit.statements)
    return [f"{n} statement{'s' if n != 1 else ''} that {'their' if n != 1 else 'its'} source contradicts"] if n else []


def _changed(audit: Audit) -> list[str]:
    """Say how many other statements are marked ✖: a rule names what their source has otherwise; nothing where none is."""
    n = sum(statement.is_changed and statement.verdict != "REFUTED" for statement in audit.statements)
    return (
        [f"{n} statement{'s' if n != 1 else ''} that {'their' if n != 1 else 'its'} source has otherwise (✖)"]
        if n
        else []
    )


def _gate(audit: Audit) -> str:
    if not audit.gate:
        return ""
    if audit.stopping:
        return "FAIL"
    n_undecided = counts(audit)["NOT ASKED"]
    return "NOT DECIDED" if audit.is_undecided else f"PASS, {n_undecided} not decided" if n_undecided else "PASS"


def gate_sentence(audit: Audit) -> str:
    """Say what the gate does not let pass, by its words: "the gate fails on 1 REFUTED, 14 DIFFERS"; "" where it fails on nothing."""
    told = ", ".join(f"{n:,} {word}" for word, n in audit.stopping.items())
    return f"the gate fails on {told}" if told else ""


def _right(n: Counter[str]) -> str:
    n_others = n["NOT A PAPER"]
    others = f"; {n_others} {'is' if n_others == 1 else 'are'} no paper" if n_others else ""
    return f"{n['OK']} {'entry exists as it is' if n['OK'] == 1 else 'entries exist as they are'} cited{others}"


def heading(audit: Audit) -> str:
    """Say what was read: "references.bib · 61 entries"."""
    n = len(audit.references)
    title = f' · "{audit.document.title}"' if audit.document.title else ""
    noun = "entry" if n == 1 else "entries"
    return f"{audit.name}{title} · {n:,} {noun if not audit.document.text else 'reference' + 's' * (n != 1)}"


def asked_sentence(audit: Audit, *, is_on_page: bool = False) -> str:
    """Say who was asked and who did not answer: "asked Crossref, arXiv; DBLP blocked · 11 requests".

    The page counts questions, since it is the same whether they were sent or answered by what was kept; the terminal says that none was sent.
    """
    answered = [source.shown for source in audit.sources if source.has_answered]
    said = [f"asked {', '.join(answered)}"] if answered else ["asked nobody"]
    for source in audit.sources:
        if source.is_asked and (silence := silences(source)):
            said.append(f"{source.shown} {silence}")
    return "; ".join(said) + (f" · {_sent(audit, is_on_page)}" if audit.n_requests else "")


def _sent(audit: Audit, is_on_page: bool) -> str:
    n, s = audit.n_requests, "s" * (audit.n_requests != 1)
    if is_on_page:
        return f"{n:,} question{s}"
    return f"no request, {n:,} kept answer{s}" if audit.is_offline else f"{n:,} request{s}"


def silences(source: AskedSource) -> str:
    """Say how a source did not answer: "refused 3 of 5"."""
    total = sum(source.states.values())
    silent = {s: n for s, n in source.states.items() if s not in {"found", "not there", "not asked"} and n}
    return ", ".join(state if n == total else f"{state} {n} of {total}" for state, n in silent.items())


def not_asked_sentence(audit: Audit) -> str:
    """Say which indexes were not asked, and why; "" where all were."""
    silent = [source for source in audit.sources if not source.is_asked and "not asked" in source.states]
    silent += [source for source in audit.sources if not source.states]
    by_reason: dict[str, list[str]] = {}
    for source in silent:
        by_reason.setdefault(source.detail, []).append(source.shown)
    return "; ".join(
        f"{', '.join(names)}{f' ({reason})' if reason else ''}" for reason, names in sorted(by_reason.items())
    )


def unread(audit: Audit) -> list[str]:
    """Return what could not be read: parts of the file, then parts of what it is compared with."""
    of_sources = [f"{source.shown}: {flaw}" for source in audit.sources for flaw in source.flaws]
    return [*audit.document.mistakes, *of_sources]


def problems(audit: Audit) -> list[AuditedReference]:
    """Return the references that something is to be said of, the worst first, then by their place."""
    told = [audited for audited in audit.references if audited.decision.verdict not in _QUIET]
    return sorted(told, key=_rank)


def quiet(audit: Audit) -> list[AuditedReference]:
    """Return the references that are right, and those that are no papers, by their place."""
    return [audited for audited in audit.references if audited.decision.verdict in _QUIET]


def _rank(audited: AuditedReference) -> tuple[int, int]:
    line = audited.reference.line
    start = audited.reference.span.start if audited.reference.span else 0
    return REFERENCE_WORDS[audited.decision.verdict].rank, line if line is not None else start


def label(audited: AuditedReference) -> str:
    """Return the key of a reference; where that is a number only, what it is too: "[3] Attention Is All You Need"."""
    reference = audited.reference
    if not reference.key.strip("[]").isdigit():
        return reference.key
    identifier = next(
        (reference.identifiers[k] for k in ("doi", "arxiv", "acl", "url") if reference.identifiers.get(k)), ""
    )
    title = reference.title or (audited.decision.work.title if audited.decision.work else "")
    return f"[{reference.key.strip('[]')}] {title or identifier or reference.raw}".strip()


def reason(audited: AuditedReference) -> str:
    """Return what is said of a reference in its line, names of indexes as people write them."""
    decision = audited.decision
    wrong = [check for check in decision.fields if check.is_wrong]
    if decision.verdict == "WRONG FIELD" and wrong:
        return "; ".join(field_sentence(audited, check) for check in wrong)
    if decision.verdict == "NOT FOUND":
        return not_found(audited)
    if decision.verdict == "NOT ASKED" and not audited.reference.title and not audited.reference.identifiers:
        return "neither a title nor an identifier of it could be read"
    if decision.verdict == "INDEXES DISAGREE":
        return f"{audited.named(decision.by)} {'has' if len(decision.by) == 1 else 'have'} {decision.reason}"
    return _with_names(audited, decision.reason, decision.by)


def told_once(references: Sequence[AuditedReference]) -> dict[ReferenceVerdict, SharedReason]:
    """Return for each verdict the reason that most of its references share, three at least: a table says it above its rows."""
    reasons: dict[ReferenceVerdict, Counter[str]] = {}
    for audited in references:
        if audited.decision.verdict != "WRONG FIELD":
            reasons.setdefault(audited.decision.verdict, Counter())[reason(audited)] += 1
    most = {verdict: SharedReason(*counted.most_common(1)[0], counted.total()) for verdict, counted in reasons.items()}
    return {v: shared for v, shared in most.items() if shared.n >= LEAST_SHARED and 2 * shared.n > shared.n_of_verdict}


def field_sentence(audited: AuditedReference, check: FieldCheck) -> str:
    """Say what is wrong with a field, and who says so: "year 2019 → 2018 (arXiv, Crossref)"."""
    return _with_names(audited, check.sentence, check.by)


def _with_names(audited: AuditedReference, sentence: str, by: Sequence[str]) -> str:
    return f"{sentence} ({audited.named(by)})" if by else sentence


def not_found(audited: AuditedReference) -> str:
    """Say who answered that it is not there."""
    answered = audited.named(answer.source for answer in audited.asked if answer.has_answered)
    silent = [
        f"{audited.named([a.source])} {a.state}" for a in audited.asked if not a.has_answered and a.state != "not asked"
    ]
    others = f"; {', '.join(silent)}" if silent else ""
    return f"{answered} answered: no work of this title{others}; a workshop paper or a thesis may be missing there"


def closing(audit: Audit) -> Iterator[str]:
    """Yield what stands under the lines: right ones, no papers, keys that do not meet."""
    n = counts(audit)
    judged: Counter[str] = Counter(s.verdict for s in audit.statements if s.verdict != "NOT CHECKED")
    if judged:
        yield f"beside their sources: {', '.join(f'{judged[word]} {word}' for word in CHECK_WORDS if judged[word])}"
    if audit.references:
        yield f"{n['OK']:,} OK"
    if near := [a for a in audit.references if a.near_notes]:
        first = f"{label(near[0])}, {near[0].near_notes[0]}" if len(near) == 1 else "not counted as wrong; see the page"
        yield f"{len(near)} of a year one off ({first})"
    if n["NOT A PAPER"]:
        kinds = sorted({a.reference.kind for a in audit.references if a.decision.verdict == "NOT A PAPER"})
        yield f"{n['NOT A PAPER']} not paper{'s' if n['NOT A PAPER'] != 1 else ''} ({', '.join(kinds)})"
    if missing := audit.missing_keys:
        named = ", ".join(missing[:5]) + (" …" if len(missing) > 5 else "")
        yield f"{len(missing)} cited key{'s are' if len(missing) != 1 else ' is'} not in this file ({named})"
    if uncited := audit.uncited_keys:
        yield f"{len(uncited)} never cited"
    if mistakes := audit.document.mistakes:
        yield f"{len(mistakes)} part{'s' if len(mistakes) != 1 else ''} of it could not be read"
    if n_flaws := sum(len(source.flaws) for source in audit.sources):
        yield f"{n_flaws} part{'s' if n_flaws != 1 else ''} of the sources could not be read"
    if hidden := audit.document.hidden:
        yield f"{len(hidden)} hidden text{'s' if len(hidden) != 1 else ''} left out"
