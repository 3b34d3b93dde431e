"""A question that was recorded replays to the same bytes: after a kill at any instant, in another place, language and time."""

import os
import random
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import pytest

from sources.demo import FILES, SHADE, holdings
from sources.world import world
from warm.client import Child, Warm

pytest.importorskip("httpx")
pytest.importorskip("rapidfuzz")
pytest.importorskip("lxml")
SOURCES = f"{SHADE},crossref,openalex,semantic_scholar,arxiv"
ORDER = ("ask", "What harms tomatoes?", "--sources", SOURCES, "--offline", "--out", "out")
LATER = """
import sys, time
now = time.time
time.time = lambda: now() + 400 * 86_400
from evidense.cli.main import main
main(sys.argv[1:])
"""
"""The same command after more than a year."""


class Recorded(NamedTuple):
    """A question that was answered over the wire: a folder with its files, its store, and the report under `whole`."""

    folder: Path
    report: dict[str, bytes]
    urls: dict[str, str]
    """Where the indexes stood; nothing answers there any more."""


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    import evidense as ev

    room = tmp_path_factory.mktemp("recorded")
    shutil.copytree(FILES, room / "work")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("EVIDENSE_STORE", str(room / "store"))
        patch.chdir(room / "work")
        with world(holdings(), patch) as served:
            ev.ask(ORDER[1], SOURCES.split(","), out="out")
            assert len(served.requests()) >= 4
            urls = {name: value for name, value in os.environ.items() if name.startswith("EVIDENSE_URL_")}
    report = bytes_of(room / "work/out")
    shutil.rmtree(room / "work/out")
    return Recorded(room, report, urls)


def room_of(recorded: Recorded, place: Path) -> Path:
    for name in ("work", "store"):
        shutil.copytree(recorded.folder / name, place / name)
    (place / "temp").mkdir()
    return place


def started(room: Path, recorded: Recorded, warm: Warm, code: str = "") -> Child:
    settings = {"EVIDENSE_STORE": str(room / "store"), "TMPDIR": str(room / "temp"), **recorded.urls}
    return warm.start(ORDER, room / "work", code=code, **settings)


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def ended(room: Path, recorded: Recorded, child: Child) -> float:
    """Wait for a replay, hold it against the recorded report, and return how long it took."""
    began = time.monotonic()
    out, err = child.communicate()
    assert child.returncode == 0, out + err
    assert bytes_of(room / "work/out") == recorded.report
    assert not list((room / "temp").iterdir())
    assert not [path for path in room.rglob("*") if ".writing-" in path.name or path.suffix in (".tmp", ".part")]
    return time.monotonic() - began


def killed(room: Path, recorded: Recorded, warm: Warm, after_s: float) -> None:
    """Kill a replay; no half of a report may stand there."""
    child = started(room, recorded, warm)
    try:
        child.wait(after_s)
    except subprocess.TimeoutExpired:
        child.kill()
    child.wait()
    out = room / "work/out"
    assert not out.exists() or set(bytes_of(out)) == recorded.report.keys()


def test_a_year_later_and_after_kills_at_a_few_instants_the_replay_has_the_same_bytes(
    recorded: Recorded, tmp_path: Path, warm: Warm
) -> None:
    room = room_of(recorded, tmp_path)
    took_s = ended(room, recorded, started(room, recorded, warm, code=LATER))
    for share in (0.3, 0.6, 0.9):
        shutil.rmtree(room / "work/out", ignore_errors=True)
        killed(room, recorded, warm, share * took_s)
    ended(room, recorded, started(room, recorded, warm))


@pytest.mark.calibrate
def test_a_replay_that_is_killed_at_any_of_50_instants_ends_in_the_same_bytes(
    recorded: Recorded, tmp_path: Path, warm: Warm
) -> None:
    took_s = ended(whole := room_of(recorded, tmp_path / "whole"), recorded, started(whole, recorded, warm))
    instants = random.Random(16)
    n_stopped = 0
    for n in range(50):
        room = room_of(recorded, tmp_path / str(n))
        killed(room, recorded, warm, instants.uniform(0.02, 1.0) * took_s)
        n_stopped += not (room / "work/out").exists()
        ended(room, recorded, started(room, recorded, warm))
        shutil.rmtree(room)
    print(f"\n50 kills within {took_s:.2f} s, {n_stopped} of them before the report was there")
    assert n_stopped >= 25


def test_elsewhere_and_without_a_language_it_replays_to_the_same_bytes(recorded: Recorded, tmp_path: Path) -> None:
    room = room_of(recorded, tmp_path)
    away = {
        name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "PYTHONIOENCODING"))
    }
    away |= recorded.urls | {
        "LC_ALL": "C",
        "PYTHONCOERCECLOCALE": "0",
        "PYTHONUTF8": "0",
        "EVIDENSE_STORE": str(room / "store"),
        "PYTHONHASHSEED": "7",
    }
    (room / "elsewhere").mkdir()
    sources = SOURCES.replace(":shade/", f":{room / 'work/shade'}/")
    words = [*ORDER[:3], sources, "--offline", "--out", str(room / "out")]
    done = subprocess.run(
        [sys.executable, "-m", "evidense", *words], cwd=room / "elsewhere", env=away, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert bytes_of(room / "out") == recorded.report
    assert not list((room / "elsewhere").iterdir())
