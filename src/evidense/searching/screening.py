"""Screening: what criteria exclude, what people decided, and the rest in the order in which it is worth reading.

The order is that of active learning: a linear SVM on TF-IDF of titles and abstracts, taught by the labels of people; without
labels by works that meet all criteria (or hold every facet of the question) beside those that meet none.
Source: van de Schoot et al., Nature Machine Intelligence 3:125 (2021), ASReview.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool

from evidense.errors import InvalidInput
from evidense.searching.criteria import Criteria, Criterion
from evidense.searching.events import By
from evidense.searching.hits import Hit
from evidense.searching.labels import HumanLabel
from evidense.searching.questions import SearchFacet
from evidense.searching.stopping import Labelled, NextStep, next_step
from evidense.searching.svm import svm_scores
from evidense.searching.tfidf import tfidf

TARGET = 0.95
BELOW = "after the stopping point"


@dataclass(frozen=True)
class ScreeningDecision:
    """What screening came to for one work."""

    outcome: str
    """"ineligible", "screened out", "passed", or "waiting" for a person."""
    by: By = "automation"
    reason: str = ""


@dataclass(frozen=True)
class Screened:
    """All works with what was decided, and in which order the rest is to be read."""

    decisions: Mapping[str, ScreeningDecision]
    order: tuple[str, ...]
    """Names of the works that are not ineligible, the likeliest first."""
    scores: Mapping[str, float]
    taught_by: str
    """What the order learnt from, in words."""
    following: NextStep
    """What a person screens next."""
    unknown: tuple[str, ...] = ()
    """Labelled works that were not found."""


def screen(
    hits: Sequence[Hit],
    facets: Sequence[SearchFacet],
    criteria: Criteria,
    labels: Sequence[HumanLabel] = (),
    target: float = TARGET,
) -> Screened:
    """Screen works; what people decided counts before what criteria say of a text.

    Raises:
        InvalidInput: the target is not between 0 and 1, or a sample is another than was drawn.
    """
    if not 0 < target < 1:
        raise InvalidInput(
            f"the target recall is {target}; expected a share between 0 and 1, as 0.95; correct --recall"
        )
    by_name = {hit.name: hit for hit in hits}
    label_of = {label.work: label for label in labels if label.work in by_name}
    ineligible = {
        name: reason for name, hit in by_name.items() if name not in label_of and (reason := _ineligible(hit, criteria))
    }
    pool = [hit for hit in hits if hit.name not in ineligible]
    order, scores, taught_by = ranked(pool, facets, criteria, label_of)
    machine = {hit.name: _by_text(hit, criteria) for hit in pool if hit.name not in label_of}
    open_works = [name for name in order if name in label_of or machine[name].outcome != "screened out"]
    following = next_step(
        open_works, [Labelled(label.work, label.is_included, label.sample) for label in label_of.values()], target
    )
    decisions = {name: ScreeningDecision("ineligible", reason=reason) for name, reason in ineligible.items()}
    for name in order:
        if name in label_of:
            label = label_of[name]
            outcome = "passed" if label.is_included else "screened out"
            decisions[name] = ScreeningDecision(
                outcome, "person", "" if label.is_included else label.reason or "no reason given"
            )
        elif label_of and machine[name].outcome != "screened out":
            decisions[name] = (
                ScreeningDecision("screened out", reason=BELOW)
                if following.kind == "stop"
                else ScreeningDecision("waiting")
            )
        else:
            decisions[name] = machine[name]
    unknown = tuple(label.work for label in labels if label.work not in by_name)
    return Screened(decisions, tuple(order), scores, taught_by, following, unknown)


def ranked(
    hits: Sequence[Hit], facets: Sequence[SearchFacet], criteria: Criteria, labels: Mapping[str, HumanLabel]
) -> tuple[list[str], dict[str, float], str]:
    """Return works, the likeliest first, with their scores and what these were learnt from."""
    is_labelled, is_relevant, taught_by = _taught(hits, facets, criteria, labels)
    n_facets = np.array([n_held(hit, facets) for hit in hits], dtype=np.float64)
    if len(np.unique(is_relevant[is_labelled])) < 2:
        scores, taught_by = n_facets, "how many facets of the question title and abstract hold"
    else:
        scores = svm_scores(tfidf([_text(hit) for hit in hits]), is_labelled, is_relevant)
    rows = sorted(range(len(hits)), key=lambda i: (-round(float(scores[i]), 6), -n_facets[i], hits[i].name))
    return (
        [hits[i].name for i in rows],
        {hit.name: round(float(s), 4) for hit, s in zip(hits, scores, strict=True)},
        taught_by,
    )


def n_held(hit: Hit, facets: Sequence[SearchFacet]) -> int:
    """Return how many facets a work's title and abstract hold a term of."""
    return sum(about(facet).holds(hit.work) is True for facet in facets)


def about(facet: SearchFacet) -> Criterion:
    """Return the criterion that a work is about a facet: title and abstract hold all words of one of its terms."""
    return Criterion("include", f"about {facet.name}", 0, facet.terms, is_apart=True)


def _taught(
    hits: Sequence[Hit], facets: Sequence[SearchFacet], criteria: Criteria, labels: Mapping[str, HumanLabel]
) -> tuple[Bool[np.ndarray, " n"], Bool[np.ndarray, " n"], str]:
    """Return which works teach the order, which of them are relevant, and by whom it is taught."""
    said = np.array([hit.name in labels for hit in hits], dtype=bool)
    relevant = np.array([hit.name in labels and labels[hit.name].is_included for hit in hits], dtype=bool)
    if len(np.unique(relevant[said])) == 2:
        return said, relevant, f"{int(said.sum()):,} labels of people"
    if any(c.is_about_text for c in criteria.lines):
        met = np.array([criteria.is_included(hit.work) for hit in hits], dtype=bool)
        unmet = np.array([bool(criteria.reason(hit.work, about_text=True)) for hit in hits], dtype=bool)
        return met | unmet, met & ~unmet, "the criteria"
    counts = np.array([n_held(hit, facets) for hit in hits])
    return (counts == len(facets)) | (counts == 0), counts == len(facets), "the facets of the question"


def _ineligible(hit: Hit, criteria: Criteria) -> str:
    """Return why a work is left out by its record alone; a retracted one always is, unless a criterion asks for it."""
    asks = any(c.flag == "retracted" and c.effect == "include" for c in criteria.lines)
    return "retracted" if hit.is_retracted and not asks else criteria.reason(hit.work, about_text=False)


def _by_text(hit: Hit, criteria: Criteria) -> ScreeningDecision:
    if reason := criteria.reason(hit.work, about_text=True):
        return ScreeningDecision("screened out", reason=reason)
    return ScreeningDecision("passed") if criteria.is_included(hit.work) else ScreeningDecision("waiting")


def _text(hit: Hit) -> str:
    return f"{hit.work.title} {hit.work.abstract}"
