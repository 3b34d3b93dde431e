"""Lines of statements: each beside the passage that it was taken from, and what was lost on the way."""

import textwrap
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evidense.auditing.audited import Audit, Said
from evidense.auditing.losses import COPY, Loss
from evidense.auditing.statements import Quote, TracedStatement
from evidense.boundary.shown import shown_line
from evidense.report.audit.words import RULES, SAYS, STATEMENT_WORDS
from evidense.report.check.words import SAYS_IN_SHORT
from evidense.report.experiments import brief

_MOST = 12
_WIDTH = 100


@dataclass(frozen=True)
class _Columns:
    """Widths of the columns of statements; 0 where nothing stands in one."""

    kind: int
    source: int
    others: int
    experiment: int

    @classmethod
    def of(cls, statements: Sequence[TracedStatement]) -> "_Columns":
        experiment = max((len(brief(s.experiment)) for s in statements if s.experiment), default=0)
        return cls(
            max(len("kind"), *(len(s.kind) for s in statements)) + 2,
            max(len("its source"), *(len(source_word(s)) for s in statements)) + 2,
            len("qualified") + 2 if any(s.others for s in statements) else 0,
            max(len("our experiment"), experiment) if experiment else 0,
        )

    @property
    def text(self) -> int:
        """What is left for the statement itself."""
        return _WIDTH - 4 - self.kind - self.source - self.others - self.experiment

    def headings(self, first: str) -> Iterator[str]:
        """Yield the line of headings; a first one that is too long gets a line of its own."""
        names = ("kind", "its source", "others", "our experiment")
        if len(first) > self.text + 2:
            yield f" {first}"
            first = ""
        yield f" {first:<{self.text + 3}}" + self.row("", *names)[self.text :]

    def row(self, text: str, kind: str, source: str, others: str, experiment: str) -> str:
        cells = (
            (text, self.text),
            (kind, self.kind),
            (source, self.source),
            (others, self.others),
            (experiment, self.experiment),
        )
        return "".join(f"{cell:<{width}}" if width else "" for cell, width in cells).rstrip()


def statement_lines(audit: Audit) -> Iterator[str]:
    """Yield the statements, each with its kind, how it stands to its passage, and what was lost; of many the altered ones."""
    numbered = list(enumerate(audit.statements, 1))
    if not numbered:
        return
    located = [(n, s) for n, s in numbered if s.alignment.kind != "NO TEXT"]
    noun = "citing sentence" if audit.document.citations else "statement"
    silent = f", {len(numbered) - len(located):,} without a text to look in" if len(located) < len(numbered) else ""
    told = located if audit.document.citations or not located else numbered
    heading = f"{len(numbered):,} {noun}{'s' if len(numbered) != 1 else ''}{silent}"
    if not told:
        yield f" {heading}"
        return
    shown = told if len(told) <= _MOST else sorted(sorted(told, key=_calm)[:_MOST], key=lambda pair: pair[0])
    columns = _Columns.of([statement for _, statement in shown])
    yield from columns.headings(heading)
    for n, statement in shown:
        yield from _lines(n, statement, columns, audit.remarks)
    if len(told) > len(shown):
        yield f"   … and {len(told) - len(shown):,} more on the page"


def _calm(numbered: tuple[int, TracedStatement]) -> tuple[bool, int, int]:
    """Sort key by which statements that lost something come first."""
    number, statement = numbered
    return not statement.losses, STATEMENT_WORDS[statement.alignment.kind].rank, number


def said_lines(audit: Audit) -> Iterator[str]:
    """Yield what a report says of itself beside what is found."""
    if not audit.said:
        return
    rows = [
        (shown_line(said.what), shown_line(said.says), f"{said_mark(said)}{shown_line(said.found)}")
        for said in audit.said
    ]
    first = min(max(len(what) for what, _, _ in rows), 18)
    second = min(max(len(says) for _, says, _ in rows), 30)
    yield f"   {'':<{first}}   {'it says':<{second}}   we find"
    for what, says, found in rows:
        room = _WIDTH - first - second - 9
        left, right = textwrap.wrap(says, second) or ["–"], textwrap.wrap(found, room) or ["–"]
        for n in range(max(len(left), len(right))):
            cells = (what if n == 0 else "", left[n] if n < len(left) else "", right[n] if n < len(right) else "")
            yield f"   {cells[0]:<{first}}   {cells[1]:<{second}}   {cells[2]}".rstrip()


def said_mark(said: Said) -> str:
    """Return what stands before what is found where it is not what a report says."""
    return "≠ " if said.agrees is False else ""


def _lines(n: int, statement: TracedStatement, columns: _Columns, remarks: Sequence[str]) -> Iterator[str]:
    """Yield one statement; where its meaning was changed, its source and what was lost."""
    text = textwrap.shorten(shown_line(statement.text), columns.text - 4, placeholder=" …")
    others = "qualified" if statement.others else "–"
    yield f" {n:>2} " + columns.row(
        f"“{text}”",
        statement.kind,
        source_word(statement),
        others,
        shown_line(brief(statement.experiment)) if columns.experiment else "",
    )
    if rules := rule_words(statement):
        yield from textwrap.wrap(
            shown_line("; ".join(rules)), _WIDTH, initial_indent="    ✖ ", subsequent_indent="      "
        )
        if statement.quote is not None:
            quote = textwrap.shorten(shown_line(statement.quote.span.quote), 160, placeholder=" …")
            yield from _labelled("source:", f"“{quote}”  {quote_place(statement.quote)}")
    for other in statement.others:
        yield from _labelled(
            "but:", f"“{textwrap.shorten(shown_line(other.span.quote), 160, placeholder=' …')}”  {quote_place(other)}"
        )
    for note in statement.notes:
        if not any(note in remark for remark in remarks):
            yield from _labelled("note:", shown_line(note))


def source_word(statement: TracedStatement) -> str:
    """Say in two words how the source stands to a statement: what was lost, "✖ asks it", else its verdict, else "says so" of a copy, or "~ in part".

    ✂ stands where it was cut.

    >>> from evidense.values import Span
    >>> source_word(TracedStatement("It may.", Span(0, 7, "It may."), "finding"))
    '– no text'
    """
    kind = statement.alignment.kind
    if kind in ("NO TEXT", "NOT LOCATED"):
        unlocated = f"{STATEMENT_WORDS[kind].icon} {kind.lower()}"
        return _unchanged(statement, unlocated) if statement.verdict == "REFUTED" else unlocated
    copied = "says so" if statement.alignment.located >= COPY else "~ in part"
    unchanged = _unchanged(statement, copied)
    rules = [loss.rule for loss in statement.losses if loss.rule in SAYS]
    changed = SAYS[rules[0]] if rules else unchanged
    if statement.verdict == "REFUTED" and not {"negation", "number"} & set(rules[:1]):
        changed = unchanged
    return f"{changed} ✂" if statement.alignment.is_cut else changed


def _unchanged(statement: TracedStatement, copied: str) -> str:
    """Return the word of a verdict where no loss is named: numbers that changed places are "other number"."""
    differs = {reason.partition(":")[0] for reason in statement.reasons}
    return SAYS["number"] if differs == {"number"} else SAYS_IN_SHORT.get(statement.verdict, copied)


def _labelled(label: str, text: str) -> list[str]:
    return textwrap.wrap(
        text, _WIDTH, initial_indent=f"     {label:<8}", subsequent_indent=" " * 13, max_lines=3, placeholder=" …"
    )


def rule_words(statement: TracedStatement) -> list[str]:
    """Say each change of meaning in words, the worst first, with the words that changed where there are few."""
    told = [f"{RULES[loss.rule]}{_changed(loss)}" for loss in statement.losses if loss.rule != "cut"]
    named = {loss.rule for loss in statement.losses}
    return told + [reason for reason in statement.reasons if reason.partition(":")[0] not in named]


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
