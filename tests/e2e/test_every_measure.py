"""Every measure that ir-measures knows goes through score and compare: a number, or a refusal in our words."""

import ir_measures
import pytest
from ir_measures.measures import BaseMeasure

import evidense as ev
from evidense.errors import EvidenseError

NAMES = sorted({measure.NAME for measure in vars(ir_measures).values() if isinstance(measure, BaseMeasure)})


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("measures")
    for name, step in (("a", 3), ("b", 5)):
        lines = [
            f"q{q} Q0 d{(q + step * rank) % 30} {rank} {20 - rank} s\n" for q in range(25) for rank in range(1, 13)
        ]
        (folder / f"{name}.trec").write_text("".join(lines))
    (folder / "qrels.txt").write_text(
        "".join(f"q{q} 0 d{(q + 9) % 30} {1 + q % 2}\nq{q} 0 d{q} 0\n" for q in range(25))
    )
    return folder


@pytest.mark.parametrize("spelling", [f"{name}{cutoff}" for name in NAMES for cutoff in ("", "@10")])
def test_every_measure_gives_numbers_or_is_refused(files, spelling):
    run, other, qrels = (str(files / name) for name in ("a.trec", "b.trec", "qrels.txt"))
    try:
        (row,) = ev.score(run, qrels, [spelling])
    except EvidenseError as refused:
        with pytest.raises(type(refused)):
            ev.compare(run, other, qrels=qrels, measures=[spelling])
        return
    assert row.low <= row.mean <= row.high
    assert ev.compare(run, other, qrels=qrels, measures=[spelling]).verdicts
