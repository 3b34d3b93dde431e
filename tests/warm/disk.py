"""What the tests do not wait for: a comparison asks the disk sixty times to write what it has, and no test takes the power away."""


def stay_in_memory(descriptor: object) -> None:
    """Stand for `os.fsync`: what was written stays with the system, which keeps it when a process is killed."""
