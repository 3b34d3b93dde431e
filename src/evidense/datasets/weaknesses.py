"""Name of a weakness, or description of a vulnerability → description of the weakness, from CWE in the package cwe2."""

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from evidense.reading.packages import package_file, version
from evidense.reading.pairing import Pairing
from evidense.reading.place import Place
from evidense.reading.splits import only_split
from evidense.values import Collection, Item, Provenance, build

_EXAMPLES = 3
"""Observed vulnerabilities (CVE) taken of one weakness, so that the famous ones do not outweigh the rest."""
_MIN_WORDS = 6
"""A shorter description of a vulnerability ("buffer overflow") fits too many weaknesses."""


class Weaknesses:
    """`weaknesses[@split]`: the query is a weakness's name or a CVE seen as its example, the document its description.

    Deprecated weaknesses are left out; of the examples the first three, where they have six words or more. A vulnerability that stands as
    an example of several weaknesses has them all as relevant. The column `kind` says name or cve; the group is the weakness.
    """

    name = "weaknesses"
    spellings: tuple[str, ...] = ("weaknesses", "weaknesses@test")

    def recognises(self, spelling: str) -> bool:
        """Say whether this is `weaknesses`."""
        return Place.parse(spelling).head == "weaknesses"

    def open(self, spelling: str) -> tuple[Collection, ...]:
        """Read the catalogue of the package, without importing it.

        Raises:
            MissingExtra: cwe2 is not installed.
        """
        place = Place.parse(spelling or "weaknesses")
        place.refuse_direction("weaknesses go from text to text")
        path = package_file("cwe2", "database_*/cwec_v*.xml", extra="builtin", what="weaknesses")
        pairing = Pairing("weaknesses")
        for weakness, description, queries in _weaknesses(path):
            pairing.document(Item(weakness, description), weakness)
            for kind, text in queries:
                query_id = pairing.query(Item("", text), weakness, group=weakness, columns={"kind": kind})
                pairing.judge(query_id, weakness, 1)
        return (only_split(build(pairing.draft("weaknesses", _provenance(path))), place.split),)


def _provenance(path: Path) -> Provenance:
    return Provenance(
        licence="CWE terms of use (MITRE, free with notice); package MIT",
        source=f"cwe2 {version('cwe2')}, {path.stem}",
        contamination="unknown; the catalogue is public, models of the security field may have been trained on it",
        labels="structural: name, examples and description of one weakness; other fitting weaknesses count as misses",
        is_user_data=False,
    )


def _weaknesses(path: Path) -> Iterator[tuple[str, str, list[tuple[str, str]]]]:
    """Yield (CWE id, description, [(kind, query)]) of every weakness in force."""
    root = ElementTree.parse(path).getroot()
    space = root.tag.partition("}")[0] + "}"
    for node in root.iterfind(f"{space}Weaknesses/{space}Weakness"):
        if node.get("Status") == "Deprecated":
            continue
        seen = [_text(one.find(f"{space}Description")) for one in node.iter(f"{space}Observed_Example")]
        examples = [("cve", text) for text in seen[:_EXAMPLES] if len(text.split()) >= _MIN_WORDS]
        yield (
            f"CWE-{node.get('ID')}",
            _text(node.find(f"{space}Description")),
            [("name", node.get("Name", "")), *examples],
        )


def _text(node: ElementTree.Element | None) -> str:
    return "" if node is None else " ".join("".join(node.itertext()).split())


PART = Weaknesses()
