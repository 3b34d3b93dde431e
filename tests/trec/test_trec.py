"""TREC files: what is written comes back in the same order, ids with spaces survive."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidense import trec
from evidense.reading.runs.files import read_run
from evidense.values import RankedLists


@given(name=st.text())
def test_escaped_ids_have_no_spaces_and_are_read_back(name: str) -> None:
    shown = trec.escaped(name)
    assert trec.unescaped(shown) == name
    assert len(shown.split()) == 1


@pytest.mark.parametrize("name", ["doc-1", "../../etc/passwd", "=1+2", "<b>x</b>", "a/b", "100%", "é"])
def test_ids_without_spaces_stay_as_they_are(name: str) -> None:
    assert trec.escaped(name) == name


def test_written_run_is_read_back_in_the_same_order(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    scores = -np.sort(-rng.integers(-2, 3, (5, 30)).astype(np.float32), axis=1)
    documents = np.stack([rng.permutation(30) for _ in range(5)]).astype(np.int32)
    lists = RankedLists(tuple("vwxyz"), tuple(f"doc {i}" for i in range(30)), documents, scores)
    (tmp_path / "a.trec").write_text(trec.run_text(lists, "my system"))
    back = read_run(tmp_path / "a.trec")
    assert all(len(set(found.values())) == len(found) for found in back.results.values())
    for query_id, found in lists.items():
        assert [trec.unescaped(d) for d in back.results[query_id]] == [d for d, _ in found]
        read = np.array(list(back.results[query_id].values()), dtype=np.float32)
        assert (np.diff(read) < 0).all()
        np.testing.assert_allclose(read, [s for _, s in found], atol=1e-5)


def test_runs_are_those_of_a_loop_over_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(1)
    scores = -np.sort(-rng.choice([-2.5, -1e-6, 0.0, 1e-5, 0.03125, 0.5, 1.0, 123456.75, 3e9], (40, 12)), axis=1)
    documents = np.stack([rng.permutation(60)[:12] for _ in range(40)]).astype(np.int32)
    documents[np.arange(12) >= rng.integers(0, 13, 40)[:, None]] = -1
    scores = np.where(documents < 0, -np.inf, scores).astype(np.float32)
    ids = ("é", "a b", "50%20", "", "x\0y", *(f"doc-{i}" * (1 + i % 3) for i in range(55)))
    lists = RankedLists(tuple(f"q {i}" if i % 7 else f"q{i}" for i in range(40)), ids, documents, scores)
    lines = []
    lowered = trec._strictly_decreasing(scores)
    for row, query_id in enumerate(lists.query_ids):
        for rank, place in enumerate(documents[row].tolist(), 1):
            if place >= 0:
                score = f"{lowered[row, rank - 1]:.9g}"
                lines.append(f"{trec.escaped(query_id)} Q0 {trec.escaped(ids[place])} {rank} {score} my_run\n")
    assert trec.run_text(lists, "my run") == "".join(lines)
    monkeypatch.setattr(trec, "_MOST_CELLS", 1)
    assert trec.run_text(lists, "my run") == "".join(lines)
    assert trec.run_text(RankedLists((), (), np.empty((0, 0), np.int32), np.empty((0, 0), np.float32)), "x") == ""


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(width=32), min_size=1))
def test_scores_are_written_as_python_writes_them(values: list[float]) -> None:
    numbers = np.array(values, dtype=np.float32)
    every = np.concatenate([numbers, np.random.default_rng(len(values)).random(200, dtype=np.float32)])
    written = [row.tobytes().translate(None, b"\0").decode() for row in trec.decimals(every)]
    assert written == [f"{value:.9g}" for value in every]


def test_ties_in_the_ninth_digit_and_steps_around_powers_of_ten_are_written_as_python_writes_them() -> None:
    halves = 1 + np.arange(3000) * 2.0**-9  # ten digits that end in 5
    powers = 10.0 ** np.arange(-6, 11)
    around = [np.nextafter(powers.astype(np.float32), np.float32(end)) for end in (0, 1e30)]
    numbers = np.concatenate([halves, -halves, powers, *around]).astype(np.float32)
    written = [row.tobytes().translate(None, b"\0").decode() for row in trec.decimals(numbers)]
    assert written == [f"{value:.9g}" for value in numbers]
