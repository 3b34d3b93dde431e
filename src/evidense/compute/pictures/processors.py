"""The Pillow picture processors of transformers, which scale pictures as a model's own settings say.

Those that need torchvision are never used: the two kinds differ by a few grey levels.
"""

from typing import Any

from evidense.errors import MissingExtra


def require_pillow() -> None:
    """Refuse where Pillow is not installed.

    Raises:
        MissingExtra: it is not.
    """
    from importlib.util import find_spec

    if find_spec("PIL") is None:
        raise MissingExtra.named("images", "encoding pictures", "pillow")


def plain_name(class_name: str) -> str:
    """Return the name of a processor class without the ending that says how it works.

    >>> plain_name("CLIPImageProcessorFast"), plain_name("CLIPImageProcessorPil")
    ('CLIPImageProcessor', 'CLIPImageProcessor')
    """
    return class_name.removesuffix("Fast").removesuffix("Pil")


def pillow_class(name: str) -> Any:
    """Return the Pillow class of transformers for a processor's plain name; None where there is none."""
    import transformers

    return getattr(transformers, f"{name}Pil", None) or getattr(transformers, name, None)


def pixel_settings(processor: Any) -> dict[str, Any]:
    """Return everything of a processor that changes a pixel."""
    return {key: value for key, value in processor.to_dict().items() if not key.startswith("_")}
