"""How far the weights of every layer moved, and in how many directions. Weights are known exactly: there is no interval.

| estimand | site beyond subject, against, role, side | unit | details |
|---|---|---|---|
| drift | layer, module (kind; "all" for a whole layer) | ‖ΔW‖/‖W‖ | n_weights |
| rank of the change | layer, module | effective rank of ΔW over the most it could be, mean over matrices | effective_rank, largest |

Layer 0 is the embeddings, block b is layer b + 1, as with states; what follows the blocks is one more. `low` and `high` are the value: there is nothing
to estimate. The drift of two seeds of the tuning from each other has `role` "floor".
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from evidense.dissection.comparisons import comparisons
from evidense.dissection.geometry.weight_drift import WeightChange, moved, weights
from evidense.dissection.sentences import first_curve, with_layer
from evidense.errors import InvalidInput
from evidense.parts import SIDES, AnalysisWords, Bench, Capability, Case, Sentence, Side
from evidense.parts.estimands import Estimand
from evidense.records import Finding, Json

_TEST = "none: weights are known, not estimated"


def _sentence(findings: Sequence[Finding]) -> str:
    """Say which layer’s weights moved most."""
    whole_layers = [f for f in with_layer(findings, "drift") if f.site.get("module") == "all"]
    if not whole_layers:
        return ""
    most = max(first_curve(whole_layers), key=lambda f: float(f.value))
    return f"weights moved most in layer {most.site['layer']}, by {most.value:.1%} of their size"


WORDS = AnalysisWords(
    title="How far the weights moved",
    asks="The change of each layer’s weights, as a share of their size. Weights are known exactly, so there is no interval.",
    beware="A weight that moved far need not matter, and one that moved little can: see “Patching”.",
    estimands=(
        Estimand("drift", "0: untouched. 1: the change is as large as the weights were."),
        Estimand("rank of the change", "In how many directions the weights changed, of those they could; low is a change like LoRA’s."),
    ),
    leads=("drift", "rank of the change",),
    place=60,
    sentence=Sentence(30, _sentence),
)  # fmt: skip


@dataclass(frozen=True)
class Drift:
    """Compare the weights of two encoders of one architecture, layer by layer and by kind of module."""

    name: str = "drift"
    source: str = "relative Frobenius norm; effective rank: Roy and Vetterli 2007"
    needs: frozenset[Capability] = frozenset({"vectors"})
    version: int = 1
    words: AnalysisWords = WORDS
    options: Mapping[str, Json] = field(default_factory=dict)

    def examine(self, case: Case, bench: Bench) -> Sequence[Finding]:
        """Return the findings of each side, once where both are one tower."""
        out: list[Finding] = []
        for side in sides_of(case):
            known: dict[str, Any] = {}
            for number, pair in enumerate(comparisons(case, "all tunings")):
                bench.tell(f"drift of {pair.subject.label}", number, len(case.subjects))
                who: dict[str, Json] = {
                    "subject": pair.subject.label,
                    "against": pair.against.label,
                    "role": pair.role,
                    "side": side,
                }
                try:
                    for subject in (pair.against, pair.subject):
                        if subject.label not in known:
                            known[subject.label] = weights(subject.encoder.tower(side))
                    out += _findings(case, who, moved(known[pair.against.label], known[pair.subject.label]))
                except InvalidInput as error:
                    out.append(_finding(case, "drift", who, (None, "‖ΔW‖/‖W‖"), {"reason": str(error)}))
        return out


def sides_of(case: Case) -> tuple[Side, ...]:
    """Return the sides that have weights of their own."""
    same = all(s.encoder.tower("query") is s.encoder.tower("document") or
               s.encoder.tower("query").fingerprint == s.encoder.tower("document").fingerprint for s in case.subjects)  # fmt: skip
    return SIDES[:1] if same else SIDES


def _findings(case: Case, who: Mapping[str, Json], changes: list[WeightChange]) -> list[Finding]:
    parts: dict[tuple[int, str], list[WeightChange]] = defaultdict(list)
    for change in changes:
        parts[change.layer, "all"].append(change)
        parts[change.layer, change.kind].append(change)
    out = []
    for (layer, module), group in sorted(parts.items()):
        site = {**who, "layer": layer, "module": module}
        square = sum(m.square for m in group)
        value = float(np.sqrt(sum(m.square_change for m in group) / square)) if square else None
        details: dict[str, Json] = {"n_weights": int(sum(np.prod(m.shape) for m in group))}
        if value is None:
            details["reason"] = "the base's weights are all 0 here, so that there is no share of them"
        out.append(_finding(case, "drift", site, (value, "‖ΔW‖/‖W‖"), details))
        ranks = [(m.rank, min(m.shape), m.name) for m in group if m.rank is not None]
        if ranks:
            share = float(np.mean([rank / most for rank, most, _ in ranks]))
            least = min(ranks, key=lambda r: r[0] / r[1])
            more: dict[str, Json] = {"effective_rank": float(np.mean([r for r, _, _ in ranks])), "most": max(m for _, m, _ in ranks),
                                     "lowest": least[2], "n_matrices": len(ranks)}  # fmt: skip
            out.append(_finding(case, "rank of the change", site, (share, "effective rank / full rank"), more))
    return out


def _finding(
    case: Case, estimand: str, site: Mapping[str, Json], told: tuple[float | None, str], details: dict[str, Json]
) -> Finding:
    value, unit = told
    return Finding(
        estimand=estimand, site=case.site("drift", **site), value=value, low=value, high=value, n=int(details.get("n_weights", 0)),
        n_clusters=1, unit=unit, confidence=case.confidence, test=_TEST, details=details,
    )  # fmt: skip


PART = Drift()
