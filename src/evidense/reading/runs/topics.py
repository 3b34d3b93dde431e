"""Topics: reads `id<tab>text` lines, or TREC's `<top><num>…<title>…`."""

import re
from pathlib import Path

from evidense.errors import InvalidInput
from evidense.reading.runs.cells import cut, numbered_lines

_FIELD = re.compile(r"<(num|title)>\s*(?:Number:|Topic:)?\s*([^<]*)", re.IGNORECASE)


def read_topics(path: Path, may_be_empty: bool = False) -> tuple[dict[str, str], list[str]]:
    """Return id → text in order, and the mistakes; `may_be_empty` allows empty texts, as of documents.

    Raises:
        InvalidInput: the file cannot be read, or is empty.
    """
    mistakes: list[str] = []
    lines = list(numbered_lines(path, "a file of topics or documents", mistakes))
    if any("<top>" in line.lower() for _, line in lines):
        topics = _marked_up(path, lines, mistakes)
    else:
        topics = [_two_cells(line, f"{path.name} line {number}", mistakes, may_be_empty) for number, line in lines]
    if not topics and not mistakes:
        raise InvalidInput(f"{path}: the file is empty; expected lines `id<tab>text` or <top> … </top>; fill it")
    texts: dict[str, str] = {}
    for topic_id, text, place in topics:
        if topic_id in texts:
            mistakes.append(
                f"{place}: the id '{cut(topic_id)}' stands twice; expected distinct ids; rename or remove one"
            )
        texts.setdefault(topic_id, text)
    return texts, mistakes


def _two_cells(line: str, place: str, mistakes: list[str], may_be_empty: bool) -> tuple[str, str, str]:
    topic_id, tab, text = line.strip("\r\n").partition("\t")
    if not tab:
        mistakes.append(f"{place}: no tab; expected `id<tab>text`; put one between id and text")
    elif not topic_id.strip() or not (text.strip() or may_be_empty):
        mistakes.append(
            f"{place}: the {'text' if topic_id.strip() else 'id'} is empty; expected `id<tab>text`; fill it"
        )
    return topic_id.strip(), text.strip(), place


def _marked_up(path: Path, lines: list[tuple[int, str]], mistakes: list[str]) -> list[tuple[str, str, str]]:
    """Return (id, title, place) of each `<top>` block."""
    topics = []
    blocks: list[tuple[int, list[str]]] = []
    for number, line in lines:
        if "<top>" in line.lower():
            blocks.append((number, [line]))
        elif blocks:
            blocks[-1][1].append(line)
    for number, block in blocks:
        fields = {name.lower(): " ".join(text.split()) for name, text in _FIELD.findall("".join(block))}
        place = f"{path.name} line {number}"
        if not fields.get("num") or not fields.get("title"):
            mistakes.append(
                f"{place}: a topic without {'title' if fields.get('num') else 'num'}; expected <num> and <title>; add "
                "it"
            )
        else:
            topics.append((fields["num"], fields["title"], place))
    return topics
