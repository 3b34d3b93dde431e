"""A damaged store is repaired, or refused with advice that works; the page never differs from that of a whole store.

The default suite damages a dozen stores; `make calibrate` a hundred.
"""

import hashlib
import random
import shutil
from pathlib import Path
from subprocess import CompletedProcess

import pytest

pytest.importorskip("torch")

from encoders import text_models
from warm.client import Warm

PAIRS = [(f"what is thing {i} of {i * 7}", f"thing {i} is the answer that stands in text {i * 7}") for i in range(40)]
COMPARE = ("compare", "bm25", "model", "--on", "pairs.csv", "--out", "page")


def typed(room: Path, warm: Warm) -> CompletedProcess[str]:
    return warm.run(COMPARE, room / "work", EVIDENSE_STORE=str(room / "store"))


def hashes(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory, warm: Warm) -> Path:
    room = tmp_path_factory.mktemp("whole")
    (room / "work").mkdir()
    lines = ["query,document", *(f"{query},{document}" for query, document in PAIRS)]
    (room / "work" / "pairs.csv").write_text("\n".join(lines) + "\n")
    text_models.save(room / "work" / "model", "BertModel", "bert")
    done = typed(room, warm)
    assert done.returncode == 0, done.stderr
    return room


def damage(store: Path, rng: random.Random) -> str:
    """Damage one to three files of a store; return what was done."""
    done = []
    for _ in range(rng.randint(1, 3)):
        files = sorted(path for path in store.rglob("*") if path.is_file())
        path, other = rng.choice(files), rng.choice(files)
        data = path.read_bytes()
        position = rng.randrange(len(data) + 1)
        way = rng.choice(("flip", "cut", "delete", "swap", "zero", "append", "empty", "json", "double"))
        changed = {
            "flip": data[:position] + bytes([data[position] ^ (1 << rng.randrange(8))]) + data[position + 1 :] if position < len(data) else data + b"\0",
            "cut": data[:position], "zero": bytes(len(data)), "append": data + b"x", "empty": b"", "json": b'{"a": 1}', "double": data * 2,
        }.get(way)  # fmt: skip
        if way == "delete":
            path.unlink()
        elif way == "swap":
            path.write_bytes(other.read_bytes())
            other.write_bytes(data)
        else:
            assert changed is not None
            path.write_bytes(changed)
        done.append(f"{way} {path.relative_to(store)}")
    return "; ".join(done)


def check(whole: Path, place: Path, seeds: range, warm: Warm) -> dict[str, int]:
    expected, counts = hashes(whole / "work"), {"repaired": 0, "refused": 0}
    for seed in seeds:
        room = place / str(seed)
        shutil.copytree(whole, room)
        what = damage(room / "store", random.Random(seed))
        if seed % 2:
            shutil.rmtree(room / "work" / "page")
        done = typed(room, warm)
        counts["repaired" if done.returncode == 0 else "refused"] += 1
        if done.returncode:  # the advice: delete the store, or name another
            assert done.returncode == 2, what
            assert "Traceback" not in done.stderr, what
            assert "store" in done.stderr, what
            shutil.rmtree(room / "store")
            done = typed(room, warm)
        assert done.returncode == 0, f"seed {seed}: {what}\n{done.stderr}"
        assert hashes(room / "work") == expected, f"seed {seed}: {what}"
        shutil.rmtree(room)
    return counts


def test_a_damaged_store_is_repaired_or_refused(whole: Path, tmp_path: Path, warm: Warm) -> None:
    assert sum(check(whole, tmp_path, range(6), warm).values()) == 6


@pytest.mark.calibrate
def test_a_hundred_damaged_stores_are_repaired_or_refused(whole: Path, tmp_path: Path, warm: Warm) -> None:
    counts = check(whole, tmp_path, range(100), warm)
    print(counts)
    assert sum(counts.values()) == 100
