"""Fixing: the corrected .bib of an audit, in the encoding and with the line ends of the input."""

from evidense.auditing.audited import Audit
from evidense.auditing.corrections import correct
from evidense.boundary.files import BOM
from evidense.errors import InvalidInput
from evidense.report.audit.page import Corrected
from evidense.report.audit.write import Fixed
from evidense.study.audit.order import Order
from evidense.values import ReadDocument


def check_fixable(order: Order, document: ReadDocument) -> None:
    """Refuse to correct what is no BibTeX file, before anything is asked.

    Raises:
        InvalidInput: it is none.
    """
    if document.format != "bibtex":
        raise InvalidInput(f"'{order.file}' is read as {document.format}; expected BibTeX for --fix; leave --fix out")


def fixed_of(audit: Audit, data: bytes) -> Fixed:
    """Correct the BibTeX file of an audit."""
    encoding = _encoding(data)
    before = data.removeprefix(BOM).decode(encoding)
    result = correct(before, audit.references, audit.name)
    try:
        written = result.text.encode(encoding)
    except UnicodeEncodeError:
        written = result.text.encode("utf-8")
    mark = BOM if data.startswith(BOM) else b""
    return Fixed(mark + written, Corrected(result.diff, len(result.made), result.left))


def _encoding(data: bytes) -> str:
    for encoding in ("utf-8", "cp1252"):
        try:
            data.removeprefix(BOM).decode(encoding)
        except UnicodeDecodeError:
            continue
        return encoding
    return "latin-1"
