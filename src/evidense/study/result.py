"""Result: the records of a study, with its gate, its page and a data frame."""

from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from evidense import report
from evidense.boundary.shown import shown_line
from evidense.errors import MissingExtra
from evidense.records import Check, Finding, Outcome, Ranking, Record, Score, Study, Verdict
from evidense.store import Store
from evidense.study.files.form import margin_of
from evidense.study.files.toml import write_study
from evidense.study.gates.gate import Gate, gate
from evidense.study.gates.looks import spent_plans

if TYPE_CHECKING:
    import pandas

R = TypeVar("R", bound=Record)


@dataclass(frozen=True, repr=False)
class Result:
    """What `compare` and `run` return. A notebook shows it as a table. It prints nothing by itself; `print` shows the table as text."""

    study: Study
    records: tuple[Record, ...]
    store: Store
    page: Path | None = None
    """Path of the page; None if none was asked for."""
    command: str = ""

    def of(self, kind: type[R]) -> list[R]:
        """Return the records of one kind, in order of creation."""
        return [r for r in self.records if isinstance(r, kind)]

    @property
    def verdicts(self) -> list[Verdict]:
        """The verdict of each comparison, one per system and collection."""
        return self.of(Verdict)

    @property
    def checks(self) -> list[Check]:
        """The check of each claim that the study names, one per claim, system and collection."""
        return self.of(Check)

    @property
    def findings(self) -> list[Finding]:
        """Every estimate with its interval."""
        return self.of(Finding)

    @property
    def scores(self) -> list[Score]:
        """Per-query values, one record per system, collection and measure."""
        return self.of(Score)

    @property
    def rankings(self) -> list[Ranking]:
        """Ranked lists, one record per system and collection."""
        return [ranking for ranking in self.of(Ranking) if not ranking.exact_for]

    def gate(self, name: str = "no-harm", *, margin: float | str | None = None, allow_undecided: bool = False) -> Gate:
        """Check the verdicts against a gate. The result is true if the gate is met; it prints the failing rows and the table.

        `margin` is that of the study where none is given; a text such as "2%" is .02. With several candidates (`best_of`), only the
        best one is checked. The gate is not met if all planned looks are used up.

        Raises:
            InvalidInput: the margin is no number between 0 and 1.
            UnknownName: there is no gate of this name.
        """
        m = self.study.margin if margin is None else margin_of(margin, "gate")
        best = [f.site["system"] for f in self.findings if f.estimand == "winner"]
        outcomes = [o for o in self.of(Outcome) if not best or o.system in best]
        held = gate(outcomes, name, m, allow_undecided=allow_undecided, table=str(self))
        spent = spent_plans(self.study)
        return replace(held, passed=held.passed and not spent, failures=(*held.failures, *spent))

    def assert_gate(
        self, name: str = "no-harm", *, margin: float | str | None = None, allow_undecided: bool = False
    ) -> Gate:
        """Return the gate if it is met. Use it as the one line of a test, with or without pytest.

        Raises:
            AssertionError: the gate is not met. The message holds the failing rows and the verdict table.
            InvalidInput, UnknownName: as `gate`.
        """
        __tracebackhide__ = True  # pytest shows the line of the test
        held = self.gate(name, margin=margin, allow_undecided=allow_undecided)
        if not held:
            raise AssertionError(str(held))
        return held

    def report(self, out: Path | str, *, text: bool = True) -> Path:
        """Write the page and its companions into a folder and return the page's path.

        Raises:
            InvalidInput: the folder holds another study, or files of somebody else.
            StoreError: the disk is full or the folder cannot be written.
        """
        return report.write(
            self.study,
            self.records,
            self.store,
            Path(out),
            text=text,
            command=self.command,
            study_file=write_study(self.study),
        )

    def to_frame(self) -> "pandas.DataFrame":
        """Return a data frame with one row per verdict and per check, in order of creation; the verdict stands first, then what it is about.

        Raises:
            MissingExtra: pandas is not installed.
        """
        try:
            import pandas
        except ImportError:
            raise MissingExtra.named("notebook", "a data frame", "pandas") from None
        return pandas.DataFrame([_row(outcome) for outcome in self.of(Outcome)])

    def _repr_html_(self) -> str:
        return report.table_html(self.study, self.records)

    def __str__(self) -> str:
        """Return the verdict table as text."""
        return report.table_text(self.study, self.records)

    def __repr__(self) -> str:
        """Return how often each word was said, on one line; `print` shows the table."""
        counted = Counter(outcome.verdict for outcome in self.of(Outcome))
        said = ", ".join(f"{n} {word}" for word, n in counted.most_common()) or f"{len(self.records)} records"
        return shown_line(f"<{self.study.name}: {said}>")


_FIRST_COLUMNS = (
    "verdict",
    "system",
    "baseline",
    "collection",
    "measure",
    "base_mean",
    "system_mean",
    "effect",
    "low",
    "high",
    "n",
    "n_clusters",
)


def _row(outcome: Outcome) -> dict[str, object]:
    content = outcome.content()
    details = content.pop("details")
    first = {name: content[name] for name in _FIRST_COLUMNS}
    return first | content | {k: v for k, v in details.items() if not isinstance(v, dict)}
