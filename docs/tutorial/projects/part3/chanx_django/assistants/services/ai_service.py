from collections.abc import AsyncIterator
from typing import TypedDict

from django.conf import settings
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from langchain_openai import ChatOpenAI
from pydantic import SecretStr


class ConversationMessage(TypedDict):
    """One turn of the conversation; the role is "user" or "assistant"."""

    role: str
    content: str


class OpenAIService:
    """Asks a server of the OpenAI protocol."""

    def __init__(self, model: str = "gpt-4o", temperature: float = 0.7) -> None:
        self.llm = ChatOpenAI(
            model=model,
            temperature=temperature,
            api_key=SecretStr(settings.OPENAI_API_KEY),
            organization=settings.OPENAI_ORG,
            streaming=True,
        )

    def format_messages(
        self, message: str, conversation_history: list[ConversationMessage]
    ) -> list[BaseMessage]:
        """Returns the history and the new message as LangChain wants them."""
        turns: list[BaseMessage] = [
            HumanMessage(turn["content"]) if turn["role"] == "user" else AIMessage(turn["content"])
            for turn in conversation_history
        ]
        return [*turns, HumanMessage(message)]

    async def generate_stream(
        self, message: str, conversation_history: list[ConversationMessage]
    ) -> AsyncIterator[str]:
        """Yields the answer token by token."""
        async for chunk in self.llm.astream(self.format_messages(message, conversation_history)):
            if chunk.text:
                yield chunk.text
