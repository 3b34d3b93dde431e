"""Limits: how many kinds of limits a report discloses of itself."""

import re
from dataclasses import dataclass

from evidense.reviewers._shares import Counted, share_vote
from evidense.texts.sentences import sentences
from evidense.values import Synthesis, Vote

_KINDS = {
    "what was searched": r"search\w*|index\w*|databases?|sources?|english|languages?|published (?:after|before)",
    "what was read": r"abstracts?|full texts?|preprints?|paywall\w*|tables?|figures?|supplement\w*",
    "how much there was": r"small|few|single|one (?:paper|study|work|source)|\d+ (?:papers|studies|works|sources)|sample\w*",
    "how it was judged": r"automat\w*|machine\w*|models?|heuristic\w*|unverified|manual\w*|human\w*|people|reviewers?|tested|checked",
    "how far it carries": r"generali[sz]\w*|other (?:data|datasets|tasks|domains|models|languages|populations)|analogue\w*|stand-?ins?|scope|beyond",
}
_LIMITING = re.compile(
    r"\b(?:not|no|only|nor|never|none|without|cannot|may|might|could|limited|lack\w*|missing|miss(?:ed)?|unknown|unclear|excluded?|small|few|at most|"
    r"rather than)\b|n['’]t\b",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class DisclosedLimits:
    """Looks for sentences of the limitations that limit something: the search, the texts, the amount, the judging, the reach."""

    name: str = "limits"
    dimension: str = "disclosure of limits"
    asks: str = "Does it say what was not searched, not read, too few, judged by machines, or beyond its reach?"

    def vote(self, synthesis: Synthesis) -> Vote:
        """Score two points for each of five kinds of limits that a sentence of the limitations names."""
        limiting = [span.quote for span in sentences(synthesis.limitations) if _LIMITING.search(span.quote)]
        counted = [
            Counted(kind, float(any(re.search(rf"\b(?:{words})\b", text, re.IGNORECASE) for text in limiting)))
            for kind, words in _KINDS.items()
        ]
        return share_vote(
            self, counted if synthesis.statements else [], "kinds of limits are disclosed", "it makes no statement"
        )


PART = DisclosedLimits()
