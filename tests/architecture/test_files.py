"""What is committed: files that parse, and nothing that names a developer's machine."""

import json
import re
import subprocess
import tomllib

import pytest

from architecture.sources import ROOT

SOMEBODYS_FOLDER = re.compile(
    rb"(?<![\w./~*}>-])/(?:"
    + rb"|".join([b"ho" + b"me/\\w+/", b"Us" + b"ers/\\w+/", b"ro" + b"ot/", b"wo" + b"rk/"])
    + rb")"
)


def committed() -> list[str]:
    """Return the paths that git tracks; skip where this is no checkout."""
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        pytest.skip("not a git checkout")
    return [p for p in done.stdout.split("\0") if p and (ROOT / p).is_file()]


def test_no_committed_file_names_a_folder_of_somebodys_machine() -> None:
    found = {p: hit.group().decode() for p in committed() if (hit := SOMEBODYS_FOLDER.search((ROOT / p).read_bytes()))}
    assert not found


def test_toml_json_and_python_files_parse() -> None:
    for path in committed():
        data = (ROOT / path).read_bytes()
        if path.endswith(".toml"):
            tomllib.loads(data.decode())
        elif path.endswith(".json"):
            json.loads(data)
        elif path.endswith(".py"):
            compile(data, path, "exec")


def test_nothing_committed_is_ignored_or_large() -> None:
    done = subprocess.run(["git", "ls-files", "-ci", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True)
    assert not done.stdout.strip(), f"ignored and yet committed: {done.stdout}"
    large = {p: size for p in committed() if (size := (ROOT / p).stat().st_size) > 1_000_000}
    assert not large, f"files over 1 MB: {large}"
