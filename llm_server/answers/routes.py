"""Addresses of the answers that the server writes on its own."""

from typing import Any

from fastapi import APIRouter, Request, WebSocket
from fastapi.responses import JSONResponse, Response

from llm_server.answers.desk import Desk
from llm_server.answers.links import Links
from llm_server.answers.record import AnswerRequest
from llm_server.bodies import read_body
from llm_server.protocol import ProtocolError


def answer_routes(desk: Desk, links: Links, max_body: int) -> APIRouter:
    """Returns the routes.

    Args:
        desk: Writes the answers.
        links: Serves those who follow them.
        max_body: The largest request body, in bytes.
    """
    routes = APIRouter(prefix="/v1/answers")

    @routes.post("")
    async def begin(request: Request) -> Response:
        """201 for a new answer; 200 if there is one of that id, which goes on."""
        record, is_new = await desk.begin(await read_body(request, AnswerRequest, max_body))
        if is_new:
            links.begun(record)
        return JSONResponse(record.body(), 201 if is_new else 200)

    @routes.websocket("/link")
    async def link(socket: WebSocket) -> None:
        await links.serve(socket, desk.find)

    @routes.get("/{answer_id}")
    async def read(answer_id: str) -> dict[str, Any]:
        record = await desk.find(answer_id)
        if record is None:
            raise _unknown(answer_id)
        return record.body()

    @routes.post("/{answer_id}/stop")
    async def stop(answer_id: str) -> dict[str, Any]:
        record = await desk.stop(answer_id)
        if record is None:
            raise _unknown(answer_id)
        return record.body()

    return routes


def _unknown(answer_id: str) -> ProtocolError:
    return ProtocolError(404, f"There is no answer {answer_id!r}.", param="id", code="answer_not_found")
