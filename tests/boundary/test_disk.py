"""Files written whole, by several threads at once too."""

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from evidense.boundary.disk import write_atomically


def test_threads_that_write_at_once_leave_the_umask_as_it_is(tmp_path: Path) -> None:
    before = os.umask(0o022)
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda n: write_atomically(tmp_path / str(n), b"x"), range(400)))
        assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o644}
        assert os.umask(0o022) == 0o022
    finally:
        sys.setswitchinterval(interval)
        os.umask(before)
