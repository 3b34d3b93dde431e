"""Names: one person in many spellings, two people in like ones."""

import pytest

from evidense.texts.names import Name, compare_authors, same_person, split_authors


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('van den Oord, A{\\"a}ron', "Aaron van den Oord"),
        ("Oord, A.", "Aäron van den Oord"),
        ("P{\\'e}ter Heged{\\H u}s", "Hegedűs, Péter"),
        ("Wei Wang 0001", "W. Wang"),
        ("Blaise Agüera y Arcas", "Agüera y Arcas, B."),
        ("José Miguel Hernández-Lobato", "Hernandez-Lobato, J. M."),
        ("Lobato, J. M. H.", "José Miguel Hernández-Lobato"),
        ("Yu XJ", "Xiao-Jun Yu"),
        ("Zhang Wei", "Wei Zhang"),
        ("Martin Luther King Jr.", "King, Martin Luther, Jr."),
        ("Matthias Nießner", "Matthias Niener"),
        ("Łukasz Kaiser", "Lukasz Kaiser"),
        ("Max Vladymyrov", "Vladymyrov, Maxim"),
        ("{Barnes and Noble}", "Barnes and Noble"),
        ("Philip H. S. Torr", "Torr, Philip"),
    ],
)
def test_two_spellings_of_one_person_agree(one: str, other: str) -> None:
    assert same_person(Name.of(one), Name.of(other))
    assert same_person(Name.of(other), Name.of(one))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Xi Yu", "Xiaodong Yu"),
        ("Anna Chen", "Andy Chen"),
        ("Jing Li", "Jun Li"),
        ("Kai Chen", "Kai Zhang"),
        ("J. Wang", "W. Jang"),
    ],
)
def test_two_people_with_like_names_are_told_apart(one: str, other: str) -> None:
    assert not same_person(Name.of(one), Name.of(other))


def test_author_lists_are_compared_whatever_their_order() -> None:
    compared = compare_authors(["Lee, A.", "Kim, B."], ["Bo Kim", "Chul Park", "An Lee"])
    assert compared.missing == ("Chul Park",)
    assert compared.foreign == ()
    assert compared.share_known == 1.0


def test_an_index_that_cuts_its_list_accuses_nobody() -> None:
    assert compare_authors(["A. Lee", "B. Kim", "C. Park"], ["A. Lee", "others"]).foreign == ()


def test_an_author_field_is_split_outside_braces() -> None:
    assert split_authors("{Barnes and Noble} and P{\\'e}ter, A. and others") == (
        ("Barnes and Noble", "Péter, A."),
        True,
    )
    assert split_authors("A. Anderson AND B. Sand") == (("A. Anderson", "B. Sand"), False)
