"""Effects: the findings of trained cells, by what they are about, in the order of the page."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from evidense.compute.comparison import floor
from evidense.compute.comparison.lineup import ROLES
from evidense.records import Check, Checkpoint, Finding, Outcome, Recipe, Record, Study, Verdict
from evidense.stats import CELLS, EFFECTS

NAMES = {
    "pretraining": "Pre-training adds",
    "finetuning": "Alignment fine-tuning adds",
    "interaction": "They interact",
}
"""Effect → the beginning of a sentence about it."""
GROUPS = {
    "factorial": "Main effects and interaction",
    "stage": "Stage by stage",
    "total": "At equal total budget",
    "control": "Against controls that cannot know",
    "arm": "Trained further",
}


def title(effect: str) -> str:
    """Return how pages and lines call an effect; records keep their own spelling.

    >>> title("interaction"), title("finetuning after pretraining")
    ('They interact', 'fine-tuning after pre-training')
    """
    return NAMES.get(effect) or effect.replace("pretraining", "pre-training").replace("finetuning", "fine-tuning")


_WITH_FLOORS = ("control", "arm")

CellKey = tuple[str, str, str]
"""(cell, collection, measure)"""


@dataclass(frozen=True)
class EffectPlace:
    """Where an effect was measured: a collection with its role and direction, or several."""

    name: str
    role: str
    direction: str


@dataclass
class Effects:
    """Everything that a factorial found; effects and cells go by the names that the study gives them."""

    study: Study
    cells: dict[CellKey, Finding] = field(default_factory=dict)
    effects: dict[tuple[str, str, str], Finding] = field(default_factory=dict)
    """(effect, collection, measure) → finding."""
    means: dict[tuple[str, str, str], list[Finding]] = field(default_factory=dict)
    """(effect, measure, role) → means over collections, one a direction."""
    beyond: dict[tuple[str, str, str], list[Finding]] = field(default_factory=dict)
    """The same for random effects."""
    verdicts: dict[tuple[str, str], Outcome] = field(default_factory=dict)
    """(effect, collection) → verdict."""
    checkpoints: dict[str, Checkpoint] = field(default_factory=dict)
    recipes: dict[str, Recipe] = field(default_factory=dict)
    places: dict[str, EffectPlace] = field(default_factory=dict)
    floors: dict[str, Finding] = field(default_factory=dict)
    """Collections on which no cell does more than the controls; they are listed apart."""

    @classmethod
    def of(cls, study: Study, records: Iterable[Record]) -> "Effects":
        """Sort the records of a factorial into place."""
        effects = cls(study)
        for record in records:
            match record:
                case Recipe():
                    effects.recipes[record.id] = record
                case Checkpoint():
                    effects.checkpoints[record.id] = record
                case Verdict() | Check(about="effect"):
                    effects.verdicts[record.system, record.collection] = record
                case Finding():
                    effects._place(record)
        return effects

    def _place(self, finding: Finding) -> None:
        site = finding.site
        measure = str(site.get("measure", finding.unit))
        match finding.estimand:
            case "cell mean":
                self.cells[site["cell"], site["collection"], measure] = finding
                self._note(finding)
            case "effect":
                self.effects[site["effect"], site["collection"], measure] = finding
                self._note(finding)
            case "effect, mean over collections":
                self.means.setdefault((site["effect"], measure, str(site.get("role", "all"))), []).append(finding)
            case "effect, random effects":
                self.beyond.setdefault((site["effect"], measure, str(site.get("role", "all"))), []).append(finding)
            case floor.ESTIMAND if finding.details["is_floor"]:
                self.floors[site["collection"]] = finding

    def _note(self, finding: Finding) -> None:
        name = str(finding.site["collection"])
        self.places.setdefault(
            name, EffectPlace(name, str(finding.site.get("role", "")), str(finding.site.get("direction", "")))
        )

    # --- in the order of the page

    @property
    def collections(self) -> list[EffectPlace]:
        """Return the collections: in-domain before near before far, else as they came."""
        order = {name: index for index, name in enumerate(self.places)}
        return sorted(self.places.values(), key=lambda p: (_rank(p.role), order[p.name]))

    @property
    def cell_names(self) -> list[str]:
        """Return the four cells, then control arms, then other arms, as they came."""
        cells = list(dict.fromkeys(cell for cell, _, _ in self.cells))
        return [*(c for c in CELLS if c in cells), *(c for c in cells if c not in CELLS)]

    def names(self, group: str) -> list[str]:
        """Return the effects of one group, the three of the factorial in their own order."""
        effects = list(
            dict.fromkeys(e for (e, _, _), f in self.effects.items() if str(f.site.get("group", "factorial")) == group)
        )
        return [e for e in EFFECTS if e in effects] if group == "factorial" else effects

    def of_effect(self, effect: str, measure: str) -> list[Finding]:
        """Return one effect on every collection, in the order of the page. Floors are shown beside controls and for arms only."""
        findings = (self.effects.get((effect, place.name, measure)) for place in self.collections)
        return [
            f
            for f in findings
            if f is not None and (f.site["group"] in _WITH_FLOORS or f.site["collection"] not in self.floors)
        ]

    @property
    def n_seeds(self) -> int:
        """Return how many seeds the cells have (the most, where they differ)."""
        return max((int(f.details.get("n_seeds", 1)) for f in self.cells.values()), default=0)


def _rank(role: str) -> int:
    return ROLES.index(role) if role in ROLES else len(ROLES)
