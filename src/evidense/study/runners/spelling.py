"""Runners by their spelling: local, ray, ray://HOST:PORT."""

from collections.abc import Callable

from evidense.errors import InvalidInput, UnknownName
from evidense.study.runners.ray_cluster import CLIENT, RayCluster, require_ray
from evidense.study.runners.tasks import Runner

LOCAL, RAY = "local", "ray"
SHOWN = (LOCAL, RAY, f"{CLIENT}HOST:PORT")


def check_runner(spelling: str, n_workers: int | None = None) -> None:
    """Refuse a misspelt runner, or one whose library is missing, before anything is opened.

    Raises:
        UnknownName, InvalidInput, MissingExtra: the message says what to type.
    """
    if n_workers is not None and (isinstance(n_workers, bool) or not isinstance(n_workers, int) or n_workers < 0):
        raise InvalidInput(f"workers is {n_workers!r}; expected a number of processes, 0 for this process; correct it")
    if spelling in ("", LOCAL):
        return
    if spelling != RAY and not spelling.startswith(CLIENT):
        raise UnknownName.among("runner", spelling, SHOWN)
    if spelling != RAY and not _is_address(spelling.removeprefix(CLIENT)):
        raise InvalidInput(
            f"the runner '{spelling}' names no cluster; expected {CLIENT}HOST:PORT, for example {CLIENT}head:10001"
        )
    if n_workers is not None:
        raise InvalidInput(
            f"--workers {n_workers} counts processes on this machine, and --runner {spelling} takes the CPUs that the cluster has; "
            "expected one of the two; leave one out"
        )
    require_ray(spelling)


def cluster_of(
    spelling: str, address: str, inputs: tuple[str, ...], warn: Callable[[str], None] | None
) -> Runner | None:
    """Return the runner of a cluster; None if the spelling means processes here."""
    if spelling in ("", LOCAL):
        return None
    return Runner(RayCluster(address, spelling if spelling != RAY else "", inputs, warn))


def _is_address(text: str) -> bool:
    host, _, port = text.rpartition(":")
    return bool(host) and port.isdecimal() and 0 < int(port) < 65536
