"""Generated pages are fresh, examples in docstrings are true, links lead somewhere."""

import doctest
import importlib
import re

import pytest

from docs.pages import ROOT, read
from warm.client import Warm

MODULES = [
    ".".join(p.relative_to(ROOT / "src").with_suffix("").parts).removesuffix(".__init__")
    for p in sorted((ROOT / "src").rglob("*.py"))
    if ">>> " in p.read_text(encoding="utf-8")
]
PAGES = sorted(str(p.relative_to(ROOT)) for p in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def test_the_reference_is_fresh(warm: Warm) -> None:
    program = "import runpy; runpy.run_path('docs/generate.py', run_name='__main__')"
    done = warm.run(["--check"], ROOT, code=program)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("module", MODULES)
def test_the_examples_of_docstrings_are_true(module: str) -> None:
    result = doctest.testmod(
        importlib.import_module(module), optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    )
    assert result.attempted > 0
    assert result.failed == 0


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_to_files_and_headings(page: str) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"```.*?```", "", read(page), flags=re.DOTALL)):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (ROOT / page).parent / path if path else ROOT / page
        assert file.exists(), f"{page} links to {target}"
        if anchor:
            headings = [
                re.sub(r"[^\w -]", "", h.lower()).strip().replace(" ", "-")
                for h in re.findall(r"^#+ (.*)$", file.read_text(), re.MULTILINE)
            ]
            assert anchor in headings, f"{page} links to {target}"
