"""Sentences: what an analysis needs to say in half a sentence what changed inside a tuned encoder."""

from collections.abc import Sequence

from evidense.boundary.numerals import interval, signed
from evidense.records import Finding, Json


def is_number(value: Json) -> bool:
    """Say whether a finding's value is a number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def together(finding: Finding) -> tuple[float | None, float | None]:
    """Return the interval that holds over all layers together; where there is none, the finding's own."""
    joint = finding.details.get("together")
    if isinstance(joint, list | tuple) and len(joint) == 2 and all(is_number(end) for end in joint):
        return float(joint[0]), float(joint[1])
    return finding.low, finding.high


def differs(finding: Finding) -> bool:
    """Say whether a change is not 0, by the interval that holds over all layers together where there is one."""
    low, high = together(finding)
    return low is not None and high is not None and (low > 0 or high < 0)


def with_layer(findings: Sequence[Finding], *estimands: str) -> list[Finding]:
    """Return the findings of these estimands that have a layer."""
    return [f for f in findings if f.estimand in estimands and f.site.get("layer") is not None]


def first_curve(findings: Sequence[Finding]) -> list[Finding]:
    """Return the findings of the first pooling, N, negatives and side only: a sentence is about one curve."""
    key = {k: findings[0].site.get(k) for k in ("pooling", "n_candidates", "negatives", "side")}
    return [f for f in findings if all(f.site.get(k) == v for k, v in key.items())]


def last_layer(findings: Sequence[Finding]) -> Finding:
    """Return the finding of the last layer."""
    return max(findings, key=lambda f: int(f.site["layer"]))


def layers(findings: Sequence[Finding]) -> str:
    """Return the layers of findings in words, as 'layers 1–3 and 6'."""
    return f"layer{'s' if len(findings) > 1 else ''} {ranges([int(f.site['layer']) for f in findings])}"


def strongest(findings: Sequence[Finding]) -> str:
    """Return the largest effect with its interval, and its layer where there are several."""
    largest = max(findings, key=lambda f: abs(f.value))
    where = f" at layer {largest.site['layer']}" if len(findings) > 1 else ""
    return f"{signed(largest.value)} {interval(largest.low, largest.high)}{where}"


def ranges(numbers: Sequence[int]) -> str:
    """Return whole numbers as ranges.

    >>> ranges([1, 2, 3, 6])
    '1–3 and 6'
    """
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    texts = [str(run[0]) if len(run) == 1 else f"{run[0]}–{run[-1]}" for run in runs]
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}"
