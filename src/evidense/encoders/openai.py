"""An embedding model behind a server with OpenAI's `/v1/embeddings`: vLLM, TEI, Infinity, Ollama, LM Studio, llama.cpp, hosted ones."""

from dataclasses import dataclass, field

from evidense.compute.similarity import chosen, normalises
from evidense.compute.texts.open_text import refuse_unknown_options
from evidense.compute.texts.served_tower import ServedTower
from evidense.compute.texts.too_long import TooLong
from evidense.fetching.servers.client import OPTIONS, ModelClient, ServedModel
from evidense.fetching.servers.embeddings import Embeddings
from evidense.parts import Capability, Setup, Side
from evidense.parts.served import UNSEEN, Asked, Bill
from evidense.store import Store
from evidense.values import Collection, Spelling

_PREFIX = "openai:"
_OPTIONS = frozenset({"truncate", "similarity", "normalize", "query_prompt", "document_prompt", "prompt"})


@dataclass(frozen=True, eq=False)
class ServedEncoder:
    """A model behind a server. It is asked when its vectors, dimensions or fingerprint are first needed."""

    name: str
    client: ModelClient[str]
    query: ServedTower
    document: ServedTower
    similarity: str
    can: frozenset[Capability] = field(default=frozenset({"vectors"}))

    @property
    def setup(self) -> Setup:
        """Say how it is run; dimensions and length of its vectors are those of the sentinels."""
        identity = self.client.identity
        doubt = (
            f"{UNSEEN} (known by its vectors of ten texts, {identity.fingerprint[:12]}): {self.query.too_long.words}"
        )
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

    def bill(self, collection: Collection, asked: Asked) -> Bill:
        """Return what a collection will cost beside what was `asked` for; the server is not asked."""
        sides = ((self.document, collection.corpus), (self.query, collection.queries))
        return self.client.bill([tower.prepare(items).texts for tower, items in sides], asked)


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
        refuse_unknown_options(spelling, {*OPTIONS, *_OPTIONS})
        store, options = Store(), spelling.options
        client = ModelClient(ServedModel.of(spelling, _PREFIX, store), Embeddings(), store)
        too_long, normalised = TooLong.of(options.get("truncate")), normalises(options, False)
        prompts = {side: options.get(f"{side}_prompt", options.get("prompt", "")) for side in ("query", "document")}
        query, document = (ServedTower(client, prompts[side], too_long, normalised) for side in prompts)
        if query.prompt == document.prompt:
            document = query
        return ServedEncoder(
            str(spelling), client, query, document, chosen(options.get("similarity"), None, str(spelling))
        )


PART = OpenAIPart()
