"""Files to audit, and folders of works: BibTeX, RIS, CSL-JSON, reports, and the options of the audit."""

import json
from typing import Any

from hostile import mutate
from hostile.case import Case, Expected, Family, files
from hostile.mutate import BIDI, ESCAPE

CITED = r"""% comments stay
@string{nat = "Nature"}
@article{owls, author = {Smith, Ada and R{\"o}e, Bob}, title = {A Study of {Owls}}, journal = nat, year = 2018, doi = {10.1234/owls}}
@inproceedings{water, author = "Bell, Ian", title = "The Weight of Water", booktitle = {NeurIPS}, year = {2009}, eprint = {2101.00001v2}}
@misc{tool, title = {A Tool}, url = {https://example.org/?a=1&b={c}}}
"""
WORKS: list[dict[str, Any]] = [
    {"id": "o", "type": "article-journal", "title": "A Study of Owls", "author": [{"family": "Smith", "given": "Ada"}],
     "issued": {"date-parts": [[2018]]}, "container-title": "Nature", "DOI": "10.1234/owls"},
    {"id": "w", "title": "The weight of water", "author": [{"literal": "Ian Bell"}], "issued": {"raw": "2010"}, "abstract": "Water weighs."},
]  # fmt: skip
RIS = "TY  - JOUR\nTI  - A Study of Owls\nAU  - Smith, Ada\nPY  - 2018\nDO  - 10.1234/owls\nER  - \n"
REPORT = "On owls\n\n1 Results\n\nOwls see at night [1]. 6 claims were extracted.\n\nClaims\n\n- Owls see.\n\nReferences\n\n[1] Ada Smith. A Study of Owls. 2018.\n"
RECORD: dict[str, Any] = {
    "contract_version": ESCAPE, "paper_level": 10**400, "question": f"Do {BIDI} owls </script><script>x()</script> see?", "new": {"key": [None] * 9},
    "claim_summary": {
        "aggregate_claim_records": -1, "source_grounded_claims": None,
        "per_claim_public_records": [None, {"text": f"Owls <img src=x onerror=x()> {ESCAPE} see.", "verdict": ESCAPE, "quotes": [{"quote": BIDI, "start": 1e308}]}],
    },
}  # fmt: skip
OPTIONS = ("--sources", "folder:lib", "--offline", "--fix", "--policy", "neurips2026", "--gate", "--out", "out")


def _case(name: str, cited: str | bytes, expected: Expected = "either", file: str = "c.bib") -> Case:
    options = OPTIONS if file.endswith(".bib") else tuple(o for o in OPTIONS if o != "--fix")
    content = {file: cited, "lib/w.json": json.dumps(WORKS), "lib/r.ris": RIS}
    return Case(f"audit_{name}", files(content), ("audit", file, *options), expected)


def _option(name: str, *argv: str, expected: Expected = "refused") -> Case:
    content = {"c.bib": CITED, "lib/w.json": json.dumps(WORKS)}
    return Case(
        f"audit_option_{name}", files(content), ("audit", "c.bib", "--offline", "--out", "out", *argv), expected
    )


def _named() -> list[Case]:
    entry = "@article{%s, title = {%s}, author = {%s}, year = {%s}, doi = {%s}}"
    return [
        _case("right", CITED, "read"),
        _case("empty", "", "refused"),
        _case("blank", " \n\t\n", "refused"),
        _case("open_brace", "@article{a, title = {x", "refused"),
        _case("cff", "cff-version: 1.2.0\nreferences:\n- {title: A Study of Owls, year: 2018, doi: 10.1234/owls}\n- [x]\n- {title: !!python/name:os ''}", "read", "c.cff"),
        _case("cff_unfolds", "a: &a [x, x]\nreferences: [*a, *a]", "refused", "c.cff"),
        _case("nested", "@article{n, title = {" + "{" * 20_000 + "x" + "}" * 20_000 + "}, year = 2000}"),
        _case("latin_1", CITED.replace("Bell", "B\xe9ll").encode("latin-1"), "read"),
        _case("utf_16", CITED.encode("utf-16")),
        _case("nul", CITED.encode() + b"\0" * 50),
        _case("escapes", CITED + entry % ("k", ESCAPE, BIDI, ESCAPE, BIDI)),
        _case("markup", CITED + entry % ("k", "</script><script>x()</script>", "=cmd|'/C calc'!A0", "<b>", "10.1/<svg onload=x>")),
        _case("formula_keys", CITED + entry % ("=1+1", "A", "B", "2000", "10.1/x")),
        _case("long_values", CITED + entry % ("k", "word " * 100_000, "A and " * 20_000 + "B", "1" * 5_000, "10.1/" + "x" * 50_000)),
        _case("many_entries", "\n".join(entry % (f"k{n}", f"Title {n}", "A, B", n, f"10.1/{n}") for n in range(800))),
        _case("one_key", "\n".join(entry % ("k", f"T {n}", "A, B", n, "10.1/x") for n in range(300))),
        _case("years", "\n".join(entry % (f"k{n}", "A Study of Owls", "Smith, Ada", year, "") for n, year in enumerate(("-5", "9" * 400, "٢٠١٨", "NaN", "2018a", "")))),
        _case("report", REPORT, "read", "r.txt"),
        _case("report_without_references", "Owls see at night.\n", "refused", "r.txt"),
        _case("records", json.dumps(RECORD), "refused", "verification.json"),
        _case("html_as_pdf", "<html>log in</html>", "refused", "p.pdf"),
        _case("half_pdf", b"%PDF-1.7\n1 0 obj\n<<", "refused", "p.pdf"),
        _case("unknown_format", b"\x7fELF\x02\x01\0\0\0", "refused", "x.bin"),
        _option("source", "--sources", f"cross{ESCAPE}"),
        _option("folder_nowhere", "--sources", "folder:nowhere"),
        _option("folder_empty", "--sources", "folder:"),
        _option("folder_of_devices", "--sources", "folder:/dev/null"),
        _option("input_as_out", "--sources", "folder:lib", "--out", "lib"),
        _option("file_as_out", "--sources", "folder:lib", "--out", "c.bib"),
        _option("policy", "--policy", BIDI),
        _option("gate", "--gate-on", "WRONG"),
        _option("budget", "--max-usd", "-1"),
        _option("budget_nan", "--max-seconds", "nan"),
    ]  # fmt: skip


def _mutated_bib(seed: int) -> Case:
    rng = mutate.generator("bib", seed)
    return _case(f"bib:{seed}", mutate.data(CITED.encode(), rng))


def _mutated_report(seed: int) -> Case:
    rng = mutate.generator("report", seed)
    return _case(f"report:{seed}", mutate.data(REPORT.encode(), rng), file="r.txt")


def _mutated_works(seed: int) -> Case:
    rng = mutate.generator("works", seed)
    works = mutate.json_text(mutate.tree(WORKS, rng), rng)
    content = {
        "c.bib": CITED,
        "lib/w.json": works.encode("utf-8", "surrogatepass"),
        "lib/r.ris": mutate.data(RIS.encode(), rng),
    }
    return Case(f"audit_works:{seed}", files(content), ("audit", "c.bib", *OPTIONS))


FAMILY = Family("audits", _named, {"bib": _mutated_bib, "report": _mutated_report, "works": _mutated_works}, seeds=2)
