"""A process that has imported evidense and forks once per command: a command costs what it does, not the imports.

Reads one JSON order a line from stdin, answers one JSON object a line. An order says what to `do`: `watch` runs a command within
limits and answers with its outcome, `start` answers with the id of its process, `wait` with its exit code or null. Run as a
script: `python server.py torch|light [SOCKET]`; with a socket it forks itself for every connection, and ends with the last one.
"""

import contextlib
import gc
import importlib
import json
import os
import pkgutil
import resource
import select
import signal
import socket
import sys
import tempfile
import time
import traceback
import weakref
from importlib import metadata
from typing import Any, BinaryIO

LIGHT = ("numpy", "scipy.stats", "scipy.sparse", "pydantic", "bm25s", "Stemmer", "jinja2", "pytrec_eval", "ir_measures", "PIL.Image",
         "bibtexparser", "rispy", "lxml.etree", "selectolax.lexbor", "pylatexenc.latex2text", "rapidfuzz.fuzz", "evidense.cli.main",
         "importlib.readers", "importlib.resources.readers", "importlib.resources._itertools", "encodings.utf_8_sig", "encodings.cp1252",
         "multiprocessing.synchronize", "PIL.ImageOps", "pyarrow.parquet", "fpdf.svg", "fontTools.subset")  # fmt: skip
HEAVY = ("torch", "transformers.models.auto.modeling_auto", "transformers.models.bert.modeling_bert",
         "transformers.tokenization_utils_fast", "safetensors.torch", "tokenizers", "evidense.compute.texts.open_text",
         "evidense.compute.texts.text_tower", "transformers.models.auto.tokenization_auto", "transformers.models.gemma3")  # fmt: skip
GRACE_S = 3.0
"""Seconds in which the helpers of a command must have ended after it."""
UNUSED_S = 60.0
"""Seconds after which a server ends that nobody connects with."""


def stay_in_memory(descriptor: object) -> None:
    """Stand for `os.fsync`: a comparison waits for the disk sixty times, and no test takes the power away."""


def serve(with_torch: bool) -> None:
    """Answer orders until stdin ends."""
    orders, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(os.open(os.devnull, os.O_RDWR), 0)
    os.dup2(2, 1)
    os.fsync = stay_in_memory
    _import(with_torch)
    gc.freeze()
    _answer(orders, answers)


def share(with_torch: bool, place: str) -> None:
    """Answer the orders of every connection in a process of its own, until the last has ended."""
    os.dup2(2, 1)
    os.fsync = stay_in_memory
    _import(with_torch)
    gc.freeze()
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(place)
    listener.listen()
    children: set[int] = set()
    until = time.monotonic() + UNUSED_S
    while children or time.monotonic() < until:
        if select.select([listener], [], [], 0.5)[0]:
            connection, _ = listener.accept()
            if (pid := os.fork()) == 0:
                listener.close()
                _converse(connection)
                os._exit(0)
            connection.close()
            children.add(pid)
        if ended := {pid for pid in children if os.waitpid(pid, os.WNOHANG)[0]}:
            children, until = children - ended, 0.0
    for name in (place, f"{place}.lock"):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)


def _converse(connection: socket.socket) -> None:
    orders, answers = (os.fdopen(os.dup(connection.fileno()), mode) for mode in ("rb", "wb"))
    connection.close()
    if path := json.loads(orders.readline())["path"]:
        _import_anew(path)
    answers.write(b"{}\n")
    answers.flush()
    _answer(orders, answers)


def _import_anew(path: str) -> None:
    """Import evidense from another folder, as if PYTHONPATH had named it; the libraries stay."""
    os.environ["PYTHONPATH"] = path
    sys.path[:0] = path.split(os.pathsep)
    for name in [name for name in sys.modules if name.partition(".")[0] == "evidense"]:
        del sys.modules[name]
    _import_evidense()
    gc.freeze()


def _answer(orders: BinaryIO, answers: BinaryIO) -> None:
    for line in orders:
        order = json.loads(line)
        answer = _exit_of(order) if order["do"] == "wait" else _begun(order, orders, answers)
        answers.write(json.dumps(answer).encode() + b"\n")
        answers.flush()


def _import(with_torch: bool) -> None:
    """Import the libraries and every module of evidense (they bring nothing heavy), compile the templates."""
    for name in (*LIGHT, *(HEAVY if with_torch else ())):
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    _import_evidense()


def _import_evidense() -> None:
    import evidense

    for module in pkgutil.walk_packages(evidense.__path__, "evidense."):
        if not module.name.endswith("__main__"):
            with contextlib.suppress(Exception):
                importlib.import_module(module.name)
    from evidense.report.rendering import environment

    for name in environment().list_templates(extensions=["j2"]):
        environment().get_template(name)
    from evidense.compute.pictures.decoding import _pillow_with_formats
    from evidense.parts.discovery import _entry_points

    with contextlib.suppress(Exception):  # a library of pictures that is missing
        _pillow_with_formats()
    _entry_points()
    metadata.entry_points()  # keeps what is installed where, until a folder changes
    weakref.finalize._registry.clear()  # type: ignore[attr-defined]  # what libraries undo at exit is not the command's


def _begun(order: dict[str, Any], *mine: BinaryIO) -> dict[str, Any]:
    pid = os.fork()
    if pid == 0:
        for file in mine:
            os.close(file.fileno())
        os._exit(_command(order))
    return _watched(pid, order) if order["do"] == "watch" else {"pid": pid}


def _exit_of(order: dict[str, Any]) -> dict[str, Any]:
    """Return the exit code of a command that was started; None while it runs."""
    ended, status = os.waitpid(order["pid"], os.WNOHANG)
    return {"exit": os.waitstatus_to_exitcode(status) if ended else None}


def _command(order: dict[str, Any]) -> int:
    """Be the command line: the order's folder, streams, limits; return the exit code as Python would."""
    os.setsid()
    for name, at in (("stdout", 1), ("stderr", 2)):
        os.dup2(os.open(order[name], os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), at)
    os.environ.update(order["env"])
    tempfile.tempdir = None  # TMPDIR may have changed
    if encoding := order["env"].get("PYTHONIOENCODING"):
        sys.stdout.reconfigure(encoding=encoding)  # type: ignore[union-attr]
        sys.stderr.reconfigure(encoding=encoding, errors="backslashreplace")  # type: ignore[union-attr]
    os.chdir(order["folder"])
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (order["file_bytes"], order["file_bytes"]))
    sys.argv = ["-c" if "code" in order else "evidense", *order["argv"]]
    code = _exit_code(order)
    with contextlib.suppress(Exception):
        _ended()
    return code


def _exit_code(order: dict[str, Any]) -> int:
    from evidense.cli.main import main

    try:
        if "code" in order:
            exec(compile(order["code"], "<string>", "exec"), {"__name__": "__main__"})
        else:
            main(order["argv"])
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def _ended() -> None:
    import atexit
    import threading

    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()


def _watched(pid: int, order: dict[str, Any]) -> dict[str, Any]:
    """Wait for the command; kill it beyond its CPU seconds, wall seconds or memory, and say which."""
    began, broken = time.monotonic(), None
    while True:
        ended, status, usage = os.wait4(pid, os.WNOHANG)
        if ended:
            break
        broken = broken or _broken(pid, order, time.monotonic() - began)
        if broken:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(pid, signal.SIGKILL)
        _sleep(pid)
    if usage.ru_maxrss > order["memory_kib"]:
        broken = broken or "memory"
    return {
        "exit": os.waitstatus_to_exitcode(status),
        "broken": broken,
        "cpu_s": usage.ru_utime + usage.ru_stime,
        "wall_s": time.monotonic() - began,
        "memory_kib": usage.ru_maxrss,
        "left_running": _left_running(pid),
    }


def _broken(pid: int, order: dict[str, Any], wall_s: float) -> str | None:
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            values = file.read().rpartition(")")[2].split()
    except OSError:
        return None
    cpu_s = sum(map(int, values[11:15])) / os.sysconf("SC_CLK_TCK")
    if cpu_s > order["cpu_s"]:
        return "cpu"
    if int(values[21]) * (resource.getpagesize() // 1024) > order["memory_kib"]:
        return "memory"
    return "wall" if wall_s > order["wall_s"] else None


def _sleep(pid: int) -> None:
    if not hasattr(os, "pidfd_open"):
        time.sleep(0.02)
        return
    handle = os.pidfd_open(pid)
    try:
        select.select([handle], [], [], 0.05)
    finally:
        os.close(handle)


def _left_running(group: int) -> bool:
    """Say whether something that the command started outlives it by seconds; end it."""
    until = time.monotonic() + GRACE_S
    try:
        while time.monotonic() < until:
            os.killpg(group, 0)
            time.sleep(0.02)
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return False
    return True


if __name__ == "__main__":
    if sys.path[0] == os.path.dirname(os.path.abspath(__file__)):  # as the installed command: not this folder
        sys.path.pop(0)
    with_torch, *place = sys.argv[1:]
    share(with_torch == "torch", *place) if place else serve(with_torch == "torch")
