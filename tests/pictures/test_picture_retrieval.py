"""Pictures through the whole line: encode, exact top-k, pools of one and of several modalities, verdicts and page."""

import base64
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import evidense as ev
from evidense import registry
from evidense.compute.search.encode import encode
from evidense.compute.search.topk import Search, id_order, rank_vectors, top_k
from evidense.errors import InvalidInput, UnsafeInput
from evidense.store import Store
from evidense.values import Collection, Draft, Item, Picture, Spelling, build, sample
from pictures.hostile import encoded, photo, png_header
from pictures.tiny_models import save_clip


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_clip(tmp_path_factory.mktemp("clip") / "tiny-clip")


def opened(spelling: object):
    part, rest = registry.system(Spelling.parse(str(spelling)))
    return part.open(rest)


def icons(direction: str = "t2i", n_queries: int = 15, n_documents: int = 40) -> Collection:
    part, rest = registry.dataset(f"icons/regular:{direction}")
    return sample(part.open(rest)[0], n_queries, n_documents, seed=0)


@pytest.mark.parametrize("direction", ["t2i", "i2t"])
def test_icons_are_ranked_as_a_slow_reference_ranks_them(direction: str, clip: Path, tmp_path: Path) -> None:
    collection, store, encoder = icons(direction), Store(tmp_path / "s"), opened(clip)
    queries = encode(encoder.tower("query"), collection.queries, store).all()
    documents = encode(encoder.tower("document"), collection.corpus, store).all()
    lists = rank_vectors(collection, queries, documents, 10, "cosine")
    for q, query in enumerate(collection.queries):
        tower = encoder.tower("query")
        vector = tower.vectors(tower.prepare([query]))[0]
        scores = documents @ vector
        best = sorted(range(len(documents)), key=lambda d: (-round(float(scores[d]), 5), collection.doc_ids[d]))[:10]
        got = lists.documents[q].tolist()
        assert len(set(got) & set(best)) >= 9
        assert np.abs(lists.scores[q] - np.sort(scores)[::-1][:10]).max() < 1e-5
    again = encode(encoder.tower("document"), collection.corpus, store)
    assert again.was_cached


def test_a_mixed_pool_and_each_modality_alone_are_ranked(clip: Path, tmp_path: Path) -> None:
    drawn = icons(n_queries=12, n_documents=30)
    texts = {item.id: item.text for item in drawn.queries}
    relevant = {next(iter(gains)): query for query, gains in drawn.qrels.items()}
    corpus = [
        *drawn.corpus,
        *(Item(f"text/{i}", f"{text} drawn in a caption") for i, text in enumerate(texts.values())),
        *(Item(f"both/{d}", texts[q], drawn.corpus[drawn.doc_ids.index(d)].picture) for d, q in relevant.items()),
    ]
    mixed = build(Draft("mixed", drawn.queries, corpus, drawn.qrels))
    assert mixed.modalities == ("text", "mixed")
    store, encoder = Store(tmp_path / "s"), opened(clip)
    queries = encode(encoder.tower("query"), mixed.queries, store).all()
    documents = encode(encoder.tower("document"), mixed.corpus, store).all()
    assert np.abs(np.linalg.norm(documents, axis=1) - 1).max() < 1e-5
    everything = rank_vectors(mixed, queries, documents, len(mixed.corpus), "cosine")
    kinds = np.array([item.modality for item in mixed.corpus])
    assert {kinds[d] for d in everything.documents[0]} == {"text", "image", "image+text"}
    pictures_only, _ = top_k(
        queries, documents, 10, doc_order=id_order(mixed.doc_ids), search=Search(allowed=kinds == "image")
    )
    assert (kinds[pictures_only] == "image").all()
    for q in range(len(queries)):  # the pool of one modality is the mixed ranking without the others
        order = [d for d in everything.documents[q].tolist() if kinds[d] == "image"]
        assert pictures_only[q].tolist() == order[:10]


def test_equal_pictures_are_encoded_once(clip: Path, tmp_path: Path) -> None:
    data = encoded(photo(), "PNG")
    items = [Item(str(i), picture=Picture(data)) for i in range(5)] + [
        Item("other", picture=Picture(encoded(photo(9, 9), "PNG")))
    ]
    found = encode(opened(clip).tower("document"), items, Store(tmp_path / "s"))
    assert found.vectors.shape[0] == 2
    assert found.rows.tolist() == [0, 0, 0, 0, 0, 1]


def test_wrong_extension_and_rotation_change_nothing(clip: Path, tmp_path: Path) -> None:
    upright = photo()
    exif = Image.Exif()
    exif[0x0112] = 6
    stored = upright.transpose(Image.Transpose.ROTATE_90)
    (tmp_path / "plain.png").write_bytes(encoded(upright, "PNG"))
    (tmp_path / "really_a_png.jpg").write_bytes(encoded(stored, "PNG", exif=exif.tobytes()))
    items = [Item(p.name, picture=Picture(p)) for p in sorted(tmp_path.glob("*.[pj]*g"))]
    vectors = encode(opened(clip).tower("document"), items, Store(tmp_path / "s")).vectors
    assert np.abs(vectors[0] - vectors[1]).max() < 1e-6


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        (encoded(photo(), "JPEG")[:400], InvalidInput, "item 'bad'.*truncated or damaged"),
        (png_header(60_000, 60_000), UnsafeInput, "item 'bad'.*decompression bomb"),
        (b"GIF89a", InvalidInput, "item 'bad'.*(damaged|no image)"),
    ],
)
def test_a_hostile_picture_stops_the_encoding_and_nothing_is_stored(
    data: bytes, error: type[Exception], message: str, clip: Path, tmp_path: Path
) -> None:
    items = [*icons().corpus[:5], Item("bad", picture=Picture(data))]
    store = Store(tmp_path / "s")
    with pytest.raises(error, match=message):
        encode(opened(clip).tower("document"), items, store)
    assert not [p for p in (tmp_path / "s").rglob("*") if p.is_file() and p.name != "lock"]


def test_a_comparison_on_icons_shows_pictures_and_decides(clip: Path, tmp_path: Path) -> None:
    result = ev.compare(str(clip), f"random-init:{clip}@seed=3", f"{clip}@label=itself", on="icons/regular:t2i",
                        sample_queries=60, sample_documents=80, n_resamples=999, out=tmp_path / "out")  # fmt: skip
    assert result is not None
    rows = json.loads((tmp_path / "out" / "verdicts.json").read_text())
    rows = rows["verdicts"] if isinstance(rows, dict) else rows
    verdicts = {row["system"]: row["verdict"] for row in rows}
    assert verdicts["itself"] == "IDENTICAL"
    page = (tmp_path / "out" / "report.html").read_text()
    shown = set(re.findall(r"data:image/(?:png|webp);base64,([A-Za-z0-9+/=]+)", page))
    assert len(shown) > 3
    sizes = [Image.open(io.BytesIO(base64.b64decode(one))).size for one in shown]
    assert sum(max(size) <= 96 for size in sizes) > 3
    assert len(page) < 5_000_000
