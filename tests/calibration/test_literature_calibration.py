"""Claims of the literature where their estimand equals their margin: seldom upheld, seldom refuted."""

from dataclasses import replace

import pytest

from evidense import registry
from evidense.claims._literature import decide_level
from evidense.claims._worlds import N_RESAMPLES, Planted
from evidense.parts import LiteratureClaim
from worlds import at_most

pytestmark = pytest.mark.calibrate
SEEDS = range(400)

PARTS = [registry.part("claims", name) for name in registry.summaries("claims")]
LEVELS = {h.true_world: h for part in PARTS if isinstance(part, LiteratureClaim) for h in part.hypotheses}
"""Claims share their worlds; each is tried once."""


@pytest.mark.parametrize(
    "world", list(LEVELS), ids=lambda w: f"{w.kind.what}-{w.kind.n_queries}-{w.relation}-{w.margin:g}-{w.joined}"
)
def test_a_level_at_its_margin_is_seldom_upheld(world: Planted) -> None:
    boundary = replace(world, truth="boundary")
    words = [decide_level(LEVELS[world], boundary(seed)).verdict for seed in SEEDS]
    assert at_most(words.count("HOLDS") / len(SEEDS), 0.05, len(SEEDS))
    if world.relation != "raises":  # which turns false at 0 and is refuted at its margin
        assert at_most(words.count("FAILS") / len(SEEDS), 0.05, len(SEEDS))
    assert N_RESAMPLES >= 399
