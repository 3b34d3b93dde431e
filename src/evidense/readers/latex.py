"""LaTeX papers and .bbl files: text by sections, sentences with \\cite, and the entries of the .bbl or .bib beside them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from evidense.boundary.strangers import foreign
from evidense.readers._bibliographies import bibtex_beside, is_inside
from evidense.readers._files import nothing_in, text_of
from evidense.readers._signs import format_of
from evidense.texts.letters import decode_latex
from evidense.texts.manuscript import BlockKind, Manuscript
from evidense.texts.printed import printed
from evidense.texts.tables.grids import captioned, write_rows
from evidense.texts.tables.tabulars import rows_of, without_tabulars
from evidense.values import ReadDocument, Reference

WHAT = "a LaTeX file"
_COMMENT = re.compile(r"(?<!\\)%.*?$", re.MULTILINE)
_CITE = re.compile(
    r"~?\\(?P<name>[Cc]ite[a-zA-Z]*|[Pp]arencite|[Tt]extcite|[Aa]utocite|[Ff]ootcite|nocite)\*?\s*(?:\[[^\[\]]*\]\s*){0,2}\{(?P<keys>[^{}]*)\}"
)
_SECTION = re.compile(r"\\(?:part|chapter|(?:sub)*section|paragraph)\*?\s*(?:\[[^\]]*\])?\s*\{")
_BIB = re.compile(r"\\(?:bibliography|addbibresource(?:\[[^\]]*\])?)\s*\{([^{}]*)\}")
_BIBITEM = re.compile(r"\\bibitem\s*(?:\[(?P<label>(?:[^\[\]{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\])?\s*\{(?P<key>[^{}]*)\}")
_LEFT_OUT = re.compile(
    r"\\begin\{(equation|align|gather|multline|eqnarray|displaymath|tikzpicture|lstlisting|verbatim|minted|tabular|algorithmic|filecontents|CCSXML)\*?\}.{0,20000}?\\end\{\1\*?\}",
    re.DOTALL,
)
_ENVIRONMENT = re.compile(r"\\(?:begin|end)\s*\{[^{}]*\}(?:\s*\[[^\]]*\])?")
_NO_TEXT = re.compile(
    r"\\(?:label|ref|eqref|autoref|cref|Cref|pageref|includegraphics|vspace|hspace|input|include|usepackage|bibliographystyle|thanks|footnotemark)\*?\s*(?:\[[^\]]*\])?\s*\{[^{}]*\}"
    r"|\\(?:maketitle|centering|noindent|newpage|clearpage|tableofcontents|item|par|medskip|bigskip|smallskip|newblock|printbibliography|small|footnotesize|large|Large)(?![A-Za-z])"
)  # fmt: skip
_SCALED = re.compile(r"\\(?:resizebox\*?\s*\{[^{}]*\}\s*\{[^{}]*\}|scalebox\s*\{[^{}]*\})\s*\{")
_TABLE = re.compile(r"\\evidensetable\{(\d{1,5})\}")
_ITEM = re.compile(r"\\item(?![A-Za-z])\s*(?:\[[^\]]*\])?")


@dataclass(frozen=True)
class LaTeX:
    """Reads `.tex` and `.bbl`."""

    name: str = "latex"
    suffixes: tuple[str, ...] = (".tex", ".bbl", ".ltx")

    def recognises(self, path: Path, head: bytes) -> bool:
        """Say whether a file is LaTeX."""
        return format_of(path, head) == self.name

    def read(self, path: Path) -> ReadDocument:
        """Read the text with what it cites; entries come from its own list, the .bbl of its name, or the .bib files that it names.

        Raises:
            InvalidInput: it is empty, binary, or holds neither text nor references.
        """
        text, mistakes = text_of(path, WHAT)
        with foreign(str(path), f"Expected {WHAT}; correct the file."):
            text = _COMMENT.sub("", text)
            manuscript = Manuscript()
            _write(manuscript, _body(text))
            references = _own(text) or _beside(path, text, mistakes)
        if not manuscript.text and not references:
            raise nothing_in(path, "text or reference", mistakes)
        title = next((block.span.quote for block in manuscript.blocks if block.kind == "title"), "")
        return ReadDocument(
            self.name, manuscript.text, title, tuple(manuscript.blocks), tuple(references), tuple(manuscript.citations),
            tuple(manuscript.hidden), tuple(mistakes), tables=captioned(manuscript),
        )  # fmt: skip


def _body(text: str) -> str:
    """Return what stands between the beginning and the end of the document; of a piece of one, all but its list of references."""
    title = _argument(text, re.search(r"\\title\s*(?:\[[^\]]*\])?\s*\{", text))
    begin = text.find(r"\begin{document}")
    body = text[begin + len(r"\begin{document}") :] if begin >= 0 else text
    body = re.split(r"\\end\s*\{document\}|\\begin\s*\{thebibliography\}", body, maxsplit=1)[0]
    if re.match(r"\s*\\bibitem", body):
        return ""
    body = re.sub(r"\\title\s*(?:\[[^\]]*\])?\s*\{" + re.escape(title) + r"\}", "", body) if title else body
    return (f"\\evidensetitle{{{title}}}\n\n" if title else "") + body


def _argument(text: str, opening: re.Match[str] | None) -> str:
    """Return the argument whose opening brace ends the match."""
    if opening is None:
        return ""
    depth, begin = 1, opening.end()
    for match in re.finditer(r"(?<!\\)[{}]", text[begin : begin + 5_000]):
        depth += 1 if match[0] == "{" else -1
        if depth == 0:
            return text[begin : begin + match.start()]
    return ""


def _write(manuscript: Manuscript, body: str) -> None:
    body, tables = without_tabulars(_SCALED.sub("{", body))
    body = _LEFT_OUT.sub("\n\n", body)
    body = _SECTION.sub(lambda match: "\n\n" + match[0], body)
    body = re.sub(r"\\caption\s*(?:\[[^\]]*\])?\s*\{", "\n\n\\\\caption{", body)
    body = _ITEM.sub("\n\n\\\\item ", re.sub(r"\\begin\{abstract\}", "\n\n\\\\section{Abstract}\n\n", body))
    for raw in re.split(r"\n\s*\n", body):
        block = raw.strip()
        if table := _TABLE.fullmatch(block):
            write_rows(manuscript, rows_of(tables[int(table[1])], _cited))
            continue
        block = block.replace("}", "", 1) if block.count("}") > block.count("{") else block
        for opening, kind in (
            (r"\\evidensetitle\{", "title"),
            (_SECTION.pattern, "heading"),
            (r"\\caption\{", "caption"),
        ):
            if match := re.match(opening, block):
                argument = _argument(block, match)
                _write_block(manuscript, kind, argument)  # type: ignore[arg-type]
                block = block[match.end() + len(argument) + 1 :]
                break
        _write_block(manuscript, "item" if block.startswith("\\item") else "paragraph", block)


def _write_block(manuscript: Manuscript, kind: BlockKind, source: str) -> None:
    """Write a block without its commands; a citation stands in it as Markdown has it, [@a; @b], which is no word of a statement."""
    raw, places, begin = "", [], 0
    for match in _CITE.finditer(source):
        raw += _plain(source[begin : match.start()])
        keys = tuple(key.strip() for key in match["keys"].split(",") if key.strip() and key.strip() != "*")
        if keys:
            places.append((max(len(raw.rstrip()) - 1, 0) if match["name"] == "nocite" else len(raw), keys))
        if match["name"] != "nocite":
            raw += f"{' ' if match[0].startswith('~') else ''}[{'; '.join(f'@{key}' for key in keys)}]" if keys else ""
        begin = match.end()
    written = manuscript.add(kind, raw + _plain(source[begin:]))
    if written is not None:
        manuscript.cite(written, places)


def _cited(cell: str) -> str:
    """Return a cell of a table as plain text, with its citations as they stand in the text."""
    return _plain(
        _CITE.sub(lambda match: f" [{'; '.join(f'@{key.strip()}' for key in match['keys'].split(','))}]", cell)
    )


def _plain(source: str) -> str:
    """Return LaTeX as plain text with its outer spaces; commands that stand for nothing in the text are dropped."""
    source = _NO_TEXT.sub(" ", _ENVIRONMENT.sub(" ", _BIB.sub("", source)))
    source = re.sub(r"\\\\(?:\[[^\]]*\])?", " ", source)
    source = re.sub(
        r"\\(?:TeX|LaTeX|BibTeX|ldots|dots)(?![A-Za-z])\s*(?:\{\})?",
        lambda m: {"\\ldots": "…", "\\dots": "…"}.get(m[0].strip("{} "), m[0].strip("{} \\")),
        source,
    )
    text = decode_latex(source)
    return (" " if source[:1].isspace() else "") + text + (" " if text and source[-1:].isspace() else "")


def _own(text: str) -> list[Reference]:
    """Return the references of a thebibliography, or of a .bbl."""
    begins = list(_BIBITEM.finditer(text))
    references: list[Reference] = []
    ends = [*(match.start() for match in begins[1:]), len(text)]
    for match, end in zip(begins, ends, strict=False):
        source = text[match.end() : end].split(r"\end{thebibliography}")[0]
        reference = printed(_plain(source), match["key"].strip())
        references.append(
            replace(
                reference, key=match["key"].strip(), raw=source.strip(), line=text.count("\n", 0, match.start()) + 1
            )
        )
    return references


def _beside(path: Path, text: str, mistakes: list[str]) -> Sequence[Reference]:
    """Return the references of the .bib files that it names, else of the .bbl of its name; files outside its folder are not read."""
    names = (name.strip() for match in _BIB.finditer(text) for name in match[1].split(",") if name.strip())
    references = bibtex_beside(path, names, mistakes)
    bbl = path.with_suffix(".bbl")
    if not references and bbl != path and bbl.is_file() and is_inside(bbl, path.parent):
        return _own(_COMMENT.sub("", text_of(bbl, "a .bbl file")[0]))
    return references


PART = LaTeX()
