"""Screen: what the terminal says of an audit, the answer first, then problems with their lines, at most 100 columns."""

import textwrap
from collections.abc import Iterator, Sequence

from evidense.auditing.audited import Audit, AuditedReference
from evidense.auditing.policies import POLICIES
from evidense.boundary.shown import shown_line
from evidense.report.audit import summary
from evidense.report.audit.statement_lines import said_lines, statement_lines
from evidense.report.audit.words import REFERENCE_WORDS

WIDTH = 100
_MOST_KEY = 28
_MOST_LINES = 40
"""Problems that are printed; the page has all."""
_MOST_SILENT = 5
"""References printed that nothing is known of."""


def screen(audit: Audit, last: Sequence[str] = ()) -> str:
    """Return the first screen; `last` are further things to say in its last line."""
    lines = [*_wrapped(f"{summary.heading(audit)} · {summary.asked_sentence(audit)}"), *_box(audit)]
    lines += _wrapped(summary.gate_sentence(audit))
    lines += _wrapped(f"⚠ {audit.gate_remark}" if audit.gate_remark else "")
    lines += _wrapped(f"⚠ {audit.unread}" if audit.unread else "")
    lines += [line for remark in audit.remarks[1:] for line in _wrapped(remark, "   ")]
    lines += [*said_lines(audit), *statement_lines(audit)]
    lines += _problem_lines(audit)
    if silent := summary.not_asked_sentence(audit):
        lines += _wrapped(f"not asked: {silent}")
    lines += _wrapped(" · ".join([*summary.closing(audit), *last]))
    lines += [line for mistake in summary.unread(audit)[:5] for line in _wrapped(f"⚠ {mistake}", " ")]
    return "\n".join(lines)


def _box(audit: Audit) -> list[str]:
    answer = summary.answer(audit)
    gate = f"gate: {answer.gate}" if answer.gate else ""
    inner = WIDTH - 5
    lines = textwrap.wrap(shown_line(answer.sentence), inner - len(gate) - 2 * bool(gate)) or [""]
    width = max(max(map(len, lines)) + (len(gate) + 4 if gate else 0), 40)
    rows = [f" │ {line:<{width}} │" for line in lines]
    if gate:
        rows[0] = f" │ {lines[0]:<{width - len(gate)}}{gate} │"
    return [f" ┌{'─' * (width + 2)}┐", *rows, f" └{'─' * (width + 2)}┘"]


def _problem_lines(audit: Audit) -> Iterator[str]:
    told = summary.problems(audit)
    silent = [a for a in told if a.decision.verdict == "NOT ASKED"]
    shown = [a for a in told if a.decision.verdict != "NOT ASKED" or a in silent[:_MOST_SILENT]][:_MOST_LINES]
    if not shown:
        return
    word_width = max(len(a.decision.verdict) for a in shown) + 2
    key_width = min(max(len(shown_line(summary.label(a))) for a in shown), _MOST_KEY)
    place_width = max(len(a.place) for a in shown)
    said = ""
    for audited in shown:
        told_again = summary.reason(audited) == said
        said = summary.reason(audited)
        yield from _lines(
            audited, audit.policy, (word_width, key_width, place_width), _again(audited) if told_again else said
        )
    if len(told) > len(shown):
        yield f"   … and {len(told) - len(shown):,} more on the page"


def _again(audited: AuditedReference) -> str:
    """Return what stands in place of a reason that is that of the problem above: the title, where the key is all that names the work."""
    named_by_title = audited.reference.title and audited.reference.title[:12] in summary.label(audited)
    title = textwrap.shorten(shown_line(audited.reference.title), 44, placeholder="…")
    return "as above" if named_by_title or not title else f"as above: “{title}”"


def _lines(audited: AuditedReference, policy: str, widths: tuple[int, int, int], reason: str) -> Iterator[str]:
    """Yield one problem: icon, word, key, reason over as many lines as it needs, place at the right end of the first."""
    word_width, key_width, place_width = widths
    word = REFERENCE_WORDS[audited.decision.verdict]
    key = shown_line(summary.label(audited))
    key = key if len(key) <= key_width else f"{key[: key_width - 1]}…"
    head = f" {word.icon + ' ' + word.word:<{word_width}} {key:<{key_width}}  "
    room = max(WIDTH - len(head) - place_width - 2, 24)
    first, *rest = textwrap.wrap(shown_line(reason), room) or [""]
    yield f"{head}{first:<{room}}  {audited.place}".rstrip()
    yield from (f"{'':<{len(head)}}{line}" for line in rest)
    notes = textwrap.wrap(shown_line(" · ".join(audited.notes)), WIDTH - word_width - 2)
    yield from (f"{'':<{word_width + 2}}{line}" for line in notes)
    if policy and (ruling := POLICIES[policy](audited.decision)).weight != "no matter":
        yield f"{'':<{len(head)}}{policy}: {ruling.weight}, {ruling.reason}"


def _wrapped(text: str, indent: str = " ") -> list[str]:
    return (
        textwrap.wrap(
            shown_line(text), WIDTH, initial_indent=indent, subsequent_indent=f"{indent}  ", break_on_hyphens=False
        )
        if text
        else []
    )
