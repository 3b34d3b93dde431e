"""Plans: how a plan reads in a terminal."""

from evidense.cli.numbers import duration, size
from evidense.store import Store
from evidense.study.plan import Plan


def estimate_line(plan: Plan) -> str:
    """Return the one line that stands before the first batch."""
    return f"about {duration(plan.seconds)} and {size(plan.size_bytes)} of disk"


def plan_text(plan: Plan, store: Store) -> str:
    """Return every step with what it will take, and the sum."""
    width = max(len(s.system) for s in plan.steps)
    lines: list[str] = []
    for step in plan.steps:
        head = f"{step.collection}  ({step.n_queries:,} queries, {step.n_documents:,} documents)"
        if head not in lines:
            lines.append(head)
        cost = "in the store" if step.cached else f"about {duration(step.seconds)}, {size(step.size_bytes)}"
        lines.append(f"  {step.system:<{width}}  {cost}")
    return "\n".join([*lines, f"in all {estimate_line(plan)}, in {store.root}"])
