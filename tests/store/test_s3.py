"""A store on a real S3 server (moto, over HTTP on this machine). Skipped where moto or s3fs are not installed."""

import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("moto", reason="moto[server] is not installed: pip install 's3fs' 'moto[server]'")
pytest.importorskip("s3fs", reason="s3fs is not installed (extra: s3)")

from evidense.errors import StoreUnreachable
from evidense.records import Score
from evidense.store import Store
from evidense.store.remote import remote_at

LARGE = 120 << 20
"""Bytes of an object that is sent in several parts."""


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """Start the server; yield its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)], stderr=subprocess.DEVNULL
    )
    address = f"http://127.0.0.1:{port}"
    for _ in range(300):
        try:
            urllib.request.urlopen(f"{address}/moto-api/", timeout=1).close()
            break
        except OSError:
            time.sleep(0.1)
    yield address
    process.send_signal(signal.SIGTERM)
    process.wait()


@pytest.fixture
def client(server: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Point the client of this process to the server; return a client that makes buckets."""
    import boto3

    keys = {
        "AWS_ACCESS_KEY_ID": "key",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": server,
    }
    for name, value in {**keys, "EVIDENSE_CACHE": str(tmp_path / "here")}.items():
        monkeypatch.setenv(name, value)
    forget()
    yield boto3.client("s3", endpoint_url=server)
    forget()


def forget() -> None:
    """Forget open stores and clients, as a new process would."""
    import s3fs

    remote_at.cache_clear()
    s3fs.S3FileSystem.clear_instance_cache()


def bucket_of(client, name: str) -> str:
    client.create_bucket(Bucket=name)
    return f"s3://{name}/team"


def score(store: Store) -> Score:
    ids, values = store.put_json(["q1"]), store.put_array(np.array([0.5]))
    return Score(system="a", collection="c", measure="AP", query_ids=ids, values=values, mean=0.5)


def test_steps_and_large_vectors_reach_another_computer(
    client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = bucket_of(client, "steps")
    here = Store(address)
    record = score(here)
    here.remember("k" * 64, [here.put(record)])
    large = tmp_path / "large.npy"
    np.save(large, np.arange(LARGE // 4, dtype=np.float32))
    here.note("vectors", "v" * 64, {"blob": here.adopt_file(large)})
    monkeypatch.setenv("EVIDENSE_CACHE", str(tmp_path / "there"))
    there = Store(address)
    assert there.recall("k" * 64) == [record.id]
    with there.only_looking() as to_fetch:
        assert there.has_blob(str(there.noted("vectors", "v" * 64)["blob"]))
    assert sum(to_fetch.values()) > LARGE
    vectors = there.array(str(there.noted("vectors", "v" * 64)["blob"]))
    assert vectors[-1] == LARGE // 4 - 1
    assert there.recall("l" * 64) is None


def test_a_truncated_object_is_made_anew(client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    address = bucket_of(client, "truncated")
    here = Store(address)
    record = score(here)
    here.remember("k" * 64, [here.put(record)])
    key = f"team/blobs/{record.values[:2]}/{record.values}"
    whole = client.get_object(Bucket="truncated", Key=key)["Body"].read()
    client.put_object(Bucket="truncated", Key=key, Body=whole[:-9])
    monkeypatch.setenv("EVIDENSE_CACHE", str(tmp_path / "there"))
    there = Store(address)
    assert there.recall("k" * 64) is None
    there.remember("k" * 64, [there.put(score(there))])
    assert client.get_object(Bucket="truncated", Key=key)["Body"].read() == whole


def test_a_bucket_that_does_not_exist_is_named(client) -> None:
    with pytest.raises(StoreUnreachable, match="the store 's3://absent/team' does not exist .*Evidense makes none"):
        Store("s3://absent/team")


def test_missing_credentials_are_named(client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    address = bucket_of(client, "locked")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    forget()
    with pytest.raises(StoreUnreachable, match="cannot be asked .*AWS_ACCESS_KEY_ID|refuses"):
        Store(address)


def test_a_network_that_dies_midway_ends_the_run_and_the_next_one_continues(
    server: str, client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = bucket_of(client, "broken")
    store = Store(address)
    record = score(store)
    store.put(record)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{nobody.getsockname()[1]}")
        store.copy.remote.files.connect(refresh=True)  # type: ignore[union-attr]
        with pytest.raises(StoreUnreachable, match="does not answer .*run the same command again"):
            store.remember("k" * 64, [record.id])
        with pytest.raises(StoreUnreachable, match="does not answer"):
            store.recall("k" * 64)
    monkeypatch.setenv("AWS_ENDPOINT_URL", server)
    forget()
    store = Store(address)
    assert store.recall("k" * 64) is None
    store.remember("k" * 64, [record.id])
    assert store.recall("k" * 64) == [record.id]
