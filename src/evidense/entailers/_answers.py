"""Answers: what a language model said about one pair, taken in through a schema or rejected with the reason."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import ConfigDict, Field

from evidense.auditing.aside import is_order
from evidense.boundary.documents import Form, checked, parsed
from evidense.entailers._prompts import MOST_EVIDENCE
from evidense.entailers._quotes import LEAST_WORDS, is_short, located
from evidense.errors import InvalidInput
from evidense.parts.literature import Reply
from evidense.texts.letters import words
from evidense.values import EvidencePair, Span
from evidense.values.checking import Stance

Reason = Literal[
    "", "not answered", "another model", "refused", "no JSON of the schema", "quote too short",
    "quote not in the passage", "quote about something else",
    "quote is an instruction",
    "claim too long",
]  # fmt: skip
"""Why an answer was rejected; "" for an accepted one."""


@dataclass(frozen=True)
class Judgement:
    """What became of one pair: a stance with its quotation, or the reason why there is none."""

    stance: Stance
    quote: Span | None = None
    """Of the evidence, in its own words."""
    rejected: Reason = ""
    detail: str = ""
    """The reason in words."""
    blob: str = ""
    """sha256 of the answer in the store."""


class _Answer(Form):
    """The JSON object that a model is asked for. Its confidence is read and never believed."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False, hide_input_in_errors=True)
    stance: Stance
    quote: str = Field(max_length=4000)
    confidence: float = Field(ge=0, le=1)


class _Refused(Exception):
    """An answer that is not taken in: the reason, and what there was."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(detail)
        self.reason, self.detail = reason, detail


def judgement_of(reply: Reply, pair: EvidencePair, model: str) -> Judgement:
    """Return what a reply comes to; every one that is not taken in is "neither", with the reason."""
    try:
        if reply.state != "found":
            raise _Refused("not answered", f"{reply.state}: {reply.detail or reply.status}")
        answer = _answer_of(_content_of(reply, model))
        quote = None if answer.stance == "neither" else _quote_of(answer, pair)
        return Judgement(answer.stance, quote, blob=reply.blob)
    except _Refused as refused:
        return Judgement("neither", None, refused.reason, refused.detail[:300], reply.blob)


def _content_of(reply: Reply, model: str) -> str:
    """Return the text of the one answer."""
    try:
        value = parsed(reply.body, "answer")
        answered_by = value.get("model")
        message: Mapping[str, Any] = value["choices"][0]["message"]
        refusal, content = message.get("refusal"), message.get("content")
    except (InvalidInput, LookupError, TypeError, AttributeError):
        raise _Refused("no JSON of the schema", "no completion with choices and a message") from None
    if answered_by != model:
        raise _Refused(
            "another model", f"'{answered_by!s:.80}' answered where '{model:.80}' was asked; name the one that answers"
        )
    if refusal or not isinstance(content, str):
        raise _Refused("refused", f"the model refused: {refusal or 'no text'!s:.200}")
    return content


def _answer_of(content: str) -> _Answer:
    try:
        return checked(_Answer, parsed(content, "answer"), "answer")
    except InvalidInput as error:
        raise _Refused("no JSON of the schema", " ".join(str(error).split())) from None


def _quote_of(answer: _Answer, pair: EvidencePair) -> Span:
    if is_short(answer.quote):
        raise _Refused("quote too short", f"'{answer.quote:.200}' has fewer than {LEAST_WORDS} words")
    span = located(answer.quote, pair.evidence[:MOST_EVIDENCE])
    if span is None:
        raise _Refused("quote not in the passage", f"'{answer.quote:.200}' does not stand in the passage")
    if is_order(span.quote):
        raise _Refused("quote is an instruction", f"'{span.quote:.200}' tells its reader what to do")
    if not _words(span.quote) & _words(pair.claim):
        raise _Refused("quote about something else", f"'{span.quote:.200}' has no word of the statement")
    return span


def _words(text: str) -> set[str]:
    return {word[:5] for word in words(text) if len(word) > 3 or word.isdigit()}
