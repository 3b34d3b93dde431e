"""States of locked towers: those of a full forward pass, computed once, whoever is killed or works beside; heads train on them as in the loop."""

import json
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from encoders.opening import open_encoder
from evidense.compute.images import frozen
from evidense.compute.search.encode import encode
from evidense.records import Recipe
from evidense.store import Store
from evidense.training.loop.trainer import Callbacks, Job, run
from evidense.training.loop.tuned import tuned
from evidense.values import Item, Pairs
from training.text_world import InfoNce, save_bert, words
from training.towers import built, grey
from warm.client import Warm

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two towers with ready backbones: a transformer and a vision model that lay in folders."""
    room = tmp_path_factory.mktemp("ready")
    built(room / "scratch")
    image = {"kind": str(room / "scratch" / "image")}
    return built(room / "towers", image, {"kind": str(save_bert(room / "bert"))})


def items_of(n: int = 24) -> list[Item]:
    rng = np.random.default_rng(1)
    texts = [Item(f"t{row}", words(rng, 1 + row % 9)) for row in range(n)]
    return [*texts, *(Item(f"p{row}", picture=grey(row)) for row in range(n))]


def pairs_of(n: int = 24) -> Pairs:
    items = items_of(n)
    return Pairs("captions:exact@train", "exact", items[:n], items[n:], [str(row) for row in range(n)])


def job_of(folder: Path, room: Path, **changes: Any) -> Job:
    settings = {"n_steps": 12, "batch_size": 8, "learning_rate": 3e-2, "seed": 5, "tuned": "heads", **changes}
    return Job(
        open_encoder(str(folder)),
        InfoNce(),
        pairs_of(),
        Recipe(**settings),
        room / "state",
        store=Store(room / "store"),
    )


def never(*_: Any) -> Any:
    raise AssertionError("computed again")


def test_stored_states_equal_a_full_forward_pass_and_are_computed_once(
    ready: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, items = Store(tmp_path), items_of()
    tower = open_encoder(str(ready)).tower("query")
    assert all(half is not None and half.is_locked for half in tower.locked)
    vectors = encode(tower, items, store).all()
    n = len(items) // 2
    in_full = [tower.text.vectors(tower.text.prepare(items[:n])), tower.image.vectors(tower.image.prepare(items[n:]))]
    np.testing.assert_allclose(vectors, np.concatenate(in_full), atol=1e-5)
    monkeypatch.setattr(frozen, "computed", never)
    other_heads = open_encoder(str(ready)).tower("query")
    other_heads.keep_states(list(reversed(items)), Store(tmp_path))
    again = other_heads.vectors(other_heads.prepare(items))
    assert again.tobytes() == vectors.tobytes()


def test_states_of_an_item_have_the_same_bits_whatever_it_is_computed_with(ready: Path) -> None:
    items = items_of(11)
    half = open_encoder(str(ready)).tower("query").locked[1]
    together = half.states(half.tower.prepare(items[11:]))
    for row in (0, 7, 10):
        alone = open_encoder(str(ready)).tower("query").locked[1]
        assert (alone.states(alone.tower.prepare([items[11 + row]]))[0] == together[row]).all()


def test_heads_trained_on_stored_states_rank_as_those_trained_with_the_towers_in_the_loop(
    ready: Path, tmp_path: Path
) -> None:
    stored = job_of(ready, tmp_path, n_steps=40)
    looped = replace(job_of(ready, tmp_path / "looped", n_steps=40), store=None)
    object.__setattr__(looped.encoder.tower("query"), "locked", (None, None))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(frozen, "is_frozen", lambda _: False)
        patch.setattr("evidense.compute.images.one_modality.is_frozen", lambda _: False)
        run(looped, Callbacks())
    filled: list[tuple[int, int]] = []
    run(stored, Callbacks(states=lambda done, total, _: filled.append((done, total))))
    assert (24, 24) in filled
    items, measures = items_of(), []
    for encoder in (stored.encoder, looped.encoder):
        tower = encoder.tower("query")
        vectors = tower.vectors(tower.prepare(items))
        scores = vectors[:24] @ vectors[24:].T
        ranks = (scores > np.diag(scores)[:, None]).sum(axis=1)
        measures.append(np.mean(np.where(ranks < 10, 1 / np.log2(ranks + 2), 0)))
    assert measures[0] > 0.6  # it has learnt
    assert abs(measures[0] - measures[1]) < 1e-4


@pytest.mark.parametrize("value", ["all", "image:last:1+heads", "text:lora:2+heads"])
def test_trained_tower_is_locked_no_longer_and_the_other_still_is(ready: Path, tmp_path: Path, value: str) -> None:
    wanted = job_of(ready, tmp_path, tuned=value, n_steps=2)
    run(wanted, Callbacks())
    wanted.encoder.save(tmp_path / "saved")
    encoder = open_encoder(str(tmp_path / "saved"))
    tower, in_memory = encoder.tower("query"), wanted.encoder.tower("query")
    trains = {"all": (True, True), "i": (False, True), "t": (True, False)}[value[:1] if value != "all" else value]
    assert [half is None for half in tower.locked] == list(trains)
    assert [not half.is_locked for half in in_memory.locked] == list(trains)
    items = items_of(6)
    in_store = encode(tower, items, Store(tmp_path / "store")).all()
    np.testing.assert_allclose(in_memory.vectors(in_memory.prepare(items)), in_store, atol=1e-5)


def test_adapters_are_seen_before_they_are_merged(ready: Path, tmp_path: Path) -> None:
    encoder = open_encoder(str(ready))
    tower = encoder.tower("query")
    tower.keep_states(items_of(), Store(tmp_path))
    with tuned(encoder, Recipe(tuned="text:lora:2")):
        assert tower.represent(tower.prepare(items_of()[:3])).requires_grad
        assert [half.is_locked for half in tower.locked] == [False, True]


def test_damaged_states_are_computed_again(ready: Path, tmp_path: Path) -> None:
    items, bits = items_of(4), []
    for _ in range(2):
        tower = open_encoder(str(ready)).tower("query")
        tower.keep_states(items, Store(tmp_path))
        bits.append(tower.vectors(tower.prepare(items)).tobytes())
        for blob in (tmp_path / "blobs").glob("*/*"):
            blob.write_bytes(b"not " + blob.read_bytes())
    assert bits[0] == bits[1]


CHILD = """
import json, os, signal, sys
sys.path.insert(0, "tests")
from pathlib import Path
from encoders.opening import open_encoder
from evidense.compute.search import encode as module
from evidense.store import Store
from training.test_locked import items_of

job = json.loads(sys.argv[1])
module._CHUNK, module._SAVE_EVERY_S = 10, 0.0
tower = open_encoder(job["encoder"]).tower("document")
calls = []

def watch(done, total, left_s):
    calls.append(done)
    if len(calls) == job.get("kill_at"):
        os.kill(os.getpid(), signal.SIGKILL)

tower.keep_states(items_of(), Store(Path(job["store"])), watch)
store = Store(Path(job["store"]))
notes = [note for half in tower.locked for note in store.notes("states", half.key[:40])]
print(json.dumps({"blobs": sorted(note["states"] for note in notes), "calls": calls}))
"""


@pytest.fixture(scope="module")
def fill(ready: Path, warm: Warm) -> Callable[..., dict[str, Any]]:
    """Fill a store in a process of its own."""

    def filled(**job: object) -> dict[str, Any]:
        done = warm.run([json.dumps({"encoder": str(ready), **job})], ROOT, code=CHILD)
        assert done.returncode == (-signal.SIGKILL if "kill_at" in job else 0), done.stderr
        return json.loads(done.stdout.splitlines()[-1]) if done.stdout.strip() else {}

    return filled


def test_killed_fill_continues_to_the_same_bytes(tmp_path: Path, fill: Callable[..., dict[str, Any]]) -> None:
    undisturbed = fill(store=str(tmp_path / "undisturbed"))
    n_calls = len(undisturbed["calls"])
    fill(store=str(tmp_path / "killed"), kill_at=n_calls - 1)  # among the pictures
    continued = fill(store=str(tmp_path / "killed"))
    assert continued["blobs"] == undisturbed["blobs"]
    assert continued["calls"][0] > 0  # neither the texts nor all the pictures are computed again


def test_two_processes_that_fill_different_parts_at_once_end_with_the_same_states(ready: Path, tmp_path: Path) -> None:
    items = items_of()
    first, second = (open_encoder(str(ready)).tower("query") for _ in range(2))
    store = Store(tmp_path)

    def meanwhile(done: int, *_: object) -> None:
        if done == 0:
            second.keep_states(items[10:40], Store(tmp_path))

    first.keep_states(items[:30], store, meanwhile)
    third = open_encoder(str(ready)).tower("query")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(frozen, "computed", never)
        third.keep_states(items[:40], Store(tmp_path))
        bits = third.vectors(third.prepare(items[:40]))
    for tower, rows in ((first, slice(0, 30)), (second, slice(10, 40))):
        assert tower.vectors(tower.prepare(items[rows])).tobytes() == bits[rows].tobytes()
