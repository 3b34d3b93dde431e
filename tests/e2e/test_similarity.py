"""The similarity that a page names is the one that was computed; what was made before says so."""

import gzip
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import evidense as ev
from evidense import registry
from evidense.records import Ranking, canonical_json
from evidense.study.baseline import save_baseline
from evidense.study.replay import compare_records
from evidense.values import Spelling

WORDS = [f"number {i}" for i in range(30)]


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Vectors of unit length, and the same ones stretched, with the pairs that they are of."""
    folder, rng = tmp_path_factory.mktemp("vectors"), np.random.default_rng(4)
    queries = rng.standard_normal((30, 8))
    sides = {"queries": queries, "documents": queries + 0.9 * rng.standard_normal((30, 8))}
    for name in ("unit", "scaled"):
        (folder / name).mkdir()
        for side, rows in sides.items():
            unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
            stretch = rng.uniform(0.1, 9, (30, 1)) if name == "scaled" else 1
            np.save(folder / name / f"{side}.npy", (unit * stretch).astype(np.float32))
            (folder / name / f"{side}.ids.txt").write_text("\n".join(f"{side[0]}{i}" for i in range(30)))
    lines = [f"q{i},query {word},d{i},document {word}" for i, word in enumerate(WORDS)]
    (folder / "pairs.csv").write_text("\n".join(["query_id,query,doc_id,document", *lines]))
    return folder


def compared(given: Path, *systems: str) -> ev.Result:
    return ev.compare(*(str(given / system) for system in systems), on=str(given / "pairs.csv"), measures=["RR@10"])


def test_vector_length_does_not_change_a_cosine_ranking(given: Path) -> None:
    result = compared(given, "unit", "scaled", "scaled@similarity=cosine", "scaled@normalize", "scaled@int8@similarity=cosine", "unit@int8")  # fmt: skip
    words = [verdict.verdict for verdict in result.verdicts]
    assert words[0] == "HARMS"
    assert words[1:3] == ["IDENTICAL", "IDENTICAL"]
    assert result.verdicts[3].effect == result.verdicts[4].effect
    similarities = [
        (r.setup["similarity"], r.setup["normalised"], r.policies["similarity"].split()[0]) for r in result.rankings
    ]
    assert similarities[:4] == [("cosine", True, "cosine"), ("dot", False, "inner"), ("cosine", False, "cosine"), ("cosine", True, "cosine")]  # fmt: skip
    assert similarities[5][:2] == ("cosine of float queries and int8 documents", False)


def test_replay_names_the_rankings_made_before_similarity_was_applied(given: Path) -> None:
    now = list(compared(given, "unit", "scaled@similarity=cosine", "scaled@similarity=euclidean").records)
    then = [
        replace(r, policies={k: v for k, v in r.policies.items() if k != "similarity"}) if isinstance(r, Ranking) else r
        for r in now
    ]
    lines = [line for line in compare_records(then, now).environment if "inner product" in line]
    assert len(lines) == 1
    assert "scaled similarity=cosine (set up as cosine)" in lines[0]
    assert "scaled similarity=euclidean (set up as euclidean)" in lines[0]
    assert "unit" not in lines[0].split(":")[0]
    assert not [line for line in compare_records(now, now).environment if "inner product" in line]


def test_a_baseline_saved_before_similarity_was_applied_is_noted(given: Path, tmp_path: Path) -> None:
    place = tmp_path / "base.baseline.json.gz"
    save_baseline(compared(given, "scaled@similarity=cosine", "unit"), place)
    assert not [w for w in _warnings(place) if "inner product" in w]
    content = json.loads(gzip.decompress(place.read_bytes()))
    del content["policies"]
    place.write_bytes(gzip.compress(canonical_json(content).encode()))
    assert [w for w in _warnings(place) if "inner product" in w]


def _warnings(place: Path) -> tuple[str, ...]:
    part, spelling = registry.system(Spelling.parse(str(place)))
    return tuple(part.open(spelling).setup.warnings)


def test_an_evaluator_uses_the_similarity_of_the_model(given: Path) -> None:
    pytest.importorskip("sentence_transformers")
    from evidense.study.evaluator import _encoder

    class Model:
        similarity_fn_name = "euclidean"

        def encode_query(self, texts: list[str], **_: object) -> np.ndarray:
            return np.ones((len(texts), 3), np.float32)

        encode_document = encode_query

    assert _encoder(Model(), "model").setup.similarity == "euclidean"
