"""Page: an audit → one HTML file that needs nothing else; every text of the file and of the indexes is escaped."""

from dataclasses import dataclass

import evidense
from evidense.auditing.audited import Audit, AuditedReference
from evidense.auditing.policies import EXPLAINED, POLICIES
from evidense.auditing.statements import TracedStatement
from evidense.report.audit import summary
from evidense.report.audit.statement_lines import quote_place, rule_words, said_mark, source_word
from evidense.report.audit.words import REFERENCE_WORDS, STATEMENT_WORDS
from evidense.report.check.words import CHECK_WORDS, SAYS_IN_SHORT
from evidense.report.rendering import asset, assets, environment
from evidense.values import Answer

NEAR_WORDS = 60
"""Words that stand in a quotation of a source at most; the rest is left out."""


@dataclass(frozen=True)
class Corrected:
    """What --fix wrote."""

    diff: str = ""
    n_changes: int = 0
    left: tuple[str, ...] = ()
    """Wrong fields that were left, each with its reason."""


def page_html(audit: Audit, corrected: Corrected | None = None, files: tuple[str, ...] = ()) -> str:
    """Return the page; `files` are the names of what lies beside it."""
    return environment().get_template("audit.html.j2").render(_context(audit, corrected, files))


def _context(audit: Audit, corrected: Corrected | None, files: tuple[str, ...]) -> dict[str, object]:
    tally = summary.counts(audit)
    return {
        **assets(), "audit_css": asset("audit.css"), "version": evidense.__version__, "audit": audit, "answer": summary.answer(audit),
        "heading": summary.heading(audit), "asked": summary.asked_sentence(audit, is_on_page=True), "not_asked": summary.not_asked_sentence(audit),
        "closing": list(summary.closing(audit)), "problems": summary.problems(audit), "quiet": summary.quiet(audit),
        "words": REFERENCE_WORDS, "statement_words": STATEMENT_WORDS, "check_words": CHECK_WORDS,
        "said_mark": said_mark, "gate_sentence": summary.gate_sentence, "tally": [(REFERENCE_WORDS[v], tally[v]) for v in REFERENCE_WORDS if tally[v]],
        "reason": summary.reason, "told_once": summary.told_once, "field_sentence": summary.field_sentence, "answer_words": answer_words,
        "ruling": _ruling(audit), "policy_text": EXPLAINED.get(audit.policy, ""), "quote_place": quote_place, "rule_words": rule_words,
        "beside_verdict": beside_verdict, "quoted": quoted, "corrected": corrected, "files": files, "unread": summary.unread(audit),
    }  # fmt: skip


def _ruling(audit: Audit) -> object:
    """Return what the policy says of a reference, as a function of it; "" without a policy."""

    def words(audited: AuditedReference) -> str:
        if not audit.policy:
            return ""
        ruling = POLICIES[audit.policy](audited.decision)
        return "" if ruling.weight == "no matter" else f"{audit.policy}: {ruling.weight}, {ruling.reason}"

    return words


def answer_words(answer: Answer) -> str:
    """Say how a source answered: "found by title", "blocked: HTML where JSON was asked"."""
    way = f" by {answer.by}" if answer.by and answer.state == "found" else ""
    return f"{answer.state}{way}" + (f": {answer.detail}" if answer.detail else "")


def beside_verdict(statement: TracedStatement) -> str:
    """Say how the source stands to a statement, as the terminal does; "" where the verdict beside it says the same."""
    says, cut, _ = source_word(statement).partition(" ✂")
    says = "" if statement.verdict != "NOT CHECKED" and says == SAYS_IN_SHORT.get(statement.verdict) else says
    return " ".join(filter(None, (says, "✂ cut" if cut else "")))


def quoted(statement: TracedStatement) -> str:
    """Return the passage of the source, at most so many words of it."""
    words = statement.quote.span.quote.split() if statement.quote else []
    return " ".join(words[:NEAR_WORDS]) + (" …" if len(words) > NEAR_WORDS else "")
