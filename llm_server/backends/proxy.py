"""Any server of the OpenAI protocol as a back end: OpenAI, Ollama, vLLM and others."""

import asyncio
import json
import logging
import time
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Any

import httpx

from llm_server.backends.base import BackendError
from llm_server.protocol import ChatCompletionRequest, FunctionCall, ModelCard, ToolCall

logger = logging.getLogger("llm_server")

CONNECT_SECONDS = 5.0
MODELS_SECONDS = 5.0
MODELS_FOR = 30.0
MAX_LINE = 1024 * 1024

UNREACHABLE = "The model's server cannot be reached. Try again in a moment."
BROKE_OFF = "The model's server broke off in the middle of the answer. Try again."
GARBAGE = "The model's server sent something that is no answer."
SILENT = "The model's server was silent for too long. Try again."
_STATUSES = {
    400: "The model's server refuses the request.",
    401: "The model's server refuses the key: check the key of the LLM server.",
    403: "The model's server refuses the key: check the key of the LLM server.",
    404: "The model's server does not have this model.",
    429: "The model is overloaded, or its quota is used up. Try again later.",
}


class ProxyBackend:
    """Passes requests on to an upstream, streamed."""

    def __init__(
        self, base_url: str, key: str = "", *, silence: float = 60.0, max_connections: int = 1000
    ) -> None:
        """Prepares the client.

        Args:
            base_url: The upstream, ending in `/v1` as a rule.
            key: Sent as a bearer token, if given.
            silence: Seconds that the upstream may take for the next bytes.
            max_connections: Requests at once.
        """
        self._base_url = base_url.rstrip("/")
        self._client = httpx.AsyncClient(
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=httpx.Timeout(silence, connect=CONNECT_SECONDS),
            limits=httpx.Limits(max_connections=max_connections),
        )
        self._cards: list[ModelCard] = []
        self._asked_at = -MODELS_FOR
        self._asking = asyncio.Lock()

    async def models(self) -> list[ModelCard]:
        """Returns the upstream's models, asked for at most every 30 seconds.

        Raises:
            BackendError: The upstream does not tell them.
        """
        async with self._asking:
            if time.monotonic() - self._asked_at < MODELS_FOR:
                return self._cards
            try:
                response = await self._client.get(f"{self._base_url}/models", timeout=MODELS_SECONDS)
                response.raise_for_status()
                data = response.json()["data"]
                self._cards = [_card(item) for item in data]
            except httpx.HTTPStatusError as error:
                raise BackendError(_explain(error.response.status_code)) from None
            except httpx.HTTPError:
                raise BackendError(UNREACHABLE) from None
            except (ValueError, KeyError, TypeError):
                raise BackendError(GARBAGE) from None
            self._asked_at = time.monotonic()
            return self._cards

    async def resolve(self, model: str) -> str | None:
        """Returns the model if the upstream lists it, or lists none at all."""
        cards = await self.models()
        return model if not cards or any(card.id == model for card in cards) else None

    async def stream(self, request: ChatCompletionRequest) -> AsyncGenerator[str | ToolCall, None]:
        """Yields the upstream's tokens, then the tools that it calls.

        Raises:
            BackendError: The upstream refuses, breaks off, or sends what is no answer.
        """
        body = request.model_dump(mode="json", exclude_none=True) | {"stream": True}
        body.pop("stream_options", None)
        calls: dict[int, FunctionCall] = {}
        ids: dict[int, str] = {}
        finished = False
        try:
            async with self._client.stream(
                "POST", f"{self._base_url}/chat/completions", json=body
            ) as response:
                if response.status_code != httpx.codes.OK:
                    raise BackendError(_explain(response.status_code))
                async for data in _events(response):
                    if data == "[DONE]":
                        finished = True
                        break
                    delta, reason = _read(data)
                    finished = finished or reason is not None
                    if text := delta.get("content"):
                        yield str(text)
                    for part in delta.get("tool_calls") or ():
                        _gather(part, calls, ids)
        except httpx.TimeoutException:
            raise BackendError(SILENT, 504) from None
        except httpx.ConnectError:
            raise BackendError(UNREACHABLE) from None
        except httpx.HTTPError:
            raise BackendError(BROKE_OFF) from None
        if not finished:
            raise BackendError(BROKE_OFF)
        for index, call in sorted(calls.items()):
            yield ToolCall(id=ids.get(index) or f"call_{index}", function=call)

    async def close(self) -> None:
        """Ends connections."""
        await self._client.aclose()


def _card(item: Any) -> ModelCard:
    return ModelCard(
        id=str(item["id"]), created=int(item.get("created") or 0), owned_by=str(item.get("owned_by") or "")
    )


def _explain(status: int) -> str:
    return _STATUSES.get(status, f"The model's server failed with status {status}. Try again later.")


async def _events(response: httpx.Response) -> AsyncIterator[str]:
    """Yields the data of server-sent events.

    Raises:
        BackendError: A line is longer than any event, or the bytes are no text.
    """
    rest = b""
    async for part in response.aiter_bytes():
        rest += part
        *lines, rest = rest.split(b"\n")
        if len(rest) > MAX_LINE:
            raise BackendError(GARBAGE)
        for line in lines:
            data = line.strip()
            if data.startswith(b"data:"):
                try:
                    yield data[5:].strip().decode()
                except UnicodeDecodeError:
                    raise BackendError(GARBAGE) from None
            elif data and not data.startswith((b":", b"event:", b"id:", b"retry:")):
                raise BackendError(GARBAGE)


def _read(data: str) -> tuple[dict[str, Any], str | None]:
    """The delta of an event, and why it is the last.

    Raises:
        BackendError: It is an error, or no event of this protocol.
    """
    try:
        event = json.loads(data)
        if "error" in event:
            raise BackendError("The model failed while answering.")
        choices = event.get("choices") or []
        if not choices:
            return {}, None
        return choices[0].get("delta") or {}, choices[0].get("finish_reason")
    except (ValueError, AttributeError, TypeError, KeyError, IndexError):
        raise BackendError(GARBAGE) from None


def _gather(part: Any, calls: dict[int, FunctionCall], ids: dict[int, str]) -> None:
    """Adds a part of a tool call to what came before.

    Raises:
        BackendError: It is none.
    """
    try:
        index = int(part.get("index") or 0)
        function = part.get("function") or {}
        call = calls.setdefault(index, FunctionCall(name=""))
        call.name += str(function.get("name") or "")
        call.arguments += str(function.get("arguments") or "")
        if part.get("id"):
            ids[index] = str(part["id"])
    except (AttributeError, TypeError, ValueError):
        raise BackendError(GARBAGE) from None
