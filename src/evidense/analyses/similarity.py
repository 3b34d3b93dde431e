"""How alike are the states of two encoders, layer by layer: CKA, RSA, Procrustes and nearest neighbours.

| estimand | site beyond analysis, collection, subject, against, role, side, pooling | unit | details |
|---|---|---|---|
| CKA | layer, measure (raw, standardised, without top components) | CKA | together, n_equal, null |
| CKA of all layers | measure | CKA, mean over equal layers | matrix[layer of `against`][layer of `subject`] |
| CKA beyond seeds | layer, measure | difference of CKA | floor |
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from evidense.dissection.cka import hsic
from evidense.dissection.space_findings import Family, absent, findings, listed
from evidense.dissection.space_sample import Sample, Wanted, by_role, sample
from evidense.parts import Bench, Capability, Case
from evidense.records import Finding, Json


@dataclass(frozen=True)
class Similarity:
    """Compare states of the same items, at every layer."""

    name: str = "similarity"
    source: str = "Song et al. 2012, eq. 5; Kornblith et al. 2019; Davari et al. 2023; Groeger et al. 2026"
    needs: frozenset[Capability] = frozenset({"layers"})
    version: int = 1
    options: Mapping[str, Json] = field(default_factory=lambda: {"n_rows": 2_000, "poolings": ["own"]})

    def examine(self, case: Case, bench: Bench) -> Sequence[Finding]:
        """Return the findings of both sides."""
        options = {**self.options, **case.options}
        out: list[Finding] = []
        for side in ("query", "document"):
            seen = sample(case, bench, Wanted(side, tuple(options["poolings"]), int(options["n_rows"])))  # type: ignore[arg-type]
            for pooling in options["poolings"]:
                out += _cka(case, seen, pooling)
        return out


def _cka(case: Case, seen: Sample, pooling: str) -> list[Finding]:
    labels = [s.label for s in case.subjects if (s.label, pooling) in seen.states]
    stack = [layer for label in labels for layer in seen.states[label, pooling]]
    starts = np.cumsum([0, *(len(seen.states[label, pooling]) for label in labels)])
    products = hsic(stack, seen.groups)
    whole, dropped = products.cka(), products.cka_dropped()
    out: list[Finding] = []
    for one, other, role in by_role(case):
        site: dict[str, Any] = {"subject": other.label, "against": one.label, "role": other.role if role == "base" else "floor",
                                "side": seen.side, "pooling": pooling, "measure": "CKA"}  # fmt: skip
        family = Family(
            case, "similarity", "CKA", "CKA", site, len(seen.rows), seen.n_clusters, details={"n_equal": seen.n_equal}
        )
        if missing := [s for s in (one, other) if s.label not in labels]:
            out.append(absent(family, {}, seen.refused[missing[0].label, pooling]))
            continue
        a, b = (labels.index(s.label) for s in (one, other))
        rows, columns = np.arange(starts[a], starts[a + 1]), np.arange(starts[b], starts[b + 1])
        if len(rows) == len(columns):
            places = [{"layer": layer} for layer in range(len(rows))]
            out += findings(family, places, whole[rows, columns], dropped[:, rows, columns], seen)
    return out


PART = Similarity()
