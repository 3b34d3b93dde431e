"""Told: what changed inside a tuned encoder, in half sentences, each from the findings that bear it."""

from collections.abc import Sequence

from evidense.boundary.numerals import count, interval, plain, signed
from evidense.records import Finding
from evidense.report.inside.plots import NONE, differs

READERS = ("hadamard", "bilinear", "pair", "cosine")
"""Probes by which relevance is told: the first that the study has."""
MOST_OF_IT = 0.9
"""Share of the variance from which on a layer is said to be explained."""


def told(findings: Sequence[Finding]) -> str:
    """Return one sentence about a tuned encoder on a collection; "" where nothing can be said."""
    parts = [made for tell in (relevance, rotation, weights, neurons, lists) if (made := tell(findings))]
    return f"{'; '.join(parts)}." if parts else ""


def relevance(findings: Sequence[Finding]) -> str:
    """Say which layers carry more or less relevance than the base’s, by the intervals that hold over all layers together."""
    layered = [f for f in _layered(findings, "probes") if f.site.get("control") in NONE]
    for estimand in ("change in relevance gain", "change in accuracy"):
        for probe in READERS:
            if own := [f for f in layered if f.estimand == estimand and f.site.get("probe") == probe]:
                accuracies = [f for f in layered if f.estimand == "change in accuracy" and f.site.get("probe") == probe]
                return _by_layer(_first_panel(own), estimand) + _accuracy(
                    _first_panel(accuracies) if accuracies else []
                )
    return ""


def _layered(findings: Sequence[Finding], analysis: str) -> list[Finding]:
    return [f for f in findings if f.site.get("analysis") == analysis and f.site.get("layer") is not None]


def _first_panel(findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings of the first pooling, N and side only: a sentence is about one curve."""
    key = {k: findings[0].site.get(k) for k in ("pooling", "n_candidates", "negatives", "side")}
    return [f for f in findings if all(f.site.get(k) == v for k, v in key.items())]


def _by_layer(findings: Sequence[Finding], estimand: str) -> str:
    what = "what the query adds to accuracy" if "gain" in estimand else "accuracy"
    n = f"n {count(findings[0].n)}"
    found = [
        (some, word)
        for sign, word in ((1, "more"), (-1, "less"))
        if (some := [f for f in findings if differs(f) and f.value * sign > 0])
    ]
    if not found:
        widest = plain(max(max(abs(f.low or 0), abs(f.high or 0)) for f in findings))
        return f"no layer is shown to carry more or less relevance (change in {what}; up to {widest} either way is possible, {n})"
    parts = [
        f"{_layers(some)} {'carry' if len(some) > 1 else 'carries'} {word} relevance ({_strongest(some)})"
        for some, word in found
    ]
    n_open = len(findings) - sum(len(some) for some, _ in found)
    rest = f", {n_open} of {len(findings)} layers undecided" if n_open else ""
    return f"{' and '.join(parts)}{rest} (change in {what}, {n})"


def _accuracy(findings: Sequence[Finding]) -> str:
    """Say what accuracy was and became in the last layer, and what chance would be."""
    last = max(findings, key=lambda f: int(f.site["layer"]), default=None)
    if last is None or "against_value" not in last.details or not last.site.get("n_candidates"):
        return ""
    n = int(last.site["n_candidates"])
    before, after = plain(float(last.details["against_value"])), plain(float(last.details["value"]))
    return f"; accuracy of a probe on the last layer, among {n}: {before} → {after} (chance {plain(1 / n, 2)})"


def _layers(findings: Sequence[Finding]) -> str:
    return f"layer{'s' if len(findings) > 1 else ''} {ranges([int(f.site['layer']) for f in findings])}"


def _strongest(findings: Sequence[Finding]) -> str:
    f = max(findings, key=lambda f: abs(f.value))
    where = f" at layer {f.site['layer']}" if len(findings) > 1 else ""
    return f"{signed(f.value)} {interval(f.low, f.high)}{where}"


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
    """Say how the last layer’s states moved: what the base’s states explain of them as they are, rotated, re-mapped."""
    layered, shares = _layered(findings, "similarity"), []
    for estimand in ("moved", "rotated", "re-mapped"):
        own = [f for f in layered if f.estimand == estimand]
        if not own:
            return ""
        shares.append(max(_first_panel(own), key=lambda f: int(f.site["layer"])))
    still, turned, mapped = (max(0.0, sum(float(f.value) for f in shares[:k])) for k in (1, 2, 3))
    side = {"query": " of queries", "document": " of documents"}.get(str(shares[0].site.get("side")), "")
    n = f"n {count(shares[0].n)}"
    if mapped < 0.005:
        return f"the last layer{side} is new: no linear map of the base’s explains it on held-out items ({n})"
    known = ((still, "hardly moved"), (turned, "rotated"), (mapped, "was re-mapped"), (1 - mapped, "is new"))
    lead = next((word for share, word in known if share >= MOST_OF_IT), "is partly new")
    said = f"{still:.0%} as it is, {turned:.0%} once rotated, {mapped:.0%} once re-mapped linearly"
    return f"the last layer{side} {lead}: the base’s explains, on held-out items, {said} of its variance ({n})"


def weights(findings: Sequence[Finding]) -> str:
    """Say which layer’s weights moved most."""
    own = [f for f in _layered(findings, "drift") if f.estimand == "drift" and f.site.get("module") == "all"]
    if not own:
        return ""
    most = max(_first_panel(own), key=lambda f: float(f.value))
    return f"weights moved most in layer {most.site['layer']}, by {most.value:.1%} of their size"


def neurons(findings: Sequence[Finding]) -> str:
    """Say in which layers more or fewer neurons carry the margin."""
    own = [f for f in _layered(findings, "neurons") if f.estimand == "effective neurons ratio"]
    more, fewer = ([f for f in own if differs(f) and f.value * sign > 0] for sign in (1, -1))
    return " and ".join(
        f"{word} neurons carry the score in {_layers(some)}"
        for some, word in ((more, "more"), (fewer, "fewer"))
        if some
    )


def lists(findings: Sequence[Finding]) -> str:
    """Say how many of the first ten documents are still the same."""
    own = [f for f in findings if f.estimand == "top-10 overlap"]
    return f"{own[0].value:.0%} of the first ten documents are the same (n {count(own[0].n)})" if own else ""
