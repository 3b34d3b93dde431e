"""A folder of results is replaced whole, only by the same thing, and never at the cost of a file that Evidense did not write."""

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from evidense.boundary import folder as folders
from evidense.boundary.claim import FolderClaim
from evidense.boundary.folder import prepare, publish
from evidense.boundary.inputs import Inputs
from evidense.boundary.manifest import NAME, Manifest
from evidense.errors import InvalidInput, StoreError
from warm.client import Warm

OF = {"name": "a study"}
OLD = {f"f{i}": b"old" for i in range(4)} | {"runs/old.trec": b"old"}
NEW = {f"f{i}": b"new" for i in range(4)} | {"runs/new.trec": b"new"}


def held(folder: Path) -> dict[str, bytes]:
    """Return every file below a folder but the manifest; a link is its target's name."""
    contents = (p for p in folder.rglob("*") if p.name != NAME and (p.is_file() or p.is_symlink()))
    return {
        p.relative_to(folder).as_posix(): os.readlink(p).encode() if p.is_symlink() else p.read_bytes()
        for p in contents
    }


def hidden(folder: Path) -> list[Path]:
    return list(folder.rglob(".*"))


def put(files: dict[str, bytes], out: Path, of: dict[str, str] = OF, **more: Any) -> None:
    publish(FolderClaim(out, of, **more), files)


@pytest.mark.parametrize("name", ["out", "o" * 200, "a b", "é"])
def test_free_folder_is_filled_and_the_same_study_replaces_it(tmp_path: Path, name: str) -> None:
    put(OLD, tmp_path / name)
    assert held(tmp_path / name) == OLD
    put(NEW, tmp_path / name)
    assert held(tmp_path / name) == NEW
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_the_manifest_names_every_file_with_its_hash_and_is_the_same_for_the_same_files(tmp_path: Path) -> None:
    put(OLD, tmp_path / "a")
    put(NEW, tmp_path / "b")
    put(OLD, tmp_path / "b")
    assert (tmp_path / "a" / NAME).read_bytes() == (tmp_path / "b" / NAME).read_bytes()
    found = Manifest.read(tmp_path / "a")
    assert found is not None
    assert set(found.files) == set(OLD)


def test_folder_of_another_study_is_refused_with_a_free_name(tmp_path: Path) -> None:
    out = tmp_path / "out"
    put(OLD, out)
    with pytest.raises(
        InvalidInput, match=r"holds 'a study'.*expected a free folder, or one that holds 'another'.*--out .*out-2"
    ):
        put(NEW, out, {"name": "another"})
    assert held(out) == OLD


def test_folder_with_files_of_others_gets_only_free_names(tmp_path: Path) -> None:
    mine = {"qrels.txt": b"mine", "runs/mine.trec": b"mine", ".git/config": b"mine", "empty/x/y": b"mine"}
    for name, data in mine.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    inode = (tmp_path / "runs").stat().st_ino
    put(OLD, tmp_path)
    assert held(tmp_path) == {**mine, **OLD}
    put(NEW, tmp_path)
    assert held(tmp_path) == {**mine, **NEW}
    assert (tmp_path / "runs").stat().st_ino == inode


@pytest.mark.parametrize("where", ["f1", "runs/new.trec"])
def test_file_of_others_in_the_way_is_named_and_kept(tmp_path: Path, where: str) -> None:
    (tmp_path / "out" / where).parent.mkdir(parents=True)
    (tmp_path / "out" / where).write_bytes(b"mine")
    for tried in (lambda: put(NEW, tmp_path / "out"), lambda: prepare(FolderClaim(tmp_path / "out", OF), list(NEW))):
        with pytest.raises(InvalidInput, match=f"'{where}' was not written by Evidense"):
            tried()
    assert held(tmp_path / "out") == {where: b"mine"}


def test_changed_file_of_ours_is_named_and_kept(tmp_path: Path) -> None:
    put(OLD, tmp_path / "out")
    (tmp_path / "out" / "f1").write_bytes(b"edited")
    with pytest.raises(InvalidInput, match="'f1' was changed since"):
        put({"f0": b"new"}, tmp_path / "out")
    assert held(tmp_path / "out") == {**OLD, "f1": b"edited"}


def test_a_link_is_never_written_through(tmp_path: Path) -> None:
    out, elsewhere = tmp_path / "out", tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "new.trec").write_bytes(b"mine")
    out.mkdir()
    for link, target in (("runs", elsewhere), ("f1", elsewhere / "new.trec")):
        (out / link).symlink_to(target)
        with pytest.raises(InvalidInput, match="is a link"):
            put(NEW, out)
        (out / link).unlink()
    assert held(elsewhere) == {"new.trec": b"mine"}
    assert held(out) == {}


def test_link_to_the_folder_is_followed(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "out").symlink_to(tmp_path / "real")
    put(OLD, tmp_path / "out")
    put(NEW, tmp_path / "out")
    assert (tmp_path / "out").is_symlink()
    assert held(tmp_path / "real") == NEW


def test_input_is_never_overwritten_even_if_the_manifest_lists_it(tmp_path: Path) -> None:
    out = tmp_path / "out"
    put(OLD, out)
    os.link(out / "f1", tmp_path / "same-file")
    with pytest.raises(InvalidInput, match="'f1' is an input of this command"):
        put(NEW, out, inputs=Inputs.of([tmp_path / "same-file"]))
    put(NEW, out, inputs=Inputs.of([out / "runs" / "old.trec"]))
    assert held(out) == {**NEW, "runs/old.trec": b"old"}, "an input that would have gone stays"
    with pytest.raises(InvalidInput, match="is an input of this command"):
        put(NEW, out, inputs=Inputs.of([out]))


@pytest.mark.parametrize("name", ["../mine.txt", "/etc/passwd", "a/../../mine.txt", ".ssh/config", "a\\b", "a\0b"])
def test_manifest_with_other_names_than_files_below_is_ignored(tmp_path: Path, name: str) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (tmp_path / "mine.txt").write_bytes(b"1")
    (out / NAME).write_bytes(Manifest(OF, {name: "6" * 64}).to_bytes())
    assert Manifest.read(out) is None
    with pytest.raises(InvalidInput, match=f"'{NAME}' was not written by Evidense"):
        put(NEW, out)
    assert (tmp_path / "mine.txt").read_bytes() == b"1"


@pytest.mark.parametrize(
    ("out", "error"),
    [("/proc/x", StoreError), ("o" * 300, InvalidInput), ("a\0b", InvalidInput), ("file", InvalidInput), ("file/below", StoreError),
     ("dangling", InvalidInput)],
)  # fmt: skip
def test_path_that_cannot_be_a_folder_is_refused_first(tmp_path: Path, out: str, error: type[Exception]) -> None:
    (tmp_path / "file").write_text("mine")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    with pytest.raises(error, match="--out"):
        prepare(FolderClaim(tmp_path / out, OF), list(NEW))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["dangling", "file"]


def test_working_folder_is_not_replaced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    put(OLD, Path("."))
    put(NEW, Path("."))
    assert held(Path(".").resolve()) == NEW
    assert Path("f1").read_bytes() == b"new"
    assert not hidden(tmp_path)


KILLED = """
import os, signal, sys
from pathlib import Path
from evidense.boundary import disk, folder, swap
from evidense.boundary.claim import FolderClaim

left = [int(sys.argv[2])]
def dying(call):
    def counted(*args, **more):
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return call(*args, **more)
    return counted
for name in ("rename", "replace", "mkdir", "fsync", "unlink", "rmdir", "open"):
    setattr(os, name, dying(getattr(os, name)))
folder.exchange = dying(folder.exchange)
new = {f"f{i}": b"new" for i in range(4)} | {"runs/new.trec": b"new"}
folder.publish(FolderClaim(Path(sys.argv[1]), {"name": "a study"}), new)
"""


@pytest.mark.parametrize("kind", ["free", "ours", "mixed"])
def test_kill_at_any_step_leaves_the_old_or_new_files_and_the_next_run_sweeps(
    tmp_path: Path, kind: str, warm: Warm
) -> None:
    others = {"notes.txt": b"mine"} if kind == "mixed" else {}
    before = {"free": {}, "ours": OLD, "mixed": {**OLD, **others}}[kind]
    for step in range(0, 400, 1 if os.environ.get("EVIDENSE_KILLS") else 3):
        out = tmp_path / str(step) / "out"
        if kind != "free":
            put(OLD, out)
            for name, data in others.items():
                (out / name).write_bytes(data)
        out.parent.mkdir(exist_ok=True)
        done = warm.run([str(out), str(step)], tmp_path, code=KILLED)
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL
        seen = {name: data for name, data in held(out).items() if not name.startswith(".")}
        if kind == "mixed":
            assert seen["notes.txt"] == b"mine"
        else:
            assert seen in (before, NEW), f"step {step}: neither the old page nor the new one"
        prepare(FolderClaim(out, OF), list(NEW))
        put(NEW, out)
        assert held(out) == {**NEW, **others}
        assert not hidden(tmp_path / str(step)), f"step {step}: left over"
    else:
        pytest.fail("it never came to its end")


def test_files_are_moved_one_by_one_without_atomic_exchange(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "exchange", lambda one, other: False)
    put(OLD, tmp_path / "out")
    put(NEW, tmp_path / "out")
    assert held(tmp_path / "out") == NEW
    assert not hidden(tmp_path)


def test_file_added_during_the_exchange_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out, real = tmp_path / "out", folders.exchange
    put(OLD, out)

    def slow(one: Path, other: Path) -> bool:
        (other / "late.txt").write_bytes(b"mine")
        return real(one, other)

    monkeypatch.setattr(folders, "exchange", slow)
    put(NEW, out)
    assert held(out) == {**NEW, "late.txt": b"mine"}


def test_the_folder_of_an_answer_says_what_it_answers(tmp_path: Path) -> None:
    publish(FolderClaim(tmp_path / "out", {"kind": "ask", "question": "Do owls see?"}), {"a.txt": b"a"})
    with pytest.raises(InvalidInput, match="holds what `evidense ask` found on “Do owls see\\?”"):
        prepare(FolderClaim(tmp_path / "out", {"kind": "ask", "question": "Do bats?"}), ["a.txt"])
