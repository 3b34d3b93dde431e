"""A command that is killed at a random instant and typed again leaves the same bytes as one that was left alone, and nothing else.

The default suite kills each command a few times; `make calibrate` kills a hundred times in all.
"""

import hashlib
import random
import shutil
import subprocess
import time
from pathlib import Path
from typing import NamedTuple

import pytest

pytest.importorskip("torch")

from encoders import text_models
from study.killing import computed_twice
from warm.client import Child, Warm

STUDY = """
name = "toy"
question = "Does a killed study end as it should?"
seed = 0
systems = ["bm25", "char_ngrams", "model"]
collections = ["pairs.csv"]
"""
ARCHITECTURE = 'text = { kind = "bert", n_layers = 1, width = 32, n_heads = 2, max_length = 32, vocabulary = 500, pooling = "mean" }\nn_dims = 32\n'


class Command(NamedTuple):
    """A command line, and the folders that it writes."""

    argv: tuple[str, ...]
    n_kills: int
    """In `make calibrate`."""
    out: str = "page"
    warm: bool = False
    """Whether everything is in the store beforehand, so that the kills fall on the writing of the page."""


COMMANDS = {
    "bm25": Command(("compare", "bm25", "char_ngrams", "--on", "pairs.csv", "--out", "page"), 25),
    "model": Command(("compare", "bm25", "model", "--on", "pairs.csv", "--out", "page"), 25),
    "train": Command(("train", "--architecture", "small.toml", "--data", "pairs.csv", "--objective", "infonce", "--steps", "6",
                      "--batch-size", "8", "--out", "trained"), 15, "trained"),
    "run": Command(("run", "study.toml", "--toy", "--out", "page"), 15),
    "page": Command(("compare", "bm25", "char_ngrams", "--on", "pairs.csv", "--out", "page"), 20, warm=True),
}  # fmt: skip


@pytest.fixture(scope="module")
def inputs(tmp_path_factory: pytest.TempPathFactory, first_lines) -> Path:
    folder = tmp_path_factory.mktemp("inputs")
    shutil.copy(first_lines(61), folder / "pairs.csv")
    (folder / "study.toml").write_text(STUDY)
    (folder / "small.toml").write_text(ARCHITECTURE)
    text_models.save(folder / "model", "BertModel", "bert")
    return folder


def started(command: Command, room: Path, warm: Warm) -> Child:
    settings = {"EVIDENSE_STORE": str(room / "store"), "TMPDIR": str(room / "temp")}
    return warm.start(command.argv, room / "work", **settings)


def finished(command: Command, room: Path, warm: Warm) -> float:
    began = time.monotonic()
    process = started(command, room, warm)
    out, err = process.communicate()
    assert process.returncode == 0, out + err
    return time.monotonic() - began


def room_of(place: Path, inputs: Path) -> Path:
    shutil.copytree(inputs, place / "work")
    (place / "temp").mkdir()
    return place


def hashes(folder: Path) -> dict[str, str]:
    """Return path → hash of every file, hidden ones among them."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def left_over(room: Path) -> list[str]:
    """Return what no finished command leaves: temporary files and steps in progress."""
    names = [str(path.relative_to(room)) for path in room.rglob("*") if path.is_file()]
    return [name for name in names if "partial/" in name or "/." in name or name.startswith("temp/") or ".tmp" in name]


def killed(command: Command, room: Path, after_s: float, warm: Warm) -> None:
    process = started(command, room, warm)
    try:
        process.wait(after_s)
    except subprocess.TimeoutExpired:
        process.kill()
    process.wait()


def check(name: str, inputs: Path, place: Path, kills: range, warm: Warm) -> None:
    command = COMMANDS[name]
    whole = room_of(place / "whole", inputs)
    took_s = finished(command, whole, warm)
    expected = hashes(whole / "work")
    for seed in kills:
        room = room_of(place / str(seed), inputs)
        if command.warm:
            finished(command, room, warm)
            shutil.rmtree(room / "work" / command.out)
        share = random.Random(f"{name}:{seed}").uniform(0.6 if command.warm else 0.2, 1.0)
        killed(command, room, share * took_s, warm)
        half = hashes(room / "work" / command.out) if (room / "work" / command.out).exists() else {}
        assert not half or set(half) == {n.partition("/")[2] for n in expected if n.startswith(command.out + "/")}, (
            f"seed {seed}: half a result"
        )
        finished(command, room, warm)
        assert hashes(room / "work") == expected, f"seed {seed}"
        assert not left_over(room), f"seed {seed}"
        assert computed_twice(room / "store") == [], f"seed {seed}: something that was finished was computed again"
        shutil.rmtree(room)


@pytest.mark.parametrize("name", COMMANDS)
def test_a_killed_command_ends_in_the_same_bytes(name: str, inputs: Path, tmp_path: Path, warm: Warm) -> None:
    check(name, inputs, tmp_path, range(1), warm)


@pytest.mark.calibrate
@pytest.mark.parametrize("name", COMMANDS)
def test_a_hundred_killed_commands_end_in_the_same_bytes(name: str, inputs: Path, tmp_path: Path, warm: Warm) -> None:
    check(name, inputs, tmp_path, range(1, 1 + COMMANDS[name].n_kills), warm)
