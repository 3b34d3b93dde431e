"""The shape of a space: against the IsoScore package, theory, and the known values of the CLIP features."""

from pathlib import Path

import numpy as np
import pytest
import torch

from evidense.dissection.geometry import hubs, neighbours, procrustes, rank_similarity, rsa
from evidense.dissection.geometry import modality_gap as gap
from evidense.dissection.geometry import shape as space
from evidense.dissection.geometry.sample import distinct_rows
from evidense.dissection.geometry.weight_drift import effective_rank, kind_of, moved
from evidense.errors import InvalidInput
from evidense.stats.jackknife import deal, jackknife


def draw(seed: int, n: int, d: int) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((n, d))


@pytest.mark.parametrize("d", [64, 256, 30])
def test_isoscore_equals_the_package(d: int) -> None:
    from IsoScore.IsoScore import IsoScore

    layer = draw(0, 200, d) * np.arange(1, d + 1) ** -0.3 + 2
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)  # else it takes the square root of the dimension in float32
    try:
        theirs = float(IsoScore(layer))
    finally:
        torch.set_default_dtype(before)
    assert space.isoscore(layer) == pytest.approx(theirs, abs=1e-10)


def test_debiased_isoscore_is_right_on_few_rows_where_the_published_one_is_too_low() -> None:
    d, power = 256, np.arange(1, 257) ** -0.5
    truth = (power.sum() ** 2 / (power**2).sum() - 1) / (d - 1)
    found = [space.isotropy(draw(i, 100, d) * np.sqrt(power), np.arange(100) % 10)[1][0] for i in range(20)]
    plain = [space.isoscore(draw(i, 100, d) * np.sqrt(power)) for i in range(20)]
    assert abs(np.mean(found) - truth) < 3 * np.std(found, ddof=1) / np.sqrt(20) + 0.01
    assert np.mean(plain) < truth / 2


def test_a_shift_changes_the_mean_cosine_but_not_isoscore() -> None:
    x, groups = draw(1, 300, 40), np.arange(300) % 10
    assert space.mean_cosine(x + 5, groups)[0] > 0.9
    assert space.isotropy(x + 5, groups)[1][0] == pytest.approx(space.isotropy(x, groups)[1][0], abs=1e-6)


@pytest.mark.parametrize("d", [16, 64])
def test_uniformity_of_evenly_spread_points_equals_the_floor(d: int) -> None:
    found = [space.uniformity(draw(i, 100, d), np.arange(100) % 10)[0] for i in range(20)]
    assert abs(np.mean(found) - space.uniformity_floor(d)) < 3 * np.std(found, ddof=1) / np.sqrt(20) + 1e-3
    assert space.uniformity(np.ones((10, d)), np.arange(10) % 2)[0] == pytest.approx(0, abs=1e-6)


def test_leave_one_group_out_values_equal_recomputation() -> None:
    x = draw(2, 140, 12) * np.arange(1, 13) + 1
    groups = deal(np.arange(140), n_groups=7, seed=0)
    kept = groups != 2
    rest = groups[kept] - (groups[kept] > 2)
    for statistic in (space.uniformity, space.mean_cosine):
        assert statistic(x, groups)[1][2] == pytest.approx(statistic(x[kept], rest)[0], rel=1e-6)
    assert space.isotropy(x, groups)[1][1][2] == pytest.approx(space.isotropy(x[kept], rest)[1][0], rel=1e-5)
    for some, anew in zip(space.spectrum(x, groups)[:3], space.spectrum(x[kept], rest)[:3], strict=True):
        assert some[1][2] == pytest.approx(anew[0], rel=0.02)  # to the first order


def test_rogue_dimensions_are_found_and_explain_the_mean_cosine() -> None:
    x = draw(3, 200, 50)
    x[:, 7] += 30
    groups = np.arange(200) % 10
    assert np.flatnonzero(space.rogue_dimensions(x)).tolist() == [7]
    told = space.shape(x, groups)
    assert told is not None
    assert told.statistics["mean cosine"][0] > 0.8
    assert abs(told.statistics["mean cosine, without rogue dimensions"][0]) < 0.05


def test_clip_features_reproduce_their_known_gap_and_uniformity(shared_data: Path) -> None:
    image, text = np.load(shared_data / "clip_features" / "clip.npy")
    groups = deal(np.arange(500), seed=0)
    found = {name: value for name, (value, _) in gap.gap(image, text, groups).items()}
    assert found["pair distance"] == pytest.approx(1.3802, abs=1e-4)
    assert found["centroid part"] == pytest.approx(0.7248, abs=1e-4)
    assert found["distribution part"] == pytest.approx(0.6554, abs=1e-4)
    assert found["pair distance"] == pytest.approx(found["centroid part"] + found["distribution part"], abs=1e-12)
    assert np.sqrt(found["centroid part"]) == pytest.approx(0.8514, abs=1e-4)
    assert found["modality gap"] == pytest.approx(0.850, abs=1e-3)
    assert found["separability"] > 0.99
    assert space.uniformity(image, groups)[0] == pytest.approx(-1.795, abs=1e-3)
    assert space.uniformity(text, groups)[0] == pytest.approx(-1.841, abs=1e-3)
    assert space.mean_cosine(image, groups)[0] == pytest.approx(0.531, abs=1e-3)
    assert space.mean_cosine(text, groups)[0] == pytest.approx(0.515, abs=1e-3)
    cosines = neighbours.unit_rows(image) @ neighbours.unit_rows(text).T
    assert np.diagonal(cosines).mean() == pytest.approx(0.310, abs=1e-3)
    assert (cosines.sum() - np.trace(cosines)) / (500 * 499) == pytest.approx(0.162, abs=1e-3)
    recall = [np.mean(s.argmax(axis=1) == np.arange(500)) for s in (cosines, gap.closed(image) @ gap.closed(text).T)]
    assert recall == [pytest.approx(0.552, abs=1e-3), pytest.approx(0.542, abs=1e-3)]


def test_modalities_with_the_same_distribution_have_no_gap() -> None:
    groups = np.arange(400) % 20
    found = gap.gap(draw(4, 400, 16), draw(5, 400, 16), groups)
    of = jackknife(
        np.array([found["centroid part"][0]]), found["centroid part"][1][:, None], np.bincount(groups), seed=0
    )
    assert abs(found["modality gap"][0]) < 0.12
    assert found["modality gap"][0] ** 2 < found["centroid part"][0]
    assert 0.4 < found["separability"][0] < 0.6
    assert of.standard_error[0] > 0


def test_procrustes_distance_is_zero_for_a_rotation_and_below_two_for_shuffled_items() -> None:
    x = draw(6, 200, 10)
    turn = np.linalg.qr(draw(7, 10, 10))[0]
    assert procrustes.distance(x, 3 * x @ turn + 1) == pytest.approx(0, abs=1e-9)
    assert procrustes.distance(x, x) <= 2
    # methods' table: independent Gaussians, D = 768: .167 at n = 256; here the same ratio n/D, a quarter of the size
    assert procrustes.distance(draw(8, 64, 192), draw(9, 64, 192)) == pytest.approx(0.167, abs=0.02)


def test_moved_rotated_remapped_and_new_are_distinguished_on_held_out_rows() -> None:
    x, groups = draw(10, 400, 8), np.arange(400) % 20
    turn = np.linalg.qr(draw(11, 8, 8))[0]
    cases = {
        "same": x,
        "moved": x + 3,
        "rotated": x @ turn,
        "re-mapped": x @ (turn * np.arange(1, 9)),
        "new": draw(12, 400, 8),
    }
    found = {name: procrustes.held_out(x, y, groups).explained(groups)[0] for name, y in cases.items()}
    assert found["same"].tolist() == [1.0, 1.0, 1.0]
    assert found["moved"][0] > 0.999
    assert found["rotated"][0] < 0.5 < 0.999 < found["rotated"][1]
    assert found["re-mapped"][1] < 0.9 < 0.999 < found["re-mapped"][2]
    assert found["new"].max() < 0.05


def test_an_unmoved_space_is_not_rotated_with_fewer_rows_than_dimensions() -> None:
    x, groups = draw(13, 60, 200), np.arange(60) % 20
    whole, _ = procrustes.held_out(x, x + 0.01 * draw(14, 60, 200), groups).explained(groups)
    assert (whole > 0.999).all()


def test_neighbours_are_shared_under_rescaling_and_at_chance_under_noise() -> None:
    x = draw(15, 300, 12)
    lists = neighbours.nearest(x, 100)
    assert (lists != np.arange(300)[:, None]).all()
    assert neighbours.shared(lists, neighbours.nearest(7 * x, 100), 10, 299).tolist() == [1.0] * 300
    others = neighbours.nearest(draw(16, 300, 12), 100)
    for k in (1, 10, 100):
        values = neighbours.shared(lists, others, k, 299)
        assert abs(values.mean()) < 3 * values.std() / np.sqrt(300) + 0.005
    brute = [set(np.argsort(-row, kind="stable")[1:11]) for row in neighbours.unit_rows(x) @ neighbours.unit_rows(x).T]
    assert [set(row[:10].tolist()) for row in lists] == brute


def test_rsa_equals_scipy_and_does_not_depend_on_the_order_of_items() -> None:
    from scipy.stats import spearmanr

    x = draw(17, 60, 9)
    y = x + draw(18, 60, 9)
    groups = np.arange(60) % 6
    value, left = rsa.correlations(rsa.ranked(x, groups), rsa.ranked(y, groups))
    pairs = np.triu_indices(60, 1)
    assert value == pytest.approx(spearmanr(np.corrcoef(x)[pairs], np.corrcoef(y)[pairs])[0], abs=1e-5)
    order = np.random.default_rng(0).permutation(60)
    assert rsa.correlations(rsa.ranked(x[order], groups), rsa.ranked(y[order], groups))[0] == pytest.approx(
        value, abs=1e-5
    )
    kept = groups != 4
    assert left[4] == pytest.approx(
        rsa.correlations(rsa.ranked(x[kept], groups[kept] % 3), rsa.ranked(y[kept], groups[kept] % 3))[0], abs=1e-5
    )


def test_statistics_of_queries_among_documents_equal_a_plain_loop() -> None:
    q, d = draw(19, 40, 6), draw(20, 90, 6)
    relevant = [np.array([i, 50 + i]) for i in range(40)]
    groups = np.arange(40) % 5
    found = hubs.among(q, d, hubs.JudgedQueries(relevant, groups))
    u, v = neighbours.unit_rows(q), neighbours.unit_rows(d)
    margins, counts = [], np.zeros(90, int)
    for i in range(40):
        s = u[i] @ v.T
        margins.append(s[relevant[i]].mean() - np.delete(s, relevant[i]).max())
        counts[np.argsort(-s)[:10]] += 1
    assert found["hard-negative margin"][0] == pytest.approx(np.mean(margins), abs=1e-6)
    assert found["hub Gini"][0] == pytest.approx(hubs.gini(counts))
    kept = groups != 3
    anew = hubs.among(
        q[kept], d, hubs.JudgedQueries([relevant[i] for i in np.flatnonzero(kept)], groups[kept] - (groups[kept] > 3))
    )
    for name, (_, left) in found.items():
        assert left[3] == pytest.approx(anew[name][0], abs=1e-6), name


def test_rotated_towers_give_equal_rankings_and_noise_does_not() -> None:
    q, d = (draw(s, n, 8).astype(np.float32) for s, n in ((21, 30), (22, 150)))
    turn = np.linalg.qr(draw(23, 8, 8))[0].astype(np.float32)
    task = rank_similarity.SearchTask(
        [np.array([i]) for i in range(30)], np.arange(150, dtype=np.int32), np.full(30, -1, np.int32)
    )
    one, two, other = (
        rank_similarity.search(*pair, task, "dot")
        for pair in ((q, d), (q @ turn, d @ turn), (draw(24, 30, 8).astype(np.float32), d))
    )
    same, noise = (
        rank_similarity.compare(one, two, task).mean(axis=0),
        rank_similarity.compare(one, other, task).mean(axis=0),
    )
    assert same[:6] == pytest.approx(np.ones(6), abs=1e-3)
    assert same[6:] == pytest.approx(np.zeros(3))
    assert abs(noise[0]) < 0.2
    assert noise[3] < 0.3
    assert rank_similarity.margin_correlation(one, two, np.arange(30) % 5)[0] == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("similarity", ["cosine", "euclidean", "manhattan"])
def test_rankings_use_the_similarity_of_the_encoder(similarity: str) -> None:
    q, d = (draw(s, n, 8).astype(np.float32) for s, n in ((31, 30), (32, 150)))
    long = d * np.random.default_rng(33).uniform(0.2, 5, (150, 1)).astype(np.float32)
    task = rank_similarity.SearchTask(
        [np.array([i]) for i in range(30)], np.arange(150, dtype=np.int32), np.full(30, -1, np.int32)
    )
    found = rank_similarity.search(q, long, task, similarity)
    if similarity == "cosine":
        unit = [x / np.linalg.norm(x, axis=1, keepdims=True) for x in (q, long)]
        scores = unit[0] @ unit[1].T
    else:
        scores = -np.linalg.norm(q[:, None] - long, ord=2 if similarity == "euclidean" else 1, axis=-1)
    np.testing.assert_array_equal(found.lists, np.argsort(-scores, axis=1)[:, :100])
    own = scores[np.arange(30), np.arange(30)]
    np.testing.assert_array_equal(found.gold, 1 + (scores > own[:, None]).sum(axis=1))
    scores[np.arange(30), np.arange(30)] = -np.inf
    np.testing.assert_allclose(found.margins, own - scores.max(axis=1), atol=1e-5)


def test_drift_measures_a_rank_one_change_and_refuses_other_shapes() -> None:
    base = {"encoder.layer.0.output.dense.weight": draw(25, 6, 4)}
    other = {
        "encoder.layer.0.output.dense.weight": base["encoder.layer.0.output.dense.weight"]
        + np.outer(np.ones(6), np.arange(4))
    }
    (one,) = moved(base, other)
    assert (one.layer, one.kind) == (1, "output")
    assert one.rank == pytest.approx(1)
    assert moved(base, base)[0].square_change == 0
    assert effective_rank(np.eye(5)) == pytest.approx(5)
    with pytest.raises(InvalidInput, match=r"shape \(6, 4\)"):
        moved(base, {"encoder.layer.0.output.dense.weight": np.ones((3, 4))})
    with pytest.raises(InvalidInput, match="only in"):
        moved(base, {})


@pytest.mark.parametrize(("name", "kind"), [
    ("encoder.layer.3.attention.self.query.weight", "attention query and key"), ("layers.2.self_attn.v_proj.weight", "attention value and output"),
    ("encoder.layer.1.attention.output.dense.weight", "attention value and output"), ("encoder.layer.1.output.LayerNorm.bias", "norm"),
    ("transformer.layer.0.ffn.lin1.weight", "intermediate"), ("layers.0.mlp.down_proj.weight", "output"),
    ("vision_model.encoder.layers.1.mlp.fc2.weight", "output"), ("embeddings.word_embeddings.weight", "embeddings"),
])  # fmt: skip
def test_kinds_of_modules_are_recognised_in_every_family(name: str, kind: str) -> None:
    assert kind_of(name) == kind


def test_equal_rows_are_found_despite_small_differences_by_padding() -> None:
    x = draw(26, 50, 6)
    x[30] = x[4] * (1 + 1e-7)
    x[41] = x[4]
    assert np.flatnonzero(~distinct_rows([x, x[:, :2]])).tolist() == [30, 41]
