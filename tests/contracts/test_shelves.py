"""What every part of every shelf promises, found by its file name alone; and what opens by its bare name is whole."""

import re
import time

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import built_in
import tiny_packages
from evidense import registry
from evidense.errors import EvidenseError, InvalidInput, UnknownName
from evidense.parts import SHELVES, Encoder, LayeredTower, Tower
from evidense.reading.splits import only_split
from evidense.values import Collection, Item, Picture, Spelling

EVERY = [(shelf, name) for shelf in SHELVES for name in registry.summaries(shelf)]
SPELLED = [
    (shelf, name)
    for shelf, name in EVERY
    if shelf not in {"claims", "objectives", "analyses", "sources", "readers", "entailers", "reviewers"}
]
BUILT_IN = [name for name in registry.summaries("datasets") if registry.part("datasets", name).recognises(name)]
BARE_ENCODERS = [
    name for name in registry.summaries("encoders") if registry.part("encoders", name).recognises(Spelling(name))
]
HOSTILE = [
    "",
    " ",
    ".",
    "..",
    "/",
    "//",
    ":",
    "@",
    "~",
    "-",
    "--help",
    "\0",
    "a\nb",
    "%s{}",
    "<script>",
    "x" * 200,
    "C:\\x",
    "é",
    "🙂",
    "http://",
    "file:///",
]


def recognises(shelf: str, name: str, text: str) -> bool:
    return registry.means(registry.part(shelf, name), text if shelf == "datasets" else Spelling(text))


@pytest.mark.parametrize(("shelf", "name"), EVERY)
def test_it_is_listed_with_one_line_of_prose(shelf: str, name: str) -> None:
    line = registry.summaries(shelf)[name]
    assert 20 <= len(line) <= 160, line
    assert line[0].isupper()
    assert line.endswith(".")
    part = registry.part(shelf, name)
    assert part.name == name
    assert re.fullmatch(r"[a-z][a-z0-9_]*", name)
    assert isinstance(part, SHELVES[shelf])


@pytest.mark.parametrize(("shelf", "name"), SPELLED)
def test_it_shows_how_it_is_spelled(shelf: str, name: str) -> None:
    spellings = registry.part(shelf, name).spellings
    assert spellings
    assert all(isinstance(s, str) and s.strip() for s in spellings)


@pytest.mark.parametrize(("shelf", "name"), SPELLED)
def test_it_says_yes_or_no_to_anything_at_once(shelf: str, name: str) -> None:
    begun = time.perf_counter()
    for text in HOSTILE:
        recognises(shelf, name, text)
    assert time.perf_counter() - begun < 2.0


@pytest.mark.parametrize(("shelf", "name"), SPELLED)
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=20))
def test_it_claims_no_random_text(shelf: str, name: str, text: str) -> None:
    if recognises(shelf, name, text) and text.lower() != name:
        assert any(mark in text for mark in "/.:,~"), f"{name} claims {text!r}"


def opened(shelf: str, spelling: str) -> object:
    if shelf == "datasets":
        dataset, rest = registry.dataset(spelling)
        return dataset.open(rest)
    system, inner = registry.system(Spelling(spelling))
    return system.open(inner)


@pytest.mark.parametrize(("shelf", "name"), SPELLED)
def test_what_is_not_there_is_refused_in_the_family_s_words(shelf: str, name: str) -> None:
    for what in ("that-is-not-there.xyz", "no/such/folder"):
        with pytest.raises(EvidenseError) as caught:
            opened(shelf, f"{name}:{what}")
        assert len(str(caught.value)) > 30


@pytest.mark.parametrize("shelf", ["datasets", "encoders"])
def test_a_name_longer_than_any_file_s_is_an_unknown_name(shelf: str) -> None:
    with pytest.raises(UnknownName):
        opened(shelf, "x" * 5000)


@pytest.fixture(scope="module", params=BUILT_IN)
def collections(request: pytest.FixtureRequest) -> tuple[Collection, ...]:
    if request.param in tiny_packages.WORLDS:
        return (
            tiny_packages.opened(request.param),
            *(tiny_packages.opened(f"{request.param}:{d}") for d in ("i2t", "i2i", "mixed")),
        )
    opened = built_in.every(request.param)
    assert opened
    return opened


def test_a_built_in_collection_is_whole(collections: tuple[Collection, ...]) -> None:
    for c in collections:
        assert len(set(c.query_ids)) == len(c.queries) > 0
        doc_ids = set(c.doc_ids)
        assert len(doc_ids) == len(c.corpus) > 1
        assert set(c.qrels) == set(c.query_ids), "every query is judged, nothing else is"
        assert all(doc_id in doc_ids for gains in c.qrels.values() for doc_id in gains)
        assert all(any(gain > 0 for gain in gains.values()) for gains in c.qrels.values())
        assert set(c.groups) <= set(c.query_ids)
        assert all(set(values) <= set(c.query_ids) for values in c.columns.values())


def test_no_group_of_a_collection_lies_on_two_sides_of_its_splits(collections: tuple[Collection, ...]) -> None:
    for c in collections:
        sides = [side for side in (_split(c, name) for name in ("train", "dev", "test")) if side is not None]
        assert len(sides) > 1 or len(set(c.groups.values())) < 4
        for number, side in enumerate(sides):
            for other in sides[number + 1 :]:
                assert not set(side.groups.values()) & set(other.groups.values())
                assert not _relevant_keys(side) & _relevant_keys(other)


def _split(collection: Collection, side: str) -> Collection | None:
    """Return a side as its users open it. `glyphs` joins groups that look alike only where a split is asked for; others cut a whole."""
    try:
        if collection.name.startswith("glyphs"):
            return built_in.opened(f"{collection.name}@{side}")
        return only_split(collection, side)
    except InvalidInput:
        return None  # few groups: none of them falls there


def _relevant_keys(collection: Collection) -> set[str]:
    return {collection.doc_groups[d] for gains in collection.qrels.values() for d, gain in gains.items() if gain > 0}


def test_a_built_in_collection_says_where_it_is_from(collections: tuple[Collection, ...]) -> None:
    for c in collections:
        said = c.provenance
        assert not said.is_user_data
        assert not said.licence.startswith("unknown")
        assert said.source
        assert said.contamination != "unknown"
        assert said.labels.startswith(("judged", "structural"))
        assert {*c.modalities} <= {"text", "image", "image+text", "mixed"}
        assert re.fullmatch(r"[0-9a-f]{64}", c.checksum)


@pytest.fixture(scope="module", params=BARE_ENCODERS)
def encoder(request: pytest.FixtureRequest) -> Encoder:
    opened: Encoder = registry.part("encoders", request.param).open(Spelling(request.param))
    return opened


TEXTS = [
    Item("a", "a cat"),
    Item("b", "the cat sat on the mat, and on the next one"),
    Item("c", "x"),
    Item("d", "a cat"),
]


def test_an_encoder_that_opens_by_its_name_keeps_what_its_towers_promise(encoder: Encoder) -> None:
    for side in ("query", "document"):
        tower: Tower = encoder.tower(side)  # type: ignore[arg-type]
        prepared = tower.prepare(TEXTS)
        vectors = tower.vectors(prepared)
        assert vectors.dtype == np.float32
        assert vectors.shape == (len(TEXTS), tower.n_dims)
        assert np.isfinite(vectors).all()
        assert len(prepared.sizes) == len(TEXTS)
        assert prepared.sizes[1] == max(prepared.sizes)
        order = np.array([2, 0])
        assert np.allclose(tower.vectors(prepared.take(order)), vectors[order], atol=1e-5), (
            "a text's vector depends on its batch"
        )
        assert np.allclose(vectors[0], vectors[3], atol=1e-6), "equal texts, different vectors"
        assert re.fullmatch(r"[0-9a-f]{64}", tower.fingerprint)
        assert isinstance(tower, LayeredTower) or "layers" not in encoder.can
        if "image" not in tower.modalities:
            with pytest.raises(EvidenseError):
                tower.prepare([Item("p", picture=Picture(b"not looked at"))])
    assert encoder.setup.n_dims in (None, encoder.tower("document").n_dims)
    assert encoder.setup.to_json()


def test_what_a_user_must_know_is_refused_not_guessed() -> None:
    with pytest.raises(InvalidInput):
        Spelling.parse("model@dims=3")
