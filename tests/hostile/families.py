"""Every family of formats: one module each."""

from collections.abc import Callable

from hostile import (
    asked_questions,
    audited_files,
    audited_papers,
    checked_files,
    given_results,
    model_folders,
    picture_files,
    replayed_pages,
    study_files,
    tables,
    trec_files,
    vector_files,
)
from hostile.case import Case, Family

FAMILIES: tuple[Family, ...] = (
    tables.FAMILY,
    trec_files.FAMILY,
    given_results.FAMILY,
    vector_files.FAMILY,
    picture_files.FAMILY,
    study_files.FAMILY,
    replayed_pages.FAMILY,
    model_folders.FAMILY,
    audited_files.FAMILY,
    checked_files.FAMILY,
    audited_papers.FAMILY,
    asked_questions.FAMILY,
)


def fixed() -> list[Case]:
    """Return the cases of the default suite; those that open models last, so that few servers import torch."""
    return sorted((case for family in FAMILIES for case in family.fixed()), key=lambda case: case.torch)


def formats() -> dict[str, Callable[[int], Case]]:
    """Return format → seed → case."""
    return {form: make for family in FAMILIES for form, make in family.mutated.items()}
