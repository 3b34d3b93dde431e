"""Unpack a GGUF file as a model folder: config, tokeniser and licence are written to the cache once; the weights stay in place."""

import os
from pathlib import Path

from evidense.boundary.disk import disk_errors, remove
from evidense.boundary.manifest import damaged, seal
from evidense.boundary.scratch import Scratch
from evidense.boundary.strangers import foreign
from evidense.compute.models.checkpoint import sha256_of_files
from evidense.compute.models.files import read_json
from evidense.compute.models.gguf.header import GgufHeader, read_header, require_gguf
from evidense.compute.models.gguf.parts import PACKAGED, joined
from evidense.compute.models.tokens import save_tokenizer
from evidense.compute.quiet import quiet
from evidense.errors import InvalidInput
from evidense.records import canonical_json
from evidense.store import default_root

PREFIX = "gguf:"
WEIGHTS = "model.gguf"
"""Name of the weights inside an unpacked folder: a link to the file."""
_ABOUT = "gguf.json"
_FORMAT = 1
"""Raise it if a change of this code changes what is unpacked."""
_LICENCES = {"gemma": "Gemma Terms of Use (ai.google.dev/gemma/terms)"}
"""`general.license` → licence in the set-up, where the file's own word is not enough."""


def gguf_folder(head: str) -> Path:
    """Return the unpacked folder of `gguf:FILE` or `gguf:NAME`; unpacking it the first time takes a while.

    Raises:
        MissingExtra: gguf, transformers or a package with the weights is not installed.
        InvalidInput: the file is no readable GGUF, has no tokeniser, or transformers cannot read its architecture.
        StoreError: the cache folder cannot be written.
    """
    require_gguf(head)
    import transformers

    name, room = head.removeprefix(PREFIX), default_root() / "gguf"
    file = joined(name, PACKAGED[name], room) if name in PACKAGED else Path(name).expanduser().absolute()
    header = read_header(file)
    _refuse_incomplete(file, header)
    folder = room / f"{sha256_of_files([file])[:32]}-{_FORMAT}-transformers-{transformers.__version__}"
    with disk_errors(folder):
        if damaged(folder, {"unpacked": folder.name}):
            remove(folder)
            _unpack(file, header, folder)
        elif (folder / WEIGHTS).resolve() != file.resolve():
            _link(file, folder)
    return folder


def gguf_doubts(folder: Path) -> tuple[str, ...]:
    """Return sentences about a folder that was unpacked from a GGUF: rounded weights, settings that are not read."""
    about = read_json(folder / _ABOUT)
    packed = [kind for kind in about.get("kinds", []) if kind not in {"F32", "F16", "BF16"}]
    doubts = []
    if packed:
        doubts.append(
            f"the weights were stored rounded ({', '.join(packed)}) and are used as float32: they are not the original's"
        )
    if unread := about.get("unread", []):
        doubts.append(f"the file names settings that transformers does not read from it: {', '.join(unread)}")
    return tuple(doubts)


def _refuse_incomplete(file: Path, header: GgufHeader) -> None:
    mistakes = []
    if not header.architecture:
        mistakes.append("general.architecture is missing")
    n_tokens = header.fields.get("tokenizer.ggml.tokens")
    if not isinstance(n_tokens, int) or not n_tokens:
        mistakes.append("tokenizer.ggml.tokens is missing: the file holds no tokeniser")
    block_count = header.fields.get(f"{header.architecture}.block_count", 0)
    if not isinstance(block_count, int) or not 0 <= block_count <= len(header.tensors):
        mistakes.append(
            f"{header.architecture}.block_count is {block_count!r:.40}, and there are {len(header.tensors)} tensors"
        )
    if not header.tensors:
        mistakes.append("it holds no tensors")
    if mistakes:
        raise InvalidInput.all_of(f"'{file}' is not a complete text model; expected weights and tokeniser; convert the model again", mistakes)  # fmt: skip


def _unpack(file: Path, header: GgufHeader, folder: Path) -> None:
    """Fill a folder beside it, then move it into place in one step. If another process was faster, keep its folder."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with Scratch(folder.parent) as scratch:
        work = scratch / folder.name
        work.mkdir()
        _link(file, work)
        _write_config_and_tokeniser(file, work)
        licence = str(header.fields.get("general.license", "unknown"))
        name = str(header.fields.get("general.name", file.stem))
        card = f"---\nlicense: {_LICENCES.get(licence, licence)}\n---\n{name}, unpacked from a GGUF file.\n"
        (work / "README.md").write_text(card, encoding="utf-8")
        (work / _ABOUT).write_text(canonical_json({"kinds": list(header.kinds), "unread": _unread(header)}) + "\n", encoding="utf-8")  # fmt: skip
        seal(work, {"unpacked": folder.name})
        try:
            work.rename(folder)
        except OSError:
            if not folder.is_dir():
                raise


def _write_config_and_tokeniser(file: Path, work: Path) -> None:
    import transformers
    from transformers import AutoConfig, AutoTokenizer

    version = f"transformers {transformers.__version__}"
    with quiet(), foreign(str(file), f"Expected a model and tokeniser that {version} reads from GGUF; use its safetensors form."):  # fmt: skip
        config = AutoConfig.from_pretrained(str(work), gguf_file=WEIGHTS, local_files_only=True)
        tokenizer = AutoTokenizer.from_pretrained(str(work), gguf_file=WEIGHTS, local_files_only=True)
    config.save_pretrained(work)
    save_tokenizer(tokenizer, work)


def _unread(header: GgufHeader) -> list[str]:
    """Return the settings of the architecture in the file that transformers does not know."""
    from transformers.integrations import GGUF_CONFIG_MAPPING

    known = GGUF_CONFIG_MAPPING.get(header.architecture)
    prefix = f"{header.architecture}."
    names = [name.removeprefix(prefix) for name in header.fields if name.startswith(prefix)]
    return sorted(name for name in names if name not in known) if known else []


def _link(file: Path, folder: Path) -> None:
    """Link the weights of the folder to this file."""
    new = folder / f".{WEIGHTS}.{os.getpid()}"
    new.unlink(missing_ok=True)
    new.symlink_to(file.resolve())
    new.replace(folder / WEIGHTS)
