"""Answer: one box: did retrieval change, what changed inside, and which claims hold."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from evidense.records import Finding, Verdict
from evidense.report import answer as compared
from evidense.report.contents import Contents
from evidense.report.inside.ledger import tally
from evidense.report.inside.places import grouped, is_number
from evidense.report.inside.plots import differs
from evidense.report.numerals import count, interval, plain, signed

NO_CONTROL = ("none", None, "")
READERS = ("hadamard", "bilinear", "pair", "cosine")
"""Probes by which relevance is told in the answer: the first that the study has."""


@dataclass(frozen=True)
class Say:
    """One line of the box."""

    lead: str
    tone: str
    text: Markup


def box(contents: Contents) -> list[Say]:
    """Return the lines of the box: retrieval, inside, claims."""
    return [*_retrieval(contents), *_inside(contents.inside), *_claims(contents.ledger)]


def _retrieval(contents: Contents) -> list[Say]:
    found = []
    for system in contents.systems:
        verdicts = contents.worst_first(system)
        words = list(dict.fromkeys(v.verdict for v in verdicts))
        many = len(contents.systems) > 1
        who = Markup("<bdi>{}</bdi>: ").format(system) if many else Markup("")
        numbers = Markup("; ").join(
            Markup("<bdi>{}</bdi> {} → {}, {} {}, n {}").format(
                v.collection,
                plain(v.base_mean),
                plain(v.system_mean),
                signed(v.effect),
                interval(v.low, v.high),
                count(v.n),
            )
            for v in verdicts[:3]
        )
        more = f" and {len(verdicts) - 3} more" if len(verdicts) > 3 else ""
        said = compared.answer(contents, system)
        text = Markup('{}{} <span class="sub">{} of {}: {}{}</span>').format(
            who, said.sentence, contents.study.primary, system, numbers, more
        )
        found.append(Say(f"Retrieval: {', '.join(words)}", said.tone, text))
    if not found and not contents.is_trained:
        found.append(Say("Retrieval", "none", Markup("was not compared.")))
    return found


def _inside(findings: Sequence[Finding]) -> list[Say]:
    tuned = [f for f in findings if f.site.get("role") == "tuned" and is_number(f.value) and f.site.get("against")]
    found = []
    for (subject, collection), some in grouped(
        tuned, lambda f: (str(f.site["subject"]), str(f.site["collection"]))
    ).items():
        parts = [part for part in (relevance(some), rotation(some), weights(some), neurons(some), lists(some)) if part]
        if parts:
            several = len({(f.site["subject"], f.site["collection"]) for f in tuned}) > 1
            head = Markup("<bdi>{}</bdi> on <bdi>{}</bdi>: ").format(subject, collection) if several else Markup("")
            found.append(Say("Inside", "inside", head + Markup("{}").format("; ".join(parts)) + "."))
    return found[:MOST_LINES]


MOST_LINES = 6


def relevance(findings: Sequence[Finding]) -> str:
    """Say which layers carry more or less relevance than the base’s, by the intervals that hold over all layers together."""
    found = [f for f in findings if f.site.get("analysis") == "probes" and f.site.get("control") in NO_CONTROL]
    for estimand in ("change in relevance gain", "change in accuracy"):
        for probe in READERS:
            own = [
                f
                for f in found
                if f.estimand == estimand and f.site.get("probe") == probe and f.site.get("layer") is not None
            ]
            if own:
                return _by_layer(_first_panel(own), estimand)
    return ""


def _first_panel(findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings of the first pooling and N only: a sentence is about one curve."""
    key = {k: findings[0].site.get(k) for k in ("pooling", "n_candidates", "negatives", "side")}
    return [f for f in findings if all(f.site.get(k) == v for k, v in key.items())]


def _by_layer(findings: Sequence[Finding], estimand: str) -> str:
    what = "what the query adds to accuracy" if "gain" in estimand else "accuracy"
    more, less = ([f for f in findings if differs(f) and f.value * sign > 0] for sign in (1, -1))
    if not more and not less:
        widest = max(max(abs(f.low or 0), abs(f.high or 0)) for f in findings)
        return f"relevance: no layer is shown to carry more or less of it than the base’s ({what}; up to {plain(widest)} either way is possible, n {count(findings[0].n)})"
    parts = [
        f"{_layers(some)} {verb} relevance ({_strongest(some)})"
        for some, verb in ((more, "more"), (less, "less"))
        if some
    ]
    parts = [f"{part.replace(' more ', ' carry more ').replace(' less ', ' carry less ')}" for part in parts]
    n_open = len(findings) - len(more) - len(less)
    rest = f"; {n_open} of {len(findings)} layers undecided" if n_open else ""
    return f"{' and '.join(parts)}{rest} (change in {what}, n {count(findings[0].n)})"


def _layers(findings: Sequence[Finding]) -> str:
    return f"layer{'s' if len(findings) > 1 else ''} {ranges([int(f.site['layer']) for f in findings])}"


def _strongest(findings: Sequence[Finding]) -> str:
    f = max(findings, key=lambda f: abs(f.value))
    return f"{signed(f.value)} {interval(f.low, f.high)} at layer {f.site['layer']}"


def ranges(layers: Sequence[int]) -> str:
    """Return whole numbers as ranges.

    >>> ranges([1, 2, 3, 6])
    '1–3 and 6'
    """
    runs: list[list[int]] = []
    for layer in sorted(set(layers)):
        if runs and layer == runs[-1][-1] + 1:
            runs[-1].append(layer)
        else:
            runs.append([layer])
    texts = [str(r[0]) if len(r) == 1 else f"{r[0]}–{r[-1]}" for r in runs]
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}"


def rotation(findings: Sequence[Finding]) -> str:
    """Say how the last layer’s states moved: as they were, turned, re-mapped, new."""
    shares = {}
    for estimand in ("moved", "rotated", "re-mapped", "new"):
        own = [
            f
            for f in findings
            if f.estimand == estimand and f.site.get("analysis") == "similarity" and f.site.get("layer") is not None
        ]
        if own:
            place = _first_panel(own)
            shares[estimand] = max(place, key=lambda f: int(f.site["layer"]))
    if len(shares) < 3:
        return ""
    words = {
        "moved": "stand where they stood",
        "rotated": "are explained by a rotation",
        "re-mapped": "by another linear map",
        "new": "are new",
    }
    largest = max(shares, key=lambda k: shares[k].value)
    lead = {"moved": "hardly moved", "rotated": "rotated", "re-mapped": "was re-mapped", "new": "is mostly new"}[
        largest
    ]
    f = next(iter(shares.values()))
    side = {"query": " of queries", "document": " of documents"}.get(str(f.site.get("side")), "")
    said = ", ".join(f"{max(0.0, shares[k].value):.0%} {words[k]}" for k in words if k in shares)
    return f"the last layer{side} {lead}: of its variance {said} (n {count(f.n)})"


def weights(findings: Sequence[Finding]) -> str:
    """Say which layer’s weights moved most."""
    own = [
        f
        for f in findings
        if f.estimand == "drift" and f.site.get("module") == "all" and f.site.get("layer") is not None
    ]
    if not own:
        return ""
    place = _first_panel(own)
    most = max(place, key=lambda f: f.value)
    return f"weights moved most in layer {most.site['layer']}, by {most.value:.1%} of their size"


def neurons(findings: Sequence[Finding]) -> str:
    """Say in which layers more or fewer neurons carry the margin."""
    own = [f for f in findings if f.estimand == "effective neurons ratio" and f.site.get("layer") is not None]
    more, fewer = ([f for f in own if differs(f) and f.value * sign > 0] for sign in (1, -1))
    parts = [
        f"{word} neurons carry the score in {_layers(some)}"
        for some, word in ((more, "more"), (fewer, "fewer"))
        if some
    ]
    return " and ".join(parts)


def lists(findings: Sequence[Finding]) -> str:
    """Say how many of the first ten documents are still the same."""
    own = [f for f in findings if f.estimand == "top-10 overlap"]
    return f"{own[0].value:.0%} of the first ten documents are the same" if own else ""


def _claims(verdicts: Sequence[Verdict]) -> list[Say]:
    if not verdicts:
        return []
    parts = [Markup('<span class="word {}"><span class="icon" aria-hidden="true">{}</span> {}</span> {}').format(css, icon, word.replace("_", " "), ", ".join(codes))
             for word, icon, css, codes in tally(verdicts)]  # fmt: skip
    n = len({v.details["code"] for v in verdicts})
    text = Markup(
        '{}. <a href="#ledger">The ledger</a> says why; a claim stands twice where it is true at one level and not at another.'
    ).format(Markup(" · ").join(parts))
    return [Say(f"{n} claim{'s' if n != 1 else ''}", "claims", text)]
