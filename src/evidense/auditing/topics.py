"""Topics: which things a research question names, and which of them a work names too, with the words that say so."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evidense.texts.tokens import tokens

_FACETS: Mapping[str, re.Pattern[str]] = {
    name: re.compile(rf"\b(?:{pattern})", re.IGNORECASE)
    for name, pattern in {
        "retrieval": r"retriev\w+|passage rank\w+|information need\w*|search engines?|rerank\w+|DPR\b",
        "images": r"multi-?\s?modal\w*|cross-?modal\w*|images?\b|visual\w*|vision\b|video\w*|pictures?\b|CLIP\b",
        "fine-tuning": r"fine-?\s?tun\w+|instruction tuning|tuned\b",
        "pre-training": r"pre-?\s?train\w*",
        "speech": r"speech|spoken|audio",
        "languages": r"multi-?lingual\w*|cross-?lingual\w*",
        "code": r"source code|code search|programming",
    }.items()
}
"""What questions about retrievers are about; a facet is a subject, or a treatment that is compared."""
_TREATMENTS = frozenset(["fine-tuning", "pre-training"])
_EMPTY = frozenset(
    (
        "what which how does does why when where is are the a an of on in for to by with and or versus vs against between across over from effect impact "
        "comparative performance results result study role influence different various heterogeneous benchmark datasets data methods method use used using"
    ).split()
)
_ENOUGH = 0.5
"""Of a question without a known facet: the least share of its words that a work about it names."""


@dataclass(frozen=True)
class Facet:
    """One thing that a question names."""

    name: str
    words: tuple[str, ...]
    """Words of the work that name it; empty where it does not."""
    is_subject: bool = True
    """False for a treatment: a work about the question need not name every treatment."""


@dataclass(frozen=True)
class Topic:
    """A work beside a question."""

    facets: tuple[Facet, ...]

    @property
    def is_about(self) -> bool:
        """Say whether the work names every subject of the question; without a known subject, half of its words."""
        subjects = [facet for facet in self.facets if facet.is_subject]
        named = sum(bool(facet.words) for facet in subjects)
        known = any(facet.name in _FACETS for facet in subjects)
        return bool(subjects) and (named == len(subjects) if known else named >= _ENOUGH * len(subjects))

    @property
    def clauses(self) -> tuple[str, ...]:
        """Say of each facet whether the work names it, with its words."""
        return tuple(
            f"{f.name}: {'yes (' + ', '.join(f.words[:3]) + ')' if f.words else 'no word of it'}" for f in self.facets
        )


def topic(question: str, title: str, abstract: str) -> Topic:
    """Compare a work's title and abstract with a question.

    >>> topic("Does fine-tuning help multimodal retrieval?", "Vision tuning", "We fine-tune on images.").clauses
    ('retrieval: no word of it', 'images: yes (vision, images)', 'fine-tuning: yes (fine-tune)')
    """
    text = f"{title}. {abstract}"
    named = [name for name, pattern in _FACETS.items() if pattern.search(question)]
    facets = [Facet(name, _words(_FACETS[name], text), name not in _TREATMENTS) for name in named]
    if not any(facet.is_subject for facet in facets):
        facets += [
            Facet(word, _words(re.compile(rf"\b{re.escape(word[:7])}\w*", re.IGNORECASE), text))
            for word in _content(question)
        ]
    return Topic(tuple(facets))


def _words(pattern: re.Pattern[str], text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(" ".join(match.lower().split()) for match in pattern.findall(text)))


def _content(question: str) -> Sequence[str]:
    words = [token.key for token in tokens(question) if token.kind == "word"]
    return list(dict.fromkeys(word for word in words if len(word) > 3 and word not in _EMPTY))
