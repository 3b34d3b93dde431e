"""Seeds: several runs or checkpoints of one system, one a training seed, named by a pattern or a list; the study names each file."""

import glob
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice, takewhile
from typing import Any

from evidense.errors import InvalidInput
from evidense.values import Spelling

MOST_SEEDS = 100
MOST_WILD = 2
"""Parts of a path that may be patterns: a study of somebody else must not search a whole disk."""
_PATTERN = re.compile(r"[*?\[]")
_NUMBER = re.compile(r"(\d+)")
_SEED = re.compile(r"(?:(?<![a-z])(?:seeds?|run|rs|s)|seeds?)?[-_. =]*$", re.IGNORECASE)
"""What stands before the number of a seed: `-seed`, `_s`, `.run`, or a separator alone."""
_ENDING = re.compile(r"\.(?:gz|run|trec|txt|res|tsv|json|jsonl|csv|eval|baseline)$", re.IGNORECASE)
_SEED_NUMBER = re.compile(r"seed[-_.=]?\d+", re.IGNORECASE)


@dataclass(frozen=True)
class NamedSystems:
    """The systems and references of a study by name, and the spellings of those that stand for several seeds."""

    systems: tuple[str, ...]
    references: tuple[str, ...] = ()
    seeds: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def keys(self) -> dict[str, Any]:
        """Return the keys of a study file."""
        seeds = {name: list(files) for name, files in self.seeds.items()}
        return {"systems": list(self.systems), "references": list(self.references), "seeds": seeds}


def named_systems(
    systems: Sequence[str], references: Sequence[str] = (), seeds: Mapping[str, Any] | None = None
) -> NamedSystems:
    """Return the systems of a study with the files that patterns match. A system of `seeds` that is not among the systems is added to them.

    A system that is spelt as a pattern (`runs/dpr.seed*.run`) and matches several files is one system, named by what the files' names have in
    common (`dpr`). A pattern that matches one file is that file. A named_systems without patterns stays as it is.

    Raises:
        InvalidInput: a pattern matches nothing, a file is named twice, or names are not distinct. The message lists all mistakes.
    """
    if seeds is not None and not isinstance(seeds, Mapping):
        raise InvalidInput(f"'seeds' is {seeds!r}; expected system → its runs or checkpoints, as {{'dpr': ['dpr.0.run', 'dpr.1.run']}}")  # fmt: skip
    mistakes: list[str] = []
    taken = {*systems, *references}
    groups = {name: _members(_listed(name, value), mistakes) for name, value in (seeds or {}).items()}
    alone = {name: files[0] for name, files in groups.items() if len(files) == 1}
    groups = {name: files for name, files in groups.items() if len(files) > 1}

    def named(text: str) -> str:
        if text in groups or text in alone:
            return alone.get(text, text)
        if not is_pattern(text):
            return text
        files = _members([text], mistakes)
        if len(files) < 2:
            return files[0] if files else text
        name = next((x for x in names_of(files) if x not in taken and groups.get(x, files) == files), "")
        if not name:
            mistakes.append(
                f"'{text}' would be called '{names_of(files)[0]}', as another system is; name it: --seeds NAME={text}"
            )
            return text
        groups[name] = files
        return name

    compared = tuple(map(named, systems))
    shown = tuple(map(named, references))
    added = tuple(name if name in groups else alone[name] for name in (seeds or {}) if name not in taken)
    if mistakes:
        raise InvalidInput.all_of("seeds", mistakes)
    return NamedSystems((*compared, *added), shown, groups)


def is_pattern(text: str) -> bool:
    """Say whether a spelling is a pattern of file names; a file that has such a name itself is none.

    >>> is_pattern("runs/dpr.seed*.run"), is_pattern("runs/dpr.run"), is_pattern("cross-encoder:x@first=[bm25]")
    (True, False, False)
    """
    if not _PATTERN.search(text) or "\0" in text:
        return False
    head = _head(text)
    return bool(_PATTERN.search(head)) and not os.path.exists(os.path.expanduser(head))


def names_of(files: Sequence[str]) -> list[str]:
    """Return names for a system, the best first: what the files' names have in common, without ending and the word seed; then with the folder.

    >>> names_of(["runs/dpr.seed0.run", "runs/dpr.seed1.run", "runs/dpr.seed12.run"])[:2]
    ['dpr', 'runs/dpr']
    >>> names_of(["out/seed0", "out/seed1"])[0], names_of(["e5-10.msmarco.trec", "e5-11.msmarco.trec"])[0]
    ('out', 'e5.msmarco')
    >>> names_of(["1/dpr.run", "2/dpr.run"])[0], names_of(["a.run", "b.run", "c.run"])[0]
    ('dpr', 'a+b+c')
    """
    heads = [_head(file).rstrip("/") for file in files]
    parts = [head.split("/") for head in heads]
    folders = [_common([part[-depth] if len(part) >= depth else "" for part in parts]) for depth in (1, 2, 3)]
    stems = [_ENDING.sub("", _ENDING.sub("", part[-1])) for part in parts]
    options = {str(Spelling("x", Spelling.parse(file).options))[1:] for file in files}
    ending = options.pop() if len(options) == 1 else ""
    joined = "+".join(stems) if len(stems) <= 3 else f"{stems[0]}+{len(stems) - 1}"
    short = next((name for name in folders if name), joined)
    longer = "/".join(name for name in folders[::-1] if name)
    return [f"{name}{ending}" for name in dict.fromkeys((short, longer or joined, joined))]


def declared(values: Iterable[str], systems: Sequence[str] = ()) -> dict[str, list[str]]:
    """Return the systems that `--seeds` declares, each value one of them: NAME=A,B,C, or A,B,C or a pattern, which name themselves.

    A NAME among `systems` says what that system stands for.

    Raises:
        InvalidInput: a file is missing or named twice, or two systems would have one name.

    >>> declared(["dpr=a.run,b.run", "x/bge.0.run,x/bge.1.run"])
    {'dpr': ['a.run', 'b.run'], 'bge': ['x/bge.0.run', 'x/bge.1.run']}
    """
    groups: dict[str, list[str]] = {}
    for value in values:
        given, equals, rest = value.partition("=")
        is_named = bool(equals) and not re.search(r"[@/*?\[,]", given)
        files = [part.strip() for part in (rest if is_named else value).split(",") if part.strip()]
        mistakes: list[str] = []
        members = _members(files, mistakes)
        if mistakes or not members:
            raise InvalidInput.all_of("--seeds", mistakes or [f"'{value}' names no file; expected --seeds A,B,C"])
        if len(members) < 2 and not any(map(is_pattern, files)):
            raise InvalidInput(
                f"--seeds {value} names one file; expected several, one a seed, between commas without spaces: --seeds {value},…; a pattern in "
                "quotes; or a system without seeds, as TUNED"
            )
        names = [given.strip()] if is_named else names_of(members) if len(members) > 1 else members[:1]
        name = next((name for name in names if name not in groups and (is_named or name not in systems)), "")
        if not name:
            raise InvalidInput(f"two systems are called '{names[0]}'; expected distinct names; name them: --seeds NAME={value}")  # fmt: skip
        groups[name] = list(members)
    return groups


def hints(systems: Sequence[str], seeds: Iterable[str] = ()) -> list[str]:
    """Return a sentence for each pattern that matches one file, and one if several systems look like the seeds of one.

    >>> print(*hints(["bm25.run", "dpr.seed0.run", "dpr.seed1.run"]))
    2 systems are compared that look like seeds of one; to make them one system 'dpr': --seeds dpr.seed0.run,dpr.seed1.run, or the pattern in quotes
    """
    sentences = []
    for text in (*systems, *(value.partition("=")[2] or value for value in seeds)):
        if text and is_pattern(text) and len(files := _matches(text)) == 1:
            sentences.append(f"'{text}' matches one file: one system, {files[0]}, without seeds")
    alike: dict[str, list[str]] = {}
    for text in systems:
        if _SEED_NUMBER.search(text):
            alike.setdefault(_SEED_NUMBER.sub("", text), []).append(text)
    sentences += [
        f"{len(several)} systems are compared that look like seeds of one; to make them one system '{names_of(several)[0]}': "
        f"--seeds {','.join(several)}, or the pattern in quotes"
        for several in alike.values()
        if len(several) > 1
    ]
    return sentences


def _listed(name: str, value: Any) -> list[str]:
    """Return the spellings of one entry of `seeds`.

    Raises:
        InvalidInput: they are no texts.
    """
    files = [value] if isinstance(value, str | os.PathLike) else value
    if not isinstance(files, list | tuple) or not files or not all(isinstance(f, str | os.PathLike) for f in files):
        raise InvalidInput(f"'seeds' of '{name}' are {value!r}; expected the names of runs or checkpoints, or a pattern; name them")  # fmt: skip
    return [os.fspath(file) for file in files]


def _members(spellings: Sequence[str], mistakes: list[str]) -> tuple[str, ...]:
    """Return the files of one system, patterns replaced by what they match."""
    files = [file for text in spellings for file in (_matches(text) if is_pattern(text) else [text])]
    mistakes += [
        f"'{text}' matches no file or folder; expected the runs or checkpoints of one system; correct the pattern"
        for text in spellings
        if is_pattern(text) and not _matches(text)
    ]
    places = [os.path.realpath(os.path.expanduser(_head(file))) + str(Spelling.parse(file).options) for file in files]
    mistakes += [
        f"'{file}' is named twice; expected one file a seed; leave it out once"
        for i, file in enumerate(files)
        if places[i] in places[:i]
    ]
    if len(files) > MOST_SEEDS:
        mistakes.append(f"'{spellings[0]}' stands for more than {MOST_SEEDS} seeds; expected fewer; narrow the pattern")
    if len({os.path.isdir(os.path.expanduser(_head(file))) for file in files if _exists(file)}) > 1:
        folder = next(file for file in files if os.path.isdir(os.path.expanduser(_head(file))))
        file = next(file for file in files if os.path.isfile(os.path.expanduser(_head(file))))
        mistakes.append(f"'{folder}' is a folder and '{file}' a file; expected seeds of one kind; narrow the pattern")
    return tuple(files)


def _exists(spelling: str) -> bool:
    return os.path.exists(os.path.expanduser(_head(spelling)))


def _matches(pattern: str) -> list[str]:
    """Return the spellings of the files that a pattern matches, with its options; 2 stands before 10."""
    spelling = Spelling.parse(pattern)
    if sum(bool(_PATTERN.search(part)) for part in spelling.head.split("/")) > MOST_WILD:
        raise InvalidInput(
            f"'{pattern}' could match files anywhere; expected * in at most {MOST_WILD} parts of a path; name the folders"
        )
    paths = [path.rstrip("/") for path in islice(glob.iglob(os.path.expanduser(spelling.head)), MOST_SEEDS + 1)]
    numbered = sorted(paths, key=lambda path: [int(x) if x.isdigit() else x for x in _NUMBER.split(path)])
    return [str(Spelling(path, spelling.options)) for path in numbered]


def _head(spelling: str) -> str:
    return Spelling.parse(spelling).head


def _prefix(names: Sequence[str]) -> str:
    return "".join(
        letters[0] for letters in takewhile(lambda of_place: len(set(of_place)) == 1, zip(*names, strict=False))
    )


def _common(names: Sequence[str]) -> str:
    """Return what is common to some names: begin and end, without the number of the seed, the word before it, and the ending of a file."""
    if len(set(names)) == 1:
        return _ENDING.sub("", _ENDING.sub("", names[0]))
    start = _prefix(names)
    end = _prefix([name[len(start) :][::-1] for name in names])[::-1]
    varying = [name[len(start) : len(name) - len(end)] for name in names]
    if all(re.fullmatch(r"\d*", text) for text in varying):
        start, end = start.rstrip("0123456789"), end.lstrip("0123456789")
    ending = _ENDING.sub("", _ENDING.sub("", end))
    return f"{_SEED.sub('', start)}{ending}".strip("-_. ")
