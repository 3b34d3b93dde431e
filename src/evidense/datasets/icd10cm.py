"""Inclusion term → title of a diagnosis, from ICD-10-CM in the package simple-icd-10-cm."""

from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

from evidense.datasets._packaged import PackagedTexts
from evidense.reading.packages import version
from evidense.reading.pairing import Pairing
from evidense.values import Item, Provenance


class Icd10cm(PackagedTexts):
    """`icd10cm[@split]`: the query is an inclusion term of at least two words, the document the title of its code.

    The corpus holds every title of the tabular list (without the codes that a seventh character adds). The group is the family of the
    code, its first three characters (A01 of A01.02), because titles of one family are near copies. The column `block` is the first two
    characters: neighbouring families (A00 … A09, intestinal infections) are easily confused.
    """

    name = "icd10cm"
    spellings = ("icd10cm", "icd10cm@test")
    package, pattern = "simple_icd_10_cm", "data/icd10c-tabular-*.xml"
    only_direction = "icd10cm goes from text to text"

    def read(self, path: Path, pairing: Pairing) -> Provenance:
        """Add every title of the tabular list with its inclusion terms."""
        for code, title, terms in _diagnoses(path):
            pairing.document(Item(code, title), code, group=code[:3])
            for term in terms:
                query_id = pairing.query(Item("", term), code, group=code[:3], columns={"block": code[:2]})
                pairing.judge(query_id, code, 1)
        return _provenance(path)


def _provenance(path: Path) -> Provenance:
    return Provenance(
        licence="public domain (CDC/NCHS); package MIT",
        source=f"simple-icd-10-cm {version('simple-icd-10-cm')}, {path.stem}",
        contamination="unknown; the list is public, biomedical models may have been trained on it",
        labels="structural: inclusion term and title of one code; other fitting codes count as misses",
        is_user_data=False,
    )


def _diagnoses(path: Path) -> Iterator[tuple[str, str, list[str]]]:
    """Yield (code, title, inclusion terms of at least two words), in the order of the list."""
    for node in ElementTree.parse(path).iter("diag"):
        code, title = (node.findtext(tag, "").strip() for tag in ("name", "desc"))
        terms = [" ".join((note.text or "").split()) for note in node.findall("inclusionTerm/note")]
        if code and title:
            yield code, title, [term for term in terms if " " in term]


PART = Icd10cm()
