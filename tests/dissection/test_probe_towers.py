"""Two towers of different width and depth: a grid over both, and negatives of the wrong modality apart."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from dissection.probe_worlds import Given, case
from evidense.analyses import probes, published_probe
from evidense.dissection.candidates import Draw, candidates
from evidense.dissection.probes.task import ask
from evidense.values import Item, Picture

N, N_DOCUMENTS = 150, 700
OPTIONS: dict[str, Any] = {**probes.OPTIONS, "n_orders": 0, "n_queries": None, "n_candidates": [2, 4], "rank": 4}


@dataclass(frozen=True)
class Towers(Given):
    """Their last states are projected to eight dimensions that both share; text and pictures lie apart."""

    gap: float = 0.0

    def vectors(self, subject: Any, side: str, items: Any) -> np.ndarray:
        is_query = items[0].id.startswith("q")
        found = self.states_of[subject.label][0 if is_query else 1][-1][[int(item.id[1:]) for item in items], :8].copy()
        found[:, 0] += self.gap if is_query else -self.gap
        return found


def towers() -> tuple[np.ndarray, np.ndarray]:
    """Queries of 12 dimensions at 3 layers, documents of 20 at 4; relevance is readable at the last of each alone."""
    rng = np.random.default_rng(0)
    queries, documents = rng.standard_normal((3, N, 12)), rng.standard_normal((4, N_DOCUMENTS, 20))
    queries[2, :, :8] = documents[3, :N, :8] + 0.3 * rng.standard_normal((N, 8))
    return queries.astype(np.float32), documents.astype(np.float32)


def pictures(made: Any) -> Any:
    """The same case, whose documents are pictures."""
    grey = Picture(b"P5 1 1 255\n\x00")
    corpus = [Item(item.id, picture=grey) for item in made.collection.corpus]
    return replace(made, collection=replace(made.collection, corpus=corpus))


def test_the_depth_grid_finds_the_layers_that_hold_relevance() -> None:
    made = pictures(case({"a": "base"}, N, N_DOCUMENTS, OPTIONS))
    found = probes.PART.examine(made, Towers({"a": towers()}, gap=6.0))
    cells = {(f.site["layer"], f.site["layer_document"]): f.value for f in found if "layer_document" in f.site}
    assert len(cells) == 12
    assert max(cells, key=lambda cell: cells[cell]) == (2, 3)
    assert cells[2, 3] > 0.6
    assert max(value for cell, value in cells.items() if cell != (2, 3)) < 0.45
    wrong = [f for f in found if f.site["negatives"] == "wrong modality"]
    assert len(wrong) == 1
    assert wrong[0].value < 0.25  # the gap outweighs relevance: its own modality looks nearer
    right = [f for f in found if f.site.get("pooling") == "vectors" and f.site["negatives"] == "random"]
    assert right[0].value > 0.6
    words = [f for f in found if f.site["control"] == "lexical"]
    assert words[0].value is None
    assert "no words" in words[0].details["reason"]


def test_padding_of_narrow_stages_changes_no_probe() -> None:
    """A stage of a convolutional tower is padded with zeros to the width of the widest; the unpadded states are the reference."""
    queries, documents = towers()
    for sides in ((queries, documents), (queries, np.ascontiguousarray(documents[:3, :, :12]))):
        widths = (28, 28) if sides[0].shape[2] == sides[1].shape[2] else (28, 32)
        padded = tuple(np.pad(x, ((0, 0), (0, 0), (0, w - x.shape[2]))) for x, w in zip(sides, widths, strict=True))
        options = {**OPTIONS, "probes": ["hadamard", "bilinear"], "n_candidates": [3]}
        made = pictures(case({"a": "base"}, N, N_DOCUMENTS, options))
        plain, wide = (probes.PART.examine(made, Towers({"a": states})) for states in (sides, padded))
        assert [f.content() for f in wide] == [f.content() for f in plain]


def test_the_published_probe_works_with_unequal_widths_without_the_cosine() -> None:
    options = {**published_probe.OPTIONS, "n_queries": None, "n_epochs": 1, "converged": [], "n_candidates": [2]}
    queries, documents = towers()
    found = published_probe.PART.examine(
        case({"a": "base"}, N, N_DOCUMENTS, options), Given({"a": (queries, documents[:3])})
    )
    assert {f.site["probe"] for f in found} == {"published"}


def test_the_probing_task_equals_the_drawn_candidates() -> None:
    made = case({"a": "base"}, N, N_DOCUMENTS, OPTIONS)
    asked = ask(made, Given({}), "random")  # type: ignore[arg-type]
    drawn = candidates(made.collection, Draw(n_candidates=4))
    ids = [[asked.documents[d].id for d in row] for row in asked.places]
    assert ids == [[made.collection.corpus[d].id for d in row] for row in drawn.documents]
