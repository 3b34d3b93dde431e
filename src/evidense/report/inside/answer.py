"""Answer: one box: did retrieval change, what changed inside, and which claims hold."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from evidense.boundary.numerals import count, interval, plain, signed
from evidense.dissection.sentences import is_number
from evidense.records import Check, Finding, Verdict
from evidense.report.comparison import answer as compared
from evidense.report.contents import Contents
from evidense.report.inside.told import told
from evidense.report.ledger.entries import tally
from evidense.report.places import grouped
from evidense.report.rendering import placed

MOST_NUMBERS = 3
"""Collections whose numbers the line of retrieval gives."""
MOST_LINES = 6
"""Lines of the box about what changed inside, one a tuned encoder and collection; what is left is named."""


@dataclass(frozen=True)
class AnswerLine:
    """One line of the box."""

    lead: str
    tone: str
    text: Markup


def box(contents: Contents) -> list[AnswerLine]:
    """Return the lines of the box: retrieval, inside, claims."""
    return [*_retrieval(contents), *_inside(contents.inside), *_claims(contents.ledger)]


def _retrieval(contents: Contents) -> list[AnswerLine]:
    lines = []
    for system in contents.systems:
        verdicts = contents.worst_first(system)
        said = compared.answer(contents, system)
        who = Markup("<bdi>{}</bdi>: ").format(system) if len(contents.systems) > 1 else Markup("")
        numbers = Markup("; ").join(_numbers(v, len(verdicts) > 1) for v in verdicts[:MOST_NUMBERS])
        more = f"; {len(verdicts) - MOST_NUMBERS} more" if len(verdicts) > MOST_NUMBERS else ""
        text = Markup('{}{} <span class="sub">{} {}{}</span>').format(
            who, said.sentence, contents.study.primary, numbers, more
        )
        lines.append(AnswerLine(_changed([v.verdict for v in verdicts]), said.tone, text))
    if lines:
        return lines
    what = "what training did to it is on the page beside this one." if contents.is_trained else "was not compared."
    return [AnswerLine("Retrieval", "none", Markup("{}").format(what))]


def _changed(words: Sequence[str]) -> str:
    """Return whether retrieval changed, with the verdict words.

    >>> _changed(["HARMS", "SAME"]), _changed(["UNDECIDED"])
    ('Retrieval changed (HARMS, SAME)', 'Whether retrieval changed is UNDECIDED')
    """
    named = ", ".join(dict.fromkeys(words))
    if {"HARMS", "HELPS"} & set(words):
        return f"Retrieval changed ({named})"
    return f"Whether retrieval changed is {named}" if "UNDECIDED" in words else f"Retrieval did not change ({named})"


def _numbers(v: Verdict, several: bool) -> Markup:
    where = placed(v.collection) + Markup(" ") if several else Markup("")
    values = (
        f"{plain(v.base_mean)} → {plain(v.system_mean)}, {signed(v.effect)} {interval(v.low, v.high)}, n {count(v.n)}"
    )
    return where + values


def _inside(findings: Sequence[Finding]) -> list[AnswerLine]:
    tuned = [f for f in findings if f.site.get("role") == "tuned" and is_number(f.value) and f.site.get("against")]
    places = grouped(tuned, lambda f: (str(f.site["subject"]), str(f.site["collection"])))
    sentences = []
    for (subject, collection), changes in places.items():
        if sentence := told(changes):
            sentences.append((Markup("<bdi>{}</bdi> on {}").format(subject, placed(collection)), sentence))
    said = [
        AnswerLine("Inside", "inside", (where + ": " if len(places) > 1 else Markup("")) + s) for where, s in sentences
    ]
    if left := [where for where, _ in sentences[MOST_LINES:]]:
        return [*said[:MOST_LINES], AnswerLine("Inside", "inside", Markup("{} more below: {}.").format(len(left), Markup(", ").join(left)))]  # fmt: skip
    return said


def _claims(verdicts: Sequence[Check]) -> list[AnswerLine]:
    if not verdicts:
        return []
    shape = Markup('<span class="word {}"><span class="icon" aria-hidden="true">{}</span> {}</span> {}')
    parts = [shape.format(t.word.css, t.word.icon, t.word.word, ", ".join(t.codes)) for t in tally(verdicts)]
    n = len({v.details["code"] for v in verdicts})
    more = Markup('<a href="#ledger">The ledger</a> says why; a claim stands twice where its levels differ.')
    return [
        AnswerLine(
            f"{n} claim{'s' if n != 1 else ''}", "claims", Markup(" <i>·</i> ").join(parts) + Markup(". ") + more
        )
    ]
