"""One real study for all tests of the report, and the folder that it was written into."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from evidense import report
from report.sample import GROUPS, INITIALS, STEMS, Sample, make


@pytest.fixture(scope="session")
def sample() -> Iterator[Sample]:
    """Three collections of docstrings, three systems against a baseline, one reference."""
    with _own_store():
        systems = ("char_ngrams", "bm25", STEMS, INITIALS)
        yield make(systems, references=("char_ngrams@label=letters",), names=tuple(GROUPS)[:3])


@pytest.fixture(scope="session")
def single() -> Iterator[Sample]:
    """Two collections, one system that is the baseline's copy."""
    with _own_store():
        yield make(("bm25", "bm25@label=copy"), names=tuple(GROUPS)[:2], most=60, claims=("helps", "same"))


@contextmanager
def _own_store() -> Iterator[None]:
    with tempfile.TemporaryDirectory() as root, pytest.MonkeyPatch.context() as patch:
        patch.setenv("EVIDENSE_STORE", root)
        yield


@pytest.fixture(scope="session")
def folder(sample: Sample, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report of `sample`."""
    out = tmp_path_factory.mktemp("report") / "out"
    report.write(sample.study, sample.records, sample.store, out, command="evidense compare char_ngrams bm25")
    return out
