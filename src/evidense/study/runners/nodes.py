"""Nodes: whether the computers of a cluster have the same Evidense, libraries, store and files as this one."""

import hashlib
import os
import platform
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import evidense
from evidense.boundary.inputs import existing
from evidense.boundary.numerals import size
from evidense.compute.environment import PACKAGES, environment
from evidense.errors import EvidenseError, InvalidInput
from evidense.study.runners.canary import Canary
from evidense.study.runners.surroundings import Surroundings
from evidense.study.runners.tasks import Task

MOST_CLOCK_S = 30.0
"""Largest difference of clocks that is not worth a word."""
_MOST_NAMED = 5


@cache
def versions_here() -> dict[str, str]:
    """Return what must be equal on all nodes: the versions of Evidense, of its sources, of Python, and of libraries that change bytes."""
    here = environment()
    libraries = {name: here[name] for name in PACKAGES if name in here}
    return {
        **libraries,
        "evidense": f"{here.get('evidense', 'sources')} ({_sources_sha256()[:12]})",
        "python": here["python"],
    }


def _sources_sha256() -> str:
    digest = hashlib.sha256()
    folder = Path(evidense.__file__).parent
    for path in sorted(folder.rglob("*.py")):
        digest.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


@dataclass(frozen=True)
class Post:
    """What a worker of a cluster needs before its first call, and what its node must have."""

    surroundings: Surroundings
    canary: Canary
    inputs: tuple[str, ...] = ()
    """Files and folders that the study names, as it spells them."""
    expected: Mapping[str, str] = field(default_factory=versions_here)
    """Versions that its node must have."""
    path: tuple[str, ...] = field(default_factory=lambda: tuple(sys.path))
    """Where the parent finds modules."""

    def take_over(self, node: str) -> None:
        """Make this process a worker.

        Raises:
            InvalidInput: its node lacks something. The message lists all of it.
        """
        if faults := self.report(node).faults:
            raise InvalidInput.all_of(f"the node {platform.node()}", faults)
        sys.path += [entry for entry in self.path if entry and entry not in sys.path and os.path.exists(entry)]
        self.surroundings.take_over()

    def report(self, node: str) -> "NodeReport":
        """Look at this node."""
        faults = _differences(self.expected, versions_here())
        try:
            if fault := self.canary.fault(node):
                faults.append(f"{fault}; expected one folder that all nodes mount under one path")
        except EvidenseError as error:
            faults.append(str(error))
        faults += self._missing()
        return NodeReport(platform.node(), time.time(), environment()["processor"], tuple(faults))

    def _missing(self) -> list[str]:
        folder = self.surroundings.folder
        if not folder.is_dir():
            return [f"it has no folder '{folder}', in which the command was typed; expected one that all nodes mount"]
        lacking = sorted(set(self.inputs) - set(existing(self.inputs, folder)))
        named = ", ".join(f"'{text}'" for text in lacking[:_MOST_NAMED])
        more = f" and {len(lacking) - _MOST_NAMED:,} more" if len(lacking) > _MOST_NAMED else ""
        return (
            [f"it lacks {named}{more}; expected the files of the study on every node; put them there"]
            if lacking
            else []
        )


@dataclass(frozen=True)
class NodeReport:
    """What a node says of itself."""

    host: str
    time_s: float
    """Its clock, in seconds since 1970."""
    processor: str
    faults: tuple[str, ...]


@dataclass(frozen=True)
class Capacity:
    """What the tasks of a node may take, together."""

    host: str
    n_cpus: int
    memory_bytes: int


def check_capacity(tasks: Sequence[Task], nodes: Sequence[Capacity]) -> None:
    """Refuse tasks that no node can hold.

    Raises:
        InvalidInput: the message names them, what each needs, and what the largest node has.
    """
    mistakes = [mistake for task in tasks if (mistake := _too_large(task, nodes))]
    if mistakes:
        raise InvalidInput.all_of("this cluster cannot hold the study", mistakes, shown=_MOST_NAMED)


def _too_large(task: Task, nodes: Sequence[Capacity]) -> str:
    """Return what a task needs and no node has; "" if a node holds it."""
    if any(task.n_cpus <= node.n_cpus and task.memory_bytes <= node.memory_bytes for node in nodes):
        return ""
    most = max(nodes, key=lambda node: (min(node.n_cpus, task.n_cpus), node.memory_bytes))
    return (
        f"'{task.key}' needs {_named_cpus(task.n_cpus)} and about {size(task.memory_bytes)} of memory, and the largest node, {most.host}, offers "
        f"{_named_cpus(most.n_cpus)} and {size(most.memory_bytes)}; expected one node with both; add a larger node, or offer more there "
        "(ray start --num-cpus=N --memory=BYTES)"
    )


def _named_cpus(n: int) -> str:
    return f"{n:,} CPU{'s' * (n != 1)}"


def check_nodes(reports: Mapping[str, NodeReport], canary: Canary) -> None:
    """Refuse a cluster of which a node lacks something.

    Raises:
        InvalidInput: the message lists what each node lacks.
    """
    mistakes = [f"node {report.host}: {fault}" for report in reports.values() for fault in report.faults]
    mistakes += [
        f"node {report.host}: a file that it wrote into the store '{canary.address}' did not arrive here; expected one shared folder"
        for node, report in reports.items()
        if not report.faults and not canary.was_answered(node)
    ]
    if mistakes:
        raise InvalidInput.all_of("this cluster cannot run the study", mistakes)


def notes_on(reports: Sequence[tuple[NodeReport, float]]) -> list[str]:
    """Return a sentence for each clock that differs and one for different processors; `reports` come with the time here, in seconds."""
    notes = [
        f"the clock of node {report.host} is {report.time_s - here_s:+,.0f} s off this one's; results do not depend on it, "
        "but times that are written down do"
        for report, here_s in reports
        if abs(report.time_s - here_s) > MOST_CLOCK_S
    ]
    if len(kinds := sorted({report.processor for report, _ in reports} | {environment()["processor"]})) > 1:
        notes.append(
            f"the cluster has different processors ({', '.join(kinds)}): bytes are the same on one kind only, numbers agree to 1e-6"
        )
    return notes


def _differences(here: Mapping[str, str], there: Mapping[str, str]) -> list[str]:
    return [
        f"it has {name} {there.get(name, 'not installed')}; expected {here.get(name, 'none')}, as here; install the same there"
        for name in dict.fromkeys([*here, *there])
        if here.get(name) != there.get(name)
    ]
