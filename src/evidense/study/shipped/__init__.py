"""Studies that ship with the package; `evidense run NAME` runs one."""

import tomllib
from importlib import resources
from pathlib import Path

from evidense.errors import UnknownName
from evidense.records import Study
from evidense.study.compare import toy
from evidense.study.files import templates
from evidense.study.files.toml import read_study, study_from

BUILT_IN = "minilm"
"""Name of the study that `evidense run` runs by default, before the MINIATURES."""
MINIATURES = ("multimodal_factorial", "inside")
"""Names of the studies whose toys follow it. The second study dissects the checkpoints of the first."""


def names() -> dict[str, str]:
    """Return name → question of every shipped study."""
    files = (f for f in resources.files(__name__).iterdir() if f.name.endswith(".toml"))
    questions = {f.name.removesuffix(".toml"): tomllib.loads(f.read_text(encoding="utf-8"))["question"] for f in files}
    return dict(sorted(questions.items()))


def shipped(name: str) -> Study:
    """Return a shipped study.

    Raises:
        UnknownName: with the nearest names.
    """
    if name not in names():
        raise UnknownName.among("study", name, [*names(), *templates.names()], "A study file's name ends in .toml.")
    text = (resources.files(__name__) / f"{name}.toml").read_text(encoding="utf-8")
    return study_from(tomllib.loads(text), f"{name}.toml")


def named(name: str) -> Study:
    """Return the study of a name: a file that ends in .toml, a shipped study, or NAME-toy, its miniature.

    Raises:
        UnknownName, InvalidInput: as `shipped` and `read_study`.
    """
    if name.endswith(".toml"):
        return read_study(Path(name))
    return toy(shipped(name.removesuffix("-toy"))) if name.endswith("-toy") else shipped(name)
