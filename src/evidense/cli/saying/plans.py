"""Text of a plan in the terminal."""

from collections.abc import Sequence

from evidense.boundary.numerals import duration, size
from evidense.store import Store
from evidense.study.plan import Plan, Step, bill_words
from evidense.study.trained.costs import TrainingCost


def estimate_line(plan: Plan) -> str:
    """Return the line that is printed before the first batch. It covers the long work, without opening and deciding."""
    n = sum(plan.inside.values())
    inside = f", then {n} {'analysis' if n == 1 else 'analyses'} inside, whose time is not estimated" if n else ""
    work = "training and encoding" if plan.trainings else "encoding"
    return f"about {duration(plan.seconds)} of {work}, {size(plan.size_bytes)} of disk{inside} (opening models and deciding apart)"


def plan_text(plan: Plan, store: Store) -> str:
    """Return every step with its estimated cost, and the total."""
    width = max(len(s.system) for s in plan.steps)
    lines = _trainings(plan.trainings)
    for name, steps in _by_collection(plan.steps).items():
        lines.append(f"{name}  ({steps[0].n_queries:,} queries, {steps[0].n_documents:,} documents)")
        if plan.trainings:
            left = [s for s in steps if not s.cached]
            cost = f"about {duration(sum(s.seconds for s in left))}" if left else "nothing to do"
            lines.append(f"  {len(steps):,} rankings, {len(steps) - len(left):,} in the store; {cost}")
            continue
        for step in steps:
            cost = "in the store" if step.cached else _cost(step)
            cost = "unknown until it runs: it is code, and a plan runs none" if step.is_code else cost
            cost = "; ".join(_asks(step)) or cost + _checks(step)
            lines.append(f"  {step.system:<{width}}  {cost}")
    lines += [f"inside: {name}\n  {n} {'analysis' if n == 1 else 'analyses'}" for name, n in plan.inside.items()]
    on = f", on {plan.n_workers} processors" if plan.n_workers > 1 else ""
    if plan.memory_bytes:
        lines.append(f"memory of each worker: about {size(plan.memory_bytes)}")
    if plan.to_fetch[0]:
        n, size_bytes = plan.to_fetch
        lines.append(f"to fetch from {store.address}: {n:,} file{'s' * (n > 1)}, {size(size_bytes)}")
    return "\n".join([*lines, f"in all {estimate_line(plan)}{on}, in {store.address}"])


def _cost(step: Step) -> str:
    """Return what a step takes: time, disk, and memory of the worker that does it."""
    memory = f", {size(step.memory_bytes)} of memory" if step.memory_bytes else ""
    return f"about {duration(step.seconds)}, {size(step.size_bytes)}{memory}"


def bill_lines(plan: Plan) -> list[str]:
    """Return a line on each server that will be asked, to be printed before the first request."""
    billed = (step for step in plan.steps if any(bill.n_texts or bill.n_waiting for bill in step.bills))
    return [f"{step.system} on {step.collection} {words}" for step in billed for words in _asks(step)]


def _asks(step: Step) -> list[str]:
    """Return what each server of a step will be asked, in words."""
    return [f"asks its server: {bill_words(bill)}" for bill in step.bills if not bill.is_done]


def _checks(step: Step) -> str:
    """Return that a server is asked which model it has, though all its answers are in the store."""
    return "".join(f", but for {bill_words(bill)}" for bill in step.bills if bill.n_checks)


def _by_collection(steps: Sequence[Step]) -> dict[str, list[Step]]:
    by_collection: dict[str, list[Step]] = {}
    for step in steps:
        by_collection.setdefault(step.collection, []).append(step)
    return by_collection


def _trainings(trainings: Sequence[TrainingCost]) -> list[str]:
    """Return one line per training, below a line on its objective and data."""
    lines: list[str] = []
    width = max((len(t.label) for t in trainings), default=0)
    for words in dict.fromkeys(t.words for t in trainings):
        lines.append(words)
        for t in trainings:
            if t.words == words:
                spent = f"{t.n_steps:,} steps, {t.n_pairs:,} pairs, {t.flops:.1e} FLOPs; " if t.n_steps else ""
                lines.append(
                    f"  {t.label:<{width}}  {spent}{'in the store' if t.cached else f'about {duration(t.seconds)}'}"
                )
    return lines
