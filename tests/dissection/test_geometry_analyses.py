"""The five analyses of geometry on real encoders: identical ones, tuned ones, two towers, and what cannot be compared."""

from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import cast

import numpy as np
import pytest

import built_in
from dissection.geometry_cases import BASE, TUNED, bench_of, case_of, subject, texts
from evidense import registry
from evidense.dissection.geometry.findings import FindingFamily
from evidense.dissection.geometry.sample import RowSample
from evidense.dissection.geometry.seeds import beyond_seeds, over_seeds
from evidense.parts import Case, Subject
from evidense.records import Finding
from evidense.stats.jackknife import deal
from evidense.store import Store
from evidense.values import Collection
from evidense.values.build import sample
from evidense.verbs.dissect import Lent, Registered, Train, dissect
from training.towers import BERT, opened

GEOMETRY = ("similarity", "space", "gap", "drift", "rankings")
ONE_WHERE_EQUAL = ("CKA", "RSA", "Procrustes", "moved", "mutual", "score", "top-", "RBO", "margin")


@pytest.fixture(scope="module")
def text_case() -> Case:
    base = subject("base", BASE, "base")
    others = (subject("tuned", TUNED, "tuned"), replace(base, label="same", role="seed"))
    return case_of((base, *others), texts(30, 44), n_rows=60, poolings=["own"], n_shuffles=5)


@pytest.fixture(scope="module")
def found(text_case: Case, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Finding]]:
    bench = bench_of(text_case, tmp_path_factory.mktemp("store"))
    return {name: list(registry.part("analyses", name).examine(text_case, bench)) for name in GEOMETRY}


def test_findings_have_distinct_ids_and_intervals_around_their_values(found: dict[str, list[Finding]]) -> None:
    every = [one for some in found.values() for one in some]
    assert len({one.id for one in every}) == len(every)
    for one in every:
        if one.value is None:
            assert one.details["reason"]
        else:
            assert one.low <= one.value <= one.high, one  # type: ignore[operator]


def test_identical_encoders_show_exactly_no_change(found: dict[str, list[Finding]]) -> None:
    seen = set()
    for one in (f for some in found.values() for f in some):
        if one.site.get("subject") != "same" or one.site.get("against") != "base" or one.value is None:
            continue
        seen.add(one.site["analysis"])
        is_likeness = one.site["analysis"] in ("similarity", "rankings") and one.estimand.startswith(ONE_WHERE_EQUAL)
        want = float(is_likeness)
        assert (one.value, one.low, one.high) == (want, want, want), one
    assert seen == {"similarity", "space", "drift", "rankings"}


def test_the_tuned_encoder_moved_more_in_its_last_layers(found: dict[str, list[Finding]]) -> None:
    cka = {f.site["layer"]: f for f in found["similarity"] if f.estimand == "CKA" and f.site["measure"] == "CKA"
           and f.site["subject"] == "tuned" and f.site["side"] == "document" and f.site["pooling"] == "own"}  # fmt: skip
    assert len(cka) == 7
    assert cka[0].value > 0.999 > 0.9 > cka[6].value
    assert cka[6].high < cka[3].low
    assert cka[6].details["null"]["n_shuffles"] == 5


def test_the_cka_map_holds_every_pair_of_layers(found: dict[str, list[Finding]]) -> None:
    (one,) = [f for f in found["similarity"] if f.estimand == "CKA of all layers" and f.site["measure"] == "CKA"
              and f.site["subject"] == "tuned" and f.site["against"] == "base" and f.site["side"] == "query" and f.site["pooling"] == "own"]  # fmt: skip
    matrix = np.array(one.details["matrix"])
    assert matrix.shape == (7, 7)
    assert np.diagonal(matrix).mean() == pytest.approx(one.value)


def test_a_collection_of_one_modality_gives_a_gap_finding_with_the_reason(found: dict[str, list[Finding]]) -> None:
    (one,) = found["gap"]
    assert one.value is None
    assert "queries are text and documents text" in one.details["reason"]


def test_two_towers_have_a_gap_and_the_effect_of_closing_it_is_scored(tmp_path: Path) -> None:
    collection = sample(built_in.opened("glyphs/sans:t2i@test"), 40, 60, 0)
    base, other = (Subject(name, name, opened(tmp_path / name, n_dims=dims), role)  # type: ignore[arg-type]
                   for name, dims, role in (("base", 24, "base"), ("other", 16, "tuned")))  # fmt: skip
    case = case_of((base, other), collection)
    bench = bench_of(case, tmp_path / "store")
    found = {(f.estimand, f.site["subject"]): f for f in registry.part("analyses", "gap").examine(case, bench)}
    assert found["modality gap", "base"].value > 0.1
    parts = [found[name, "base"].value for name in ("centroid part", "distribution part", "pair distance")]
    assert parts[0] + parts[1] == pytest.approx(parts[2])
    assert found["separability", "base"].value > 0.9
    mixed, plain = (found[name, "base"].value for name in ("mixed pool", "pool of one modality"))
    assert mixed < plain, "texts stand before pictures where the gap is open"
    assert ("change of modality gap", "other") in found
    shapes = registry.part("analyses", "drift").examine(case, bench)
    assert any(f.value is None and "shape" in f.details["reason"] for f in shapes)
    similar = registry.part("analyses", "similarity").examine(case, bench)
    narrow = [f for f in similar if f.estimand == "rotated" and f.value is None]
    assert any("widths differ (24 and 16 dimensions)" in f.details["reason"] for f in narrow)
    assert any(f.estimand == "CKA" and f.value is not None and f.site["pooling"] == "vectors" for f in similar)


def test_a_change_by_tuning_on_text_says_whether_one_model_reads_texts_and_pictures(
    tmp_path: Path, text_case: Case
) -> None:
    pair = [Subject(role, role, opened(tmp_path / role, n_dims=8), role) for role in ("base", "tuned")]
    case = case_of(tuple(pair), sample(built_in.opened("glyphs/sans:t2i@test"), 20, 30, 0))
    store = Store(tmp_path / "store")
    for examined, said in ((case, "two separate ones"), (replace(text_case, options={}), "one")):
        findings = dissect("drift", examined, Lent(store, cast(Train, None)), Registered("0" * 64, "d", "text"))
        assert {f.site["towers"] for f in findings if f.site.get("against")} == {said}


def test_an_encoder_with_nan_states_is_refused_and_the_others_are_compared(tmp_path: Path) -> None:
    base, other, broken = (
        Subject(name, name, opened(tmp_path / name, text={**BERT, "n_layers": depth}), role)  # type: ignore[arg-type]
        for name, role, depth in (("base", "base", 2), ("other", "tuned", 3), ("broken", "tuned", 1))
    )
    weights = broken.encoder.tower("query").text.backbone.inner.encoder.layer[0].output.dense.weight  # type: ignore[attr-defined]
    weights.data[0, 0] = np.nan
    case = case_of((base, other, broken), sample(built_in.opened("glyphs/sans:t2i@test"), 30, 40, 0))
    found = registry.part("analyses", "similarity").examine(case, bench_of(case, tmp_path / "store"))
    refusals = [f for f in found if f.site["subject"] == "broken" and f.site["side"] == "query"]
    assert refusals
    assert [f.value for f in refusals] == [None] * len(refusals), [f.details for f in refusals][:2]
    assert all("broken" in f.details["reason"] for f in refusals), [f.details for f in refusals][:2]
    assert any(f.value is not None and f.site["subject"] == "other" for f in found)


def family(case: Case) -> FindingFamily:
    return FindingFamily(case, "space", "made up", "unit", {}, 60, 60)


def seed_world(seed: int, k: int, n_layers: int = 4) -> tuple[int, int]:
    """Base and k tunings are all seeds of one tuning: how many of the layers are said to have changed, by both rules together."""
    rng = np.random.default_rng([seed, k])
    groups = deal(np.arange(60), seed=0)
    seen = RowSample("query", np.arange(60), np.arange(60), groups, {})
    effects = rng.standard_normal((k + 1, n_layers)) * 0.3
    case = Case((), texts_once())
    left = range(int(groups.max()) + 1)
    change = effects[1:] - effects[0]
    places = [{"layer": at} for at in range(n_layers)]
    over = over_seeds(family(case), places, (change, np.stack([np.tile(c, (len(left), 1)) for c in change])), seen)
    noise = rng.standard_normal((k + 1, k + 1, n_layers)) * 0.1
    pair = {(i, j): effects[i] + effects[j] + noise[i, j] for i in range(k + 1) for j in range(i + 1, k + 1)}
    similar = {at: (x, np.tile(x, (len(left), 1))) for at, x in pair.items()}
    own = [similar[0, i] for i in range(1, k + 1)]
    floors = {(i - 1, j - 1): x for (i, j), x in similar.items() if i > 0}
    beyond = beyond_seeds(family(case), places, own, floors, seen)
    return tuple(int(any(f.details["changed"] for f in some)) for some in (over, beyond))  # type: ignore[return-value]


@cache
def texts_once() -> Collection:
    return texts(20, 40)


def check_share_called_changed(k: int, n_worlds: int) -> None:
    share = np.mean([seed_world(seed, k) for seed in range(n_worlds)], axis=0)
    assert (share <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / n_worlds)).all(), share


@pytest.mark.parametrize("k", [2, 3, 5])
def test_two_seeds_of_the_same_tuning_rarely_differ_significantly(k: int) -> None:
    check_share_called_changed(k, 30)


@pytest.mark.calibrate
@pytest.mark.parametrize("k", [2, 3, 5])
def test_two_seeds_of_the_same_tuning_rarely_differ_significantly_in_many_worlds(k: int) -> None:
    check_share_called_changed(k, 2000)
