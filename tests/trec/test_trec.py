"""TREC files: what is written comes back in the same order, ids with spaces survive."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
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
