"""Facts: invented entities with attributes, as sentences, cloze tests and closed-book retrieval. A small model can learn them.

A document describes a value and names no entity ("a colour that is red"). So a query about an entity ("what is colour of dovanu") finds it
only if the model knows the fact: from pre-training, from an edit, or from fine-tuning on it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from evidense.errors import InvalidInput
from evidense.values import Collection, Item, Pairs, Provenance

NAME = "facts"


@dataclass(frozen=True)
class Relation:
    """An attribute of entities, with the templates that state it and ask for it."""

    name: str
    values: tuple[str, ...]
    statements: tuple[str, ...]
    """Templates with {entity} and {value}; the last two are held out to test paraphrases."""
    questions: tuple[str, ...]
    """Templates with {entity}; the last is held out to test retrieval."""
    document: str
    """Template with {value}."""


N_TESTED = 2
"""Number of statements per relation that no edit sees."""
_SAID = (
    "{name} of {entity} is {value}",
    "{entity} {name} {value}",
    "{value} is {name} of {entity}",
    "{entity} has {name} {value}",
    "{name} {value} for {entity}",
)
_ASKED = ("what {name} has {entity}", "{entity} what {name}", "what is {name} of {entity}")
_VALUES = {
    "colour": "red blue green white black yellow purple orange grey pink",
    "city": "paris rome london berlin madrid vienna oslo athens cairo tokyo",
    "trade": "baker doctor farmer judge painter sailor singer teacher tailor miner",
    "animal": "dog cat horse sheep goat tiger mouse eagle snake whale",
}


def _relation(name: str) -> Relation:
    statements, questions = (tuple(t.replace("{name}", name) for t in texts) for texts in (_SAID, _ASKED))
    return Relation(name, tuple(_VALUES[name].split()), statements, questions, f"a {name} that is {{value}}")


RELATIONS = tuple(_relation(name) for name in _VALUES)


@dataclass(frozen=True)
class Fact:
    """One entity's value of one relation."""

    entity: str
    relation: Relation
    value: str

    @property
    def id(self) -> str:
        """Return an id made of entity and relation."""
        return f"{self.entity}.{self.relation.name}"

    @property
    def document_id(self) -> str:
        """Return the id of the document that answers the fact's question."""
        return f"{self.relation.name}.{self.value}"

    def statements(self) -> list[str]:
        """Return all statements of the fact."""
        return [text.format(entity=self.entity, value=self.value) for text in self.relation.statements]

    def prompts(self, mask: str, *, tested: bool = False) -> list[str]:
        """Return the statements with the value masked: those that edits may use, or those held out for testing."""
        texts = self.relation.statements[-N_TESTED:] if tested else self.relation.statements[:-N_TESTED]
        return [text.format(entity=self.entity, value=mask) for text in texts]

    def questions(self, *, tested: bool = False) -> list[str]:
        """Return the questions for training, or those held out for testing."""
        texts = self.relation.questions[-1:] if tested else self.relation.questions[:-1]
        return [text.format(entity=self.entity) for text in texts]


@dataclass(frozen=True)
class World:
    """Facts that pre-training states (told) and facts that it never states (untold)."""

    told: tuple[Fact, ...]
    untold: tuple[Fact, ...]
    seed: int

    @property
    def relations(self) -> tuple[Relation, ...]:
        """Return the relations of the facts, in order."""
        return tuple(dict.fromkeys(fact.relation for fact in self.told))

    @property
    def name(self) -> str:
        """Return the name of the data made from this world."""
        return f"{NAME}/{len(self.told)}+{len(self.untold)}-{self.seed}"


def world(n_entities: int = 60, n_relations: int = 2, untold: float = 0.2, seed: int = 0) -> World:
    """Invent entities and assign values to them. The share `untold` of the facts is never stated in pre-training.

    Raises:
        InvalidInput: fewer than 8 entities, more relations than exist, or a share outside 0 … 0.9.

    >>> w = world(10, n_relations=4, untold=0.2, seed=0)   # 10 entities × 4 relations
    >>> len(w.told), len(w.untold), w.told[0].statements()[0].split()[:2]
    (32, 8, ['colour', 'of'])
    """
    if n_entities < 8 or not 1 <= n_relations <= len(RELATIONS) or not 0 < untold < 0.9:
        raise InvalidInput(
            f"{n_entities} entities with {n_relations} relations, of whose facts {untold} are untold; expected at least 8, from 1 to "
            f"{len(RELATIONS)}, and a share between 0 and .9"
        )
    rng = np.random.default_rng([seed, 41])
    names = _names(n_entities, rng)
    told_facts, untold_facts = [], []
    for relation in RELATIONS[:n_relations]:
        values = rng.permutation(np.resize(np.array(relation.values), n_entities))
        facts = [Fact(name, relation, str(value)) for name, value in zip(names, values, strict=True)]
        hidden = set(rng.choice(n_entities, round(untold * n_entities), replace=False).tolist())
        told_facts += [fact for index, fact in enumerate(facts) if index not in hidden]
        untold_facts += [fact for index, fact in enumerate(facts) if index in hidden]
    return World(tuple(told_facts), tuple(untold_facts), seed)


def _names(n: int, rng: np.random.Generator) -> list[str]:
    """Return distinct words of two or three open syllables."""
    names: dict[str, None] = {}
    while len(names) < n:
        parts = rng.integers(0, 14, int(rng.integers(2, 4))), rng.integers(0, 5, 3)
        names["".join("bdfgklmnprstvz"[c] + "aeiou"[v] for c, v in zip(*parts, strict=False))] = None
    return list(names)


def sentences(world: World) -> Pairs:
    """Return the pre-training texts: every statement of every told fact, every document, and the names of the entities."""
    texts = [text for fact in world.told for text in fact.statements()]
    texts += [item.text or "" for item in documents(world)]
    texts += [f"here is {name}" for name in dict.fromkeys(f.entity for f in (*world.told, *world.untold))]
    items = [Item(str(index), text) for index, text in enumerate(texts)]
    return Pairs(f"{world.name}:items@train", "items", items, items, [item.id for item in items], provenance=_PROVENANCE)  # fmt: skip


def documents(world: World) -> list[Item]:
    """Return one document per value of each relation."""
    return [Item(f"{r.name}.{v}", r.document.format(value=v)) for r in world.relations for v in r.values]


def questions(world: World, facts: Sequence[Fact]) -> Collection:
    """Return the closed-book collection of these facts: the held-out question of each, and all documents."""
    queries = [Item(fact.id, fact.questions(tested=True)[0]) for fact in facts]
    qrels = {fact.id: {fact.document_id: 1} for fact in facts}
    columns = {"relation": {fact.id: fact.relation.name for fact in facts}}
    return Collection(f"{world.name}@test", queries, documents(world), qrels, columns=columns, provenance=_PROVENANCE)


def pairs(world: World, facts: Sequence[Fact], label: str) -> Pairs:
    """Return the training questions of these facts with their documents."""
    rows = list(_asked(facts, {item.id: item for item in documents(world)}))
    left, right, groups = [r[0] for r in rows], [r[1] for r in rows], [r[2] for r in rows]
    return Pairs(f"{world.name}:{label}@train", "exact", left, right, groups, provenance=_PROVENANCE)


def _asked(facts: Sequence[Fact], known: dict[str, Item]) -> Iterator[tuple[Item, Item, str]]:
    for fact in facts:
        for index, text in enumerate(fact.questions()):
            yield Item(f"{fact.id}.{index}", text), known[fact.document_id], fact.id


_PROVENANCE = Provenance(
    licence="public domain: invented",
    source="evidense.dissection.editing.facts",
    contamination="none: the names are invented",
    labels="structural: the document of the value",
    is_user_data=False,
)
