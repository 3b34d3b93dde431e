"""What carries the project on: the workflow, issue forms, hooks and CONTRIBUTING say what is there."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

from docs.pages import ROOT, read

FORMS = sorted(p.name for p in (ROOT / ".github/ISSUE_TEMPLATE").glob("*.yml") if p.name != "config.yml")


@pytest.mark.parametrize(
    ("schema", "files"),
    [
        ("vendor.github-workflows", [".github/workflows/checks.yml", "docs/ci/evidense-gate.yml"]),
        ("custom.github-workflows-require-timeout", [".github/workflows/checks.yml", "docs/ci/evidense-gate.yml"]),
        ("vendor.github-issue-forms", [f".github/ISSUE_TEMPLATE/{form}" for form in FORMS]),
        ("vendor.github-issue-config", [".github/ISSUE_TEMPLATE/config.yml"]),
        ("vendor.citation-file-format", ["CITATION.cff"]),
    ],
)
def test_files_for_github_follow_their_schema(schema: str, files: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *files],
        cwd=ROOT, capture_output=True, text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_workflow_tests_every_python_that_the_package_declares() -> None:
    declared = re.findall(r"Python :: (3\.\d+)", read("pyproject.toml"))
    matrix = yaml.safe_load(read(".github/workflows/checks.yml"))["jobs"]["test"]["strategy"]["matrix"]
    assert declared
    assert matrix["python"] == declared


def test_the_hooks_run_what_make_check_runs() -> None:
    hooks = [
        hook["entry"] for repo in yaml.safe_load(read(".pre-commit-config.yaml"))["repos"] for hook in repo["hooks"]
    ]
    recipe = read("Makefile").split("\ncheck: setup\n")[1].split("\n\n")[0]
    for command in re.findall(r"^\t\$\(BIN\)/(.+?)(?: \.)?$", recipe, re.MULTILINE):
        assert any(entry.removeprefix(".venv/bin/").startswith(command) for entry in hooks), command
    assert "make check" in hooks  # the rest of it: the shape checks


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "SECURITY.md"])
def test_links_and_targets_of_a_page_exist(page: str) -> None:
    text = read(page)
    for link in re.findall(r"\]\((?!http)([^)#]+)", text):
        assert (ROOT / link).exists(), link
    targets = set(re.findall(r"make ([a-z]+)", text))
    assert targets <= set(re.findall(r"^([a-z]+):", read("Makefile"), re.MULTILINE)) | {"and"}


def test_the_rooms_that_contributing_names_exist() -> None:
    table = read("CONTRIBUTING.md").split("| look in |")[1].split("\n\n")[0]
    last_cells = "\n".join(row.split("|")[-2] for row in table.splitlines()[1:])
    for place in re.findall(r"`([\w/.*]+)`", last_cells):
        assert list((ROOT / "src/evidense").glob(place.rstrip("/"))), place


def test_the_extra_of_each_make_target_is_declared() -> None:
    extras = tomllib.loads(read("pyproject.toml"))["project"]["optional-dependencies"]
    for extra in re.findall(r"'\.\[(\w[\w,-]*)\]'", read("Makefile")):
        assert set(extra.split(",")) <= set(extras), extra


def test_the_coverage_table_has_a_row_for_each_room(tmp_path: Path) -> None:
    report = tmp_path / "coverage.json"
    summary = '{"covered_lines": 3, "num_statements": 4, "covered_branches": 1, "num_branches": 2}'
    report.write_text(f'{{"files": {{"src/evidense/stats/rule.py": {{"summary": {summary}}}}}}}')
    done = subprocess.run(
        [sys.executable, "docs/coverage.py", report], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[2:] == ["| stats | 4 | 75.0% | 2 | 50.0% |", "| all | 4 | 75.0% | 2 | 50.0% |"]
