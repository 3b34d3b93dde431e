"""Ray: a cluster runs the calls. Ray places them, and runs a call again when its worker or its node dies."""

import math
import os
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import ExitStack, chdir, suppress
from dataclasses import dataclass, field, replace
from importlib.util import find_spec
from typing import Any

from evidense.compute.threads import one_thread
from evidense.errors import EvidenseError, InvalidInput, MissingExtra
from evidense.study.runners.canary import canary_in
from evidense.study.runners.nodes import Capacity, NodeReport, Post, check_capacity, check_nodes, notes_on
from evidense.study.runners.surroundings import ONE_THREAD, Surroundings, variables
from evidense.study.runners.tasks import MOST_DEATHS, Call, Say, Task, listen, seldom, worker_lost

CLIENT = "ray://"
"""Beginning of the address of a cluster that is reached from outside."""
_ANSWER_S = 120.0
"""A node that does not answer in this time is reported. Its first worker has to start in it."""
_TELL_EVERY_S = 1.0
_MEMORY_STEP = 64 << 20
_QUIET = {"RAY_USAGE_STATS_ENABLED": "0"}
"""A local instance sends nothing to anybody."""


def require_ray(spelling: str) -> None:
    """Refuse to go on without Ray.

    Raises:
        MissingExtra: Ray is not installed.
    """
    if find_spec("ray") is None:
        raise MissingExtra.named("cluster", f"--runner {spelling}", "ray")


@dataclass
class RayCluster:
    """The cluster at an address. Without one: the one that `ray start` made on this machine, else a local instance for this run."""

    address: str
    """Where the store is."""
    cluster: str = ""
    inputs: tuple[str, ...] = ()
    warn: Callable[[str], None] | None = None
    most_at_once: int = 1 << 30
    """Ray keeps the tasks that wait: an autoscaler starts nodes for them."""
    _stack: ExitStack = field(default_factory=ExitStack, init=False)
    _carry_out: Any = field(default=None, init=False)
    _post: Post | None = field(default=None, init=False)
    _ear: Any = field(default=None, init=False)
    _asked: Any = field(default=None, init=False)

    def start(self) -> None:
        """Connect, and look at every node.

        Raises:
            InvalidInput: there is no such cluster, or a node lacks something.
        """
        import ray

        with ExitStack() as stack:
            canary = stack.enter_context(canary_in(self.address))
            self._post = post = Post(Surroundings(self.address), canary, self.inputs)
            if not ray.is_initialized():
                stack.callback(ray.shutdown)
                with chdir(
                    canary.folder
                ):  # Ray lets workers import modules of the working folder, so it is one without any
                    _connect(self.cluster)
            self._look_at_nodes(post)
            self._carry_out = ray.remote(num_cpus=1, max_retries=MOST_DEATHS)(carry_out)
            self._stack = stack.pop_all()

    def check(self, tasks: Sequence[Task]) -> None:
        """Refuse tasks that no node can hold: Ray would let them wait for ever.

        Raises:
            InvalidInput: the message lists them, with what they need and what the largest node has.
        """
        check_capacity([_sized(task) for task in tasks], [_capacity(node) for node in _alive()])

    def submit(self, task: Task, call: Call, say: Say | None) -> "Future[Any]":
        """Hand the call to Ray: its CPUs, its memory, and no GPU, since nothing of Evidense computes on one."""
        if say is not None and self._ear is None:
            import ray

            self._ear = ray.remote(num_cpus=0, max_restarts=-1)(Ear).remote()
        needs = {"num_cpus": task.n_cpus, "memory": _sized(task).memory_bytes or None}
        sent: Future[Any] = self._carry_out.options(name=task.key, **needs).remote(self._post, call, self._ear).future()
        answer: Future[Any] = Future()
        sent.add_done_callback(lambda done: _pass_on(task.key, done, answer))
        return answer

    def hear(self, say: Say | None) -> None:
        """Pass on what workers said since the last answer of the ear; it is not waited for."""
        if self._ear is None or say is None:
            return
        import ray

        if self._asked is None:
            self._asked = self._ear.heard.remote()
        elif ray.wait([self._asked], timeout=0)[0]:
            answer, self._asked = self._asked, None
            with suppress(ray.exceptions.RayError):  # its node died: Ray starts it again on another one
                for name, (done, total) in ray.get(answer).items():
                    say(name, done, total)

    def restart(self) -> None:
        """Ray starts new workers by itself."""

    def stop(self, *, at_once: bool) -> None:
        """Leave the cluster: what still runs is ended. A cluster of `ray start` stays."""
        self._ear = self._asked = None
        self._stack.close()

    def _look_at_nodes(self, post: Post) -> None:
        import ray
        from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

        nodes = {str(node["NodeID"]): node for node in _alive()}
        if not nodes:
            raise InvalidInput(
                "the Ray cluster has no node with a CPU; expected one that can run tasks; add a node, or CPUs to its head"
            )
        look = ray.remote(num_cpus=0, max_retries=1)(report_on)
        answers = {
            node: look.options(scheduling_strategy=NodeAffinitySchedulingStrategy(node, soft=False)).remote(post, node)
            for node in nodes
        }
        reports = dict[str, NodeReport]()
        clocks = []
        for node, answer in answers.items():
            reports[node], here_s = _answered(answer, str(nodes[node]["NodeManagerHostname"]))
            clocks.append((reports[node], here_s))
        check_nodes(reports, post.canary)
        for note in notes_on(clocks):
            if self.warn is not None:
                self.warn(note)


def _alive() -> list[Mapping[str, Any]]:
    """Return the nodes that run tasks."""
    import ray

    return [node for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU", 0) >= 1]


def _capacity(node: Mapping[str, Any]) -> Capacity:
    resources = node["Resources"]
    return Capacity(str(node["NodeManagerHostname"]), int(resources["CPU"]), int(resources.get("memory", 0)))


def _sized(task: Task) -> Task:
    """Return the task with its memory in whole steps: Ray keeps a worker for the next task of the same needs."""
    return replace(task, memory_bytes=math.ceil(task.memory_bytes / _MEMORY_STEP) * _MEMORY_STEP)


def _connect(address: str) -> None:
    import ray

    try:
        with variables(_QUIET):
            ray.init(address=address or None, log_to_driver=False, logging_level="ERROR", **_local(address))
    except (ConnectionError, RuntimeError, ValueError, OSError, TimeoutError) as error:
        words = " ".join(str(error).split())
        raise InvalidInput(
            f"no Ray cluster {f'answers at {address}' if address else 'can be used'} ({words[:300]}); expected a running one of this "
            "Ray and Python; start it with `ray start --head`, or name another address. From outside, a cluster with tokens also needs RAY_AUTH_MODE=token"
        ) from None


def _local(address: str) -> Mapping[str, Any]:
    """Return settings of an instance that Ray starts for this run; Ray refuses them where a cluster is there already."""
    return {} if address or os.environ.get("RAY_ADDRESS") else {"include_dashboard": False}


def _answered(answer: Any, host: str) -> tuple[NodeReport, float]:
    """Return the report of a node, and the time here in the middle of the question."""
    import ray

    asked_s = time.time()
    try:
        report: NodeReport = ray.get(answer, timeout=_ANSWER_S)
    except ray.exceptions.RayError as error:
        cause = getattr(error, "cause", None) or error
        words = f"{type(cause).__name__}: {' '.join(str(cause).split())[:200]}"
        if "ModuleNotFoundError" in str(error) or isinstance(cause, ImportError):
            advice = "expected the same Evidense and libraries as here; install them there, in the Python that runs `ray start`"
        else:
            advice = "expected a node that runs tasks; look at its memory and at `ray status`, and run the same command again"
        raise InvalidInput(f"node {host} does not answer ({words}); {advice}") from None
    return report, (asked_s + time.time()) / 2


def _pass_on(key: str, sent: "Future[Any]", answer: "Future[Any]") -> None:
    """Turn the answer of Ray into that of the task: a result, its error, or the loss of its worker."""
    import ray

    error = sent.exception()
    if error is None:
        result = sent.result()
        if isinstance(result, Refused):
            answer.set_exception(result.error)
        else:
            answer.set_result(result)
    elif isinstance(error, ray.exceptions.RayTaskError) and getattr(error, "cause", None) is not None:
        answer.set_exception(error.cause)
    else:
        answer.set_exception(worker_lost([key], str(error).strip().splitlines()[0][:200]))


# --- in a worker -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Refused:
    """The error with which a call ended."""

    error: EvidenseError


_AT_POST: list[Post] = []
"""The last that this worker has taken over: a program that connected to Ray itself may do several runs with the same workers."""


class Ear:
    """Hears in the cluster what workers say of their progress; the driver asks it from time to time."""

    def __init__(self) -> None:
        self.latest: dict[str, tuple[int, int]] = {}

    def say(self, name: str, done: int, total: int) -> None:
        """Note the progress of a task."""
        self.latest[name] = (done, total)

    def heard(self) -> dict[str, tuple[int, int]]:
        """Return what is new since the last question: task → steps done, steps in all."""
        heard, self.latest = self.latest, {}
        return heard


def carry_out(post: Post, call: Call, ear: Any = None) -> Any:
    """Run a call in a worker of Ray, on one thread; before the first one, take over what the parent has."""
    function, arguments = call
    os.environ.update(ONE_THREAD)
    _end_at_once()
    try:
        if [post] != _AT_POST:
            post.take_over(_node())
            _AT_POST[:] = [post]
        listen(None if ear is None else seldom(ear.say.remote, _TELL_EVERY_S))
        with one_thread():
            return function(*arguments)
    except EvidenseError as error:
        return Refused(error)


def _end_at_once() -> None:
    """Let SIGTERM end this worker as SIGKILL does.

    Ray makes a SystemExit of it, when a driver died. Code of the user that runs then seems to have failed for good, and parts that were finished
    would be thrown away.
    """
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def report_on(post: Post, node: str) -> NodeReport:
    """Say what this node has and lacks."""
    os.environ.update(ONE_THREAD)  # this worker may take calls later
    return post.report(node)


def _node() -> str:
    import ray

    return str(ray.get_runtime_context().get_node_id())
