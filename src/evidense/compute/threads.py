"""Run arithmetic on one thread, so that its bytes do not depend on the number of processors."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from importlib.util import find_spec


@contextmanager
def one_thread() -> Iterator[None]:
    """Limit torch (if it is installed) and the matrix libraries of numpy to one thread inside this block."""
    from threadpoolctl import threadpool_limits

    with ExitStack() as undo:
        if find_spec("torch") is not None:
            undo.enter_context(_one_thread_of_torch())
        undo.enter_context(threadpool_limits(1))
        yield


@contextmanager
def _one_thread_of_torch() -> Iterator[None]:
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
