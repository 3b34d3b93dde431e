"""Contents: the records of one study, found by what they are about. It knows the order of everything on the page."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from evidense.compute.comparison.no_harm import used_up
from evidense.records import Check, Finding, Outcome, QueryTexts, Ranking, Record, Score, Study, Verdict
from evidense.report.words import WORDS

At = tuple[str, str]
"""(system, collection)"""


@dataclass
class Contents:
    """Records by what they are about; systems go by the labels of their rankings."""

    study: Study
    records: tuple[Record, ...]
    rankings: dict[At, Ranking] = field(default_factory=dict)
    seeds: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """System → the labels of its seeds, where it has several."""
    seed_rankings: dict[At, Ranking] = field(default_factory=dict)
    """Rankings of the seeds of systems."""
    scores: dict[tuple[str, str, str], Score] = field(default_factory=dict)
    texts: dict[str, QueryTexts] = field(default_factory=dict)
    """Collection → what people read of its queries."""
    means: dict[tuple[str, str, str], Finding] = field(default_factory=dict)
    differences: dict[tuple[str, str, str], Finding] = field(default_factory=dict)
    effects: list[Finding] = field(default_factory=list)
    """Effects of stages and arms on single collections, of a study that trains."""
    slices: dict[At, list[Finding]] = field(default_factory=dict)
    pooled: dict[str, Finding] = field(default_factory=dict)
    beyond: dict[str, Finding] = field(default_factory=dict)
    shared: dict[str, Finding] = field(default_factory=dict)
    """Collection → which of its queries count as one, and with whom it shares them."""
    new_collections: list[Finding] = field(default_factory=list)
    """Everything that is said of a new collection."""
    standings: dict[str, Finding] = field(default_factory=dict)
    """System → its mean over these collections and the ranks that it may have there, from three systems on."""
    winners: list[Finding] = field(default_factory=list)
    """The best of several candidates, where the study asks for it: one."""
    recalls: dict[At, Finding] = field(default_factory=dict)
    """What approximate indexes find of the exact results."""
    unseen: dict[At, list[Finding]] = field(default_factory=dict)
    """Without the queries that were trained on."""
    verdicts: dict[At, Verdict] = field(default_factory=dict)
    claims: list[Outcome] = field(default_factory=list)
    """Checks of claims about comparisons; in a study that trains, everything decided about its effects."""
    inside: list[Finding] = field(default_factory=list)
    """What analyses found, in the order in which they were made."""
    ledger: list[Check] = field(default_factory=list)
    """Checks of claims of the literature."""

    @classmethod
    def of(cls, study: Study, records: Iterable[Record]) -> "Contents":
        """Sort the records of a study into place."""
        contents = cls(study, tuple(records))
        for record in contents.records:
            contents._place(record)
        seeds = {seed for of_system in contents.seeds.values() for seed in of_system}
        contents.seed_rankings = {at: contents.rankings.pop(at) for at in list(contents.rankings) if at[0] in seeds}
        return contents

    def _place(self, record: Record) -> None:
        match record:
            case Ranking(exact_for=""):
                self.rankings[record.system, record.collection["name"]] = record
                self.seeds |= {record.system: record.seeds} if record.seeds else {}
            case Score():
                self.scores[record.system, record.collection, record.measure] = record
            case QueryTexts():
                self.texts[record.collection] = record
            case Finding() if "analysis" in record.site:
                self.inside.append(record)
            case Finding():
                self._place_finding(record)
            case Check(about="literature"):
                self.ledger.append(record)
            case Verdict() if not self.is_trained:
                self.verdicts[record.system, record.collection] = record
            case Outcome():
                self.claims.append(record)

    def _place_finding(self, finding: Finding) -> None:
        site = finding.site
        match finding.estimand:
            case "mean":
                self.means[site["system"], site["collection"], site["measure"]] = finding
            case "difference":
                self.differences[site["system"], site["collection"], site["measure"]] = finding
            case "effect":
                self.effects.append(finding)
            case "slice":
                self.slices.setdefault((site["system"], site["collection"]), []).append(finding)
            case "recall of an index":
                self.recalls[site["system"], site["collection"]] = finding
            case "difference on unseen queries":
                self.unseen.setdefault((site["system"], site["collection"]), []).append(finding)
            case "mean over collections":
                self.pooled[site["system"]] = finding
            case "standing":
                self.standings[site["system"]] = finding
            case "random effects":
                self.beyond[site["system"]] = finding
                self.new_collections.append(finding)
            case "effect, random effects":
                self.new_collections.append(finding)
            case "queries":
                self.shared[site["collection"]] = finding
            case "winner":
                self.winners.append(finding)

    # --- in the order of the page

    @property
    def is_used_up(self) -> bool:
        """Whether more looks were made at a collection than were planned: then no gate is met any more."""
        return bool(used_up(self.study))

    @property
    def is_trained(self) -> bool:
        """Whether the study trains its own systems: its verdicts are about effects, and no system is the baseline."""
        return bool(self.study.factorial or self.study.arms)

    @property
    def baseline(self) -> str:
        """Return the label of the baseline."""
        named = [v.baseline for v in self.verdicts.values()]
        return named[0] if named else self.study.baseline if self.study.systems else ""

    @property
    def systems(self) -> list[str]:
        """Return the labels of the systems that are compared with the baseline, in the order of the study; the best of candidates first."""
        best = [f.site["system"] for f in self.winners]
        return list(dict.fromkeys([*best, *(system for system, _ in self.verdicts)]))

    @property
    def references(self) -> list[str]:
        """Return the labels of the systems that are shown and not judged."""
        judged = {self.baseline, *self.systems}
        return [s for s in dict.fromkeys(system for system, _ in self.rankings) if s not in judged]

    @property
    def everyone(self) -> list[str]:
        """Return baseline, systems, references."""
        return [s for s in (self.baseline, *self.systems, *self.references) if s or not self.is_trained]

    @property
    def collections(self) -> list[str]:
        """Return the names of the collections, as they came."""
        return list(dict.fromkeys([*(c for _, c in self.rankings), *(c for _, c in self.verdicts)]))

    @property
    def measures(self) -> list[str]:
        """Return the measures that have values, those of the study first."""
        return list(
            dict.fromkeys([*self.study.measures, *(m for _, _, m in self.means), *(m for _, _, m in self.scores)])
        )

    def worst_first(self, system: str) -> list[Verdict]:
        """Return a system's verdicts: harms before doubts before the rest, the lowest bound first."""
        verdicts = [v for (s, _), v in self.verdicts.items() if s == system]
        return sorted(verdicts, key=lambda v: (WORDS[v.verdict].rank, v.low, v.collection))

    def ranking_of(self, system: str) -> Ranking | None:
        """Return one ranking of a system (its set-up is the same on every collection)."""
        return next((r for (s, _), r in self.rankings.items() if s == system), None)
