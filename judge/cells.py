"""Print what the rules on tables say of statements about real tables, and of SciTab's claims, which people wrote.

`PYTHONPATH=tests python -m judge.cells DATA`, where DATA holds `jats/` and `scitab.json`.
"""

import sys
from collections import Counter
from pathlib import Path


def main(folder: Path) -> None:
    """Print counts of words, by what was swapped or by the label that people gave."""
    from checking.cell_pairs import SEEDS, jats_tables, pairs, scitab_tables, word_of, written_by_people

    print("SciTab's claims:", dict(written_by_people(folder)))
    for name, tables in (("SciTab", scitab_tables), ("JATS", jats_tables)):
        found = [pair for seed in SEEDS for pair in pairs(tables(folder), seed)]
        print(f"{name}'s tables:", sorted(Counter((pair.kind, word_of(pair)) for pair in found).items()))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
