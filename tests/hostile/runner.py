"""Run cases and say what is wrong with how they ended."""

import contextlib
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hostile.case import Case
from warm.client import Server, settings_of

CPU_S = 20
"""CPU seconds of a command: the machine may be busy, and wall time would say so."""
WALL_S = 90
"""A command that waits for ever uses no CPU."""
MEMORY_KIB = 2 << 20
FILE_BYTES = 1 << 30
_RAW = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")
"""Controls, escapes and what turns the direction of text around."""
_PAPER = {".csv", ".md", ".tex"}
_STAGED = re.compile(r"\.writing-|\.tmp$|\.part$|~$")


@dataclass(frozen=True)
class Outcome:
    """How a command ended."""

    exit: int
    """Exit code; negative: the signal that ended it."""
    broken: str | None
    """Which limit it broke: cpu, wall or memory."""
    cpu_s: float
    wall_s: float
    memory_kib: int
    left_running: bool
    stdout: bytes
    stderr: bytes


class Servers:
    """The two servers, without and with torch, and the home that their commands see."""

    def __init__(self, with_torch: Server | None = None) -> None:
        """`with_torch` is a server that runs already; it is left running."""
        self._given = {True: with_torch} if with_torch else {}
        self._started: dict[bool, Server] = {}
        self.home = Path(tempfile.mkdtemp(prefix="evidense-hostile-home-"))

    def of(self, torch: bool) -> Server:
        """Return the server, started now or before."""
        if torch in self._given:
            return self._given[torch]
        if torch not in self._started:
            self._started[torch] = Server(torch, self.home)
        return self._started[torch]

    def close(self) -> None:
        """End those that were started."""
        for server in self._started.values():
            server.close()
        shutil.rmtree(self.home, ignore_errors=True)


@contextlib.contextmanager
def serving(with_torch: Server | None = None) -> Iterator[Servers]:
    """Return servers that end with the block, but for the one that is given."""
    servers = Servers(with_torch)
    try:
        yield servers
    finally:
        servers.close()


def run(case: Case, place: Path, servers: Servers) -> tuple[Outcome, list[str]]:
    """Lay a case down in `place`, run it there, and return its outcome with everything that is wrong with it."""
    folder = place / "work"
    for made in (folder, place / "temp"):
        made.mkdir(parents=True)
    case.build(folder)
    before = _hashes(folder)
    streams = {name: str(place / name) for name in ("stdout", "stderr")}
    env = {"EVIDENSE_STORE": str(place / "store"), "TMPDIR": str(place / "temp"), **settings_of(servers.home)}
    env |= {name: value() if callable(value) else value for name, value in case.env.items()}
    limits = {"cpu_s": CPU_S, "wall_s": WALL_S, "memory_kib": MEMORY_KIB}
    order = {
        "do": "watch",
        "folder": str(folder),
        "argv": case.argv,
        "env": env,
        "file_bytes": FILE_BYTES,
        **streams,
        **limits,
    }
    answer = servers.of(case.torch).ask(order)
    outcome = Outcome(**answer, **{name: Path(path).read_bytes() for name, path in streams.items()})
    return outcome, [*_ending(case, outcome), *_printed(outcome), *_written(place, folder, before)]


def _ending(case: Case, outcome: Outcome) -> list[str]:
    said = outcome.stderr.decode("utf-8", "replace")
    wrong = []
    if outcome.broken:
        wrong.append(f"over its limit of {outcome.broken}: {outcome.cpu_s:.1f} s CPU, {outcome.wall_s:.1f} s, {outcome.memory_kib >> 10} MiB")  # fmt: skip
    elif outcome.exit not in (0, 1, 2):
        wrong.append(f"ended with {outcome.exit}")
    if outcome.left_running:
        wrong.append("left a process running")
    if "Traceback (most recent call last)" in said or "Exception ignored" in said or "panicked at" in said:
        wrong.append(f"a traceback: {said.strip().splitlines()[-1][:200]}")
    if "a fault of Evidense" in said:
        wrong.append(f"an uncaught exception: {said.strip()[:300]}")
    if outcome.exit == 2 and len(said.strip()) < 20:
        wrong.append("refused without a word")
    if case.expected == "refused" and outcome.exit != 2:
        wrong.append(f"expected a refusal, exit {outcome.exit}")
    if case.expected == "read" and outcome.exit not in (0, 1):
        wrong.append(f"expected to be read, exit {outcome.exit}: {said.strip()[:300]}")
    if outcome.exit == 2 and case.says and case.says not in said:
        wrong.append(f"the refusal does not name {case.says!r}: {said.strip()[:300]}")
    if outcome.exit in (0, 1) and case.shows not in (screen := " ".join(outcome.stdout.decode("utf-8").split())):
        wrong.append(f"the first screen does not say {case.shows!r}: {screen[:2_000]}")
    return wrong


def _printed(outcome: Outcome) -> list[str]:
    wrong = []
    for name, data in (("stdout", outcome.stdout), ("stderr", outcome.stderr)):
        if found := _raw(data):
            wrong.append(f"{name} holds {found}")
    return wrong


def _raw(data: bytes) -> str | None:
    try:
        found = _RAW.search(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        return f"no UTF-8 ({error})"
    return f"a raw {found[0]!r}" if found else None


def _written(place: Path, folder: Path, before: dict[str, str]) -> list[str]:
    after = _hashes(folder)
    wrong = [f"'{name}' was {'changed' if name in after else 'removed'}" for name, said in before.items() if after.get(name) != said and not name.endswith("losses.csv")]  # fmt: skip
    new = {name for name in after if name not in before}
    stored = {f"store/{name}" for name in _hashes(place / "store")} if (place / "store").is_dir() else set()
    wrong += [f"left a staged file '{name}'" for name in sorted(new | stored) if _STAGED.search(name)]
    wrong += [f"left '{left.name}' in the temporary folder" for left in (place / "temp").iterdir()]
    for name in sorted(new):
        path = folder / name
        if path.suffix in _PAPER and path.is_file() and (found := _raw(path.read_bytes())):
            wrong.append(f"wrote {name} with {found}")
        if path.name == "page.json" or path.name == "report.html":
            wrong += _half_written(path.parent)
    return list(dict.fromkeys(wrong))


def _half_written(page: Path) -> list[str]:
    is_of_literature = any((page / name).is_file() for name in ("audit.json", "checks.json", "prisma.json"))
    try:
        listed = json.loads((page / ("evidense.json" if is_of_literature else "page.json")).read_bytes())["files"]
        missing = [name for name in (*listed, "report.html") if not (page / name).is_file()]
    except (OSError, ValueError, KeyError, TypeError) as error:
        return [f"half a page in '{page.name}': {error}"]
    return [f"half a page in '{page.name}': no {name}" for name in missing]


def _hashes(folder: Path) -> dict[str, str]:
    """Return path → hash of a file; of a link, pipe or folder: what it is."""
    found = {}
    for base, folders, names in os.walk(folder):
        for name in [*folders, *names]:
            path = Path(base, name)
            relative = os.fsencode(path.relative_to(folder)).decode("utf-8", "backslashreplace")
            if path.is_symlink():
                found[relative] = f"link to {os.readlink(path)}"
            elif path.is_dir():
                found[relative] = "folder"
            else:
                found[relative] = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "special"
    return found
