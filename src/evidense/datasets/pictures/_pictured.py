"""Collections of pictures with captions in several languages, read from packages: directions, pools, families."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path
from typing import ClassVar

from evidense.compute.pictures.appearances import Appearance, appearances, joined
from evidense.errors import InvalidInput, UnknownName
from evidense.fetching.packages.kept import Files, needed
from evidense.reading.dataset_spelling import DatasetSpelling
from evidense.reading.directions import Pair, direction_of, placed
from evidense.reading.pairing import Pairing
from evidense.reading.splits import only_split, split_of
from evidense.store import Store, default_root
from evidense.values import Collection, Item, Kind, Package, Pairs, Picture, Provenance, build

ENGLISH = "en"
LEAST_CAPTIONS = 50
"""Fewest captions in a language from which a collection is made: fewer queries decide nothing."""
_NAMED_FLAWS = 3
_CHEAP = ":cheap"


@dataclass(frozen=True)
class Shown:
    """One picture and what is known of it."""

    id: str
    picture: Picture
    caption: str
    """In English."""
    family: str
    """Pictures of one family stand on one side of every split."""
    thing: str
    """What it shows: pictures of one thing are variants of each other."""
    columns: Mapping[str, str] = field(default_factory=dict)
    flaw: str = ""
    """Why it cannot be used; "" if nothing is known against it."""
    tag: str = ""
    """Words that go with the picture, that others share and that do not name it, such as its folder; "" if there are none."""


def spelled_language(locale: str) -> str:
    """Return a locale as spellings write it: an '@' would begin a split.

    >>> spelled_language("ca@valencia"), spelled_language("pt_BR")
    ('ca_valencia', 'pt_BR')
    """
    return locale.replace("@", "_")


class Pictured:
    """Opens `NAME[/STYLE][:LANGUAGE][:t2i|:i2t|:i2i|:mixed][@split]`."""

    name: ClassVar[str]
    spellings: ClassVar[tuple[str, ...]]
    styles: ClassVar[tuple[str, ...]] = ("",)
    """Kinds of pictures; the first is the default. `i2i` goes between all of them."""
    asides: ClassVar[tuple[str, ...]] = ()
    """Styles that show the pictures of another style beside other words; `i2i` leaves them out."""
    joined_over: ClassVar[tuple[str, ...]] = ()
    """Styles whose pictures join families in every style, so that a family has one name in all of them; () = those that are asked for."""
    subsets: ClassVar[tuple[str, ...]] = ()
    """Values of the column `kind` that stand in the place of a style: only these pictures, with the families of all."""
    shares: ClassVar[str]
    provenance: ClassVar[Provenance]
    kinds: ClassVar[frozenset[Kind]] = frozenset({"cheap"})

    def __init__(self, packages: tuple[Package, ...]) -> None:
        self.packages = packages

    def recognises(self, spelling: str) -> bool:
        """Say whether this is the name, with or without style, language, direction and split."""
        head = DatasetSpelling.parse(spelling).head
        return head.partition(":")[0].partition("/")[0] == self.name

    def open(self, spelling: str) -> tuple[Collection, ...]:
        """Read pictures and captions from the packages. Nothing is downloaded.

        Raises:
            InvalidInput: the packages are not here (the message says which command gets them), or the direction or split does not exist.
            UnknownName: the style or language does not exist.
            MissingExtra: Pillow or resvg-py is not installed.
        """
        order = self._order(spelling)
        pool = _pool(self, order.styles, default_root()).of_kind(order.subset)
        pairing = Pairing(order.name, shares=self.shares, join_groups=False)
        if order.direction == "i2i":
            notes = tuple(_variants(pool, pairing))
        else:
            captions = self._captions(order.language, pool)
            notes = (*_captioned(pool, captions, order, pairing), *_language_notes(pool, captions, order))
        told = replace(self.provenance, source=self._source(), notes=(*self.provenance.notes, *pool.notes, *notes))
        draft = pairing.draft(order.name, told, drop_self_matches=order.direction in ("i2i", "mixed"))
        return (only_split(build(draft), order.split),)

    def pairs(self, spelling: str) -> Pairs:
        """Return the cheap pairs of a split: each picture with its tag, in English. A picture whose tag is its caption has none.

        Raises:
            InvalidInput: the spelling names a language or another kind of pairs; otherwise as `open`.
        """
        order = self._order(spelling.replace(_CHEAP, ""))
        if _CHEAP not in spelling or order.language != ENGLISH:
            raise InvalidInput(
                f"'{spelling}' names no pairs of {self.name}; expected {self.name}{_CHEAP}[@split] (tags are English); correct it"
            )
        pool = _pool(self, order.styles, default_root()).of_kind(order.subset)
        tagged = [one for one in pool.shown if one.tag and one.tag.casefold() != one.caption.casefold()]
        families = [pool.families[one.id] for one in tagged]
        kept = [one for one, family in zip(tagged, families, strict=True) if order.split in (None, split_of(family))]
        return Pairs(
            f"{spelling}",
            "cheap",
            tuple(Item(f"tag:{one.id}", one.tag) for one in kept),
            tuple(pool.items[one.id] for one in kept),
            tuple(pool.families[one.id] for one in kept),
            provenance=replace(
                self.provenance, source=self._source(), labels="none: a picture and a tag that others share"
            ),
        )

    def files(self) -> tuple[Files, ...]:
        """Return the files of each package.

        Raises:
            InvalidInput: a package is not here.
        """
        return tuple(needed(package, self.name) for package in self.packages)

    def pictures(self, styles: Sequence[str]) -> Iterator[Shown]:
        """Yield the pictures of these styles."""
        raise NotImplementedError

    def languages(self) -> Sequence[str]:
        """Return the languages that have captions, beside English."""
        raise NotImplementedError

    def captions(self, language: str, shown: Sequence[Shown]) -> Mapping[str, str]:
        """Return picture id → caption in a language, for the pictures that have one."""
        raise NotImplementedError

    def _order(self, spelling: str) -> "_Order":
        spelled = placed(spelling, self.name)
        head, _, language = spelled.head.removeprefix(f"{self.name}:").partition(":")
        style = head.removeprefix(self.name).removeprefix("/")
        known = (*self.styles, *self.asides, *self.subsets)
        if style and style not in known and not language and "/" not in head:
            style, language = "", style
        if style and style not in known:
            raise UnknownName.among(f"style of {self.name}", style, [s for s in known if s], f"'{self.name}' is the first.")  # fmt: skip
        direction = (
            spelled.direction if spelled.direction in ("i2i", "mixed") else direction_of(spelled, ("i2i", "mixed"))
        )
        subset = style if style in self.subsets else ""
        drawn = "" if subset else style
        styles = self.styles if direction == "i2i" and not drawn else (drawn or self.styles[0],)
        return _Order(self.name, style, styles, subset, language or ENGLISH, direction or "t2i", spelled.split)

    def _captions(self, language: str, pool: "_Pool") -> Mapping[str, str]:
        if language == ENGLISH:
            return {shown.id: shown.caption for shown in pool.shown}
        known = self.languages()
        if language not in known:
            raise UnknownName.among(f"language of {self.name}", language, [ENGLISH, *known])
        captions = self.captions(language, pool.shown)
        if len(captions) < LEAST_CAPTIONS:
            raise InvalidInput(
                f"{self.name} has {len(captions)} captions in the language '{language}'; expected at least {LEAST_CAPTIONS}, since fewer queries "
                "decide nothing; take another language"
            )
        return captions

    def _source(self) -> str:
        clients = {"apt-get": "Debian", "npm": "npm"}
        return ", ".join(f"{p.title} ({clients[p.client]}, sha256 {p.sha256[:12]})" for p in self.packages)


@dataclass(frozen=True)
class _Order:
    """What a spelling asks for."""

    part: str
    style: str
    styles: tuple[str, ...]
    subset: str
    language: str
    direction: str
    split: str | None

    @property
    def name(self) -> str:
        """Canonical name, without the split."""
        language = "" if self.language == ENGLISH or self.direction == "i2i" else f":{self.language}"
        return f"{self.part}{f'/{self.style}' if self.style else ''}{language}:{self.direction}"


@dataclass(frozen=True)
class _Pool:
    """The pictures that can be used, with the same pixels as one item, and their families."""

    shown: tuple[Shown, ...]
    items: Mapping[str, Item]
    """Picture id → the item of the first picture with the same pixels."""
    joined: Mapping[str, str]
    """Family → the family that it is joined with, since pictures look alike or have one caption; itself if there is none."""
    notes: tuple[str, ...]

    @cached_property
    def families(self) -> dict[str, str]:
        """Return picture id → joined family."""
        return {one.id: self.joined.get(one.family, one.family) for one in self.shown}

    def of_kind(self, kind: str) -> "_Pool":
        """Return the pictures whose column `kind` has this value; all for ""."""
        return replace(self, shown=tuple(one for one in self.shown if one.columns["kind"] == kind)) if kind else self


@cache
def _pool(part: Pictured, styles: tuple[str, ...], root: Path) -> _Pool:
    """Read the pictures of some styles, once a process."""
    shown = {one.id: one for one in part.pictures(styles)}
    looks = appearances({one.id: one.picture for one in shown.values()}, Store(root))
    flaws = {id_: flaw for id_, one in shown.items() if (flaw := one.flaw or looks[id_].flaw)}
    usable = tuple(one for one in shown.values() if one.id not in flaws and one.caption)
    if not usable:
        raise InvalidInput(
            f"no picture of {part.name} can be used; expected pictures with captions; fetch the data again"
        )
    first: dict[str, Item] = {}
    for one in usable:
        first.setdefault(looks[one.id].first, Item(one.id, picture=one.picture))
    is_whole = styles == part.joined_over or not part.joined_over
    families = _joined(usable, looks) if is_whole else _pool(part, part.joined_over, root).joined
    items = {one.id: first[looks[one.id].first] for one in usable}
    return _Pool(usable, items, families, tuple(_pool_notes(shown, flaws, len(usable), len(first))))


def _joined(shown: Sequence[Shown], looks: Mapping[str, Appearance]) -> dict[str, str]:
    """Return family → joined family; families are joined where pictures look alike or have one caption, and bear the smallest name."""
    signs = {one.id: (f"looks {looks[one.id].family}", f"said {one.caption.casefold()}") for one in shown}
    tops = joined((f"family {one.family}", sign) for one in shown for sign in signs[one.id])
    names: dict[str, str] = {}
    for family in sorted({one.family for one in shown}):
        names.setdefault(tops[f"family {family}"], family)
    return {one.family: names[tops[f"family {one.family}"]] for one in shown}


def _pool_notes(shown: Mapping[str, Shown], flaws: Mapping[str, str], n_usable: int, n_items: int) -> Iterator[str]:
    if flaws:
        named = "; ".join(f"{id_} ({flaw[-90:]})" for id_, flaw in list(flaws.items())[:_NAMED_FLAWS])
        yield f"{len(flaws):,} pictures that cannot be read or have one colour were left out: {named}{' …' if len(flaws) > _NAMED_FLAWS else ''}"
    if bare := len(shown) - len(flaws) - n_usable:
        yield f"{bare:,} pictures without a caption were left out"
    if n_usable > n_items:
        yield f"{n_usable - n_items:,} pictures are pixel for pixel like another: one item, for which all their captions are relevant"


def _captioned(pool: _Pool, captions: Mapping[str, str], order: _Order, pairing: Pairing) -> Iterator[str]:
    """Enter the captions and their pictures in one direction; pictures without a caption in this language stay in the corpus.

    The column `block` says from which pictures hard negatives come: those of the same topic, or all of the collection.
    """
    mixed = order.direction == "mixed"
    text_ids: dict[str, str] = {}
    english = {shown.id: shown.caption for shown in pool.shown}
    for shown in pool.shown:
        picture, family = pool.items[shown.id], pool.families[shown.id]
        caption = captions.get(shown.id)
        if caption is not None:
            columns = {**shown.columns, "block": shown.columns.get("topic", order.part)}
            if order.language != ENGLISH:
                columns["same_as_english"] = "yes" if caption.casefold() == english[shown.id].casefold() else "no"
            text = Item(text_ids.setdefault(caption, f"{order.language}:{shown.id}"), caption)
            pair = Pair(text, picture, f"picture '{shown.id}'", family, columns, columns, family)
            pair.enter(pairing, "i2t" if order.direction == "i2t" else "t2i")
            if mixed:
                pairing.document(text, pair.place, group=family)
        elif order.direction != "i2t":
            pairing.document(picture, f"picture '{shown.id}'", group=family)
    if mixed:
        yield "the corpus holds all pictures and all captions; a query's own caption is taken out of its ranking, only its pictures are relevant"


def _variants(pool: _Pool, pairing: Pairing) -> Iterator[str]:
    """Enter every picture that has variants as a query for them, and all pictures as corpus."""
    variants: dict[str, dict[str, None]] = {}
    for shown in pool.shown:
        variants.setdefault(shown.thing, {})[pool.items[shown.id].id] = None
    for shown in pool.shown:
        picture, family, place = pool.items[shown.id], pool.families[shown.id], f"picture '{shown.id}'"
        pairing.document(picture, place, group=family)
        others = [id_ for id_ in variants[shown.thing] if id_ != picture.id]
        if others:
            query_id = pairing.query(picture, place, group=family, columns=shown.columns)
            for other in others:
                pairing.judge(query_id, other, 1)
    yield "a picture looks for the other pictures of the same thing among all pictures; it is taken out of its own ranking"


def _language_notes(pool: _Pool, captions: Mapping[str, str], order: _Order) -> Iterator[str]:
    if order.language == ENGLISH:
        return
    same = sum(captions[one.id].casefold() == one.caption.casefold() for one in pool.shown if one.id in captions)
    yield f"{len(captions):,} of {len(pool.shown):,} pictures have a caption in '{order.language}'; {same:,} of these are the same in English"
