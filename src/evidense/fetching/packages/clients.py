"""Clients: has `apt-get` or `npm` download one pinned package. No right of root is needed; nothing is installed."""

import os
import shutil
import subprocess
from pathlib import Path

from evidense.boundary.offline import is_offline
from evidense.boundary.shown import shown_line
from evidense.boundary.strangers import reason
from evidense.errors import InvalidInput, UnsafeInput
from evidense.values.packages import Client, Package

LONGEST_S = 3_600.0
_SYSTEMS: dict[Client, str] = {"apt-get": "Debian and Ubuntu have it", "npm": "it comes with Node.js"}
_COMMANDS: dict[Client, tuple[str, ...]] = {
    "apt-get": ("download", "{name}={version}"),
    "npm": ("pack", "{name}@{version}", "--ignore-scripts", "--silent"),
}


def command_of(package: Package) -> list[str]:
    """Return the command that downloads a package into the working folder."""
    return [package.client, *(word.format(name=package.name, version=package.version) for word in _COMMANDS[package.client])]  # fmt: skip


def download(package: Package, folder: Path, advice: str) -> Path:
    """Run the client in an empty folder and return the file that it wrote. `advice` says what else the user may do.

    Raises:
        InvalidInput: there is no such client, it fails, or it wrote no file of the expected name.
        UnsafeInput: connections are forbidden.
    """
    if is_offline():
        raise UnsafeInput(
            f"{package.title} would be downloaded while connections are forbidden; expected none; {advice}"
        )
    program = shutil.which(package.client)
    if program is None:
        raise InvalidInput(
            f"there is no {package.client} on this machine, which would download {package.title}; expected it on the PATH "
            f"({_SYSTEMS[package.client]}); {advice}"
        )
    said = _run([program, *command_of(package)[1:]], package, folder, advice)
    path = folder / package.file
    if not path.is_file():
        there = ", ".join(sorted(os.listdir(folder))) or said or "nothing"
        raise InvalidInput(
            f"{package.client} left {shown_line(there)} for {package.title}; expected {package.file}; {advice}"
        )
    return path


def _run(command: list[str], package: Package, folder: Path, advice: str) -> str:
    """Run the client, and return the last line that it said."""
    environment = {**os.environ, "LC_ALL": "C", "LANGUAGE": "C", "NO_UPDATE_NOTIFIER": "1"}
    try:
        done = subprocess.run(command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, capture_output=True, timeout=LONGEST_S)  # fmt: skip
    except subprocess.TimeoutExpired:
        said, code = f"it took more than {LONGEST_S:,.0f} seconds", 1
    except OSError as error:
        said, code = reason(error), 1
    else:
        said, code = _said(done.stderr) or _said(done.stdout), done.returncode
    if code:
        raise InvalidInput(
            f"{package.client} could not download {package.title} ({shown_line(said) or 'it does not say why'}); expected exactly this version "
            f"from its registry; {advice}"
        )
    return said


def _said(output: bytes) -> str:
    """Return the line of an output that says what is wrong: the first that begins like an error, else the last."""
    lines = [line.strip() for line in output.decode("utf-8", "replace").splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith(("E:", "Err:", "npm error", "npm ERR!"))]
    return (" ".join(errors[:2]) if errors else lines[-1] if lines else "")[:300]
