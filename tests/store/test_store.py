"""Store: what is in it is whole, whoever writes, whoever dies, however full the disk."""

import errno
import fcntl
import hashlib
import multiprocessing
import os
import resource
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from evidense.boundary.disk import HALF, disk_errors, write_atomically
from evidense.errors import StoreError
from evidense.records import Record, Score, Study
from evidense.store import Store, default_root

SPAWN = multiprocessing.get_context("fork")


def study(name: str = "x") -> Study:
    return Study(name=name, question="?", systems=("a", "b"), collections=("c",))


def score(store: Store) -> Score:
    ids, values = store.put_json(["q1"]), store.put_array(np.array([0.5]))
    return Score(system="a", collection="c", measure="AP", query_ids=ids, values=values, mean=0.5)


def files(root: Path) -> list[Path]:
    return sorted(p for p in root.rglob("*") if p.is_file())


def snapshot(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in files(root)}


def test_records_and_blobs_are_read_back_unchanged(own_store: Path) -> None:
    store = Store()
    assert store.root == own_store
    record = study()
    assert store.get(store.put(record)) == record
    assert store.blob(store.put_blob(b"abc")) == b"abc"
    assert store.json(store.put_json({"b": [1, None], "a": "é"})) == {"a": "é", "b": [1, None]}
    array = np.arange(12, dtype=np.float32).reshape(3, 4)
    back = store.array(store.put_array(array[:, ::2]))
    assert back.dtype == np.float32
    assert np.array_equal(back, array[:, ::2])
    assert not back.flags.writeable


def test_a_blob_is_named_by_its_sha256_and_equal_blobs_share_a_file(own_store: Path) -> None:
    store = Store()
    name = store.put_blob(b"abc")
    assert name == hashlib.sha256(b"abc").hexdigest()
    before = os.stat(files(own_store)[0]).st_mtime_ns
    assert store.put_blob(b"abc") == name
    assert [os.stat(p).st_mtime_ns for p in files(own_store)] == [before]
    store.put(study())
    store.put(study())
    assert len(files(own_store)) == 2


def test_a_finished_file_is_adopted_under_its_hash(own_store: Path, tmp_path: Path) -> None:
    finished = tmp_path / "made.npy"
    np.save(finished, np.ones(5))
    content = finished.read_bytes()
    store = Store()
    name = store.adopt_file(finished)
    assert not finished.exists()
    assert name == hashlib.sha256(content).hexdigest()
    assert np.array_equal(store.array(name), np.ones(5))


@pytest.mark.parametrize(
    "damage", [lambda b: b[:-1], lambda b: b"", lambda b: b[:-1] + bytes([b[-1] ^ 1]), lambda b: b + b"\n"]
)
def test_a_damaged_blob_is_refused_and_named(damage: Callable[[bytes], bytes], own_store: Path) -> None:
    name = Store().put_array(np.arange(6.0))
    (path,) = files(own_store)
    path.write_bytes(damage(path.read_bytes()))
    for read in (Store().blob, Store().array, Store().json):
        with pytest.raises(StoreError, match=f"blob {name[:12]}.*altered or cut"):
            read(name)


@pytest.mark.parametrize(
    "damage", [lambda b: b[:-9], lambda b: b"", lambda b: b.replace(b'"x"', b'"y"'), lambda b: b"\xff" + b]
)
def test_a_damaged_record_is_refused_and_named(damage: Callable[[bytes], bytes], own_store: Path) -> None:
    name = Store().put(study())
    (path,) = files(own_store)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(StoreError, match=f"record {name[:12]}.*is damaged"):
        Store().get(name)


def test_a_record_under_the_name_of_another_is_refused(own_store: Path) -> None:
    store = Store()
    first, second = store.put(study("one")), store.put(study("two"))
    (own_store / "records" / first[:2] / f"{first}.json").write_bytes(
        (own_store / "records" / second[:2] / f"{second}.json").read_bytes()
    )
    with pytest.raises(StoreError, match="under the name"):
        store.get(first)


def test_records_of_a_kind_are_found_whoever_wrote_them_and_others_are_read_for_their_kind_once(
    own_store: Path,
) -> None:
    store = Store()
    a_score, one = store.put(score(store)), store.put(study("one"))
    assert [record.id for record in store.of_kinds("study")] == [one]
    (own_store / "records" / a_score[:2] / f"{a_score}.json").write_bytes(b"not read again")
    two = Store().put(study("two"))
    assert {record.id for record in store.of_kinds("study", "score")} == {one, two}
    note = own_store / "kinds" / "re" / "records.json"
    note.write_bytes(note.read_bytes().replace(b"study", b"score"))
    assert {record.id for record in Store().of_kinds("study")} == {one, two}
    path = own_store / "records" / one[:2] / f"{one}.json"
    whole = path.read_bytes()
    note.unlink()
    path.write_bytes(whole.replace(b'"kind":"study"', b'"kind":"score"'))
    assert [record.id for record in store.of_kinds("study", "score")] == [two]
    path.write_bytes(whole)
    assert {record.id for record in store.of_kinds("study")} == {one, two}
    path.unlink()
    assert [record.id for record in store.of_kinds("study")] == [two]


def test_a_missing_record_or_blob_is_named_with_its_store(own_store: Path) -> None:
    for read in (Store().get, Store().blob, Store().array, Store().json):
        with pytest.raises(StoreError, match=f"{'0' * 12} is not in the store '{own_store}'"):
            read("0" * 64)


def test_a_step_is_recalled_only_if_all_its_records_and_blobs_are_there(own_store: Path) -> None:
    store = Store()
    assert store.recall("k" * 64) is None
    record: Record = score(store)
    store.remember("k" * 64, [store.put(record)])
    assert Store().recall("k" * 64) == [record.id]
    blob = own_store / "blobs" / record.values[:2] / record.values  # type: ignore[attr-defined]
    content = blob.read_bytes()
    blob.unlink()
    assert Store().recall("k" * 64) is None, "a step whose blob is gone is done again"
    blob.write_bytes(content)
    (own_store / "records" / record.id[:2] / f"{record.id}.json").unlink()
    assert Store().recall("k" * 64) is None
    (own_store / "steps" / "kk" / f"{'k' * 64}.json").write_bytes(b'["cut')
    assert Store().recall("k" * 64) is None


def _write_many(root: Path, own: int) -> None:
    store = Store(root)
    for i in range(40):
        store.put(study(f"shared {i}"))
        store.put(study(f"own {own} {i}"))
        store.put_blob(bytes([i]) * 5000)
        store.remember("s" * 64, [study("shared 0").id])


def test_concurrent_writers_leave_the_store_undamaged(own_store: Path) -> None:
    writers = [SPAWN.Process(target=_write_many, args=(own_store, number)) for number in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert [writer.exitcode for writer in writers] == [0, 0, 0]
    store = Store(own_store)
    assert len(files(own_store / "records")) == 40 + 3 * 40
    for path in files(own_store / "records"):
        assert store.get(path.stem).id == path.stem
    for path in files(own_store / "blobs"):
        store.blob(path.name)
    assert store.recall("s" * 64) == [study("shared 0").id]


WRITE_FOR_EVER = """
import sys
from pathlib import Path
from evidense.store import Store
store = Store(Path(sys.argv[1]))
print("begun", flush=True)
for i in range(10**6):
    store.put_blob(i.to_bytes(4, "big") * 500_000)
"""


def test_a_killed_writer_leaves_nothing_half_written(own_store: Path) -> None:
    for delay_s in (0.02, 0.05, 0.11):
        writer = subprocess.Popen([sys.executable, "-c", WRITE_FOR_EVER, str(own_store)], stdout=subprocess.PIPE)
        assert writer.stdout is not None
        assert writer.stdout.readline() == b"begun\n"
        time.sleep(delay_s)
        writer.send_signal(signal.SIGKILL)
        writer.wait()
    whole = [p for p in files(own_store) if not p.name.startswith(".")]
    assert whole
    for path in whole:
        assert Store(own_store).blob(path.name), "a file under a final name is complete"


def test_remains_of_killed_writers_are_swept_and_running_writers_are_not_disturbed(tmp_path: Path) -> None:
    dead, living, other = tmp_path / f"{HALF}dead", tmp_path / f"{HALF}living", tmp_path / ".unrelated"
    for path in (dead, living, other):
        path.write_bytes(b"half")
    with living.open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        write_atomically(tmp_path / "abcdef", b"all")
    assert sorted(p.name for p in tmp_path.iterdir()) == [living.name, ".unrelated", "abcdef"]


def _write_with_a_limit(root: Path, limit: int, said: "multiprocessing.Queue[str]") -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
    try:
        Store(root).put_blob(os.urandom(4 * limit))
        said.put("written")
    except StoreError as error:
        said.put(str(error))


def test_a_full_disk_is_reported_and_leaves_no_file(own_store: Path) -> None:
    messages: multiprocessing.Queue[str] = SPAWN.Queue()
    writer = SPAWN.Process(target=_write_with_a_limit, args=(own_store, 10_000, messages))
    writer.start()
    text = messages.get(timeout=30)
    writer.join(30)
    assert text.startswith("the disk is full while writing")
    assert "it continues where it stopped" in text
    assert files(own_store) == []


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Path:
    """Mount a disk of 256 kB; skip where that is not allowed."""
    folder = tmp_path / "disk"
    folder.mkdir()
    done = (
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(folder)], capture_output=True)
        if os.geteuid() == 0
        else None
    )
    if done is None or done.returncode != 0:
        pytest.skip("needs the right to mount a small tmpfs")
    yield folder  # type: ignore[misc]
    subprocess.run(["umount", str(folder)], check=True)


def test_a_run_after_a_full_disk_ends_in_the_same_bytes(tiny_disk: Path, own_store: Path) -> None:
    blobs = [bytes([i]) * 60_000 for i in range(8)]
    store = Store(tiny_disk)
    with pytest.raises(StoreError, match="the disk is full"):
        for blob in blobs:
            store.put_blob(blob)
    files_before = snapshot(tiny_disk)
    assert 0 < len(files_before) < 8
    for data in blobs:
        Store(own_store).put_blob(data)
    assert files_before.items() <= snapshot(own_store).items(), "what was kept is whole"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_store_is_reported(own_store: Path) -> None:
    own_store.mkdir()
    own_store.chmod(stat.S_IRUSR | stat.S_IXUSR)
    with pytest.raises(StoreError, match="set EVIDENSE_STORE"):
        Store().put(study())


def test_a_file_in_place_of_the_store_is_reported(own_store: Path) -> None:
    own_store.write_text("not a folder")
    with pytest.raises(StoreError, match="cannot be written"):
        Store().put(study())
    with pytest.raises(StoreError, match="cannot be written"), Store().partial("k"):
        pass
    with pytest.raises(StoreError, match="cannot be read"):
        Store().blob("0" * 64)


def test_other_system_errors_are_raised() -> None:
    with pytest.raises(InterruptedError), disk_errors(Path("x")):
        raise InterruptedError(4, "Interrupted system call")


def _count_alone(root: Path) -> None:
    for _ in range(30):
        with Store(root).partial("step") as folder:
            counter = folder / "counter"
            count = int(counter.read_text()) if counter.exists() else 0
            time.sleep(0.0005)
            counter.write_text(str(count + 1))


def test_only_one_process_at_a_time_holds_a_step(own_store: Path) -> None:
    workers = [SPAWN.Process(target=_count_alone, args=(own_store,)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(60)
    assert (own_store / "partial" / "step" / "counter").read_text() == "90"


def _remove_the_folder(root: Path, said: "multiprocessing.Queue[int]") -> None:
    import shutil

    for _ in range(40):
        with Store(root).partial("step") as folder:
            alone = folder / "held"
            said.put(int(alone.exists()))
            alone.write_text("")
            time.sleep(0.0005)
            shutil.rmtree(folder)


def test_a_step_may_remove_its_own_folder_while_others_wait(own_store: Path) -> None:
    counts: multiprocessing.Queue[int] = SPAWN.Queue()
    workers = [SPAWN.Process(target=_remove_the_folder, args=(own_store, counts)) for _ in range(3)]
    for worker in workers:
        worker.start()
    together = [counts.get(timeout=30) for _ in range(3 * 40)]
    for worker in workers:
        worker.join(30)
    assert sum(together) == 0, "two processes were in one folder"
    assert list((own_store / "partial").iterdir()) == []


def test_a_step_that_fails_leaves_its_folder_for_the_next_run(own_store: Path) -> None:
    with pytest.raises(ZeroDivisionError), Store().partial("step") as folder:
        (folder / "half").write_text("done so far")
        raise ZeroDivisionError
    with Store().partial("step") as folder:
        assert (folder / "half").read_text() == "done so far"


def test_the_store_is_where_the_environment_says(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("EVIDENSE_STORE", "~/mine")
    assert default_root() == tmp_path / "mine"
    monkeypatch.delenv("EVIDENSE_STORE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert default_root() == tmp_path / "cache" / "evidense"
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert default_root() == tmp_path / ".cache" / "evidense"


def _checkpoint(folder: Path, weights: bytes, card: bytes) -> Path:
    (folder / "text").mkdir(parents=True)
    (folder / "text" / "model.safetensors").write_bytes(weights)
    (folder / "card.md").write_bytes(card)
    return folder


def test_equal_weights_of_two_checkpoints_are_one_file_on_the_disk(own_store: Path, tmp_path: Path) -> None:
    store, weights = Store(), os.urandom(1 << 20)
    first, second, other = (
        store.adopt_folder(name * 64, _checkpoint(own_store / name, content, b"card"))
        for name, content in (("a", weights), ("b", weights), ("c", weights[::-1]))
    )
    inodes = [(folder / "text" / "model.safetensors").stat().st_ino for folder in (first, second, other)]
    assert inodes[0] == inodes[1] != inodes[2]
    assert (first / "card.md").stat().st_ino != (second / "card.md").stat().st_ino, "small files stay their own"
    assert store.blob(hashlib.sha256(weights).hexdigest()) == weights
    assert all(Store().has_folder(name * 64) for name in "abc")
    assert not list(own_store.rglob(f"{HALF}*"))


def test_a_damaged_shared_file_is_seen_in_every_checkpoint_and_replaced(own_store: Path) -> None:
    weights = os.urandom(1 << 20)
    for name in "ab":
        Store().adopt_folder(name * 64, _checkpoint(own_store / name, weights, b"card"))
    damaged = own_store / "folders" / ("a" * 64) / "text" / "model.safetensors"
    damaged.write_bytes(b"cut")
    for name in "ab":
        assert Store().damaged_in_folder(name * 64) == ["text/model.safetensors"]
        Store().adopt_folder(name * 64, _checkpoint(own_store / name, weights, b"card"))
        assert (own_store / "folders" / (name * 64) / "text" / "model.safetensors").read_bytes() == weights
        assert Store().has_folder(name * 64)


def test_a_disk_without_hard_links_keeps_a_copy_for_each_checkpoint(
    own_store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    weights = os.urandom(1 << 20)
    for name in "ab":
        folder = Store().adopt_folder(name * 64, _checkpoint(own_store / name, weights, b"card"))
        assert (folder / "text" / "model.safetensors").read_bytes() == weights
        assert Store().has_folder(name * 64)
