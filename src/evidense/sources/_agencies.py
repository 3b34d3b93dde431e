"""Agencies: which agency registers a DOI, as far as its prefix tells."""

_DATACITE = frozenset(
    (
        "10.48550 10.5281 10.6084 10.7910 10.5061 10.17605 10.4230 10.3929 10.5445 10.24406 10.57967 10.14279 10.17863 10.4121 10.7916 10.34894 "
        "10.25932 10.17632 10.6078 10.22000 10.5880 10.15129 10.18419 10.13140 10.11588"
    ).split()
)
_CROSSREF = frozenset(
    (
        "10.1145 10.1109 10.1007 10.1016 10.18653 10.1609 10.1093 10.1038 10.1126 10.1162 10.1561 10.1101 10.3115 10.21437 10.24963 10.1002 "
        "10.1080 10.1371 10.1056 10.1136 10.1186 10.3389 10.3390 10.1017 10.1088 10.1103 10.1214 10.1177 10.1111 10.1155 10.7554 10.1073 "
        "10.14778 10.1613 10.21105 10.18637 10.1115 10.1021 10.1039 10.1142 10.1137 10.2196 10.21203 10.36227 10.31219 10.20944 10.2139 10.1161"
    ).split()
)


def may_be_crossref(doi: str) -> bool:
    """Say whether a DOI may be one of Crossref's.

    >>> may_be_crossref("10.1145/3477495.3531772"), may_be_crossref("10.48550/arxiv.2505.07166")
    (True, False)
    """
    return bool(doi) and doi.partition("/")[0] not in _DATACITE


def may_be_datacite(doi: str) -> bool:
    """Say whether a DOI may be one of DataCite's."""
    return bool(doi) and doi.partition("/")[0] not in _CROSSREF
