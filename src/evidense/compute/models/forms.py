"""Forms of the JSON files in a model folder: each key is used, refused, or reported as not honoured."""

from typing import Any, ClassVar, Literal

from pydantic import ConfigDict, Field, RootModel, field_validator

from evidense.boundary.documents import Form

MOST_PROMPT = 16_384
"""Most characters of a prompt; the longest in use have about a thousand. Every text is encoded with its prompt."""
_ELSEWHERE = "encode with sentence-transformers and hand over the vectors (vectors:FOLDER)"
_SIZE = Field(gt=0, le=1 << 31)
ModuleOutput = Literal["sentence_embedding"]


class SettingsFile(Form):
    """A file of settings. A declared field is used or does not influence vectors; any other key is reported."""

    model_config = ConfigDict(extra="allow")
    SILENT: ClassVar[frozenset[str]] = frozenset()
    """Undeclared keys that do not influence vectors."""
    NAMED: ClassVar[frozenset[str]] = frozenset()
    """Declared keys whose type is checked and whose value is not honoured."""

    def unhonoured(self, place: object) -> tuple[str, ...]:
        """Return a sentence for each key that has a value and is not honoured."""
        values = {key: value for key, value in self if key in self.NAMED and value}
        values |= {k: v for k, v in (self.model_extra or {}).items() if k not in self.SILENT and v is not None}
        return tuple(f"{place} sets {key} = {_short(value)}, which is not honoured" for key, value in values.items())


class SentenceSettings(SettingsFile):
    """config_sentence_transformers.json."""

    SILENT = frozenset({"__version__", "default_prompt_name"})
    NAMED = frozenset({"requirements"})
    prompts: dict[str, str | None] | None = None
    similarity_fn_name: str | None = None
    truncate_dim: int | None = Field(None, gt=0)
    model_type: str | None = None
    default_prompt_name: str | None = None
    requirements: Any = None

    @field_validator("prompts")
    @classmethod
    def _bounded(cls, prompts: dict[str, str | None] | None) -> dict[str, str | None] | None:
        if any(len(text or "") > MOST_PROMPT for text in (prompts or {}).values()):
            raise ValueError(f"Expected prompts of at most {MOST_PROMPT:,} characters; shorten them")
        return prompts

    @field_validator("model_type")
    @classmethod
    def _dense(cls, kind: str | None) -> str | None:
        if kind == "CrossEncoder":
            raise ValueError("A CrossEncoder reads query and document together; write cross-encoder:FOLDER")
        if kind not in {None, "SentenceTransformer"}:
            raise ValueError(f"Expected a SentenceTransformer, which gives one dense vector a text; {_ELSEWHERE}")
        return kind


class CrossEncoderSettings(SettingsFile):
    """config_sentence_transformers.json of a CrossEncoder."""

    SILENT = frozenset({"__version__", "default_prompt_name"})
    NAMED = frozenset({"requirements", "keep_in_fp32_modules"})
    prompts: dict[str, str | None] | None = None
    activation_fn: str | None = None
    model_type: str | None = None
    requirements: Any = None
    keep_in_fp32_modules: Any = None


class Module(SettingsFile):
    """One entry of modules.json."""

    NAMED = frozenset({"kwargs"})
    idx: int | None = None
    name: str | None = None
    path: str = ""
    type: str
    kwargs: list[str] | None = None


class Modules(RootModel[list[Module]]):
    """modules.json."""

    model_config = ConfigDict(strict=True, frozen=True)


class ReadingSettings(SettingsFile):
    """sentence_bert_config.json, also under its older names."""

    SILENT = frozenset({"unpad_inputs"})
    NAMED = frozenset({"processing_kwargs", "model_args", "model_kwargs"})
    max_seq_length: int | None = Field(None, gt=0, le=1 << 31)
    do_lower_case: bool | None = None
    tokenizer_args: dict[str, Any] | None = None
    processor_kwargs: dict[str, Any] | None = None
    model_args: dict[str, Any] | None = None
    model_kwargs: dict[str, Any] | None = None
    config_args: dict[str, Any] | None = None
    config_kwargs: dict[str, Any] | None = None
    processing_kwargs: dict[str, Any] | None = None
    transformer_task: Literal["feature-extraction"] | None = None
    module_output_name: Literal["token_embeddings"] | None = None
    modality_config: dict[str, dict[str, Any]] | None = None
    query_length: None = None
    document_length: None = None
    query_expansion: None = None

    @field_validator("modality_config")
    @classmethod
    def _plain_text(cls, modes: dict[str, dict[str, Any]] | None) -> dict[str, dict[str, Any]] | None:
        text = {"method": "forward", "method_output_name": "last_hidden_state"}
        if modes is not None and (modes.get("text") != text or "message" in modes):
            raise ValueError(f"Expected texts that are read as they are, and their last hidden states; {_ELSEWHERE}")
        return modes

    @field_validator("config_args", "config_kwargs")
    @classmethod
    def _own_config(cls, changes: dict[str, Any] | None) -> dict[str, Any] | None:
        if set(changes or {}) - {"trust_remote_code"}:
            raise ValueError("Expected none: what differs from config.json belongs into config.json; write it there")
        return changes

    @property
    def max_length(self) -> int | None:
        """Most tokens of a text; the setting of the tokeniser wins, as in sentence-transformers."""
        tokenizer_length = (self.tokenizer_args or self.processor_kwargs or {}).get("model_max_length")
        return tokenizer_length if isinstance(tokenizer_length, int) and tokenizer_length > 0 else self.max_seq_length

    def unhonoured(self, place: object) -> tuple[str, ...]:
        """Return the sentences of `SettingsFile.unhonoured`, and one for each setting of the tokeniser except its length."""
        tokenizer_settings = {**(self.tokenizer_args or {}), **(self.processor_kwargs or {})}
        tokenizer_settings.pop("model_max_length", None)
        sentences = (
            f"{place} sets {k} = {_short(v)} of the tokeniser, which is not honoured"
            for k, v in tokenizer_settings.items()
        )
        return super().unhonoured(place) + tuple(sentences)


class PoolingSettings(SettingsFile):
    """config.json of a Pooling module."""

    pooling_mode: str | list[str] | None = None
    pooling_mode_cls_token: bool = False
    pooling_mode_max_tokens: bool = False
    pooling_mode_mean_tokens: bool = False
    pooling_mode_mean_sqrt_len_tokens: bool = False
    pooling_mode_weightedmean_tokens: bool = False
    pooling_mode_lasttoken: bool = False
    include_prompt: bool = True
    embedding_dimension: int | None = None
    word_embedding_dimension: int | None = None


class DenseSettings(SettingsFile):
    """config.json of a Dense module."""

    in_features: int = _SIZE
    out_features: int = _SIZE
    bias: bool = True
    activation_function: str = "torch.nn.modules.activation.Tanh"
    use_residual: bool = False
    module_input_name: ModuleOutput = "sentence_embedding"
    module_output_name: ModuleOutput | None = None


class LayerNormSettings(SettingsFile):
    """config.json of a LayerNorm module."""

    dimension: int = _SIZE


class NormalizeSettings(SettingsFile):
    """config.json of a Normalize module."""

    module_input_name: ModuleOutput = "sentence_embedding"
    module_output_name: ModuleOutput | None = None


class DropoutSettings(SettingsFile):
    """config.json of a Dropout module, which has no effect outside training."""

    dropout: float | None = None


MODULES: dict[str, type[SettingsFile]] = {
    "Pooling": PoolingSettings,
    "Dense": DenseSettings,
    "LayerNorm": LayerNormSettings,
    "Normalize": NormalizeSettings,
    "Dropout": DropoutSettings,
}
"""Kind of a module after the first one → the form of its config.json."""


class TokenizerSettings(SettingsFile):
    """tokenizer_config.json. transformers reads all of it; declared here is what we read ourselves."""

    model_max_length: int | float | None = Field(None, ge=1)


class ShardIndex(Form):
    """model.safetensors.index.json."""

    weight_map: dict[str, str]


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"
