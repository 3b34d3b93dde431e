"""Lines of statements: each beside the passage that it was taken from, and what was lost on the way."""

import textwrap
from collections.abc import Iterator

from evidense.auditing.audited import Audit
from evidense.auditing.statements import Quote, Statement
from evidense.boundary.shown import shown_line
from evidense.report.audit.words import RULES, STATEMENT_WORDS

_MOST = 12
_WIDTH = 100


def statement_lines(audit: Audit) -> Iterator[str]:
    """Yield the statements, each with its kind, how it stands to its passage, and what was lost."""
    told = [s for s in audit.statements if s.alignment.kind != "NO TEXT"] or list(audit.statements)
    if not told:
        return
    yield f" {len(audit.statements):,} statement{'s' if len(audit.statements) != 1 else ''} beside their sources"
    for n, statement in enumerate(told[:_MOST], 1):
        yield from _lines(n, statement)
    if len(told) > _MOST:
        yield f"   … and {len(told) - _MOST:,} more on the page"


def _lines(n: int, statement: Statement) -> Iterator[str]:
    word = STATEMENT_WORDS[statement.alignment.kind]
    text = textwrap.shorten(shown_line(statement.text), 52, placeholder=" …")
    named = ", ".join(rule_words(statement))
    yield (
        f" {n:>2} “{text}”".ljust(60)
        + f"{statement.kind:<11} {word.icon} {word.word}{' ✂' if statement.alignment.is_cut else ''}"
    )
    if named:
        yield from textwrap.wrap(named, _WIDTH, initial_indent="     ✖ ", subsequent_indent="       ")
    if statement.quote is not None and statement.alignment.kind != "VERBATIM":
        quote = textwrap.shorten(shown_line(statement.quote.span.quote), 160, placeholder=" …")
        yield from _labelled("source:", f"“{quote}”  {quote_place(statement.quote)}")
    for label, runs in (("lost:", statement.lost), ("added:", statement.added)):
        if runs and statement.alignment.kind == "NEAR":
            yield from _labelled(label, shown_line(" … ".join(runs)))


def _labelled(label: str, text: str) -> list[str]:
    return textwrap.wrap(
        text, _WIDTH, initial_indent=f"     {label:<8}", subsequent_indent=" " * 13, max_lines=3, placeholder=" …"
    )


def rule_words(statement: Statement) -> list[str]:
    """Say each change of meaning in words, the worst first."""
    return [RULES[loss.rule] if not loss.is_added else f"{loss.rule} added" for loss in statement.losses]


def quote_place(quote: Quote) -> str:
    """Say where a passage stands in its source.

    >>> from evidense.values import Span
    >>> quote_place(Quote(Span(0, 1, "A", page=3), "yao2025", "§4", 2))
    'yao2025, §4, sentence 2, page 3'
    """
    sentence = f"sentence {quote.sentence}" if quote.sentence else ""
    page = f"page {quote.span.page}" if quote.span.page else ""
    return ", ".join(part for part in (quote.source, quote.section, sentence, page) if part)
