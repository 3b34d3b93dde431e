"""Who does the work changes no byte of a page, and is no part of the command that the page shows."""

import shutil
from pathlib import Path


def test_a_page_made_by_a_worker_option_is_the_same_bytes(evidense, first_lines, tmp_path: Path) -> None:
    shutil.copy(first_lines(41), tmp_path / "pairs.csv")
    pages = []
    for words in ((), ("--workers", "0")):
        done = evidense("compare", "bm25", "char_ngrams", "--on", "pairs.csv", "--out", "page", *words)
        assert done.exit_code == 0, done.output
        pages.append({path.name: path.read_bytes() for path in Path("page").rglob("*") if path.is_file()})
        shutil.rmtree("page")
        shutil.rmtree(tmp_path / "store")
    assert pages[0] == pages[1]


def test_a_runner_that_does_not_exist_is_refused_with_the_nearest(evidense) -> None:
    done = evidense("compare", "bm25", "char_ngrams", "--on", "absent.csv", "--runner", "rya")
    assert done.exit_code == 2
    assert "unknown runner 'rya': did you mean 'ray'? Known: local, ray, ray://HOST:PORT." in done.output
