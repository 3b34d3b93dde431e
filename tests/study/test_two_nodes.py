"""Two real Ray nodes on this machine: with a bucket they need nothing else in common, and a node that lacks what the study needs is refused."""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")
pytest.importorskip("fsspec", reason="fsspec is not installed (extra: s3)")
pytest.importorskip("ray", reason="Ray is not installed (extra: cluster)")

import evidense
from evidense.boundary.consent import consenting
from evidense.errors import InvalidInput
from evidense.store import Store
from evidense.study import rankings
from evidense.study.compare import comparison
from evidense.study.run import RunOptions, run_study
from evidense.study.runners.ray_cluster import RayCluster
from evidense.study.runners.tasks import Runner, Task
from factorial.world import write_world
from study.killing import computed_keys, hashes

LETTERS = """
import time
def by_form(texts):
    time.sleep(0.2)
    return [[text.count(letter) + 0.1 for letter in "abcdefghijklmnop"] for text in texts]
"""
STARTS = "mount -t tmpfs tmpfs {store} && mount -t tmpfs tmpfs {models} && exec ray start --address={head} --num-cpus=1 --block"
"""A node that has other folders under the paths of the store and of the models."""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, Path]]:
    """Two nodes of one CPU; each keeps its copies of a bucket in a folder of its own."""
    import ray
    from ray.cluster_utils import Cluster

    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    place, here = tmp_path_factory.mktemp("nodes"), Path.cwd()
    os.chdir(place)  # workers see the modules of the folder in which Ray is started
    nodes = Cluster()
    for name in ("near", "far"):
        nodes.add_node(
            num_cpus=1, memory=4 << 30, include_dashboard=False, env_vars={"EVIDENSE_CACHE": str(place / name)}
        )
    ray.init(address=nodes.address, log_to_driver=False, logging_level="ERROR")
    os.chdir(here)
    yield nodes, place
    ray.shutdown()
    nodes.shutdown()


def test_two_nodes_that_share_a_bucket_only_share_the_work_and_give_the_bytes_of_one_process(
    cluster: tuple[Any, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, place = cluster
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EVIDENSE_CACHE", str(place / "driver"))
    monkeypatch.setattr(rankings, "_GROUP_S", 1e-9)  # every encoding is shared by its parts
    Path("node_letters.py").write_text(LETTERS, encoding="utf-8")
    worlds = [str(write_world(Path(f"{n}.csv"), n_train=0, n_test=40, seed=n)) for n in range(2)]
    study = comparison("bm25", ["python:node_letters:by_form"], worlds, n_resamples=999)
    with consenting(study.systems):
        here = run_study(study, Store(tmp_path / "store"), RunOptions(out=tmp_path / "here", n_workers=0))
        far = run_study(study, Store(f"file://{tmp_path}/bucket"), RunOptions(out=tmp_path / "far", runner="ray"))
    assert [record.id for record in far.records] == [record.id for record in here.records]
    assert hashes(tmp_path / "far") == hashes(tmp_path / "here")
    made = [
        {key for root in (place / name).glob("remote/*") for key in computed_keys(root)} for name in ("near", "far")
    ]
    assert all(made), "both nodes have worked"
    assert not made[0] & made[1], "nothing was computed twice"
    rooms = {room for room, _ in made[0] | made[1]}
    assert {"parts", "vectors"} <= rooms
    assert not {key for root in (place / "driver").glob("remote/*") for key in computed_keys(root)}


@pytest.fixture
def lacking(cluster: tuple[Any, Path], tmp_path: Path) -> Iterator[Path]:
    """Add a node with another Evidense, another store and no model; yield the folder in which store and models are."""
    import ray

    if os.geteuid() or subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode:
        pytest.skip("needs the right to mount folders for one process")
    other = tmp_path / "other"
    shutil.copytree(Path(evidense.__file__).parent, other / "evidense", ignore=shutil.ignore_patterns("__pycache__"))
    with (other / "evidense" / "__init__.py").open("a") as file:
        file.write("# another version\n")
    for name in ("store", "models/tuned"):
        (tmp_path / name).mkdir(parents=True)
    words = STARTS.format(store=tmp_path / "store", models=tmp_path / "models", head=cluster[0].address)
    path = os.pathsep.join([str(other), *(entry for entry in sys.path if entry)])
    env = {**os.environ, "PYTHONPATH": path, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    process = subprocess.Popen(
        ["unshare", "--mount", "sh", "-c", words],
        env=env,
        cwd=tmp_path,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until = time.monotonic() + 60
    while sum(node["Alive"] for node in ray.nodes()) < 3:
        assert time.monotonic() < until, "the third node did not start"
        assert process.poll() is None, "the third node ended"
        time.sleep(0.2)
    yield tmp_path
    process.terminate()
    process.wait(30)


def test_a_node_of_another_version_without_the_store_and_the_model_is_refused_with_all_three(
    lacking: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(lacking)
    runner = Runner(RayCluster(str(lacking / "store"), inputs=("models/tuned",)))
    with pytest.raises(InvalidInput) as refused, runner:
        list(runner.run([Task("any", lambda _: (os.mkdir, ("begun",)))]))
    words = str(refused.value)
    assert "this cluster cannot run the study: 3 mistakes" in words
    assert "it has evidense" in words
    assert f"the store '{lacking / 'store'}' is another one there" in words
    assert "it lacks 'models/tuned'" in words
    assert not Path("begun").exists()
