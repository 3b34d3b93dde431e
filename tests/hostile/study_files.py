"""Study files, options of the command line, and the names of systems and collections."""

from typing import Any

from hostile import made, mutate
from hostile.case import Case, Family, files, folder, link, pipe, then
from hostile.mutate import BIDI, ESCAPE, Raw

STUDY: dict[str, Any] = {"name": "s", "question": "q?", "systems": ["bm25", "char_ngrams"], "collections": ["p.csv"], "measures": ["nDCG@10"], "margin": 0.02, "seed": 0, "n_resamples": 999}  # fmt: skip
RUN = ("run", "s.toml", "--out", "out")


def _toml(case: str, expected: Any = "refused", **changed: Any) -> Case:
    content = mutate.toml_text({**STUDY, **changed}).encode("utf-8", "replace")
    return Case(f"toml_{case}", files({"p.csv": made.PAIRS, "s.toml": content}), RUN, expected)


def _text(case: str, content: str | bytes, expected: Any = "refused") -> Case:
    return Case(f"toml_{case}", files({"p.csv": made.PAIRS, "s.toml": content}), RUN, expected)


def _option(name: str, *argv: str, expected: Any = "refused") -> Case:
    command = ("compare", "bm25", "char_ngrams", "--on", "p.csv", "--out", "out", *argv)
    return Case(f"option_{name}", files({"p.csv": made.PAIRS}), command, expected)


def _system(name: str, spelling: str, expected: Any = "refused") -> Case:
    return Case(
        f"system_{name}",
        files({"p.csv": made.PAIRS}),
        ("compare", "bm25", spelling, "--on", "p.csv", "--out", "out"),
        expected,
    )


def _on(name: str, spelling: str, expected: Any = "refused") -> Case:
    return Case(
        f"on_{name}",
        files({"p.csv": made.PAIRS}),
        ("compare", "bm25", "char_ngrams", "--on", spelling, "--out", "out"),
        expected,
    )


def _studies() -> list[Case]:
    many = {
        "nested": [["bm25"]],
        "mixed": ["bm25", 5],
        "esc": ["bm25", f"{ESCAPE}x"],
        "numbers": [1, 2],
        "text": "bm25",
        "empty": [],
    }
    keys: dict[str, Any] = {
        "coll_nested": {"collections": [["p.csv"]]}, "meas_ints": {"measures": [1, 2]}, "claims_ints": {"claims": [1]}, "claims_tables": {"claims": [{"a": 1}]},
        "slices_ints": {"slices": [5]}, "excl_ints": {"excluded": [1]}, "references_ints": {"references": [1]}, "arms_ints": {"arms": [1]}, "dissect_ints": {"dissect": [1]},
        "factorial_text": {"factorial": "x"}, "name_list": {"name": ["s"]}, "margin_text": {"margin": "x"}, "margin_nan": {"margin": Raw("nan")}, "margin_true": {"margin": True},
        "seed_neg": {"seed": -1}, "seed_big": {"seed": 2**128}, "seed_float": {"seed": 1.5}, "resamples_1e12": {"n_resamples": 10**12}, "depth_1e9": {"depth": 10**9},
        "depth_1e30": {"depth": 10**30}, "depth_neg": {"depth": -5}, "samples_1e30": {"sample_queries": 10**30}, "confidence_2": {"confidence": 2.0}, "unknown": {"foo": 1},
        "unknown_esc": {ESCAPE: 1},
    }  # fmt: skip
    return [
        *(_toml(f"sys_{name}", systems=value) for name, value in many.items()),
        *(
            _toml(name, expected="either" if name in ("depth_1e9", "samples_1e30") else "refused", **changed)
            for name, changed in keys.items()
        ),
        _toml("name_nul", name="a\0b"),
        _toml("name_long", name="n" * 5000, expected="either"),
        _toml("name_esc", name=ESCAPE, expected="either"),
        _toml("name_dots", name="../../x", expected="either"),
        _toml("seeds_number", seeds={"a": 3}),
        _toml("seeds_empty", seeds={"a": []}),
        _toml("seeds_everywhere", seeds={"a": "/*/*/*/*/*/*"}),
        _toml("seeds_inputs", seeds={"a": "*"}),
        _toml("seeds_esc", seeds={ESCAPE: [ESCAPE, BIDI]}),
        _toml("python", systems=["bm25", "python:os:getcwd"]),
        _text("deep", "systems = " + "[" * 5000 + "]" * 5000),
        _text("deep_table", "a" + ".a" * 5000 + " = 1"),
        _text("surrogate", b"name = '\xed\xa0\x80'"),
        _text("zeros", bytes(5000)),
        _text("no_toml", "systems = ["),
        _text("empty", ""),
        _text("plain", mutate.toml_text(STUDY), "read"),
        Case("toml_is_folder", then(files({"p.csv": made.PAIRS}), folder("s.toml")), RUN, "refused", "s.toml"),
        Case("toml_is_pipe", then(files({"p.csv": made.PAIRS}), pipe("s.toml")), RUN, "refused", "s.toml"),
        Case(
            "toml_is_device", then(files({"p.csv": made.PAIRS}), link("s.toml", "/dev/zero")), RUN, "refused", "s.toml"
        ),
    ]


def _options() -> list[Case]:
    return [
        _option("seeds_name", "--seeds", "a="),
        _option("seeds_esc", "--seeds", f"{ESCAPE},{BIDI}"),
        _option("seed_neg", "--seed", "-1"),
        _option("seed_2_128", "--seed", str(2**128)),
        _option("seed_2_200", "--seed", str(2**200)),
        _option("seed_digits", "--seed", "9" * 4400),
        _option("depth_1e9", "--depth", "1000000000", expected="either"),
        _option("depth_1e30", "--depth", "1" + "0" * 30),
        _option("depth_neg", "--depth", "-1"),
        _option("margin_nan", "--margin", "nan"),
        _option("margin_neg", "--margin", "-1"),
        _option("confidence_nan", "--confidence", "nan"),
        _option("queries_0", "--queries", "0"),
        _option("queries_1e30", "--queries", "1" + "0" * 30, expected="either"),
        _option("slice_esc", "--slice", ESCAPE),
        _option("measure_esc", "--measure", ESCAPE),
        _option("claim_esc", "--claim", ESCAPE),
        _option("name_long", "--name", "n" * 5000, expected="either"),
        _option("name_slash", "--name", "../../../x", expected="either"),
        _option("unknown_esc", f"--{ESCAPE}"),
        _option("out_proc", "--out", "/proc/x"),
        _option("out_dev", "--out", "/dev/null/x"),
        _option("out_long_name", "--out", "o" * 300),
        _option("out_esc", "--out", ESCAPE[:4] + "o", expected="either"),
        _option("out_input", "--out", "p.csv"),
        _option("markdown_folder", "--markdown", ".", expected="refused"),
        _option("markdown_input", "--markdown", "p.csv"),
        _option("baseline_ending", "--save-baseline", "x.json"),
        Case("option_command_esc", files({}), (ESCAPE,), "refused"),
        Case("option_no_command", files({}), ("comp\u202eare",), "refused"),
    ]


def _names() -> list[Case]:
    functions = (
        "os:getcwd",
        "json:loads",
        "subprocess:run",
        "os:environ",
        "no_such:f",
        "os:no_such",
        "sys:exit",
        "os:abort_",
        ":",
        "a.b.c:d",
        "..:x",
    )
    return [
        *(_system(f"python:{name}", f"python:{name}") for name in functions),
        _system("red", "\x1b[31mred"),
        _system("bidi", BIDI),
        _system("label_red", "bm25@label=\x1b[31mred", "either"),
        _system("long", "s" * 5000),
        _system("nul_option", "bm25@k1=nan", "either"),
        _system("option_esc", f"bm25@{ESCAPE}=1"),
        _system("empty", ""),
        _system("colon", ":"),
        _system("at", "@"),
        _system("pattern_open", "[*"),
        _system("pattern_any", "/proc/*/*"),
        _system("home", "~nobody/x"),
        _system("device", "/dev/zero"),
        _system("root", "/"),
        *(
            _on(name.replace("/", "_"), name)
            for name in (
                "hf:",
                "hf:/tmp",
                "hf:../..",
                "mmeb:",
                "mteb:",
                "mbeir:",
                "irds:",
                "pairs:/dev/zero",
                "beir:/",
                "trec:",
                "icons:x",
                "glyphs:",
                "catalogue:/dev/zero",
                "/",
                "..",
                "~nobody",
            )
        ),
        _on("red_csv", "\x1b[31m.csv"),
        _on("long", "c" * 5000),
        _on("twice", "p.csv,p.csv"),
        _on("split_esc", f"p.csv@{ESCAPE}"),
    ]


def _named() -> list[Case]:
    evil = "import pathlib\npathlib.Path('ran').touch()\ndef f(texts):\n    return [[1.0]] * len(texts)\n"
    study = mutate.toml_text({**STUDY, "systems": ["bm25", "python:evil:f"]})
    mailed = files({"p.csv": made.PAIRS, "s.toml": study, "evil.py": evil, "numpy.py": evil, "json.py": evil})
    return [
        *_studies(),
        *_options(),
        *_names(),
        Case("toml_mailed_code", mailed, RUN, "refused", "evil"),
        Case("toml_mailed_code_planned", mailed, ("run", "s.toml", "--plan"), "either"),
        Case("option_planned_code", mailed, ("compare", "bm25", "python:evil:f", "--on", "p.csv", "--plan"), "either"),
    ]


def _mutated_study(seed: int) -> Case:
    rng = mutate.generator("toml", seed)
    if rng.random() < 0.75:
        value = mutate.tree(STUDY, rng)
        changed = mutate.toml_text(value if isinstance(value, dict) else {"x": value}).encode("utf-8", "surrogatepass")
    else:
        changed = mutate.data(mutate.toml_text(STUDY).encode(), rng)
    return Case(f"toml:{seed}", files({"p.csv": made.PAIRS, "s.toml": changed}), RUN)


def _mutated_words(seed: int) -> Case:
    """A command line with one word replaced; words that the system cannot pass (NUL) are left out."""
    rng = mutate.generator("argv", seed)
    words = [
        "compare",
        "bm25",
        "char_ngrams",
        "--on",
        "p.csv",
        "--seed",
        "1",
        "--depth",
        "20",
        "--margin",
        "0.1",
        "--measure",
        "nDCG@5",
        "--name",
        "n",
        "--out",
        "out",
    ]
    at = rng.randrange(1, len(words) - 1)
    words[at] = mutate.junk_text(rng).replace("\0", "")[:60_000]
    return Case(f"argv:{seed}", files({"p.csv": made.PAIRS}), tuple(words))


FAMILY = Family("studies", _named, {"toml": _mutated_study, "argv": _mutated_words}, seeds=3)
