"""`make demo-literature`: audits of a bibliography, a paper and two reports, a search, and three questions, against indexes that this machine serves itself.

The clients are the real ones. The indexes hold a few known papers and some invented ones: one has a wrong title in one index,
one is retracted, one was published since.
"""

import shlex
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from docs.pages import whole_files
from evidense.values import Notice, Work
from sources.world import world

FILES = Path(__file__).with_name("demo")
SHADE = "folder:shade/ada,folder:shade/bob,retraction_watch:shade/retractions.csv"
"""Sources in files: works that contradict each other, two versions, one retracted, one with an order to machines."""
SEED_QUESTION = "What does alignment-driven fine-tuning add to contrastive pre-training in multimodal dense retrieval?"
COMMANDS = (
    ("audit", "references.bib", "--fix"),
    ("audit", "paper.md"),
    ("audit", "report.txt"),
    ("search", "What harms tomatoes?", "--criteria", "criteria.txt", "--out", "evidense-out/search-tomatoes"),
    ("ask", "What harms tomatoes?", "--criteria", "criteria.txt", "--out", "evidense-out/ask-tomatoes"),
    ("ask", "Does shade harm tomatoes?", "--sources", SHADE, "--offline", "--out", "evidense-out/ask-shade"),
    ("audit", "seed_report.txt", "--offline"),
    (
        "ask",
        SEED_QUESTION,
        "--sources",
        "folder:evidense-out/audit-seed_report.txt/found.csl.json",
        "--offline",
        "--out",
        "evidense-out/ask-seed",
    ),
)
JOURNAL = "Journal of Invented Botany"


def _botany(doi: str, title: str, author: str, year: int, **more: object) -> Work:
    return Work("", {"doi": f"10.5555/{doi}"}, title, (author,), year, JOURNAL, **more)  # type: ignore[arg-type]


HAIL = _botany("hail.2018", "Hail and Glass Houses", "Chul Park", 2018)
PREPRINTS = (
    Work(
        "", {"arxiv": "1807.03748"}, "Representation Learning with Contrastive Predictive Coding",
        ("Aaron van den Oord", "Yazhe Li", "Oriol Vinyals"), 2018, "arXiv",
    ),
    Work(
        "", {"arxiv": "2001.09999"}, "Watering Twice a Day", ("Ara Lee", "Dain Cho"), 2020, "arXiv",
        published_as={"doi": "10.5555/water.2021", "venue": JOURNAL, "year": "2021"},
        abstract="We ask how often to water tomatoes. Watering twice a day cuts leaf rot by 12 % in June.",
    ),
)  # fmt: skip
PUBLISHED = (
    Work(
        "", {"doi": "10.5555/3295222.3295349"}, "Attention is all you need", ("Ashish Vaswani", "Noam Shazeer", "Niki Parmar"), 2017, "NeurIPS",
    ),
    Work(
        "", {"doi": "10.18653/v1/2020.emnlp-main.550"}, "Dense Passage Retrieval for Open-Domain Question Answering",
        ("Vladimir Karpukhin", "Barlas Oguz", "Sewon Min", "Patrick Lewis"), 2020, "EMNLP",
    ),
    _botany(
        "dew.2021", "Dew on the Leaves of Tomatoes", "Bora Kim", 2021, notices=(Notice("retraction", "2024-03-02", "data integrity"),),
        abstract="Whether dew matters is unknown. Dew does not matter for red tomatoes.",
    ),
    _botany(
        "shade.2019", "Shade and the Yield of Tomatoes", "Dain Cho", 2019,
        abstract="Shade may lower the yield of tomatoes if it lasts all day.",
    ),
    _botany("frost.2020", "Frost in May", "Eun Han", 2020),
)  # fmt: skip


ON_TOMATOES = (
    Work(
        "", {"doi": "10.5555/water.2021"}, "Watering Twice a Day", ("Ara Lee", "Dain Cho"), 2021, JOURNAL,
        abstract="We ask how often to water tomatoes. Watering twice a day cuts leaf rot by 12 %.",
    ),
    _botany("mildew.2022", "Mildew of Tomatoes in Wet Summers", "Bora Kim", 2022, abstract="Mildew takes a third of the tomatoes in wet summers."),
    _botany("guild.2009", "Tomatoes in the Books of a Gardeners' Guild", "Hana Seo", 2009, abstract="We read what the guild wrote of tomatoes and rot."),
    _botany("price.2019", "The Price of Tomatoes in Three Harbours", "Ivo Linden", 2019, abstract="Prices of tomatoes follow the ships."),
    _botany("letter.2023", "Tomatoes: A Letter", "Jun Baek", 2023),
)  # fmt: skip
"""Works that the search finds beside those of the audits."""


def holdings() -> dict[str, tuple[Work, ...]]:
    """Return what each index holds; OpenAlex has a wrong title for one work."""
    everything = (*PUBLISHED, *PREPRINTS, *ON_TOMATOES)
    registered = tuple(
        replace(w, identifiers={**w.identifiers, "doi": f"10.48550/arxiv.{w.identifiers['arxiv']}"}) for w in PREPRINTS
    )
    return {
        "crossref": (*PUBLISHED, *ON_TOMATOES, HAIL),
        "openalex": (*everything, replace(HAIL, title="Glass Houses of the North")),
        "semantic_scholar": (*everything, HAIL),
        "arxiv": PREPRINTS,
        "datacite": registered,
    }


def main(folder: Path) -> int:
    """Write the files, serve the indexes, and run the commands; return the worst exit code."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(FILES, folder, dirs_exist_ok=True)
    (folder / "seed_report.txt").write_text(whole_files("docs/seed-report.md")[0].text, encoding="utf-8")
    codes = []
    with pytest.MonkeyPatch.context() as patch, world(holdings(), patch):
        for words in COMMANDS:
            print(f"\n$ evidense {shlex.join(words)}\n", flush=True)
            codes.append(subprocess.run([sys.executable, "-m", "evidense", *words], cwd=folder, check=False).returncode)
    return max(codes)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1] if len(sys.argv) > 1 else "evidense-out/demo-literature")))
