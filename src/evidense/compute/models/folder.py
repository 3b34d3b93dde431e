"""Read the settings of a model folder: modules, pooling, prompts, length, similarity, licence. Needs no weights and no torch."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from evidense.boundary.files import MIB
from evidense.compute import pooling
from evidense.compute.models.checkpoint import refuse_remote_code
from evidense.compute.models.files import inside, read_form, read_head, read_json, refuse_irregular
from evidense.compute.models.forms import MODULES, Modules, PoolingSettings, ReadingSettings, SentenceSettings
from evidense.errors import InvalidInput, UnsafeInput
from evidense.parts import Side

SETTINGS, MODULES_FILE = "config_sentence_transformers.json", "modules.json"
_CARD_PROMPTS = (
    "query: ",
    "passage: ",
    "search_query: ",
    "search_document: ",
    "Represent this sentence for searching relevant passages:",
    "Instruct: ",
)


@dataclass(frozen=True)
class ListedModule:
    """One entry of modules.json."""

    class_path: str
    """As 'sentence_transformers.models.Pooling'."""
    folder: Path

    @property
    def kind(self) -> str:
        """Name of the class, as 'Pooling'."""
        return self.class_path.rpartition(".")[2]


@dataclass(frozen=True)
class ModelFolder:
    """The settings of one encoder, as its folder gives them."""

    root: Path
    transformer: Path
    """Folder with config.json and the weights."""
    config: Mapping[str, Any]
    pooling: tuple[str, ...] | None = None
    """Pooling modes; None if the folder names none."""
    pools_prompt: bool = True
    after: tuple[tuple[str, Path], ...] = ()
    """Modules after pooling, in order: ('Dense' | 'LayerNorm' | 'Normalize', folder)."""
    prompts: Mapping[str, str] = field(default_factory=dict)
    similarity: str | None = None
    truncate_dim: int | None = None
    """Dimensions that sentence-transformers keeps of the final vector."""
    max_length: int | None = None
    lower_case: bool = False
    licence: str | None = None
    card: str = ""
    unhonoured: tuple[str, ...] = ()
    """A sentence for each setting of the folder that has no effect here."""

    @property
    def family(self) -> str:
        """`model_type` of the config, as 'bert'."""
        return str(self.config.get("model_type", ""))

    @property
    def ends_at_unit_length(self) -> bool:
        """Whether the last step is Normalize, with no truncation after it."""
        return self.truncate_dim is None and [kind for kind, _ in self.after][-1:] == ["Normalize"]

    def prompt(self, side: Side, options: Mapping[str, str]) -> str:
        """Return the prompt of this side: the user's, else the one that sentence-transformers would use.

        That is the prompt named 'query' or 'document'. Since version 5 both names always exist (perhaps empty), so `encode_query` and
        `encode_document` never use a 'passage' or default prompt; `warnings` mentions such prompts.
        """
        for key in (f"{side}_prompt", "prompt"):
            if key in options:
                return options[key]
        return self.prompts.get(side, "")

    def warnings(self, used: set[str]) -> tuple[str, ...]:
        """Return a sentence for each setting without effect, and for each prompt of config or card that is not used."""
        return self.unhonoured + self._prompt_warnings(used)

    def _prompt_warnings(self, used: set[str]) -> tuple[str, ...]:
        unused = {name: text for name, text in self.prompts.items() if text and text not in used}
        configured = [
            f"the model's own config names the prompt '{name}' = {text!r}, which was not used"
            for name, text in unused.items()
        ]
        seen_prompts = [*used, *self.prompts.values()]
        carded = [
            text
            for text in _CARD_PROMPTS
            if text.strip() in self.card
            and f"{text.strip()}" in _quoted(self.card)
            and not any(text.strip() in k for k in seen_prompts)
        ]
        return tuple(
            configured + [f"the model's card names the prompt {text!r}, which was not used" for text in carded]
        )


def read_folder(root: Path) -> ModelFolder:
    """Read a sentence-transformers or transformers folder.

    Raises:
        InvalidInput: the folder is neither, or has an unsupported module.
        UnsafeInput: the model asks to run its own code.
    """
    modules = _modules(root)
    transformer = modules[0].folder if modules else root
    if not (transformer / "config.json").is_file():
        raise InvalidInput(
            f"'{root}' holds no config.json; expected a folder that transformers or sentence-transformers saved"
            + _hint(root)
        )
    settings = read_settings(root)
    for folder in {root, transformer}:
        refuse_remote_code(folder)
    length_file = next(
        (transformer / n for n in _LENGTH_FILES if (transformer / n).is_file()), transformer / _LENGTH_FILES[0]
    )
    reading = read_form(ReadingSettings, length_file)
    pooled = [_pooling(module.folder / "config.json") for module in modules if module.kind == "Pooling"]
    return replace(
        settings,
        transformer=transformer,
        config=read_json(transformer / "config.json"),
        pooling=pooling.from_config(pooled[0].model_dump()) if pooled else None,
        pools_prompt=pooled[0].include_prompt if pooled else True,
        max_length=reading.max_length,
        lower_case=bool(reading.do_lower_case),
        unhonoured=settings.unhonoured + reading.unhonoured(length_file.name),
    )


def _pooling(file: Path) -> PoolingSettings:
    if not file.is_file():
        raise InvalidInput(f"'{file}' is absent. Expected the settings of the pooling; fetch the model again.")
    return read_form(PoolingSettings, file)


def read_settings(root: Path) -> ModelFolder:
    """Read the settings around the model: prompts, similarity, truncation, modules after pooling, licence, card.

    Raises:
        InvalidInput, UnsafeInput: settings have the wrong form, or name a folder outside the model.
    """
    refuse_irregular([root])
    settings = read_form(SentenceSettings, root / SETTINGS)
    card = read_head(root / "README.md", MIB)
    modules = listed_modules(root)
    return ModelFolder(
        root,
        modules[0].folder if modules else root,
        {},
        after=tuple((m.kind, m.folder) for m in modules[1:] if m.kind in {"Dense", "LayerNorm", "Normalize"}),
        prompts={name: text or "" for name, text in (settings.prompts or {}).items()},
        similarity=settings.similarity_fn_name,
        truncate_dim=settings.truncate_dim,
        licence=licence_of(card),
        card=card,
        unhonoured=settings.unhonoured(SETTINGS) + _module_doubts(root, modules),
    )


def _module_doubts(root: Path, modules: list[ListedModule]) -> tuple[str, ...]:
    """Return a sentence for each key without effect in modules.json and in the config.json of each module."""
    if not modules:
        return ()
    entries = read_form(Modules, root / MODULES_FILE).root
    doubts = [sentence for entry in entries for sentence in entry.unhonoured(MODULES_FILE)]
    for module in modules[1:]:
        if module.kind in MODULES:
            file = module.folder / "config.json"
            doubts += read_form(MODULES[module.kind], file).unhonoured(file.relative_to(root))
    return tuple(doubts)


_LENGTH_FILES = (
    "sentence_bert_config.json",
    "sentence_roberta_config.json",
    "sentence_distilbert_config.json",
    "sentence_camembert_config.json",
    "sentence_albert_config.json",
    "sentence_xlm-roberta_config.json",
    "sentence_xlnet_config.json",
)
_KNOWN = {"Transformer", "Pooling", "Dense", "Normalize", "LayerNorm", "Dropout"}


def listed_modules(root: Path) -> list[ListedModule]:
    """Return the entries of modules.json; [] where there is none.

    Raises:
        InvalidInput: the file is not a list of modules with type and path.
        UnsafeInput: a module lies outside the model folder.
    """
    file = root / MODULES_FILE
    if not file.is_file():
        return []
    entries = read_form(Modules, file).root
    if not entries:
        raise InvalidInput(f"'{file}' names no module. Expected a Transformer at least; fetch the model again.")
    return [ListedModule(entry.type, inside(root, entry.path, file)) for entry in entries]


def is_static(root: Path) -> bool:
    """Say whether the first module is a StaticEmbedding; False for a damaged folder, which is reported when it is opened."""
    try:
        return [module.kind for module in listed_modules(root)][:1] == ["StaticEmbedding"]
    except (InvalidInput, UnsafeInput):
        return False


def _modules(root: Path) -> list[ListedModule]:
    """Return the modules of a text encoder; [] where there is no modules.json; raises as `read_folder`."""
    modules = listed_modules(root)
    if foreign := [m.class_path for m in modules if not m.class_path.startswith("sentence_transformers.")]:
        raise UnsafeInput(
            f"'{root / 'modules.json'}' asks for the module {foreign[0]}, which is code that the model brings along;"
            " expected modules of sentence-transformers itself; remote code is always refused"
        )
    if strange := [module.kind for module in modules if module.kind not in _KNOWN]:
        raise InvalidInput(
            f"'{root}' has the module {strange[0]}, which is not supported; expected {', '.join(sorted(_KNOWN))};"
            " encode with sentence-transformers and hand over the vectors (vectors:FOLDER)"
        )
    names = [module.kind for module in modules]
    if modules and (
        names[0] != "Transformer"
        or names.count("Pooling") > 1
        or (names[1:] and names[1] not in {"Pooling", "Dropout"})
    ):
        raise InvalidInput(
            f"'{root}' chains {' → '.join(names)}; expected Transformer → Pooling → Dense, LayerNorm or Normalize;"
            " encode with sentence-transformers and hand over the vectors (vectors:FOLDER)"
        )
    return modules


def _hint(root: Path) -> str:
    if (root / "adapter_config.json").is_file():
        return "; this is a PEFT adapter: merge it into its model first (merge_and_unload), then name the merged folder"
    inside = sorted(p.parent.name for p in root.glob("*/config.json"))
    return (
        f"; did you mean one of its folders: {', '.join(inside[:5])}?"
        if inside
        else "; name the folder that holds config.json"
    )


def licence_of(card: str) -> str | None:
    """Return the licence that the head of a model card names; None if it names none."""
    front = card.split("---")[1] if card.startswith("---") and card.count("---") > 1 else ""
    match = re.search(r"^license:\s*(\S.*)$", front, re.MULTILINE)
    licence = match.group(1).strip().strip("'\"") if match else "unknown"
    return None if licence == "unknown" else licence


def _quoted(card: str) -> str:
    """Return the quoted parts and code of a model card, where a prompt would appear."""
    return "\n".join(re.findall(r"\"[^\"\n]*\"|'[^'\n]*'|`[^`\n]*`", card))
