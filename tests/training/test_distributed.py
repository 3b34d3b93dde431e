"""Two processes with half of each batch train the weights of one process with the whole."""

import json
import socket
from pathlib import Path

import pytest

from evidense.training.loop.trainer import Callbacks, run
from training.text_world import job, save_bert, weights_of
from warm.client import Warm

TESTS = Path(__file__).parents[1]
CHILD = """
import sys, json
sys.path.insert(0, ".")
from pathlib import Path
import torch
from safetensors.torch import save_file
from evidense.training.loop.processes import rank, together
from evidense.training.loop.trainer import Callbacks, run
from training.text_world import job, weights_of

available = torch.cuda.is_available
torch.cuda.is_available = lambda: True  # a GPU on the machine changes nothing: the weights are not there
with together():
    torch.cuda.is_available = available
    for case, settings in json.loads(sys.argv[3]).items():
        folder = Path(sys.argv[2])
        trained = run(job(Path(sys.argv[1]), folder / f"state-{case}", **settings), Callbacks())
        tensors = {**weights_of(trained.encoder), "temperature": torch.tensor(trained.temperature, dtype=torch.float64)}
        words = json.dumps([trained.n_pairs, trained.n_tokens, trained.diagnostics])
        save_file(tensors, folder / f"{case}-{rank()}.safetensors", metadata={"seen": words})
"""
COMMON = {"n_steps": 3, "batch_size": 9, "learn_temperature": True, "weight_decay": 0.1, "learning_rate": 3e-4}
CASES = {"plain": COMMON, "all at once": {**COMMON, "chunk": 2, "queue": 10, "accumulate": 2}}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, warm: Warm) -> Path:
    """Folder with a model, and what two processes made of it in each case."""
    folder = tmp_path_factory.mktemp("two")
    start(save_bert(folder / "bert"), folder, warm)
    return folder


@pytest.mark.parametrize("case", CASES)
def test_two_processes_train_like_one(trained: Path, case: str, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import load_file

    one = run(job(trained / "bert", tmp_path / "state", **CASES[case]), Callbacks())
    expected = {**weights_of(one.encoder), "temperature": torch.tensor(one.temperature, dtype=torch.float64)}
    first, second = (load_file(trained / f"{case}-{rank}.safetensors") for rank in (0, 1))
    assert one.temperature != pytest.approx(0.1, abs=1e-5)
    for name, tensor in expected.items():
        assert torch.equal(first[name], second[name]), name
        assert torch.allclose(first[name], tensor, rtol=0, atol=1e-5), (name, (first[name] - tensor).abs().max())
    n_pairs, n_tokens, diagnostics = json.loads(seen(trained / f"{case}-1.safetensors"))
    assert (n_pairs, n_tokens) == (one.n_pairs, one.n_tokens)
    for ours, theirs in zip(diagnostics, one.diagnostics, strict=True):
        assert ours == pytest.approx(theirs, rel=1e-4)  # the norm of the gradient too, which Adam would not show


def start(bert: Path, folder: Path, warm: Warm) -> None:
    """Run two gloo processes as torchrun would, to their end."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    common = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "WORLD_SIZE": "2"}
    words = [str(bert), str(folder), json.dumps(CASES)]
    children = [warm.start(words, TESTS, code=CHILD, **common, RANK=str(rank)) for rank in (0, 1)]
    for child in children:
        _, errors = child.communicate(timeout=240)
        assert child.returncode == 0, errors


def seen(path: Path) -> str:
    from safetensors import safe_open

    with safe_open(path, "pt") as file:
        return str(file.metadata()["seen"])
