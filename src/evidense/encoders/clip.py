"""Image-text encoders of the CLIP, SigLIP and SigLIP 2 families, for texts, pictures, and items with both."""

from dataclasses import dataclass

from evidense.compute.images.open_image_text import OPTIONS, ImageTextEncoder, is_image_text, open_image_text
from evidense.compute.texts.open_text import refuse_unknown_options
from evidense.values import Spelling


@dataclass(frozen=True)
class ClipPart:
    """Opens a transformers folder whose config says clip, siglip or siglip2, also if sentence-transformers wraps it."""

    name: str = "clip"
    spellings: tuple[str, ...] = ("./my-clip", "clip:openai/clip-vit-base-patch32", "./my-clip@prompt=a photo of a {}")

    def recognises(self, spelling: Spelling) -> bool:
        """Say whether such a model is at this path, in this package folder or in the hub cache; `clip:ORG/NAME` fetches one."""
        return is_image_text(spelling.head, spelling.options.get("revision"))

    def open(self, spelling: Spelling) -> ImageTextEncoder:
        """Load the model under the loading guard.

        Raises:
            IncompleteWeights, UnsafeInput, InvalidInput, MissingExtra.
        """
        refuse_unknown_options(spelling, OPTIONS)
        return open_image_text(spelling)


PART = ClipPart()
