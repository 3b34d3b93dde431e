"""Scratch folders go with their work, and those of killed processes go with the next one."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import evidense
from evidense.boundary.scratch import PREFIX, Scratch

SOURCE = Path(evidense.__file__).parent
MAKE = """
import sys
from pathlib import Path
from evidense.boundary.scratch import Scratch
scratch = Scratch(Path(sys.argv[1]))
(scratch.path / "a").write_text("1")
print(scratch.path, flush=True)
sys.stdin.read()
"""


def living(within: Path) -> tuple[subprocess.Popen[str], Path]:
    """Start a process that works in a scratch folder until it is killed or its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", MAKE, str(within)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def test_scratch_folder_is_removed_after_the_block_the_object_or_an_error(tmp_path: Path) -> None:
    with Scratch(tmp_path) as folder:
        (folder / "inside").mkdir()
        assert folder.stat().st_mode & 0o777 == 0o700
    held = Scratch(tmp_path)
    assert held.path.is_dir()
    del held
    try:
        with Scratch(tmp_path):
            raise KeyError
    except KeyError:
        pass
    assert not [*tmp_path.iterdir()]


def test_scratch_folder_of_a_killed_process_is_swept_and_of_a_running_one_kept(tmp_path: Path) -> None:
    killed, left = living(tmp_path)
    alive, used = living(tmp_path)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert left.is_dir()
    with Scratch(tmp_path):
        assert not left.exists()
        assert (used / "a").read_text() == "1"
    alive.communicate("")
    assert not [*tmp_path.iterdir()]


def test_a_link_with_the_name_of_a_scratch_folder_is_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "kept"
    target.mkdir()
    (target / "file").touch()
    within = tmp_path / "temp"
    within.mkdir()
    os.symlink(target, within / f"{PREFIX}x")
    with Scratch(within):
        pass
    assert (target / "file").exists()


def test_only_this_module_makes_temporary_folders() -> None:
    makers = [
        path.name
        for path in SOURCE.rglob("*.py")
        if "TemporaryDirectory(" in (text := path.read_text()) or "mkdtemp(" in text
    ]
    assert makers == ["scratch.py"]
