"""Completions: what a shell offers where a system, collection, measure, claim, analysis or study is typed."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import click
    from click.shell_completion import CompletionItem

_WHOLE = ("AP", "RR", "Rprec", "Bpref", "infAP", "SetP", "SetR", "SetF", "SetAP", "NumRet", "NumRel", "NumRelRet")
"""Measures that are usual without a depth."""
Complete = Callable[["click.Context", "click.Parameter", str], "list[CompletionItem]"]


def offered(*kinds: str, files: bool = True) -> Complete:
    """Return what completes a value, or the last of several between commas.

    `kinds` are shelves (`encoders`, `rankers`, `datasets`, `claims`, `analyses`), `shelves`, `measures` or `studies`; with
    `files` the shell offers paths where no name fits.
    """

    def complete(ctx: "click.Context", param: "click.Parameter", incomplete: str) -> "list[CompletionItem]":
        from click.shell_completion import CompletionItem

        before, comma, last = incomplete.rpartition(",")
        names = sorted({name for kind in kinds for name in _names(kind) if name.startswith(last)})
        items = [CompletionItem(f"{before}{comma}{name}") for name in names]
        return items or ([CompletionItem(incomplete, type="file")] if files else [])  # bash forgets names beside a file

    return complete


def _names(kind: str) -> Iterable[str]:
    if kind == "studies":
        from evidense.study.files import templates
        from evidense.study.shipped import names

        return [*names(), *templates.names()]
    if kind == "measures":
        from evidense.measures import DEFAULT, OTHER_NAMES

        return [*DEFAULT, *_WHOLE, *(f"{name}@10" for name in OTHER_NAMES if name not in _WHOLE)]
    if kind == "shelves":
        from evidense.parts import SHELVES

        return SHELVES
    from evidense import registry

    return registry.names(kind)


SYSTEMS, COLLECTIONS = offered("encoders", "rankers"), offered("datasets")
MEASURES, CLAIMS = offered("measures", files=False), offered("claims", files=False)
ANALYSES, STUDIES = offered("analyses", files=False), offered("studies")
SHELVES = offered("shelves", files=False)
