"""The language model, through LangChain's ChatOpenAI."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Iterator
from functools import cache
from typing import TypedDict
from weakref import WeakKeyDictionary

import httpx
from django.conf import settings
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

# The first token may take long with a large model; a silence of this length is a failure.
_TIMEOUT = httpx.Timeout(60, connect=5)


# The offline model knows this sentence.
TITLE_INSTRUCTION = (
    "Write a title of at most six words for a conversation that begins with the user's message. "
    "Answer with the title alone, without quotation marks."
)


class ConversationMessage(TypedDict):
    """One earlier message of the conversation."""

    role: str
    content: str


@cache
def _certificates() -> ssl.SSLContext:
    # Loading them takes tens of milliseconds, too long for each client to do it again.
    return ssl.create_default_context()


@cache
def _client() -> httpx.Client:
    # Thread-safe, unlike its asynchronous sister bound to no event loop: one serves all.
    return httpx.Client(verify=_certificates(), timeout=_TIMEOUT)


class OpenAIService:
    """A chat model behind the OpenAI protocol: OpenAI's, a compatible one, or the offline one."""

    def __init__(self) -> None:
        self.llm = ChatOpenAI(
            model=settings.OPENAI_MODEL,
            temperature=0.7,
            api_key=SecretStr(settings.OPENAI_API_KEY),
            base_url=settings.OPENAI_BASE_URL or None,
            organization=settings.OPENAI_ORG or None,
            streaming=True,
            max_retries=1,
            http_client=_client(),
            http_async_client=httpx.AsyncClient(
                verify=_certificates(),
                timeout=_TIMEOUT,
                limits=httpx.Limits(max_connections=1000, max_keepalive_connections=20),
            ),
        )

    @staticmethod
    def format_messages(message: str, history: list[ConversationMessage]) -> list[BaseMessage]:
        """The conversation as LangChain's messages, the new question last."""
        earlier: list[BaseMessage] = [
            (HumanMessage if entry["role"] == "user" else AIMessage)(content=entry["content"])
            for entry in history
        ]
        return [*earlier, HumanMessage(content=message)]

    def generate_stream(self, message: str, history: list[ConversationMessage]) -> Iterator[str]:
        """The answer in pieces, for code that runs in a thread of its own: a view, a worker.

        Raises:
            openai.OpenAIError: The model cannot be reached or refuses.
        """
        for chunk in self.llm.stream(self.format_messages(message, history)):
            if text := str(chunk.text):
                yield text

    def generate_title(self, first_message: str) -> str:
        """A title for a conversation that begins with this message.

        Raises:
            openai.OpenAIError: The model cannot be reached or refuses.
        """
        asked = [SystemMessage(content=TITLE_INSTRUCTION), HumanMessage(content=first_message[:2000])]
        return "".join(str(chunk.text) for chunk in self.llm.stream(asked, max_tokens=40))

    async def stream(self, message: str, history: list[ConversationMessage]) -> AsyncIterator[str]:
        """The answer in pieces, as the model produces them, off the event loop's back.

        Raises:
            openai.OpenAIError: The model cannot be reached or refuses.
        """
        async for chunk in self.llm.astream(self.format_messages(message, history)):
            if text := str(chunk.text):
                yield text


_services: WeakKeyDictionary[asyncio.AbstractEventLoop, OpenAIService] = WeakKeyDictionary()


def service_of_running_loop() -> OpenAIService:
    """The one service, with its pool of connections, of the running event loop."""
    loop = asyncio.get_running_loop()
    if loop not in _services:
        _services[loop] = OpenAIService()
    return _services[loop]
