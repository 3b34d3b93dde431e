"""Findings of published numbers, with the estimands of the analyses. Claims of the literature are decided from them.

| estimand | site beside collection, subject, role, pooling, n_candidates | unit | details |
|---|---|---|---|
| accuracy | layer | accuracy | independent (its interval if all examples were), chance, kappa, correct, label_frequency |
| change in accuracy | against, layer | accuracy | together, independent, starred, p_published, p_worst, survives, smallest_margin, failed |
| relative gain in accuracy | against, layer | share | together |
| change in chance-corrected accuracy | layer; from N = 2 to 5 | κ | together |
| change in discriminability | layer; from N = 2 to 5 | d′ | together |
| correlation of profiles | against | ρ | n_layers |

`probe` is always "published". `low` and `high` assume the worst case of clustering; `together` holds over layers and N. `failed` names an
error in a model, so that no claim rests on its numbers.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby

import numpy as np
from jaxtyping import Float
from scipy.special import ndtri

from evidense.published.contrasts import Contrast, contrasts
from evidense.published.facts import BACKBONES, Published, PublishedCurve
from evidense.records import Finding, Json
from evidense.stats import above_chance, discriminability, smallest_margin, wilson

ANALYSIS = "published"
N_SIZES = 4
"""How many values of N were published. Layers × N is the size of a family."""
TEST = "two shares of n answers as if independent, their variance times the examples of a question"
UNLOADED = "the context encoder's own weights were read (by the released code they were not, and random ones stood in for them)"
_UNLOADED_MODELS = ("dpr-context", "dpr-paired")


def findings(study: Published, parent: str = "") -> list[Finding]:
    """Return all findings of a published study. `parent` is the id of the study record that registered the claims."""
    parents = (parent,) if parent else ()
    return [*accuracies(study, parents), *changes(study, parents), *_relative(study, parents), *_kappas(study, parents),
            *_profiles(study, parents)]  # fmt: skip


def _site(study: Published, curve: PublishedCurve, **more: Json) -> dict[str, Json]:
    role = (
        "base"
        if curve.model in BACKBONES
        else "tuned"
        if more.get("against", BACKBONES[0]) in BACKBONES
        else "other encoder"
    )
    return {"analysis": ANALYSIS, "collection": f"{study.name}/{curve.dataset}", "subject": curve.model, "role": role, "pooling": curve.pooling,
            "probe": "published", "control": "none", "n_candidates": curve.n_passages, **more}  # fmt: skip


def _finding(parents: tuple[str, ...], site: dict[str, Json], shape: tuple[int, int], **fields: Json) -> Finding:
    n, n_clusters = shape
    return Finding(parents=parents, site=site, n=n, n_clusters=n_clusters, **fields)


def accuracies(study: Published, parents: tuple[str, ...]) -> Iterator[Finding]:
    """Yield every published accuracy with Wilson's interval, for as many answers as questions; in the details, as many as examples."""
    for curve in study.curves:
        known = study.dataset(curve.dataset)
        low, high = wilson(curve.accuracy, curve.n_eval, design_effect=curve.n_eval / known.n_questions)
        alone_low, alone_high = wilson(curve.accuracy, curve.n_eval)
        kappa = above_chance(curve.accuracy, curve.n_passages)
        for layer, value in enumerate(curve.accuracy):
            details: dict[str, Json] = {
                "independent": [float(alone_low[layer]), float(alone_high[layer])], "chance": curve.chance, "kappa": float(kappa[layer]),
                "correct": curve.correct[layer], "label_frequency": layer == 0 and curve.pooling != "mean",
            }  # fmt: skip
            yield _finding(
                parents, _site(study, curve, layer=layer), (curve.n_eval, known.n_questions), estimand="accuracy", value=float(value),
                low=float(low[layer]), high=float(high[layer]), unit="accuracy", details=details, family="none: each by itself",
                test="Wilson, with as many independent answers as questions",
            )  # fmt: skip


def changes(study: Published, parents: tuple[str, ...]) -> Iterator[Finding]:
    """Yield the change of each tuned model from its backbone, and of the context encoder from the question encoder."""
    for contrast in [*contrasts(study), *between_encoders(study)]:
        yield from _change(study, contrast, parents)


def between_encoders(study: Published) -> list[Contrast]:
    """Return the contrasts between DPR's question encoder, context encoder, and the pair of both."""
    contrasts_of_encoders = []
    for group in study.groups():
        by_name = {c.model: c for c in group}
        if "dpr-question" in by_name:
            known = study.dataset(group[0].dataset)
            contrasts_of_encoders += [Contrast(by_name["dpr-question"], by_name[m], known) for m in _UNLOADED_MODELS]
            contrasts_of_encoders.append(Contrast(by_name["dpr-context"], by_name["dpr-paired"], known))
    return contrasts_of_encoders


def _change(study: Published, contrast: Contrast, parents: tuple[str, ...]) -> Iterator[Finding]:
    published = contrast.backbone.model in BACKBONES
    low, high = contrast.interval()
    together = _together(contrast.effect, contrast.worst_error, contrast.tuned.n_layers * N_SIZES)
    alone = 1.96 * contrast.standard_error
    p_published, p_worst = contrast.p_published(), contrast.p_worst()
    for layer, effect in enumerate(contrast.effect):
        details: dict[str, Json] = {
            "together": together[layer], "independent": [float(effect - alone[layer]), float(effect + alone[layer])],
            "p_published": float(p_published[layer]), "p_worst": float(p_worst[layer]),
            "smallest_margin": smallest_margin(float(effect), float(contrast.worst_error[layer]), alpha=0.025),
            "smallest_margin_independent": smallest_margin(float(effect), float(contrast.standard_error[layer]), alpha=0.025),
            "standard_error": float(contrast.worst_error[layer]),
        }  # fmt: skip
        if published:
            details |= {"starred": contrast.tuned.starred[layer], "survives": bool(contrast.stars_survive[layer])}
        if contrast.tuned.model in _UNLOADED_MODELS:
            details["failed"] = [UNLOADED]
        yield _finding(
            parents, _site(study, contrast.tuned, against=contrast.backbone.model, layer=layer), (contrast.tuned.n_eval, contrast.dataset.n_questions),
            estimand="change in accuracy", value=float(effect), low=float(low[layer]), high=float(high[layer]), unit="accuracy",
            p_adjusted=float(p_worst[layer]), test=TEST, family="together: the layers and N of a model, Bonferroni", details=details,
        )  # fmt: skip


def _relative(study: Published, parents: tuple[str, ...]) -> Iterator[Finding]:
    for contrast in contrasts(study):
        if contrast.tuned.pooling != "eos":
            continue
        p, q, n = contrast.tuned.accuracy, contrast.backbone.accuracy, contrast.tuned.n_eval
        gain = p / q - 1
        error = np.sqrt((p * (1 - p) / q**2 + p**2 * q * (1 - q) / q**4) / n * contrast.design_effect)
        yield from _series(parents, _site(study, contrast.tuned, against=contrast.backbone.model), (gain, error),
                           (n, contrast.dataset.n_questions), ("relative gain in accuracy", "share"))  # fmt: skip


def _kappas(study: Published, parents: tuple[str, ...]) -> Iterator[Finding]:
    ordered = sorted(study.curves, key=lambda c: (c.dataset, c.pooling, c.model, c.n_passages))
    for _, grouped in groupby(ordered, key=lambda c: (c.dataset, c.pooling, c.model)):
        curves = list(grouped)
        few, many = curves[0], curves[-1]
        known = study.dataset(few.dataset)
        effect = above_chance(many.accuracy, many.n_passages) - above_chance(few.accuracy, few.n_passages)
        variances = [c.accuracy * (1 - c.accuracy) / c.n_eval / (1 - c.chance) ** 2 for c in (few, many)]
        error = np.sqrt(sum(variances) * few.n_eval / known.n_questions)
        shape = (few.n_eval, known.n_questions)
        yield from _series(
            parents, _site(study, many), (effect, error), shape, ("change in chance-corrected accuracy", "κ")
        )
        yield from _series(
            parents,
            _site(study, many),
            _easier(few, many, known.n_questions),
            shape,
            ("change in discriminability", "d′"),
        )


def _easier(
    few: PublishedCurve, many: PublishedCurve, n_questions: int
) -> tuple[Float[np.ndarray, " l"], Float[np.ndarray, " l"]]:
    """Return the difference of d′ between many and few passages, and its standard error by the delta method."""
    values, variances = [], []
    for curve in (few, many):
        d_prime = discriminability(curve.accuracy, curve.n_passages)
        slope = (discriminability(curve.accuracy + 1e-3, curve.n_passages) - d_prime) / 1e-3
        values.append(d_prime)
        variances.append(slope**2 * curve.accuracy * (1 - curve.accuracy) / n_questions)
    return values[1] - values[0], np.sqrt(variances[0] + variances[1])


def _series(
    parents: tuple[str, ...],
    site: dict[str, Json],
    estimated: tuple[Float[np.ndarray, " l"], Float[np.ndarray, " l"]],
    shape: tuple[int, int],
    estimand_and_unit: tuple[str, str],
) -> Iterator[Finding]:
    effect, error = estimated
    together = _together(effect, error, len(effect) * N_SIZES)
    failed: dict[str, Json] = {"failed": [UNLOADED]} if site["subject"] in _UNLOADED_MODELS else {}
    for layer, value in enumerate(effect):
        yield _finding(
            parents, {**site, "layer": layer}, shape, estimand=estimand_and_unit[0], unit=estimand_and_unit[1], value=float(value),
            low=float(value - 1.96 * error[layer]), high=float(value + 1.96 * error[layer]), test=TEST,
            family="together: the layers and N of a model, Bonferroni", details={"together": together[layer], **failed},
        )  # fmt: skip


def _together(effect: Float[np.ndarray, " l"], error: Float[np.ndarray, " l"], n: int) -> list[list[float]]:
    z = -float(ndtri(0.025 / n))
    return [[float(e - z * s), float(e + z * s)] for e, s in zip(effect, error, strict=True)]


def _profiles(study: Published, parents: tuple[str, ...]) -> Iterator[Finding]:
    """Yield the rank correlation between a model's profiles on the two data sets. Correlated neighbouring layers reduce the effective n."""
    from scipy.stats import rankdata

    by_model: dict[tuple[str, int], list[Contrast]] = {}
    for contrast in contrasts(study):
        by_model.setdefault((contrast.tuned.model, contrast.tuned.n_passages), []).append(contrast)
    for pair in by_model.values():
        ranks = [rankdata(contrast.effect[1:]) for contrast in pair]
        rho, n = float(np.corrcoef(*ranks)[0, 1]), len(ranks[0])
        few = effective_n(ranks)
        half = 1.96 / np.sqrt(max(few - 3, 0.1))
        low, high = (float(np.tanh(np.arctanh(min(max(rho, -0.9999), 0.9999)) + side * half)) for side in (-1, 1))
        site = _site(study, pair[0].tuned, against=pair[0].backbone.model)
        details: dict[str, Json] = {"n_layers": n, "effective_n": few}
        if pair[0].tuned.model in _UNLOADED_MODELS:
            details["failed"] = [UNLOADED]
        yield _finding(
            parents, {**site, "collection": " and ".join(f"{study.name}/{contrast.tuned.dataset}" for contrast in pair)}, (n, int(few)),
            estimand="correlation of profiles", unit="ρ", value=rho, low=low, high=high, details=details,
            test="Fisher's z, with Bartlett's effective number of layers", family="none: one a model and N",
        )  # fmt: skip


def effective_n(series: Sequence[Float[np.ndarray, " l"]]) -> float:
    """Return the effective number of independent points of two autocorrelated series.

    Source: Bartlett 1935: n (1 − r₁r₂) / (1 + r₁r₂), r are their autocorrelations at lag 1.

    >>> round(effective_n([np.arange(12.0), np.arange(12.0)]), 1)  # r₁ = r₂ = 1
    0.0
    """
    a, b = (float(np.corrcoef(x[:-1], x[1:])[0, 1]) for x in series)
    product = max(a * b, 0.0)
    return len(series[0]) * (1 - product) / (1 + product)
