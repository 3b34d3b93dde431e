"""Stamps of Tux Paint: cut-out photos and drawings ↔ captions in 77 languages. `evidense fetch stamps` gets them."""

import re
from collections.abc import Iterator, Mapping, Sequence

from evidense.datasets.pictures._pictured import Pictured, Shown, spelled_language
from evidense.fetching.packages.kept import Files
from evidense.values import Package, Picture, Provenance

_ROOT = "usr/share/tuxpaint/stamps/"
_MIRROR = re.compile(r"_(?:mirror|flip|mirror_flip)$")
_LOOKS = {"cartoon", "toys", "plastic", "filled", "outlined", "uppercase", "lowercase"}
"""Folders that say how something is drawn, not what it is."""
_LINE = re.compile(r"^([A-Za-z_@]{2,20})\.utf8=(.*)$")
_FILTER = re.compile(r"<filter\b[^>]*/>|<filter\b.*?</filter\s*>", re.DOTALL)
_FILTERED = re.compile(r"""\sfilter\s*=\s*(?:"[^"]*"|'[^']*')|filter\s*:\s*url\([^)]*\)\s*;?""")
_ENTITY = re.compile(r"""<!ENTITY\s+(\w{1,40})\s+(?:"([^"&<]{0,300})"|'([^'&<]{0,300})')\s*>""")
_MOST_ENTITIES = 60


class Stamps(Pictured):
    """`stamps[/photo|/drawing|/symbol][:LANGUAGE][:t2i|:i2t|:i2i|:mixed][@split]`: a caption such as "A cow." looks for its picture, or the other way round.

    A stamp without a caption of its own (a mirrored one) has that of the stamp whose name it bears. Equal captions are one query, for which
    all their pictures are relevant. A folder of stamps is a family (`animals/mammals/cats` with its cartoons); folders are joined where
    captions are equal or pictures look almost the same.

    i2i: a stamp looks for the other stamps of the same caption: the photo of a strawberry for its cartoon. The column `kind` says symbol, drawing
    (SVG, or in a folder of cartoons) or photo (the other PNGs, of which some are drawn, too), the column `topic` the first folder;
    `stamps/photo` has the photos alone.
    """

    name = "stamps"
    spellings = ("stamps", "stamps:de", "stamps:i2t@test", "stamps:ja:t2i@test", "stamps:i2i", "stamps/photo:mixed")
    subsets = ("photo", "drawing", "symbol")
    shares = "folder of Tux Paint stamps"
    provenance = Provenance(
        licence="GPL-2 (Tux Paint stamps, Bill Kendrick and others)",
        contamination="the pictures are on the public web since 2002; with these captions they are not known to be in any training set",
        labels="structural: a stamp and its own caption",
        notes=(
            "an SVG is drawn without its blurs; where it cannot be drawn and a PNG of the same name exists, that is taken",
        ),
        is_user_data=False,
    )

    def pictures(self, styles: Sequence[str]) -> Iterator[Shown]:
        """Yield every stamp once: as SVG if that can be drawn, else as PNG."""
        (files,) = self.files()
        stems = dict.fromkeys(path.rpartition(".")[0] for path in sorted(files) if path.endswith((".png", ".svg")))
        for stem in stems:
            name, (captions, flaw) = stem.removeprefix(_ROOT), _read(files, stem)
            caption = captions.get("", "")
            columns = {"topic": name.partition("/")[0], "kind": _kind(files, stem)}
            yield Shown(
                name,
                _picture(files, stem),
                caption,
                _family(name),
                caption.casefold() or name,
                columns,
                flaw,
                _tag(name),
            )

    def languages(self) -> Sequence[str]:
        """Return the languages of all captions."""
        (files,) = self.files()
        stems = [path.removesuffix(".txt") for path in files if path.endswith(".txt")]
        return sorted({language for stem in stems for language in _read(files, stem)[0] if language})

    def captions(self, language: str, shown: Sequence[Shown]) -> Mapping[str, str]:
        """Return the captions in a language."""
        (files,) = self.files()
        read = {one.id: _read(files, _ROOT + one.id)[0] for one in shown}
        return {id_: captions[language] for id_, captions in read.items() if language in captions}


def _read(files: Files, stem: str) -> tuple[dict[str, str], str]:
    """Return language → caption of a stamp ("" is English), and why they cannot be read; a line of another form is passed over."""
    data = files.get(f"{stem}.txt", files.get(f"{_MIRROR.sub('', stem)}.txt", b""))
    try:
        first, *lines = data.decode("utf-8-sig").split("\n")
    except UnicodeDecodeError as error:
        return {}, f"its caption is not UTF-8: byte 0x{data[error.start]:02X}"
    pairs = [match.groups() for line in lines if (match := _LINE.match(line.strip()))]
    told = {"": first.strip(), **{spelled_language(language): caption.strip() for language, caption in pairs}}
    return {language: caption for language, caption in told.items() if caption}, ""


def _family(name: str) -> str:
    """Return the folder of a stamp, without folders that say how it is drawn.

    >>> _family("animals/mammals/cats/cartoon/tiger"), _family("symbols/alphabets/english/filled/uppercase/A")
    ('animals/mammals/cats', 'symbols/alphabets')
    """
    folders = [piece for piece in name.split("/")[:-1] if piece not in _LOOKS]
    return "/".join(folders[:2] if folders[:1] == ["symbols"] else folders)


def _tag(name: str) -> str:
    """Return the words of the folders of a stamp, as a page that shows it would have them in its address.

    >>> _tag("animals/birds/cartoon/blue_tit")
    'animals birds cartoon'
    """
    return " ".join(name.split("/")[:-1]).replace("_", " ")


def _kind(files: Files, stem: str) -> str:
    if "/symbols/" in stem:
        return "symbol"
    return "drawing" if f"{stem}.svg" in files or "/cartoon/" in stem else "photo"


def _picture(files: Files, stem: str) -> Picture:
    """Return the SVG where it can be drawn, else the PNG of the same name, else the SVG as it is."""
    drawing, pixels = files.get(f"{stem}.svg"), files.get(f"{stem}.png")
    if drawing is None:
        return Picture(pixels or b"")
    plain = _plain(drawing)
    is_drawable = not any(sign in plain for sign in (b"<image", b"<!ENTITY", b"<text"))
    return Picture(plain if is_drawable or pixels is None else pixels)


def _plain(data: bytes) -> bytes:
    """Return an SVG without filters, and with its own short entities written out.

    >>> _plain(b'<!DOCTYPE svg [<!ENTITY a "red">]><svg><filter id="f"><x/></filter><rect fill="&a;" filter="url(#f)"/></svg>')
    b'<svg><rect fill="red"/></svg>'
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data
    entities = {name: one or other for name, one, other in _ENTITY.findall(text)}
    if len(entities) <= _MOST_ENTITIES:
        text = re.sub(r"<!DOCTYPE[^\[>]*(?:\[(?:[^\]\"']|\"[^\"]*\"|'[^']*')*\]\s*)?>", "", text, count=1)
        text = re.sub(r"&(\w{1,40});", lambda match: entities.get(match[1], match[0]), text)
    return _FILTERED.sub("", _FILTER.sub("", text)).encode()


PART = Stamps(
    (
        Package(
            client="apt-get",
            name="tuxpaint-stamps-default",
            version="2022.06.04-1",
            file="tuxpaint-stamps-default_2022.06.04-1_all.deb",
            sha256="6db6c1bfc870a47f1499d6203b083522eacb57c5f9c87d468f2e92eb6d9d5f34",
            size_bytes=160_880_444,
            licence="GPL-2",
            wanted=(f"{_ROOT}*.png", f"{_ROOT}*.svg", f"{_ROOT}*.txt"),
        ),
    )
)
