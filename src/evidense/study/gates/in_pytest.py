"""In pytest: the whole message of a gate where `assert result.gate(…)` fails. pytest itself shows an object on one line and cuts it.

pytest loads this module wherever Evidense is installed (entry point `pytest11`), so it imports nothing.
"""

import sys
from typing import Any


def pytest_runtest_makereport(item: Any, call: Any) -> None:
    """Add the failing rows and the verdict table to the message of a failed assert whose line asked a gate."""
    module = sys.modules.get("evidense.study.gates.gate")  # without it there is no gate
    if call.excinfo is None or module is None or not call.excinfo.errisinstance(AssertionError):
        return
    frame = call.excinfo.traceback[-1].frame.raw
    unmet = [value for value in frame.f_locals.values() if isinstance(value, module.Gate) and not value.passed]
    message = str(call.excinfo.value)
    texts = [text for text in dict.fromkeys(map(str, unmet)) if text not in message]
    if texts:
        call.excinfo.value.args = ("\n".join([message, *texts]),)
