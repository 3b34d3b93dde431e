"""An embedding model behind a server with OpenAI's `/v1/embeddings`: vLLM, TEI, Infinity, Ollama, LM Studio, llama.cpp, hosted ones."""

from dataclasses import dataclass, field

from evidense.boundary.numbers import finite_number
from evidense.compute.similarity import chosen, normalises
from evidense.compute.texts.open_text import refuse_unknown_options
from evidense.compute.texts.served_tower import ServedTower, TooLong
from evidense.errors import InvalidInput
from evidense.fetching.servers.address import ServerAddress
from evidense.fetching.servers.asking import Manner
from evidense.fetching.servers.budget import Purse, limit_of, price_of
from evidense.fetching.servers.client import EmbeddingClient, ServedModel
from evidense.parts import Capability, Setup, Side
from evidense.parts.served import Bill
from evidense.store import Store
from evidense.values import Collection, Spelling

_PREFIX = "openai:"
_OPTIONS = {
    "url", "price", "budget", "truncate", "per_second", "at_once", "batch", "timeout", "answers_as", "revision",
    "similarity", "normalize", "query_prompt", "document_prompt", "prompt",
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class ServedEncoder:
    """A model behind a server. It is asked when its vectors, dimensions or fingerprint are first needed."""

    name: str
    client: EmbeddingClient
    query: ServedTower
    document: ServedTower
    similarity: str
    can: frozenset[Capability] = field(default=frozenset({"vectors"}))

    @property
    def setup(self) -> Setup:
        """Say how it is run; dimensions and length of its vectors are those of the sentinels."""
        identity, too_long = self.client.identity, self.query.too_long
        n = too_long.n_characters
        cut = "it decides what becomes of long texts (@truncate=CHARACTERS cuts them before they are sent)"
        if n is not None:
            cut = f"texts of more than {n:,} characters are {'refused' if too_long.is_refused else 'cut'} before they are sent"
        doubt = f"a server, whose weights are not seen (known by its vectors of ten texts, {identity.fingerprint[:12]}): {cut}"
        return Setup(
            query_prompt=self.query.prompt,
            document_prompt=self.document.prompt,
            normalised=self.query.normalised or identity.is_unit,
            similarity=self.similarity,
            n_dims=identity.n_dims,
            bytes_per_vector=4.0 * identity.n_dims,
            warnings=(doubt,),
        )  # fmt: skip

    def tower(self, side: Side) -> ServedTower:
        """Return the tower of this side."""
        return self.query if side == "query" else self.document

    def bill(self, collection: Collection) -> Bill:
        """Return what a collection will cost; the server is not asked."""
        sides = ((self.document, collection.corpus), (self.query, collection.queries))
        texts = self.client.missing([text for tower, items in sides for text in tower.prepare(items).texts])
        n_tokens, purse = self.client.estimated_tokens(texts), self.client.purse
        exceeds = str(purse.limit) if texts and purse.exceeds(n_tokens) else ""
        return Bill(len(texts), n_tokens, -(-len(texts) // self.client.manner.batch), purse.cost(n_tokens), exceeds)


@dataclass(frozen=True)
class OpenAIPart:
    """Opens `openai:MODEL@url=http://HOST:PORT/v1`; nothing is asked yet."""

    name: str = "openai"
    spellings: tuple[str, ...] = (
        "openai:BAAI/bge-m3@url=http://127.0.0.1:8000/v1",
        "openai:text-embedding-3-small@url=https://api.openai.com/v1@price=0.02@budget=0.50",
    )

    def recognises(self, spelling: Spelling) -> bool:
        """Say whether the spelling begins with `openai:`."""
        return spelling.head.startswith(_PREFIX)

    def open(self, spelling: Spelling) -> ServedEncoder:
        """Read the spelling.

        Raises:
            InvalidInput: no model or address, or an option without sense; all mistakes at once.
        """
        refuse_unknown_options(spelling, _OPTIONS)
        options, name = spelling.options, spelling.head.removeprefix(_PREFIX).strip()
        if not name or not options.get("url", "").strip():
            raise InvalidInput(
                f"'{spelling}' names no model and address. Expected openai:MODEL@url=http://HOST:PORT/v1"
            )
        address = ServerAddress.of(str(spelling), options["url"].strip())
        price = price_of(options.get("price"))
        purse = Purse(price, limit_of(options.get("budget"), price))
        model = ServedModel(address, name, options.get("answers_as", ""), options.get("revision", ""))
        client = EmbeddingClient(model, _manner(spelling), purse, Store())
        too_long, normalised = TooLong.of(options.get("truncate")), normalises(options, False)
        prompts = {side: options.get(f"{side}_prompt", options.get("prompt", "")) for side in ("query", "document")}
        query, document = (ServedTower(client, prompts[side], too_long, normalised) for side in prompts)
        if query.prompt == document.prompt:
            document = query
        return ServedEncoder(
            str(spelling), client, query, document, chosen(options.get("similarity"), None, str(spelling))
        )


def _manner(spelling: Spelling) -> Manner:
    """Return how the server is asked.

    Raises:
        InvalidInput: a number that is none, or out of its bounds; all at once.
    """
    bounds = {"per_second": (0.001, 10_000.0), "at_once": (1, 64), "batch": (1, 2048), "timeout": (1, 3600)}
    numbers, mistakes = {}, []
    for key, (least, most) in bounds.items():
        if key in spelling.options:
            number = finite_number(spelling.options[key])
            is_whole = key in ("per_second", "timeout") or number is None or number == int(number)
            if number is None or not least <= number <= most or not is_whole:
                mistakes.append(f"@{key}={spelling.options[key]}: expected a number from {least:g} to {most:g}")
            else:
                numbers[key] = number
    if mistakes:
        raise InvalidInput.all_of(f"'{spelling}'", mistakes)
    return Manner(
        numbers.get("per_second"), int(numbers.get("at_once", 4)), int(numbers.get("batch", 32)), numbers.get("timeout", 120.0)
    )  # fmt: skip


PART = OpenAIPart()
