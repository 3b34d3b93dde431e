"""Write docs/reference.md from the code; with --check, fail where it is stale."""

import difflib
import inspect
import re
import sys
import textwrap
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click

from evidense import api, errors, measures, registry
from evidense.cli.main import FIRST, MORE, cli
from evidense.parts import SHELVES

DOCS = Path(__file__).resolve().parent
TARGET = DOCS / "reference.md"
SHELF_TITLES = {
    "datasets": "Collections: `--on NAME`",
    "encoders": "Encoders: systems that give vectors",
    "rankers": "Rankers: systems that give lists",
    "analyses": "Analyses: what `dissect` looks at",
    "claims": "Claims: `--claim NAME`",
}


def reference() -> str:
    """Return the whole page."""
    sections = [_commands(), _python(), _catalogue(), _measures(), _errors(), _extras()]
    head = "# Reference\n\nWritten by `make docs` from the code; do not edit. Parts are found by their file name.\n\n"
    return head + "\n".join(line.rstrip() for section in sections for line in section) + "\n"


def _fenced(text: str, language: str = "text") -> list[str]:
    return [f"```{language}", *text.strip("\n").splitlines(), "```", ""]


def _commands() -> Iterator[str]:
    yield from [
        "## Command line",
        "",
        "Exit codes: 0 done; 1 a gate is not met; 2 could not, and the message says why.",
        "",
    ]
    top = click.Context(cli, info_name="evidense", terminal_width=100, help_option_names=["-h", "--help"])
    yield from _fenced(cli.get_help(top))
    for name in (*FIRST, *MORE):
        command = cli.get_command(top, name)
        if command is None:
            raise LookupError(f"the command '{name}' is listed and not there")
        context = click.Context(command, info_name=name, parent=top)
        yield from [f"### evidense {name}", "", *_fenced(command.get_help(context))]


def _python() -> Iterator[str]:
    yield from [
        "## Python",
        "",
        "`import evidense as ev`; every name below is `ev.NAME`. Nothing is printed unasked.",
        "",
    ]
    functions = [name for name in api.__all__ if inspect.isfunction(getattr(api, name))]
    for name in functions:
        yield from [f"### ev.{name}", "", *_fenced(f"{name}{_signature(getattr(api, name))}", "python")]
        yield from [_prose(getattr(api, name)), ""]
    yield from ["### Values and records", "", "| name | what it is |", "|---|---|"]
    for name in api.__all__:
        if name not in functions:
            yield f"| `ev.{name}` | {_first(getattr(api, name))} |"
    yield ""
    for name in api.__all__:
        if inspect.isclass(getattr(api, name)) and (methods := _methods(getattr(api, name))):
            yield from [f"#### ev.{name}", "", *(f"- `{call}`: {text}" for call, text in methods), ""]


def _methods(cls: type) -> list[tuple[str, str]]:
    found = []
    ours = [base for base in reversed(cls.__mro__) if base is cls or base.__module__.startswith("evidense.store.")]
    for name, member in {name: member for base in ours for name, member in vars(base).items()}.items():
        if name.startswith("_"):
            continue
        if inspect.isfunction(member):
            found.append(
                (f"{name}{_signature(member)}".replace("(self, ", "(").replace("(self)", "()"), _first(member))
            )
        elif hasattr(member, "__doc__") and isinstance(member, property) and member.__doc__:
            found.append((name, _first(member)))
    return found


def _signature(function: object) -> str:
    text = str(inspect.signature(function))  # type: ignore[arg-type]
    text = re.sub(r"<(?:function|class|object) [^>]*>", "…", text)
    return re.sub(r"\b(?:evidense|collections|pathlib|typing|numpy|click)(?:\.\w+)*\.(?=\w)", "", text)


def _first(thing: object) -> str:
    return (inspect.getdoc(thing) or "").split("\n")[0].replace("|", "\\|")


def _prose(thing: object) -> str:
    return re.sub(r"\nRaises:\n\s+(.*)", r"\nRaises \1", inspect.getdoc(thing) or "")


_COLUMNS = {
    "claims": "sentence", "objectives": "source", "analyses": "source", "sources": "covers", "readers": "suffixes",
    "entailers": "spellings", "reviewers": "asks",
}  # fmt: skip


def _catalogue() -> Iterator[str]:
    yield from [
        "## Catalogue of parts",
        "",
        "The same as `evidense list`, with the spellings that each part reads.",
        "",
    ]
    for shelf in SHELVES:
        column = _COLUMNS.get(shelf, "spelled")
        yield from [f"### {SHELF_TITLES.get(shelf, shelf)}", "", f"| name | what it is | {column} |", "|---|---|---|"]
        for name, line in registry.summaries(shelf).items():
            part = registry.part(shelf, name)
            said = getattr(part, "spellings" if column == "spelled" else column)
            said = said if isinstance(said, str) else ", ".join(f"`{s}`" for s in said)
            said = re.sub(r"cpython-\d+\.\d+\.\d+", "cpython-3.x.y", said)
            yield f"| `{name}` | {line} | {said} |".replace("||", "|")
        yield ""


def _measures() -> Iterator[str]:
    yield from ["## Measures", ""]
    yield f"Every spelling of [ir-measures](https://ir-measur.es) is read. Default: {', '.join(f'`{m}`' for m in measures.DEFAULT)}."
    yield from ["The first gets the verdicts. These are read as well:", "", "| printed | also read |", "|---|---|"]
    for name, others in measures.OTHER_NAMES.items():
        yield f"| `{name}` | {', '.join(f'`{o}`' for o in others)}, each also as `{others[0]}@10`, `{others[0]}_10`, `{others[0]}_at_10` |"
    yield ""


def _errors() -> Iterator[str]:
    tree = (errors.__doc__ or "").partition("\n\n")[2]
    yield from ["## Errors", "", "Each message says what is wrong, with the value; what was expected; what to do.", ""]
    yield from _fenced(textwrap.dedent(tree.partition("\n\n")[0]))


def _extras() -> Iterator[str]:
    project = tomllib.loads((DOCS.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    yield from ["## Extras", "", f"The plain install needs {', '.join(_bare(d) for d in project['dependencies'])}.", ""]
    yield from ["| `pip install '.[…]'`, in a clone | brings |", "|---|---|"]
    for name, needs in project["optional-dependencies"].items():
        yield f"| `{name}` | {', '.join(_bare(n) for n in needs)} |"
    yield from ["", f"Without a GPU, torch first: `{errors.TORCH_CPU_LINE}`."]


def _bare(requirement: str) -> str:
    return re.split(r"[<>=!~ ]", requirement)[0]


def main() -> int:
    """Write the page, or compare it."""
    new = reference()
    if "--check" not in sys.argv[1:]:
        TARGET.write_text(new, encoding="utf-8")
        return 0
    old = TARGET.read_text(encoding="utf-8") if TARGET.exists() else ""
    for line in list(
        difflib.unified_diff(old.splitlines(), new.splitlines(), "docs/reference.md", "the code", lineterm="")
    )[:40]:
        print(line)
    if old != new:
        print("docs/reference.md is stale: run `make docs` and commit it")
    return int(old != new)


if __name__ == "__main__":
    sys.exit(main())
