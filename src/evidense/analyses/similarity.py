"""How alike are the states of two encoders, layer by layer: CKA, RSA, Procrustes and nearest neighbours.

Every pair of the base with another subject is compared, and every two seeds of the tuning: the floor (`role` "floor"). Site of all: subject, against,
role, side, pooling, measure; and layer (with `layer_against` where depths differ: then only the first and the last layers are paired).

| estimand | measure | value and unit | details |
|---|---|---|---|
| CKA | CKA · CKA, standardised · CKA, without top components | debiased CKA, never clamped; p against shuffled items (first measure) | null |
| CKA of all layers | as above | mean over paired layers | matrix[layer of against][layer of subject], null_sd |
| CKA beyond seeds | as above | mean CKA of base and tunings − of two seeds; below 0: moved more than seeds do | floor, n_seeds, changed |
| RSA | RSA | Spearman of pairs of items | n_rows |
| Procrustes | R² | held-out R² of the best rotation | d2, null_d2 (items shuffled), angle |
| moved | R² | held-out R² of the states as they are, but for a shift | |
| rotated | R² | what a rotation adds | |
| re-mapped | R² | what a linear map adds | |
| new | R² | what no linear map explains | |
| mutual neighbours | k=1 · k=10 · k=100 | shared nearest neighbours, 0 at chance | chance |
| RSA beyond seeds, mutual neighbours beyond seeds | as these | as CKA beyond seeds | floor, n_seeds, changed |

All have `together` (over layers), `standard_error` and `n_equal` (rows left out since another is equal). Intervals: delete-a-group jackknife over
clusters; rows are never drawn twice.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from jaxtyping import Float64

from evidense.boundary.numerals import count
from evidense.dissection.geometry import neighbours, procrustes, rsa
from evidense.dissection.geometry.cka import hsic, is_constant
from evidense.dissection.geometry.cka_views import VIEWS, shuffled
from evidense.dissection.geometry.findings import FindingFamily, LayerStatistic, findings, listed
from evidense.dissection.geometry.pairing import Compared, SubjectPair, compared
from evidense.dissection.geometry.sample import RowSample, SampleRequest, sample
from evidense.dissection.geometry.seeds import beyond_seeds
from evidense.dissection.matrices import without_padding
from evidense.dissection.sentences import first_curve, last_layer, with_layer
from evidense.errors import InvalidInput
from evidense.parts import SIDES, AnalysisWords, Bench, Capability, Case, Sentence
from evidense.parts.estimands import Estimand
from evidense.records import Finding, Json

MOST_OF_IT = 0.9
"""Share of the variance from which on a layer is said to be explained."""


def _sentence(findings: Sequence[Finding]) -> str:
    """Say how the last layer’s states moved: what the base’s states explain of them as they are, rotated, re-mapped."""
    shares = []
    for estimand in ("moved", "rotated", "re-mapped"):
        layered = with_layer(findings, estimand)
        if not layered:
            return ""
        shares.append(last_layer(first_curve(layered)))
    still, turned, mapped = (max(0.0, sum(float(f.value) for f in shares[:k])) for k in (1, 2, 3))
    side = {"query": " of queries", "document": " of documents"}.get(str(shares[0].site.get("side")), "")
    n = f"n {count(shares[0].n)}"
    if mapped < 0.005:
        return f"the last layer{side} is new: no linear map of the base’s explains it on held-out items ({n})"
    words = ((still, "hardly moved"), (turned, "rotated"), (mapped, "was re-mapped"), (1 - mapped, "is new"))
    lead = next((word for share, word in words if share >= MOST_OF_IT), "is partly new")
    explained = f"{still:.0%} as it is, {turned:.0%} once rotated, {mapped:.0%} once re-mapped linearly"
    return f"the last layer{side} {lead}: the base’s explains, on held-out items, {explained} of its variance ({n})"


WORDS = AnalysisWords(
    title="How alike the layers are",
    asks="Whether two encoders place the same items alike: 1 is the same up to rotation and scale, 0 is what unrelated items would give.",
    beware="Two spaces can differ much and rank alike, and look alike and rank differently: see “Rankings”.",
    estimands=(
        Estimand("CKA", "1: the layer places items as the base’s does, up to rotation and scale. 0: as unrelated items."),
        Estimand("CKA of all layers", "Each layer of one encoder against each of the other: dark means alike. A dark diagonal: layers kept their place."),
        Estimand("CKA beyond seeds",
                 "CKA with the base minus CKA of two seeds of the tuning. Below 0: it moved more than another seed would have.", is_change=True),
        Estimand("RSA", "Correlation of all distances between items in one space with those in the other."),
        Estimand("Procrustes", "Share of variance that the best rotation explains, on items that did not choose it."),
        Estimand("moved", "Share of variance that the base’s states explain as they are, but for a shift. 1: nothing moved."),
        Estimand("rotated", "What a rotation explains in addition: the space turned, its distances stayed."),
        Estimand("re-mapped", "What any other linear map explains in addition: directions were weighed anew."),
        Estimand("new", "What no linear map of the base’s states explains."),
        Estimand("mutual neighbours", "Share of nearest neighbours that both spaces have; chance is dashed."),
    ),
    leads=("CKA", "CKA of all layers", "CKA beyond seeds",),
    place=30,
    sentence=Sentence(20, _sentence),
)  # fmt: skip


@dataclass(frozen=True)
class Similarity:
    """Compare the states that two encoders give the same items, at every layer."""

    name: str = "similarity"
    source: str = (
        "Song et al. 2012, eq. 5; Kriegeskorte et al. 2008; Schönemann 1966; Huh et al. 2024 (mutual neighbours)"
    )
    needs: frozenset[Capability] = frozenset({"vectors"})
    version: int = 2
    words: AnalysisWords = WORDS
    options: Mapping[str, Json] = field(
        default_factory=lambda: {
            "n_rows": 2_000,
            "poolings": ["own", "vectors"],
            "n_shuffles": 99,
            "neighbours": [1, 10, 100],
        }
    )
    """n_rows: of a side at most; poolings: as `compute.pooling` spells them, or "vectors", the final ones; n_shuffles: of the null of CKA;
    neighbours: every k."""

    def examine(self, case: Case, bench: Bench) -> Sequence[Finding]:
        """Return the findings of both sides."""
        options = {**self.options, **case.options}
        out: list[Finding] = []
        for number, side in enumerate(SIDES):
            bench.tell(f"similarity of {side} states", number, len(SIDES))
            request = SampleRequest(side, tuple(options["poolings"]), int(options["n_rows"]))
            try:
                row_sample = sample(case, bench, request)
            except InvalidInput as error:
                nothing = FindingFamily(case, self.name, "CKA", "CKA", {"subject": case.base.label, "side": side}, 0, 0)
                out.append(nothing.without_value(str(error)))
                continue
            for pooling in request.poolings:
                of = compared(case, self.name, row_sample, pooling)
                out += of.refusals("CKA", "CKA")
                out += [*_cka(of, int(options["n_shuffles"])), *_rsa(of), *_procrustes(of)]
                out += _neighbours(of, [int(k) for k in options["neighbours"]])
        return out


def _cka(of: Compared, n_shuffles: int) -> Iterator[Finding]:
    places = of.columns()
    for measure, view in VIEWS.items():
        stack = [view(layer) for layer in of.stack]
        products = hsic(stack, of.seen.groups)
        whole, dropped = products.cka(), products.cka_dropped()
        null = shuffled(stack, n_shuffles, of.case.seed) if measure == "CKA" and n_shuffles else None
        cka_of_pair: dict[tuple[str, str], LayerStatistic] = {}
        for pair in of.pairs:
            rows, columns = pair.columns(places)
            cka_of_pair[pair.one.label, pair.other.label] = whole[rows, columns], dropped[:, rows, columns]
            family = of.family("CKA", "CKA", pair, measure)
            layer_findings = findings(family, pair.places, whole[rows, columns], dropped[:, rows, columns], of.seen)
            if null is not None:
                p = null.p(whole[rows, columns], (rows, columns))
                drawn = null.draws[:, rows, columns]
                layer_findings = [
                    _with_null(f, p[:, i], drawn[:, i], null.n_rows) for i, f in enumerate(layer_findings)
                ]
            yield from layer_findings
            yield _map(of, pair, measure, (whole, dropped), places)
        yield from _beyond(of, "CKA", measure, cka_of_pair, of.seen)


def _with_null(one: Finding, p: Float64[np.ndarray, " 2"], drawn: Float64[np.ndarray, " r"], n_rows: int) -> Finding:
    if one.value is None:
        return one
    null = {"mean": float(drawn.mean()), "sd": float(drawn.std()), "n_shuffles": len(drawn), "n_rows": n_rows}
    test = f"p: items shuffled {len(drawn)} times, {n_rows} rows; interval: {one.test}"
    return replace(one, p=float(p[0]), p_adjusted=float(p[1]), test=test, details={**one.details, "null": null})


def _map(
    of: Compared, pair: SubjectPair, measure: str, cka: tuple[np.ndarray, np.ndarray], places: Mapping[str, slice]
) -> Finding:
    """All layers against all, whose value is the mean over paired layers."""
    whole, dropped = cka
    rows, columns = pair.columns(places)
    block = whole[places[pair.one.label], places[pair.other.label]]
    family = of.family("CKA of all layers", "CKA, mean over paired layers", pair, measure, null=None)
    live = np.isfinite(whole[rows, columns])
    details = {"matrix": listed(block), "axes": ["layer of against", "layer of subject"]}
    if not live.any():
        return replace(
            family.without_value("every paired layer is constant"),
            details={**details, "reason": "every paired layer is constant"},
        )
    mean = np.array([whole[rows, columns][live].mean()])
    left = dropped[:, rows, columns][:, live].mean(axis=1, keepdims=True)
    return findings(family, [{"details": details}], mean, left, of.seen)[0]


def _beyond(
    of: Compared,
    estimand: str,
    measure: str,
    statistic_of_pair: Mapping[tuple[str, str], LayerStatistic],
    seen: RowSample,
) -> Iterator[Finding]:
    """How much less alike base and tunings are than two tunings that differ in their seed alone."""
    tunings = [p for p in of.pairs if p.one is of.case.base and p.other.role in ("tuned", "seed")]
    names = [p.other.label for p in tunings]
    floors = {
        (names.index(a), names.index(b)): x for (a, b), x in statistic_of_pair.items() if a in names and b in names
    }
    if floors and len({p.n_layers for p in tunings}) == 1:
        family = of.family(f"{estimand} beyond seeds", "difference of similarities", tunings[0], measure)
        of_base = [statistic_of_pair[of.case.base.label, name] for name in names]
        yield from beyond_seeds(family, tunings[0].places, of_base, floors, seen)


def _rsa(of: Compared) -> Iterator[Finding]:
    keep = of.some(rsa.N_ROWS)
    few = replace(of.seen, rows=of.seen.rows[keep], clusters=of.seen.clusters[keep], groups=of.seen.groups[keep])
    ranks = {key: rsa.ranked(layer[keep], few.groups) for key, layer in of.layers() if not is_constant(layer[keep])}
    rsa_of_pair: dict[tuple[str, str], LayerStatistic] = {}
    for pair in of.pairs:
        correlations = [
            rsa.correlations(ranks[a], ranks[b])
            if a in ranks and b in ranks
            else (np.nan, np.full(len(few.sizes), np.nan))
            for a, b in pair.keys
        ]
        family = replace(
            of.family("RSA", "Spearman's correlation", pair, "RSA"), n=len(few.rows), n_clusters=few.n_clusters
        )
        rsa_of_pair[pair.one.label, pair.other.label] = (
            np.array([f[0] for f in correlations]),
            np.stack([f[1] for f in correlations], axis=1),
        )
        yield from findings(family, pair.places, *rsa_of_pair[pair.one.label, pair.other.label], few)
    yield from _beyond(of, "RSA", "RSA", rsa_of_pair, few)


def _procrustes(of: Compared) -> Iterator[Finding]:
    layers = dict(of.layers())
    order = np.random.default_rng([of.case.seed, 37]).permutation(len(of.seen.rows))
    for pair in of.pairs:
        whole, dropped, beside = [], [], []
        for a, b in pair.keys:
            x, y = without_padding(layers[a], layers[b])
            constant = is_constant(x) or is_constant(y)
            r2, left = np.full(3, np.nan), np.full((len(of.seen.sizes), 3), np.nan)
            if not constant:
                r2, left = procrustes.held_out(x, y, of.seen.groups).explained(of.seen.groups)
            whole.append(r2)
            dropped.append(left)
            beside.append({} if constant else _distances(x, y, order))
        yield from _steps(of, pair, np.array(whole), np.stack(dropped, axis=1), beside)


def _steps(
    of: Compared,
    pair: SubjectPair,
    whole: Float64[np.ndarray, "s 3"],
    dropped: Float64[np.ndarray, "g s 3"],
    beside: list[dict[str, Json]],
) -> Iterator[Finding]:
    alike = pair.same_width
    for estimand, parts in _parts(whole, dropped, alike).items():
        null = 0.0 if estimand in ("rotated", "re-mapped") else None
        family = of.family(estimand, "share of variance, held out", pair, "R²", null)
        if not alike and estimand in ("Procrustes", "moved", "rotated"):
            widths = f"{pair.widths[0]} and {pair.widths[1]}"
            yield family.without_value(
                f"widths differ ({widths} dimensions), so that no rotation maps one to the other; see re-mapped"
            )
            continue
        places = (
            [{**p, "details": more} for p, more in zip(pair.places, beside, strict=True)]
            if estimand == "Procrustes"
            else pair.places
        )
        yield from findings(family, places, *parts, of.seen)


def _parts(
    whole: Float64[np.ndarray, "s 3"], dropped: Float64[np.ndarray, "g s 3"], alike: bool
) -> dict[str, LayerStatistic]:
    """What each estimand is of the three R²: as it is, rotated, mapped."""
    still, turned, mapped = ((whole[..., step], dropped[..., step]) for step in range(3))
    before = turned if alike else (np.zeros_like(turned[0]), np.zeros_like(turned[1]))
    return {
        "Procrustes": turned,
        "moved": still,
        "rotated": (turned[0] - still[0], turned[1] - still[1]),
        "re-mapped": (mapped[0] - before[0], mapped[1] - before[1]),
        "new": (1 - mapped[0], 1 - mapped[1]),
    }


def _distances(x: np.ndarray, y: np.ndarray, order: np.ndarray) -> dict[str, Json]:
    if x.shape[1] != y.shape[1]:
        return {}
    d2 = 0.0 if np.array_equal(x, y) else procrustes.distance(x, y)
    null = procrustes.distance(x, y[order])
    return {"d2": d2, "null_d2": null, "angle": float(np.arccos(np.clip(1 - d2 / 2, -1, 1)))}


def _neighbours(of: Compared, depths: list[int]) -> Iterator[Finding]:
    lists = {key: neighbours.nearest(layer, max(depths)) for key, layer in of.layers() if not is_constant(layer)}
    n_others = len(of.seen.rows) - 1
    for k in depths:
        shared_of_pair: dict[tuple[str, str], LayerStatistic] = {}
        for pair in of.pairs:
            family = of.family("mutual neighbours", "shared neighbours, adjusted for chance", pair, f"k={k}")
            family = replace(family, details={**family.details, "chance": min(1.0, k / n_others)})
            if k >= n_others:
                yield family.without_value(
                    f"{n_others + 1} rows, so that every list of {k} holds all others; take more items"
                )
                continue
            values = [
                neighbours.shared(lists[a], lists[b], k, n_others)
                if a in lists and b in lists
                else np.full(n_others + 1, np.nan)
                for a, b in pair.keys
            ]
            shared_of_pair[pair.one.label, pair.other.label] = of.means(np.stack(values, axis=1))
            yield from findings(family, pair.places, *shared_of_pair[pair.one.label, pair.other.label], of.seen)
        if shared_of_pair:
            yield from _beyond(of, "mutual neighbours", f"k={k}", shared_of_pair, of.seen)


PART = Similarity()
