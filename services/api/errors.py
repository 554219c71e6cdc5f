"""One error shape for every answer (RFC 9457, application/problem+json), also for faults nobody foresaw."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException
from starlette.routing import Match
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.api.logs import logger

MEDIA_TYPE = "application/problem+json"
log = logger(__name__)


class ProblemDocument(BaseModel):
    """What an error answer holds; `detail` is one sentence for a person."""

    model_config = ConfigDict(extra="allow")

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    requestId: str | None = None  # noqa: N815 - the name on the wire


class Problem(Exception):  # noqa: N818 - it is an answer, not only an error
    """Raise it anywhere in a request: it becomes the answer."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None, **extra: Any) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})
        self.extra = extra


def problem_bytes(status: int, detail: str, request_id: str | None = None, **extra: Any) -> bytes:
    """The JSON body of an error answer."""
    document = {"type": "about:blank", "title": HTTPStatus(status).phrase, "status": status, "detail": detail, **extra}
    if request_id:
        document["requestId"] = request_id
    return json.dumps(document, ensure_ascii=True).encode()


def unavailable(detail: str, retry_after_seconds: int = 5) -> Problem:
    """503 with Retry-After: nothing can be answered now."""
    return Problem(503, detail, {"Retry-After": str(retry_after_seconds)})


def answer(request: Request, status: int, detail: str, headers: Mapping[str, str] | None = None, **extra: Any) -> Response:
    """An error answer for `request`."""
    body = problem_bytes(status, detail, request.scope.get("request_id"), **extra)
    return Response(body, status, headers={"Cache-Control": "no-store", **(headers or {})}, media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Give `app` the one shape for every exception."""

    async def problem(request: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)
        return answer(request, error.status, error.detail, error.headers, **error.extra)

    async def http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        headers = {"Allow": allowed_methods(app, request)} if error.status_code == 405 else error.headers
        return answer(request, error.status_code, str(error.detail), headers)

    async def invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        problems = [{"where": ".".join(map(str, e["loc"])), "problem": e["msg"]} for e in error.errors()[:10]]
        detail = "; ".join(f"{p['where']}: {p['problem']}" for p in problems)
        return answer(request, 422, detail, problems=problems)

    async def unforeseen(request: Request, error: Exception) -> Response:
        log.error("request failed", path=request.url.path, exc_info=error, request_id=request.scope.get("request_id"))
        return answer(request, 500, "an unforeseen error; its request id leads to the log line")

    app.add_exception_handler(Problem, problem)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(Exception, unforeseen)


class Answered:
    """Around the application: an exception that was answered and logged ends here.

    Starlette raises it once more after the answer, and the server then cuts the connection, perhaps under the next request.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_answered = False

        async def note(message: Message) -> None:
            nonlocal is_answered
            await send(message)
            is_answered = message["type"] == "http.response.body" and not message.get("more_body", False)

        try:
            await self._app(scope, receive, note)
        except Exception:
            if not is_answered:
                raise


def allowed_methods(app: FastAPI, request: Request) -> str:
    """Every method some route takes at this path: the router itself names the first route's only."""
    methods: set[str] = set()
    for route in app.router.routes:
        if route.matches(request.scope)[0] is not Match.NONE:
            methods |= getattr(route, "methods", None) or set()
    return ", ".join(sorted(methods))


PROBLEMS: dict[int | str, dict[str, Any]] = {
    status: {"model": ProblemDocument, "description": text, "content": {MEDIA_TYPE: {}}}
    for status, text in {
        400: "The request is not well-formed.",
        401: "Missing, wrong or expired credentials.",
        403: "Not allowed.",
        404: "Nothing by this name.",
        409: "In conflict with what is there.",
        413: "The body is too long.",
        422: "A value is not acceptable; `detail` says which.",
        429: "Too many requests; Retry-After says when.",
        501: "Not set up on this installation.",
        503: "Cannot be answered now; Retry-After says when.",
        504: "Not confirmed in time.",
    }.items()
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """OpenAPI entries of these error answers."""
    return {status: PROBLEMS[status] for status in statuses}
