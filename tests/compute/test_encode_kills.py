"""A killed process and a full disk in the middle of encoding: the next run continues and ends in the same bytes."""

import json
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from encoders.text_models import save
from warm.client import Warm

Run = Callable[..., tuple[int, dict[str, object]]]

ROOT = Path(__file__).parents[2]
CHILD = """
import json, os, resource, signal, sys
sys.path.insert(0, "tests")
from encoders.opening import open_encoder
from evidense.compute.search import encode as module
from evidense.errors import StoreError
from evidense.store import Store
from evidense.values import Item
from pathlib import Path

job = json.loads(sys.argv[1])
module._CHUNK, module._SAVE_EVERY_S = 40, 0.0
tower = open_encoder(job["encoder"]).tower("document")
object.__setattr__(tower, "token_budget", 60)
items = [Item(str(n), " ".join(f"w{(n * k) % 57}" for k in range(1, 2 + n % 23))) for n in range(100)]
calls = []

def watch(done, total, left_s):
    calls.append(done)
    if len(calls) == job.get("kill_at"):
        os.kill(os.getpid(), signal.SIGKILL)
    if len(calls) == job.get("fill_at"):
        resource.setrlimit(resource.RLIMIT_FSIZE, (30, resource.RLIM_INFINITY))

if job.get("full_from_the_start"):
    resource.setrlimit(resource.RLIMIT_FSIZE, (4000, resource.RLIM_INFINITY))
try:
    found = module.encode(tower, items, Store(Path(job["store"])), progress=watch, layers=job.get("layers", False))
    print(json.dumps({"blob": found.blob, "first": calls[0] if calls else None, "n_calls": len(calls)}))
except StoreError as error:
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    print(json.dumps({"error": str(error)}))
"""


@pytest.fixture(scope="module")
def run(warm: Warm) -> Run:
    """Encode in a process of its own."""

    def encoded(**job: object) -> tuple[int, dict[str, object]]:
        done = warm.run([json.dumps(job)], ROOT, code=CHILD)
        assert done.returncode in {0, -signal.SIGKILL}, done.stderr
        return done.returncode, json.loads(done.stdout.splitlines()[-1]) if done.stdout.strip() else {}

    return encoded


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, run: Run) -> dict[str, object]:
    return run(encoder="wordllama", store=str(tmp_path_factory.mktemp("undisturbed")))[1]


@pytest.mark.parametrize("kills", [(2,), (1, 5, 3), ("last",)])
def test_encoding_killed_at_any_batches_continues_to_the_same_bytes(
    tmp_path: Path, undisturbed: dict[str, object], run: Run, kills: tuple[int | str, ...]
) -> None:
    for kill_at in kills:
        at = undisturbed["n_calls"] if kill_at == "last" else kill_at
        assert run(encoder="wordllama", store=str(tmp_path), kill_at=at)[0] == -signal.SIGKILL
    code, result = run(encoder="wordllama", store=str(tmp_path))
    assert (code, result["blob"]) == (0, undisturbed["blob"])
    assert (result["first"] == 0) == (kills == (2,))  # the first call comes before the first batch, a note after each
    assert not list((tmp_path / "partial").glob("*/vectors.npy"))


def test_killed_encoding_of_all_layers_continues_to_the_same_bytes(tmp_path: Path, run: Run) -> None:
    save(tmp_path / "model", "BertModel", "bert")
    job = {"encoder": f"{tmp_path / 'model'}@pooling=mean", "layers": True}
    assert run(**job, store=str(tmp_path / "killed"), kill_at=6)[0] == -signal.SIGKILL
    resumed, whole = run(**job, store=str(tmp_path / "killed"))[1], run(**job, store=str(tmp_path / "whole"))[1]
    assert resumed["blob"] == whole["blob"]
    assert resumed["first"]


@pytest.mark.parametrize("how", [{"full_from_the_start": True}, {"fill_at": 5}])
def test_a_full_disk_is_reported_and_the_next_run_ends_in_the_same_bytes(
    tmp_path: Path, undisturbed: dict[str, object], run: Run, how: dict[str, object]
) -> None:
    code, result = run(encoder="wordllama", store=str(tmp_path), **how)
    assert code == 0
    assert "disk is full" in str(result["error"])
    assert not list(tmp_path.glob("blobs/*/*"))
    assert run(encoder="wordllama", store=str(tmp_path))[1]["blob"] == undisturbed["blob"]


def test_two_processes_encode_into_one_store(tmp_path: Path, undisturbed: dict[str, object], warm: Warm) -> None:
    job = json.dumps({"encoder": "wordllama", "store": str(tmp_path)})
    both = [warm.start([job], ROOT, code=CHILD) for _ in range(2)]
    results = [json.loads(child.communicate()[0].splitlines()[-1]) for child in both]
    assert {result["blob"] for result in results} == {undisturbed["blob"]}
