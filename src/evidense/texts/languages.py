"""Languages: small words by which another language than English is known."""

from collections.abc import Mapping

SMALL_WORDS: Mapping[str, frozenset[str]] = {
    "German": frozenset(
        "der die das und ist ein eine nicht mit von den dem des für auf im zu sich wird werden durch bei sind oder auch als um am vom zum zur".split()
    ),
    "French": frozenset("le la les des est une et dans pour que qui avec sur par plus ne pas aux du au ont sont cette ce entre".split()),
    "Spanish": frozenset("el la los las es una y en de que por con para del se al un como más son entre sobre".split()),
    "Italian": frozenset("il lo la gli è una e di che per con del della dei non sono nel più tra come".split()),
    "Portuguese": frozenset("o a os as é uma e de que por com para do da em não são mais entre como dos das".split()),
    "Dutch": frozenset("de het een en van is dat niet met voor op zijn wordt door bij ook als naar".split()),
    "Polish": frozenset("i w z na jest nie się do że o od przez dla jak są oraz po".split()),
}  # fmt: skip
