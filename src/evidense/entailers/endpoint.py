"""A language model behind an OpenAI-compatible address (`endpoint:URL#MODEL`): a stance counts only with a quotation that is found."""

import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib.util import find_spec

import numpy as np
from jaxtyping import Float64

from evidense.entailers._answers import Judgement, judgement_of
from evidense.entailers._prompts import MOST_CLAIM, MOST_EVIDENCE, MOST_TOKENS, SCHEMA, SYSTEM, body_of, shown
from evidense.errors import InvalidInput, MissingExtra
from evidense.fetching import IndexWire, Patience, Terms, open_wire
from evidense.fetching.addresses import place_of
from evidense.parts import Entailer
from evidense.parts.literature import Manners, Request, Wire
from evidense.records import sha256_of
from evidense.stats.agreement.kappa import wilson
from evidense.values import STANCES, EvidencePair

VERSION = 2
"""Rises with every change that changes a probability."""
SOURCE, KEY, VARIABLE = "endpoint", "EVIDENSE_KEY_ENDPOINT", "EVIDENSE_URL_ENDPOINT"
SHARE = 0.9
"""What the stance of every accepted answer gets, whatever confidence the model states; its calibration says what that is worth."""
_FOR_EVER_S = 1e12
_MIB = 1 << 20
PATIENCE = Patience(request_s=180.0, silence_s=180.0, max_body_bytes=_MIB)
"""A model may think for a while before its first byte."""


@dataclass(frozen=True)
class SelfAgreement:
    """How often a model gave the same stance twice, asked with two seeds."""

    share: float
    low: float
    high: float
    """Its interval of 95 %."""
    n: int
    """Pairs that were answered and accepted both times."""
    n_asked: int


@dataclass(frozen=True, eq=False)
class Endpoint:
    """Asks a model about one pair at a time. Every answer is kept, so that a run replays without a network."""

    url: str
    model: str
    wire: Wire
    seed: int = 0
    name: str = SOURCE
    rejected: Counter[str] = field(default_factory=Counter)
    """Reason → how many answers it rejected so far, of all calls together."""
    n_accepted: Counter[str] = field(default_factory=Counter)
    """Stance → how many answers were accepted so far."""
    examples: dict[str, str] = field(default_factory=dict)
    """Reason → what was wrong with the first answer that it rejected, in words."""

    @property
    def remarks(self) -> tuple[str, ...]:
        """Return one sentence on the answers that were not taken in; none where all were."""
        n_out, n_in = self.rejected.total(), self.n_accepted.total()
        if not n_out:
            return ()
        why = "; ".join(f"{reason} {n:,}, as {self.examples[reason]}" for reason, n in self.rejected.most_common(2))
        return (
            f"{self.name}: {n_out:,} of {n_out + n_in:,} answers not taken in ({why}). Expected JSON of the schema with a quotation from the "
            "passage; look at the endpoint, or name another with --entailer",
        )  # fmt: skip

    @property
    def identity(self) -> str:
        """Return the hash of address, model, prompt, schema, limits and seed."""
        return sha256_of([SOURCE, VERSION, self.url, self.model, SYSTEM, SCHEMA, MOST_EVIDENCE, MOST_CLAIM, MOST_TOKENS, SHARE, self.seed])  # fmt: skip

    def entail(self, pairs: Sequence[EvidencePair]) -> Float64[np.ndarray, "pairs 3"]:
        """Return a fixed share for the stance of every accepted answer, and "neither" with certainty for every rejected one."""
        return np.array([_row(judgement) for judgement in self.judge(pairs)], dtype=np.float64).reshape(-1, 3)

    def judge(self, pairs: Sequence[EvidencePair]) -> tuple[Judgement, ...]:
        """Ask about each pair, equal ones once, and return stance and quotation, or why there is none."""
        judgements = {pair: self._judgement(pair) for pair in dict.fromkeys(pairs)}
        for judgement in judgements.values():
            counted, word = (
                (self.rejected, judgement.rejected) if judgement.rejected else (self.n_accepted, judgement.stance)
            )
            counted[word] += 1
            if judgement.rejected:
                self.examples.setdefault(judgement.rejected, judgement.detail)
        return tuple(judgements[pair] for pair in pairs)

    def _judgement(self, pair: EvidencePair) -> Judgement:
        if not pair.evidence.strip() or not pair.claim.strip():
            return Judgement("neither", detail="there is nothing to judge")
        if len(shown(pair.claim)) > MOST_CLAIM:
            return Judgement(
                "neither",
                None,
                "claim too long",
                f"{len(pair.claim):,} characters; at most {MOST_CLAIM:,} are asked about",
            )
        request = Request(SOURCE, "chat/completions", body=body_of(pair, self.model, self.seed))
        return judgement_of(self.wire.ask(request, manners_of(self.url)), pair, self.model)


def self_agreement(endpoint: Endpoint, pairs: Sequence[EvidencePair]) -> SelfAgreement:
    """Ask a model about the same pairs with its seed and the next one, and return how often its stance stays the same.

    Raises:
        InvalidInput: no pair was answered and accepted both times.
    """
    again = Endpoint(endpoint.url, endpoint.model, endpoint.wire, endpoint.seed + 1)
    both = [
        (first.stance, second.stance)
        for first, second in zip(endpoint.judge(pairs), again.judge(pairs), strict=True)
        if not first.rejected and not second.rejected
    ]
    if not both:
        raise InvalidInput(
            f"none of {len(pairs)} pairs was answered and accepted twice by '{endpoint.model}'. Expected one at least; look at its rejected answers."
        )
    share = np.array([sum(first == second for first, second in both) / len(both)])
    low, high = wilson(share, len(both))
    return SelfAgreement(float(share[0]), float(low[0]), float(high[0]), len(both), len(pairs))


def manners_of(url: str) -> Manners:
    """Return how an endpoint is asked: its key comes from the environment and travels in a header only."""
    return Manners(url, per_second=5.0, at_once=1, key_variable=KEY, key_header="Authorization")


def open_endpoint(url: str, model: str, wire: Wire | None = None, seed: int = 0) -> Endpoint:
    """Return an endpoint; without a wire it asks over one that keeps every answer in the user's store for good."""
    return Endpoint(url, model, wire or _kept_for_good(), seed, f"{SOURCE}:{model}")


def _kept_for_good() -> IndexWire:
    return open_wire(terms=Terms(max_age_s=_FOR_EVER_S, patience=PATIENCE))


def _row(judgement: Judgement) -> list[float]:
    if judgement.rejected or judgement.detail:
        return [float(stance == "neither") for stance in STANCES]
    return [SHARE if stance == judgement.stance else (1 - SHARE) / 2 for stance in STANCES]


@dataclass(frozen=True)
class EndpointPart:
    """Opens an address and a model; one on this machine only where `EVIDENSE_URL_ENDPOINT` names it too."""

    name: str = SOURCE
    spellings: tuple[str, ...] = ("endpoint:URL#MODEL",)

    def recognises(self, spelling: str) -> bool:
        """Say whether the spelling begins with `endpoint:`."""
        return spelling.startswith(f"{self.name}:")

    def open(self, spelling: str) -> Entailer:
        """Return the endpoint; nothing is asked yet.

        Raises:
            InvalidInput: it names no https address with a model, nor one on this machine that the environment names too.
            MissingExtra: httpx or rapidfuzz is not installed.
        """
        url, _, model = spelling.removeprefix(f"{self.name}:").partition("#")
        if not url or not model.strip() or not spelling.isprintable() or len(spelling) > 500:
            raise InvalidInput(
                f"'{spelling[:200]}' names no address and model. Expected endpoint:https://HOST/v1#MODEL, without user name, key or query; "
                f"put the key into {KEY}."
            )
        _refuse_unnamed(url)
        place_of(SOURCE, manners_of(url))
        for library in ("httpx", "rapidfuzz"):
            if find_spec(library) is None:
                raise MissingExtra.named("literature", "asking an endpoint", library)
        return open_endpoint(url.rstrip("/"), model)


def _refuse_unnamed(url: str) -> None:
    """Refuse an address on this machine that the environment does not name: a spelling may come from somebody's file.

    Raises:
        InvalidInput: the environment does not name it.
    """
    host = url.partition("//")[2].partition("/")[0].lower()
    is_here = host.startswith(("localhost", "127.", "[::1]"))
    if is_here and not os.environ.get(VARIABLE, "").strip():
        raise InvalidInput(
            f"'{url}' is on this machine. Expected its address in the environment too; set {VARIABLE}={url}"
        )


PART = EndpointPart()
