"""Published: the page of a published study's own numbers, made of the findings and verdicts that Evidense draws from them."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import evidense
from evidense.boundary.numerals import count, interval, plain, signed
from evidense.published import facts
from evidense.published.contrasts import Contrast, contrasts
from evidense.published.facts import Published
from evidense.published.labels import LayerZero, layer_zero
from evidense.records import Check, Finding, Json
from evidense.report.ledger.entries import Entry, entries
from evidense.report.ledger.latex import latex as ledger_latex
from evidense.report.published import panels
from evidense.report.rendering import asset, assets, environment
from evidense.report.scale import Scale

TITLES = {"nq": "Natural Questions", "msmarco": "MS MARCO"}
POOLINGS = {"cls": "CLS", "mean": "mean", "eos": "last token"}
ON_SCALE = ("change in accuracy", "change in chance-corrected accuracy")
"""Measures that the ledger draws, on the scale of the page."""


@dataclass(frozen=True)
class Material:
    """What the page is made of."""

    study: Published
    findings: Sequence[Finding]
    verdicts: Sequence[Check]
    command: str


def page(material: Material) -> str:
    """Return the page."""
    return environment().get_template("published.html.j2").render(context(material))


def context(material: Material) -> dict[str, object]:
    """Return everything that the template prints."""
    study = material.study
    claims = claims_of(material)
    return {
        **assets(), "factorial_css": asset("factorial.css"), "own_css": asset("published.css"), "version": evidense.__version__,
        "study": study, "command": material.command,
        "findings": material.findings, "verdicts": material.verdicts, "decided": [x for x in claims if x.has_evidence],
        "open": [x for x in claims if not x.has_evidence], "scale": _SCALE, "groups": panels.curves(study, material.findings), "legend": panels.LEGEND,
        "box": panels, "equivalence": panels.equivalence(material.findings), "stars": stars(contrasts(study)),
        "blind": blindness(material.findings), "kappas": kappas(study), "zero": _zero(study), "zero_off": [z for z in layer_zero(study) if z.apart],
        "latex": latex(material), "titles": TITLES, "title_of": _title_of, "on_scale": ON_SCALE, "poolings": POOLINGS, "random": randomness(study),
    }  # fmt: skip


_SCALE = Scale(-0.12, 0.12, 0.02, 0.0)


def claims_of(material: Material) -> list[Entry]:
    """Return the ledger; the older claims, which the published study examines (B1, B2 …), come before its own."""
    return sorted(entries(material.verdicts, material.findings), key=lambda entry: not entry.code.startswith("B"))


def _title_of(collection: str) -> str:
    """Return the title of a data set, or of several that one verdict speaks of."""
    return " and ".join(TITLES.get(name.rpartition("/")[2], name) for name in collection.split(" and "))


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
    contrasts_of_model: dict[tuple[str, str], list[Contrast]] = {}
    for contrast in pairs:
        contrasts_of_model.setdefault((contrast.tuned.dataset, contrast.tuned.model), []).append(contrast)
    return [
        Stars(
            TITLES[dataset], model, sum(c.tuned.n_layers for c in model_contrasts), sum(sum(c.tuned.starred) for c in model_contrasts),
            sum(int((c.stars_recomputed == c.tuned.starred).sum()) for c in model_contrasts), sum(int(c.stars_survive.sum()) for c in model_contrasts),
            plain(model_contrasts[0].design_effect, 2),
        )
        for (dataset, model), model_contrasts in contrasts_of_model.items()
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
    by_panel: dict[tuple[str, int], list[Finding]] = {}
    for f in findings:
        if f.estimand == "change in accuracy" and (f.site["subject"], f.site["against"]) == (
            "dpr-paired",
            "dpr-context",
        ):
            by_panel.setdefault((f.site["collection"].rpartition("/")[2], f.site["n_candidates"]), []).append(f)
    rows = []
    for (dataset, n), layers in by_panel.items():
        e, low, high = (
            sum(x) / 12 for x in zip(*((f.value, f.low, f.high) for f in layers if f.site["layer"]), strict=True)
        )
        rows.append(Blind(TITLES[dataset], n, signed(e), interval(low, high), *(_SCALE.at(x) for x in (e, low, high))))
    return rows


def kappas(study: Published) -> list[tuple[str, str, str, list[tuple[str, str, str]]]]:
    """Return data set, pooling, model → accuracy, κ and d′ of the last layer, N = 2 to 5."""
    from evidense.stats import above_chance, discriminability

    rows_of_model: dict[tuple[str, str, str], list[tuple[str, str, str]]] = {}
    for c in study.curves:
        last, n = c.accuracy[-1:], c.n_passages
        row = (
            plain(float(last[0])),
            plain(float(above_chance(last, n)[0]), 2),
            plain(float(discriminability(last, n)[0]), 2),
        )
        rows_of_model.setdefault((TITLES[c.dataset], POOLINGS[c.pooling], c.model), []).append(row)
    return [(*key, rows) for key, rows in rows_of_model.items()]


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
    by_panel: dict[tuple[str, int], list[LayerZero]] = {}
    for z in layer_zero(study):
        by_panel.setdefault((TITLES[z.curve.dataset], z.curve.n_passages), []).append(z)
    return [
        (d, n, [count(f) for f in curves[0].frequencies], [(z.curve.model, _where(z)) for z in curves])
        for (d, n), curves in by_panel.items()
    ]


def _where(z: LayerZero) -> str:
    slot = min(range(len(z.frequencies)), key=lambda i: abs(z.frequencies[i] - z.curve.correct[0]))
    return f"slot {slot + 1}" if z.apart == 0 else f"slot {slot + 1}, {z.apart} apart"


def latex(material: Material) -> str:
    """Return the decided claims as a table for a paper."""
    decided = [v for v in material.verdicts if v.effect is not None]
    caption = r"Claims decided from the published accuracies: intervals of 95\%, worst case of clustering by question."
    return ledger_latex(decided, caption, _title_of)


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
        columns: Mapping[str, Json] = {
            **f.site,
            "estimand": f.estimand,
            "n": f.n,
            "n_clusters": f.n_clusters,
            "id": f.id,
        }
        numbers = {
            k: "" if x is None else f"{x:.6f}" for k, x in (("value", f.value), ("low", f.low), ("high", f.high))
        }
        writer.writerow([{**columns, **numbers}.get(c, "") for c in _COLUMNS])
    return out.getvalue()


def names() -> tuple[str, ...]:
    """Return the published studies that ship."""
    return facts.names()
