"""Published: the page of a published study's own numbers, made of the findings and verdicts that Evidense draws from them."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import evidense
from evidense.boundary.numerals import count, interval, plain, signed
from evidense.parts import code_order
from evidense.published import facts
from evidense.published.contrasts import Contrast, contrasts
from evidense.published.facts import Published
from evidense.published.labels import LayerZero, layer_zero
from evidense.records import Check, Finding, Json
from evidense.report.latex import LatexTable, escape_latex, math
from evidense.report.published import panels
from evidense.report.rendering import asset, assets, environment
from evidense.report.scale import Scale
from evidense.report.words import CLAIM_ICONS

TITLES = {"nq": "Natural Questions", "msmarco": "MS MARCO"}
POOLINGS = {"cls": "CLS", "mean": "mean", "eos": "last token"}
CSS = {"HOLDS": "is-helps", "FAILS": "is-harms", "UNDECIDED": "is-undecided", "NOT_TESTABLE": "is-none"}


@dataclass(frozen=True)
class Material:
    """What the page is made of."""

    study: Published
    findings: Sequence[Finding]
    verdicts: Sequence[Check]
    command: str


@dataclass(frozen=True)
class Claimed:
    """One verdict, as a row of the ledger."""

    css: str
    icon: str
    word: str
    who: str
    where: str
    effect: str
    interval: str
    plot: tuple[float, float, float] | None
    n: str
    smallest: str
    reason: str


@dataclass(frozen=True)
class LevelOf:
    """One level of a claim with its verdicts."""

    level: str
    estimand: str
    measure: str
    rows: list[Claimed]

    @property
    def known(self) -> bool:
        """Whether there is evidence."""
        return any(r.effect for r in self.rows)

    @property
    def tally(self) -> str:
        """Return how often each word was said."""
        words = [r.word for r in self.rows]
        return ", ".join(f"{words.count(w)} {w}" for w in dict.fromkeys(words))


@dataclass(frozen=True)
class Ledger:
    """One claim with its levels."""

    code: str
    sentence: str
    source: str
    levels: list[LevelOf]

    @property
    def known(self) -> bool:
        """Whether some level has evidence."""
        return any(x.known for x in self.levels)


def page(material: Material) -> str:
    """Return the page."""
    return environment().get_template("published.html.j2").render(context(material))


def context(material: Material) -> dict[str, object]:
    """Return everything that the template prints."""
    study = material.study
    ledgers = ledger(material.verdicts)
    return {
        **assets(), "factorial_css": asset("factorial.css"), "own_css": asset("published.css"), "version": evidense.__version__,
        "study": study, "command": material.command,
        "findings": material.findings, "verdicts": material.verdicts, "decided": [x for x in ledgers if x.known],
        "open": [x for x in ledgers if not x.known], "scale": _SCALE, "groups": panels.curves(study, material.findings), "legend": panels.LEGEND,
        "box": panels, "equivalence": panels.equivalence(material.findings), "stars": stars(contrasts(study)),
        "blind": blindness(material.findings), "kappas": kappas(study), "zero": _zero(study), "zero_off": [z for z in layer_zero(study) if z.apart],
        "latex": latex(material), "titles": TITLES, "poolings": POOLINGS, "random": randomness(study),
    }  # fmt: skip


_SCALE = Scale(-0.12, 0.12, 0.02, 0.0)


def ledger(verdicts: Sequence[Check]) -> list[Ledger]:
    """Return the claims, B first, which the study is about, then by code; each with its levels and their verdicts."""
    found: dict[str, dict[tuple[str, str], list[Check]]] = {}
    for v in verdicts:
        key = (str(v.details.get("level", "")), str(v.details.get("estimand", "")))
        found.setdefault(str(v.details["code"]), {}).setdefault(key, []).append(v)
    out = []
    for code, levels in sorted(found.items(), key=lambda x: (not x[0].startswith("B"), code_order(x[0]))):
        first = next(iter(levels.values()))[0]
        shown = [
            LevelOf(level, what, some[0].measure, [_claimed(v) for v in some]) for (level, what), some in levels.items()
        ]
        out.append(Ledger(code, str(first.details["sentence"]), str(first.details["source"]), shown))
    return out


def _claimed(v: Check) -> Claimed:
    known = v.effect is not None
    points = known and v.measure in ("change in accuracy", "change in chance-corrected accuracy")
    plot = (_SCALE.at(v.effect), _SCALE.at(v.low), _SCALE.at(v.high)) if points else None
    smallest = v.details.get("smallest_margin")
    return Claimed(
        css=CSS[v.verdict], icon=CLAIM_ICONS[v.verdict], word=v.verdict.replace("_", " "), who=_who(v), where=_place(v),
        effect=signed(v.effect) if known else "", interval=interval(v.low, v.high) if known else "", plot=plot,
        n=f"{count(v.n)} in {count(v.n_clusters)}" if known else "", smallest="" if smallest is None else f"±{plain(smallest)}",
        reason=v.reason,
    )  # fmt: skip


def _who(v: Check) -> str:
    return f"{v.system} − {v.baseline}" if v.baseline else v.system


def _place(v: Check) -> str:
    return " and ".join(TITLES.get(x.rpartition("/")[2], x) for x in v.collection.split(" and "))


@dataclass(frozen=True)
class Stars:
    """Published stars of one model on one data set."""

    dataset: str
    model: str
    tests: int
    published: int
    agree: int
    survive: int
    design_effect: str


def stars(pairs: Sequence[Contrast]) -> list[Stars]:
    """Count tests, stars, recomputed decisions that agree, and stars that survive clustering."""
    found: dict[tuple[str, str], list[Contrast]] = {}
    for one in pairs:
        found.setdefault((one.tuned.dataset, one.tuned.model), []).append(one)
    return [
        Stars(
            TITLES[dataset], model, sum(c.tuned.n_layers for c in some), sum(sum(c.tuned.starred) for c in some),
            sum(int((c.stars_recomputed == c.tuned.starred).sum()) for c in some), sum(int(c.stars_survive.sum()) for c in some),
            plain(some[0].design_effect, 2),
        )
        for (dataset, model), some in found.items()
    ]  # fmt: skip


@dataclass(frozen=True)
class Blind:
    """What the right question encoder adds to the context encoder's passages."""

    dataset: str
    n_passages: int
    effect: str
    interval: str
    at: float
    start: float
    end: float


def blindness(findings: Sequence[Finding]) -> list[Blind]:
    """Return paired − context, the mean over layers 1 to 12, with an interval that no correlation of layers can exceed."""
    found: dict[tuple[str, int], list[Finding]] = {}
    for f in findings:
        if f.estimand == "change in accuracy" and (f.site["subject"], f.site["against"]) == (
            "dpr-paired",
            "dpr-context",
        ):
            found.setdefault((f.site["collection"].rpartition("/")[2], f.site["n_candidates"]), []).append(f)
    out = []
    for (dataset, n), some in found.items():
        e, low, high = (
            sum(x) / 12 for x in zip(*((f.value, f.low, f.high) for f in some if f.site["layer"]), strict=True)
        )
        out.append(Blind(TITLES[dataset], n, signed(e), interval(low, high), *(_SCALE.at(x) for x in (e, low, high))))
    return out


def kappas(study: Published) -> list[tuple[str, str, str, list[tuple[str, str, str]]]]:
    """Return data set, pooling, model → accuracy, κ and d′ of the last layer, N = 2 to 5."""
    from evidense.stats import above_chance, discriminability

    found: dict[tuple[str, str, str], list[tuple[str, str, str]]] = {}
    for c in study.curves:
        last, n = c.accuracy[-1:], c.n_passages
        row = (
            plain(float(last[0])),
            plain(float(above_chance(last, n)[0]), 2),
            plain(float(discriminability(last, n)[0]), 2),
        )
        found.setdefault((TITLES[c.dataset], POOLINGS[c.pooling], c.model), []).append(row)
    return [(*key, rows) for key, rows in found.items()]


def randomness(study: Published) -> list[tuple[str, int, str, list[tuple[str, str]]]]:
    """Return data set, N, chance, and the best accuracy over layers of BERT and the three DPR set-ups, with its layer."""
    out = []
    for group in study.groups():
        if group[0].pooling == "cls":
            best = [(plain(float(c.accuracy[1:].max())), f"layer {int(c.accuracy[1:].argmax()) + 1}") for c in group]
            out.append((TITLES[group[0].dataset], group[0].n_passages, plain(group[0].chance), best))
    return out


def _zero(study: Published) -> list[tuple[str, int, list[str], list[tuple[str, str]]]]:
    """Return data set, N, the label frequencies, and each curve's right answers at layer 0."""
    found: dict[tuple[str, int], list[LayerZero]] = {}
    for z in layer_zero(study):
        found.setdefault((TITLES[z.curve.dataset], z.curve.n_passages), []).append(z)
    return [
        (d, n, [count(f) for f in some[0].frequencies], [(z.curve.model, _where(z)) for z in some])
        for (d, n), some in found.items()
    ]


def _where(z: LayerZero) -> str:
    at = min(range(len(z.frequencies)), key=lambda i: abs(z.frequencies[i] - z.curve.correct[0]))
    return f"slot {at + 1}" if z.apart == 0 else f"slot {at + 1}, {z.apart} apart"


def latex(material: Material) -> str:
    """Return the ledger as a table for a paper (it needs the package booktabs)."""
    rows = [
        (str(v.details["code"]), _contrast(v), math(signed(v.effect)), math(interval(v.low, v.high)), count(v.n_clusters), v.verdict)
        for v in sorted(material.verdicts, key=lambda v: code_order(str(v.details["code"])))
        if v.effect is not None
    ]  # fmt: skip
    caption = r"Claims decided from the published accuracies: intervals of 95\%, worst case of clustering by question."
    heads = ("Claim", "Contrast", "Effect", "Interval", "Questions", "Verdict")
    return LatexTable(caption, "llrrrl", heads, rows).text()


def _contrast(v: Check) -> str:
    return escape_latex(f"{_who(v)}, {_place(v)}: {v.measure}")


_COLUMNS = (
    "estimand",
    "collection",
    "pooling",
    "subject",
    "against",
    "n_candidates",
    "layer",
    "value",
    "low",
    "high",
    "n",
    "n_clusters",
    "id",
)


def table(findings: Sequence[Finding]) -> str:
    """Return every finding as CSV, one a line."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for f in findings:
        own: Mapping[str, Json] = {**f.site, "estimand": f.estimand, "n": f.n, "n_clusters": f.n_clusters, "id": f.id}
        numbers = {
            k: "" if x is None else f"{x:.6f}" for k, x in (("value", f.value), ("low", f.low), ("high", f.high))
        }
        writer.writerow([{**own, **numbers}.get(c, "") for c in _COLUMNS])
    return out.getvalue()


def names() -> tuple[str, ...]:
    """Return the published studies that ship."""
    return facts.names()
