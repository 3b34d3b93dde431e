"""Report: records to one page, figures, tables and exports."""

from collections.abc import Iterable

from evidense.records import Record, Study
from evidense.report import notebook
from evidense.report.comparison import tables, terminal
from evidense.report.contents import Contents
from evidense.report.factorial import tables as effect_tables
from evidense.report.labels import read_labels
from evidense.report.names import with_short_names
from evidense.report.write import write

__all__ = ["read_labels", "table_html", "table_markdown", "table_text", "write"]


def table_html(study: Study, records: Iterable[Record]) -> str:
    """Return the compact table that a notebook shows: one HTML fragment with its own styles."""
    contents = with_short_names(Contents.of(study, records))
    return effect_tables.fragment(contents) if contents.is_trained else notebook.fragment(contents)


def table_markdown(study: Study, records: Iterable[Record]) -> str:
    """Return answer, gate and table in Markdown, for the summary of a CI run."""
    contents = with_short_names(Contents.of(study, records))
    return effect_tables.markdown(contents) if contents.is_trained else tables.markdown(contents)


def table_text(study: Study, records: Iterable[Record], width: int = 100) -> str:
    """Return answer, gate and table for a terminal of this width."""
    contents = with_short_names(Contents.of(study, records))
    return effect_tables.text(contents) if contents.is_trained else terminal.text(contents, width)
