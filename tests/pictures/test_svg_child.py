"""SVG in a child process: the same bytes as in this one, and nothing that a file does to it reaches this process."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from evidense.boundary.child import ChildLimits, in_child
from evidense.compute.pictures.decoding import decode, each, header
from evidense.compute.pictures.svg import drawing, drawn
from evidense.errors import EvidenseError, InvalidInput, UnsafeInput, WorkerLost
from evidense.study.runners.local import local_runner
from evidense.study.runners.tasks import Task
from evidense.values import Picture
from pictures.child_works import child_pid
from pictures.svg_bombs import BOMBS, HEAD, deep, plain

FINE = ("dashes", "spaces", "huge", "tiny", "nan_size")
"""Odd, and drawn all the same."""


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def gone_within(pid: int, seconds: float) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if not is_running(pid):
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("data", [plain(), plain("red"), b"\xef\xbb\xbf" + plain("#123456"), deep(100)])
def test_the_child_draws_the_same_bytes_as_this_process(data: bytes) -> None:
    assert drawn(data, "a picture") == drawing()(data)


def test_a_picture_is_drawn_once_and_none_is_kept_beyond_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    first = drawn(plain("#abc"), "a picture")
    assert drawn(plain("#abc"), "a picture") is first
    monkeypatch.setattr("evidense.compute.pictures.svg.MAX_KEPT_BYTES", 0)
    one, other = (drawn(plain("#abd"), "a picture") for _ in range(2))
    assert one == other
    assert one is not other


@pytest.mark.parametrize("name", [name for name in BOMBS if name not in FINE])
def test_a_bomb_is_one_error_that_names_the_picture(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    quickly = partial(
        in_child, limits=ChildLimits(cpu_s=0.2)
    )  # of the 3 seconds that it may take, which bombs all take
    monkeypatch.setattr("evidense.compute.pictures.svg.in_child", quickly)
    path = tmp_path / "bomb.svg"
    path.write_bytes(BOMBS[name]())
    with pytest.raises(InvalidInput, match=r"bomb\.svg' .*expected"):
        decode(Picture(path))
    assert decode(Picture(plain())).size == (256, 256)


@pytest.mark.parametrize("name", FINE)
def test_an_odd_picture_is_drawn(name: str) -> None:
    assert header(Picture(BOMBS[name]())).format == "SVG"


def test_every_bad_picture_of_a_list_is_named_with_its_item() -> None:
    pictures = [
        ("a", Picture(deep(50_000))),
        ("b", Picture(plain())),
        ("c", Picture(b"<svg")),
        ("d", Picture(deep(60_000))),
    ]
    with pytest.raises(InvalidInput) as caught:
        each(pictures, decode, "photos")
    assert all(name in str(caught.value) for name in ("photos: 3 mistakes", "item 'a'", "item 'c'", "item 'd'"))


def test_pictures_that_take_too_long_together_end_the_search(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("evidense.compute.pictures.decoding.MOST_WASTED_S", 0.0)
    with pytest.raises(InvalidInput, match="the 2 pictures after it were not looked at"):
        each([("a", Picture(deep(50_000))), ("b", Picture(plain())), ("c", Picture(plain()))], decode)


def test_one_hostile_picture_makes_the_whole_list_unsafe() -> None:
    reaching = f'{HEAD}<image href="a.png"/></svg>'.encode()
    with pytest.raises(UnsafeInput) as caught:
        each([("a", Picture(reaching)), ("b", Picture(b"nothing"))], decode)
    assert "item 'b'" in str(caught.value)


def test_one_child_process_serves_many_calls_and_is_replaced_when_it_dies() -> None:
    first = child_pid()
    assert child_pid() == first != os.getpid()
    os.kill(first, signal.SIGKILL)
    assert gone_within(first, 60)
    assert child_pid() not in {first, os.getpid()}


def test_a_child_killed_from_outside_is_not_blamed_on_the_file() -> None:
    with pytest.raises(WorkerLost, match="SIGTERM"):
        in_child("pictures.child_works:ended_by_term", b"")


def test_time_and_memory_are_bounded_and_errors_keep_their_kind() -> None:
    with pytest.raises(InvalidInput, match=r"more than 0\.2 seconds of processor"):
        in_child("pictures.child_works:endless", b"", ChildLimits(cpu_s=0.2))
    with pytest.raises(InvalidInput, match=r"more than 0\.5 seconds"):
        in_child("pictures.child_works:asleep", b"", ChildLimits(wall_s=0.5))
    with pytest.raises(InvalidInput, match="too much memory"):
        in_child("pictures.child_works:hungry", b"")
    with pytest.raises(UnsafeInput, match="^mine$"):
        in_child("pictures.child_works:refusing", b"")


def test_nothing_is_opened_in_the_child() -> None:
    assert in_child("pictures.child_works:opening", __file__.encode()) == b"Too many open files"


def test_a_child_that_cannot_start_is_reported() -> None:
    with pytest.raises(EvidenseError, match="no_such_module"):
        in_child("no_such_module:work", b"")


def test_answers_of_concurrent_threads_are_not_mixed_up() -> None:
    texts = [bytes([i]) * (300_000 * i) for i in range(8)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda text: in_child("pictures.child_works:echo", text), texts)) == texts


def test_a_forked_process_has_a_child_of_its_own() -> None:
    first = child_pid()
    seen, said = os.pipe()
    forked = os.fork()
    if forked == 0:
        os.write(said, str(child_pid()).encode())
        os._exit(0)
    os.waitpid(forked, 0)
    assert int(os.read(seen, 100)) != first == child_pid()
    os.close(seen)
    os.close(said)


@pytest.mark.parametrize("way", ["killed", "killed while it draws", "ended"])
def test_the_child_ends_with_its_parent(way: str) -> None:
    code = (
        "import sys; sys.path[:] = sys.argv[1:]\n"
        "import threading, time; from evidense.boundary.child import ChildLimits, in_child\n"
        "print(in_child('pictures.child_works:pid', b'').decode(), flush=True)\n"
        f"{'' if way == 'ended' else 'time.sleep(60)'}"
    )
    if way == "killed while it draws":
        code = code.replace("time.sleep(60)", "in_child('pictures.child_works:pid', b'work')")
    with subprocess.Popen([sys.executable, "-c", code, *sys.path], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        if way != "ended":
            time.sleep(0.3)
            assert is_running(child)
            parent.kill()
        parent.wait()
    assert gone_within(child, 60)


def test_a_worker_draws_in_a_child_that_ends_with_it(tmp_path: Path) -> None:
    tasks = [
        Task("drawn", lambda results: (drawn, (plain(), "a picture"))),
        Task("pid", lambda results: (child_pid, ())),
    ]
    with local_runner(1, str(tmp_path)) as workers:
        results = dict(workers.run(tasks))
    assert results["drawn"] == drawing()(plain())
    assert gone_within(results["pid"], 60)
