"""Lines of statements: each beside the passage that it was taken from, and what was lost on the way."""

import textwrap
from collections.abc import Iterator

from evidense.auditing.audited import Audit
from evidense.auditing.losses import Loss
from evidense.auditing.statements import Quote, Statement
from evidense.boundary.shown import shown_line
from evidense.report.audit.words import RULES, STATEMENT_WORDS

_MOST = 12
_WIDTH = 100


def statement_lines(audit: Audit) -> Iterator[str]:
    """Yield the statements, each with its kind, how it stands to its passage, and what was lost; of many the altered ones."""
    numbered = list(enumerate(audit.statements, 1))
    if not numbered:
        return
    located = [(n, s) for n, s in numbered if s.alignment.kind != "NO TEXT"]
    noun = "citing sentence" if audit.document.citations else "statement"
    silent = f"; {len(numbered) - len(located):,} without a text to look in" if len(located) < len(numbered) else ""
    yield f" {len(numbered):,} {noun}{'s' if len(numbered) != 1 else ''} beside {'their' if len(numbered) != 1 else 'its'} sources{silent}"
    told = located if audit.document.citations else numbered
    shown = told if len(told) <= _MOST else sorted(sorted(told, key=_calm)[:_MOST], key=lambda pair: pair[0])
    for n, statement in shown:
        yield from _lines(n, statement)
    if len(told) > len(shown):
        yield f"   … and {len(told) - len(shown):,} more on the page"


def _calm(numbered: tuple[int, Statement]) -> tuple[bool, int, int]:
    """Sort key by which statements that lost something come first."""
    number, statement = numbered
    return not statement.losses, STATEMENT_WORDS[statement.alignment.kind].rank, number


def said_lines(audit: Audit) -> Iterator[str]:
    """Yield what a report says of itself beside what is found."""
    if not audit.said:
        return
    rows = [(shown_line(said.what), shown_line(said.says), shown_line(said.found)) for said in audit.said]
    first = min(max(len(what) for what, _, _ in rows), 18)
    second = min(max(len(says) for _, says, _ in rows), 30)
    yield f"   {'':<{first}}   {'it says':<{second}}   we find"
    for what, says, found in rows:
        room = _WIDTH - first - second - 9
        left, right = textwrap.wrap(says, second) or ["–"], textwrap.wrap(found, room) or ["–"]
        for n in range(max(len(left), len(right))):
            cells = (what if n == 0 else "", left[n] if n < len(left) else "", right[n] if n < len(right) else "")
            yield f"   {cells[0]:<{first}}   {cells[1]:<{second}}   {cells[2]}".rstrip()


def _lines(n: int, statement: Statement) -> Iterator[str]:
    word = STATEMENT_WORDS[statement.alignment.kind]
    text = textwrap.shorten(shown_line(statement.text), 52, placeholder=" …")
    named = "; ".join(rule_words(statement))
    yield (
        f" {n:>2} “{text}”".ljust(60)
        + f"{statement.kind:<11} {word.icon} {word.word}{' ✂' if statement.alignment.is_cut else ''}"
    )
    if named:
        yield from textwrap.wrap(shown_line(named), _WIDTH, initial_indent="     ✖ ", subsequent_indent="       ")
    if statement.quote is not None and statement.alignment.kind != "VERBATIM":
        quote = textwrap.shorten(shown_line(statement.quote.span.quote), 160, placeholder=" …")
        yield from _labelled("source:", f"“{quote}”  {quote_place(statement.quote)}")
    for label, runs in (("lost:", statement.lost), ("added:", statement.added)):
        if runs and statement.alignment.kind == "NEAR":
            yield from _labelled(label, shown_line(" … ".join(runs)))
    for other in statement.others:
        yield from _labelled(
            "but:", shown_line(f"“{textwrap.shorten(other.span.quote, 160, placeholder=' …')}”  {quote_place(other)}")
        )
    for text in (*statement.notes, *([f"our experiment: {statement.experiment}"] if statement.experiment else [])):
        yield from _labelled("", shown_line(text))


def _labelled(label: str, text: str) -> list[str]:
    return textwrap.wrap(
        text, _WIDTH, initial_indent=f"     {label:<8}", subsequent_indent=" " * 13, max_lines=3, placeholder=" …"
    )


def rule_words(statement: Statement) -> list[str]:
    """Say each change of meaning in words, the worst first, with the words that changed where there are few."""
    return [f"{RULES[loss.rule]}{_changed(loss)}" for loss in statement.losses if loss.rule != "cut"]


def _changed(loss: Loss) -> str:
    if loss.instead:
        return f": “{_short(loss.words)}” → “{_short(loss.instead)}”"
    return f": {'+' if loss.is_added else '−'} “{_short(loss.words)}”" if loss.words else ""


def _short(words: str) -> str:
    return textwrap.shorten(words, 60, placeholder=" …")


def quote_place(quote: Quote) -> str:
    """Say where a passage stands in its source.

    >>> from evidense.values import Span
    >>> quote_place(Quote(Span(0, 1, "A", page=3), "yao2025", "§4", 2))
    'yao2025, §4, sentence 2, page 3'
    """
    sentence = f"sentence {quote.sentence}" if quote.sentence else ""
    page = f"page {quote.span.page}" if quote.span.page else ""
    return ", ".join(part for part in (quote.source, quote.section, sentence, page) if part)
