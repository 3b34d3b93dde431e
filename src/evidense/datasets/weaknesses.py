"""Name of a weakness, or description of a vulnerability → description of the weakness, from CWE in the package cwe2."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

from evidense.datasets._packaged import PackagedTexts
from evidense.reading.packages import version
from evidense.reading.pairing import Pairing
from evidense.values import Item, Provenance

_EXAMPLES = 3
"""Most observed vulnerabilities (CVE) of one weakness, so that well-known weaknesses do not outweigh the others."""
_MIN_WORDS = 6
"""Fewest words of a vulnerability; a shorter description ("buffer overflow") fits too many weaknesses."""


class Weaknesses(PackagedTexts):
    """`weaknesses[@split]`: the query is the name of a weakness or a CVE observed as its example, the document is its description.

    Deprecated weaknesses are left out. Of the first three examples, those with six or more words are queries. If a vulnerability is an
    example of several weaknesses, all of them are relevant. The column `kind` is name or cve. The group is the weakness; weaknesses that
    share an example are one group. The column `block` is the family: the ancestor just below a pillar of the research view (CWE-1000).
    Splits are made by group, because shared examples connect the families (716 of 938 weaknesses would be one key).
    """

    name = "weaknesses"
    spellings = ("weaknesses", "weaknesses@test")
    package, pattern = "cwe2", "database_*/cwec_v*.xml"
    only_direction = "weaknesses go from text to text"

    def read(self, path: Path, pairing: Pairing) -> Provenance:
        """Add every weakness with its name and examples."""
        root = ElementTree.parse(path).getroot()
        families = _families(root)
        for weakness in _weaknesses(root):
            pairing.document(Item(weakness.id, weakness.description), weakness.id)
            for kind, text in weakness.queries:
                columns = {"kind": kind, "block": families[weakness.id]}
                query_id = pairing.query(Item("", text), weakness.id, group=weakness.id, columns=columns)
                pairing.judge(query_id, weakness.id, 1)
        return _provenance(path)


def _provenance(path: Path) -> Provenance:
    return Provenance(
        licence="CWE terms of use (MITRE, free with notice); package MIT",
        source=f"cwe2 {version('cwe2')}, {path.stem}",
        contamination="unknown; the catalogue is public, models of the security field may have been trained on it",
        labels="structural: name, examples and description of one weakness; other fitting weaknesses count as misses",
        is_user_data=False,
    )


def _in_force(root: ElementTree.Element) -> Iterator[tuple[str, ElementTree.Element]]:
    space = _space(root)
    for node in root.iterfind(f"{space}Weaknesses/{space}Weakness"):
        if node.get("Status") != "Deprecated":
            yield f"CWE-{node.get('ID')}", node


def _families(root: ElementTree.Element) -> dict[str, str]:
    """Return weakness → family; a pillar, or a weakness without a parent, is its own family."""
    space, parents = _space(root), dict[str, str]()
    for weakness, node in _in_force(root):
        related = [
            relation
            for relation in node.iter(f"{space}Related_Weakness")
            if (relation.get("Nature"), relation.get("View_ID")) == ("ChildOf", "1000")
        ]
        chosen = next(
            (relation for relation in related if relation.get("Ordinal") == "Primary"), related[0] if related else None
        )
        if chosen is not None:
            parents[weakness] = f"CWE-{chosen.get('CWE_ID')}"
    return {weakness: _below_the_pillar(weakness, parents) for weakness, _ in _in_force(root)}


def _below_the_pillar(weakness: str, parents: Mapping[str, str]) -> str:
    while parents.get(weakness) in parents:
        weakness = parents[weakness]
    return weakness


def _space(root: ElementTree.Element) -> str:
    return root.tag.partition("}")[0] + "}"


@dataclass(frozen=True)
class _Weakness:
    """A weakness with the texts that ask for it."""

    id: str
    """As 'CWE-79'."""
    description: str
    queries: list[tuple[str, str]]
    """(kind, text); the kinds are name and cve."""


def _weaknesses(root: ElementTree.Element) -> Iterator[_Weakness]:
    """Yield every weakness that is not deprecated."""
    space = _space(root)
    for weakness, node in _in_force(root):
        descriptions = [_text(example.find(f"{space}Description")) for example in node.iter(f"{space}Observed_Example")]
        examples = [("cve", text) for text in descriptions[:_EXAMPLES] if len(text.split()) >= _MIN_WORDS]
        description = _text(node.find(f"{space}Description"))
        yield _Weakness(weakness, description, [("name", node.get("Name", "")), *examples])


def _text(node: ElementTree.Element | None) -> str:
    return "" if node is None else " ".join("".join(node.itertext()).split())


PART = Weaknesses()
