"""The contracts, one room a shelf: what a file on a shelf must offer to be a part.

A part file ends in `PART = …`. It is found by its file name; nothing else is to be edited. Importing it must not import
torch, transformers or anything else that is slow: those imports belong inside its functions.
"""

from collections.abc import Mapping

from evidense.parts.analyses import Analysis, AnalysisWords, Bench, Case, Role, Sentence, Subject
from evidense.parts.checking import AnswerCounts, Entailer, EntailerPart, Reviewer
from evidense.parts.claims import (
    Claim,
    ClaimVerdict,
    Condition,
    Control,
    Decision,
    Evidence,
    Hypothesis,
    Level,
    LiteratureClaim,
    MarginRule,
    Sought,
    code_order,
)
from evidense.parts.datasets import Dataset, Fetched, PairSource
from evidense.parts.encoders import (
    SIDES,
    Capability,
    CuttingTower,
    Encoder,
    EncoderPart,
    LayeredTower,
    Prepared,
    Setup,
    Side,
    TokenPredictor,
    Tower,
    TrainableEncoder,
    TrainableTower,
    fingerprints,
)
from evidense.parts.estimands import Estimand
from evidense.parts.literature import Manners, Offer, Reader, Reply, Request, Source, Wire
from evidense.parts.names import Named
from evidense.parts.objectives import Need, Objective, Representations, Stage, takes_targets
from evidense.parts.rankers import CandidateList, Ranker, RankerPart, Reranker, WithPolicies, is_reranker

__all__ = [
    "SHELVES",
    "SIDES",
    "Analysis",
    "AnalysisWords",
    "AnswerCounts",
    "Bench",
    "CandidateList",
    "Capability",
    "Case",
    "Claim",
    "ClaimVerdict",
    "Condition",
    "Control",
    "CuttingTower",
    "Dataset",
    "Decision",
    "Encoder",
    "EncoderPart",
    "Entailer",
    "EntailerPart",
    "Estimand",
    "Evidence",
    "Fetched",
    "Hypothesis",
    "LayeredTower",
    "Level",
    "LiteratureClaim",
    "Manners",
    "MarginRule",
    "Named",
    "Need",
    "Objective",
    "Offer",
    "PairSource",
    "Prepared",
    "Ranker",
    "RankerPart",
    "Reader",
    "Reply",
    "Representations",
    "Request",
    "Reranker",
    "Reviewer",
    "Role",
    "Sentence",
    "Setup",
    "Side",
    "Sought",
    "Source",
    "Stage",
    "Subject",
    "TokenPredictor",
    "Tower",
    "TrainableEncoder",
    "TrainableTower",
    "Wire",
    "WithPolicies",
    "code_order",
    "fingerprints",
    "is_reranker",
    "takes_targets",
]

SHELVES: Mapping[str, type] = {
    "datasets": Dataset,
    "encoders": EncoderPart,
    "rankers": RankerPart,
    "objectives": Objective,
    "analyses": Analysis,
    "claims": Claim,
    "sources": Source,
    "readers": Reader,
    "entailers": EntailerPart,
    "reviewers": Reviewer,
}
"""Every shelf with the contract that its parts keep."""
