"""Pictures found by the names of their classes, without any training: an ImageNet classifier and a text encoder."""

from dataclasses import dataclass

from evidense.compute.images.class_names import PREFIX, ClassNames, open_class_names
from evidense.values import Spelling


@dataclass(frozen=True)
class ClassNamesPart:
    """Opens `class-names:lite0`, `lite1` and `lite2` (the extra `efficientnet`), with any text encoder."""

    name: str = "class_names"
    spellings: tuple[str, ...] = ("class-names:lite0", "class-names:lite2@side=260@text=wordllama")

    def recognises(self, spelling: Spelling) -> bool:
        """Say whether the spelling begins with `class-names:`."""
        return spelling.head.startswith(PREFIX)

    def open(self, spelling: Spelling) -> ClassNames:
        """Load classifier, class names and text encoder.

        Raises:
            UnknownName, MissingExtra, InvalidInput: as `open_class_names`.
        """
        return open_class_names(spelling)


PART = ClassNamesPart()
