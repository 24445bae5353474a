"""Reading request bodies, and errors in OpenAI's form."""

from typing import TypeVar

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, ValidationError
from starlette.exceptions import HTTPException

from llm_server.backends.base import BackendError
from llm_server.protocol import ProtocolError

Body = TypeVar("Body", bound=BaseModel)


async def read_body(request: Request, model: type[Body], limit: int) -> Body:
    """Reads and checks the body, refusing one of more than `limit` bytes without holding it in memory.

    Raises:
        ProtocolError: It is too large, no JSON, or not of this form.
    """
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type != "application/json":
        raise ProtocolError(415, "The body must be sent with the header Content-Type: application/json.")
    body = bytearray()
    async for part in request.stream():
        body += part
        if len(body) > limit:
            raise ProtocolError(413, f"The body is larger than {limit} bytes.", code="body_too_large")
    try:
        return model.model_validate_json(bytes(body))
    except ValidationError as error:
        raise ProtocolError.from_validation(error) from None


def add_error_handlers(app: FastAPI) -> None:
    """Has every failure answered in OpenAI's form."""

    @app.exception_handler(ProtocolError)
    async def protocol_error(_request: Request, error: ProtocolError) -> Response:
        return JSONResponse(error.body(), error.status, error.headers)

    @app.exception_handler(BackendError)
    async def backend_error(_request: Request, error: BackendError) -> Response:
        body = ProtocolError(error.status, str(error), kind="server_error", code="upstream_error").body()
        return JSONResponse(body, error.status)

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> Response:
        known = {
            404: f"Unknown URL: {request.method} {request.url.path}",
            405: "Method not allowed.",
        }
        message = known.get(error.status_code, str(error.detail))
        body = ProtocolError(error.status_code, message, code="unknown_url").body()
        return JSONResponse(body, error.status_code, dict(error.headers or {}))

    @app.exception_handler(Exception)
    async def server_error(_request: Request, _error: Exception) -> Response:
        return JSONResponse(ProtocolError(500, "The server failed.", kind="server_error").body(), 500)
