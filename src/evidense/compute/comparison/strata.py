"""Strata: what kind of collection each is, and which collections are compared to see what a moderator does to an effect."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from evidense.records import Json

Level = Json
"""A word, such as 'photo', or a number."""


@dataclass(frozen=True)
class FamilyWeights:
    """Weights of a family's collections (by their places) whose weighted sum of effects is one value of a regression."""

    members: tuple[int, ...]
    weights: tuple[float, ...]
    level: Level


@dataclass(frozen=True)
class Moderator:
    """A moderator with two levels, or one of numbers, and what each independent family says of it.

    Within families: `families` hold differences level − against of collections that are alike in all else. Between families: they hold means,
    of which some have the level and some the other one, or each its number.
    """

    name: str
    level: Level
    against: Level
    is_within: bool
    families: tuple[FamilyWeights, ...]


@dataclass(frozen=True)
class Strata:
    """The levels of each collection, by moderator, and the independent families of collections."""

    profiles: Sequence[Mapping[str, Level]]
    families: Sequence[tuple[int, ...]]

    @property
    def names(self) -> list[str]:
        """Return the moderators that have two levels or more."""
        return [name for name, levels in self._levels.items() if len(levels) > 1]

    def moderators(self) -> list[Moderator]:
        """Return one comparison for each level of words but the first of its moderator, and one for each moderator of numbers."""
        found = []
        for name in self.names:
            levels = self._levels[name]
            if all(isinstance(level, int | float) for level in levels):
                found.append(Moderator(name, "", "", False, self._means(name, levels)))
                continue
            for level in levels[1:]:
                within = self._differences(name, level, levels[0])
                is_within = len(within) > 1
                families = within if is_within else self._means(name, [levels[0], level])
                found.append(Moderator(name, level, levels[0], is_within, families))
        return found

    @cached_property
    def _levels(self) -> dict[str, list[Level]]:
        """Return the levels of each moderator as they come."""
        levels: dict[str, dict[Level, None]] = {}
        for profile in self.profiles:
            for name, level in profile.items():
                levels.setdefault(name, {})[level] = None
        return {name: list(found) for name, found in levels.items()}

    def _differences(self, name: str, level: Level, against: Level) -> tuple[FamilyWeights, ...]:
        """Return level − against in each family that has collections of both that are alike in all other moderators."""
        found = []
        for family in self.families:
            cells: dict[tuple[Level, ...], dict[Level, list[int]]] = {}
            for member in family:
                cells.setdefault(self._others(member, name), {}).setdefault(self.profiles[member].get(name), []).append(
                    member
                )
            both = [cell for cell in cells.values() if level in cell and against in cell]
            weights = {
                m: sign / len(cell[side]) / len(both)
                for cell in both
                for side, sign in ((level, 1), (against, -1))
                for m in cell[side]
            }
            if weights:
                found.append(FamilyWeights(tuple(weights), tuple(weights.values()), level))
        return tuple(found)

    def _means(self, name: str, levels: Sequence[Level]) -> tuple[FamilyWeights, ...]:
        """Return the mean of each family at one of these levels, over its collections that are most like the first ones in all else."""
        found = []
        for family in self.families:
            members = [m for m in family if self.profiles[m].get(name) in levels]
            for other in self._varying:
                alike = [m for m in members if self.profiles[m].get(other) == self._levels[other][0]]
                members = alike if other != name and alike else members
            kinds = {self.profiles[m][name] for m in members}
            if len(kinds) == 1:
                found.append(FamilyWeights(tuple(members), (1 / len(members),) * len(members), kinds.pop()))
        return tuple(found)

    @cached_property
    def _varying(self) -> list[str]:
        """Return the moderators that vary within some family."""
        return [
            name
            for name in self.names
            if any(len({self.profiles[m].get(name) for m in family}) > 1 for family in self.families)
        ]

    def _others(self, member: int, name: str) -> tuple[Level, ...]:
        return tuple(self.profiles[member].get(other) for other in self.names if other != name)
