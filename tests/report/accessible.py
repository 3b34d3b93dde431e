"""axe-core, asked what people who read with a keyboard or a screen reader would stumble over on the open page."""

import json
from functools import cache
from importlib import resources

from report.browser import Browser

_ASK = """axe.run(PART, {resultTypes: ['violations'], rules: {'color-contrast': {enabled: false}}})
  .then(r => JSON.stringify(r.violations.map(v => [v.impact, v.id, v.nodes[0].html.slice(0, 120)])))"""


@cache
def _axe() -> str:
    return (resources.files("axe_core_python") / "axe.min.js").read_text(encoding="utf-8")


def violations(browser: Browser, part: str = "body") -> list[list[str]]:
    """Return (impact, rule, first element) of each rule that a part of the page breaks; contrast, which takes axe half a minute, has a test of its own."""
    browser.evaluate(f"{_axe()}; 1")
    return json.loads(browser.evaluate(_ASK.replace("PART", json.dumps(part))))
