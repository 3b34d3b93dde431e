"""Printed references in the usual styles: authors, year, title and identifiers; what is not sure stays empty."""

import pytest

from evidense.texts.people import people
from evidense.texts.printed import printed
from evidense.texts.reference_list import listed


@pytest.mark.parametrize(
    ("text", "title", "authors", "year"),
    [
        ("Smith J, Jones K. Study of things. J Med. 2010;5:1-9.", "Study of things", ("Smith J", "Jones K."), 2010),
        ("Smith, J., Jones, K.: Study of things. In: ICML, pp. 1–2 (2010)", "Study of things", ("Smith, J.", "Jones, K."), 2010),
        ("Smith, J., & Jones, K. (2010). Study of things. Journal, 5, 1-9.", "Study of things", ("Smith, J.", "Jones, K"), 2010),
        ("J. Smith, K. Jones, and L. Lee, “Study of things,” in Proc. ICML, 2010.", "Study of things", ("J. Smith", "K. Jones", "L. Lee"), 2010),
        ("[3] A. Vaswani and N. Shazeer. Attention is all you need. NeurIPS, 2017.", "Attention is all you need", ("A. Vaswani", "N. Shazeer"), 2017),
        ("Donald E. Knuth and John B. Smith. The art of it. 1990.", "The art of it", ("Donald E. Knuth", "John B. Smith"), 1990),
        ("David Harel. 1979. First-Order Dynamic Logic. LNCS, Vol. 68.", "First-Order Dynamic Logic", ("David Harel",), 1979),
        ("Burger M (2018). RUnit: R Unit Test Framework for R. R package version 0.4.", "RUnit: R Unit Test Framework for R", ("Burger M",), 2018),
        ("Gibson, Tom A. and Tucker, Matthew A. The Big Book of Cells. Wiley (2008).", "The Big Book of Cells", ("Gibson, Tom A.", "Tucker, Matthew A."), 2008),
        ("E. B. Davies and L. Parns, Trapped modes in guides, Q. J. Mech. 51, 477 (1988).", "Trapped modes in guides", ("E. B. Davies", "L. Parns"), 1988),
        ("J. S. Smith and G. W. Johnson, Philos. Trans. R. Soc. London, Ser. B 777, 1395 (2005).", "", ("J. S. Smith", "G. W. Johnson"), 2005),
        ("van den Oord, A., Li, Y. & Vinyals, O. Good learning. arXiv (2018).", "Good learning", ("van den Oord, A.", "Li, Y.", "Vinyals, O."), 2018),
        ("World Health Organization. Guidelines on things. Geneva: WHO; 2010.", "Guidelines on things", ("World Health Organization",), 2010),
        ("Shaw, Winnie S. The Calm Sea, 1st ed. Houghton Co., Boston (1948): Chap. 5, p. 6. “Quiet Years”.", "The Calm Sea", ("Shaw, Winnie S.",), 1948),
        ("A. Bell and C. Dunn, Sorting, merging, and joining, J. Rows 17, 967 (2002).", "Sorting, merging, and joining", ("A. Bell", "C. Dunn"), 2002),
        ("A. Bell, C. Dunn, Rows, columns and cells, J. Rows 17 (2002) 967–985.", "Rows, columns and cells", ("A. Bell", "C. Dunn"), 2002),
        ("A. Bell and C. Dunn, Rows of cells: Part I, J. Rows 17, 967 (2002).", "Rows of cells: Part I", ("A. Bell", "C. Dunn"), 2002),
        ("Hu, F. B., Bell, A.: The \"cold\" start of rows. J. Rows 5(2), 1–9 (2002)", "The \"cold\" start of rows", ("Hu, F. B.", "Bell, A."), 2002),
        ("Bell, A. M., C. D'Arc, and O. Dunn. 2002. “In vitro rows.” J. Rows 5: 1–9.", "In vitro rows", ("Bell, A. M.", "C. D'Arc", "O. Dunn"), 2002),
        ("van der Bell HJ, Dunn ED. ED rows in vivo. J Rows. 2002;5:1-9.", "ED rows in vivo", ("van der Bell HJ", "Dunn ED"), 2002),
        ("Bell D, Walk S (2013). plain: Models in Pure R. R package version 0.1-0, URL https://x.org.", "plain: Models in Pure R", ("Bell D", "Walk S"), 2013),
        ("[2] J. Devlin, M.-W. Lee, and K. Toutanova. BERT: Deep Rows. In NAACL, 2019.", "BERT: Deep Rows", ("J. Devlin", "M.-W. Lee", "K. Toutanova"), 2019),
        ("N. Thakur, N. Reimers. BEIR: A Heterogeneous Benchmark. In NeurIPS, 2021.", "BEIR: A Heterogeneous Benchmark", ("N. Thakur", "N. Reimers"), 2021),
        ("N. Reimers and I. Gurevych. Sentence-BERT: Sentences. EMNLP 2019.", "Sentence-BERT: Sentences", ("N. Reimers", "I. Gurevych"), 2019),
        ("Devlin, J., Chang, M. BERT: Pre-training of Things. NAACL, 2019.", "BERT: Pre-training of Things", ("Devlin, J.", "Chang, M."), 2019),
        ("Devlin J, Chang MW. BERT: Pre-training of Things. NAACL. 2019;5:1-9.", "BERT: Pre-training of Things", ("Devlin J", "Chang MW"), 2019),
        ("Donald E. Bell. Rows: The Program. Wiley, 1986.", "Rows: The Program", ("Donald E. Bell",), 1986),
        ("A. Bell, C. St. Dunn: Rows of cells. J. Rows 5(2), 1–9 (2002)", "Rows of cells", ("A. Bell", "C. St. Dunn"), 2002),
        ("", "", (), None),
    ],
)  # fmt: skip
def test_each_style_is_taken_apart(text: str, title: str, authors: tuple[str, ...], year: int | None) -> None:
    read = printed(text, "1")
    assert (read.title, read.authors, read.year) == (title, authors, year)


@pytest.mark.parametrize(
    ("text", "identifiers"),
    [
        ("A. B. Title. https://doi.org/10.1145/1188913.\n1188915", {"doi": "10.1145/1188913.1188915"}),
        ("Title. doi:10.1002/1521-3773(20010316)40:6<9823::AID-ANIE9823>3.0.CO;2-C.", {"doi": "10.1002/1521-3773(20010316)40:6<9823::aid-anie9823>3.0.co;2-c"}),
        ("Title. doi: 10.1016/S0140-6736(05)67889-7). 2005.", {"doi": "10.1016/s0140-6736(05)67889-7"}),
        ("Title. doi:10.1000/abc. 2019. More.", {"doi": "10.1000/abc"}),
        ("Title. arXiv preprint arXiv:2505.07166v2.", {"arxiv": "2505.07166", "arxiv_version": "v2"}),
        ("E. Witten, hep-th/9901001.", {"arxiv": "hep-th/9901001"}),
        ("Title. PMID: 12345678", {"pmid": "12345678"}),
    ],
)  # fmt: skip
def test_identifiers_are_found_even_cut_by_a_line_break(text: str, identifiers: dict[str, str]) -> None:
    assert printed(text, "1").identifiers == identifiers


def test_who_is_no_list_of_people_is_none() -> None:
    assert people("The Definitive Computer Manual") == ((), False)
    assert people("Vaswani, A., et al.") == (("Vaswani, A.",), True)
    assert people("Ian Editor (Ed.)") == (("Ian Editor",), False)


def test_a_list_is_divided_at_labels_bullets_or_blank_lines() -> None:
    assert list(listed(["[1] a", "  b", "[2] c"])) == ["[1] a\n  b", "[2] c"]
    assert list(listed(["a", "b", "", "c"])) == ["a\nb", "c"]
    assert list(listed(["a", "b"])) == ["a", "b"]
