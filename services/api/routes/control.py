"""`POST /api/v1/control`: signed requests of an operator."""

from typing import Annotated, Any

from fastapi import APIRouter, Header, Request, Response
from pydantic import ValidationError

from services.api.control import BODY_MAX_BYTES, ControlRequest
from services.api.errors import Problem, problems
from services.api.platform import Platform
from services.contract.endpoints import CONTROL


def control_routes(platform: Platform) -> APIRouter:
    """The control endpoint. The body is read raw, because its exact bytes are what was signed."""
    router = APIRouter(tags=["control"])
    body_schema = {
        "required": True,
        "content": {
            "application/json": {
                "schema": ControlRequest.model_json_schema(),
                "example": {"action": "pause", "data": {"reason": "exchange halt"}, "scope": "all"},
            }
        },
    }

    @router.post(
        CONTROL,
        status_code=202,
        responses=problems(401, 413, 422, 429, 501, 503, 504) | {200: {"description": "`echo`: heard back; `roundTripMs`."}},
        openapi_extra={"requestBody": body_schema},
    )
    async def control(
        request: Request,
        response: Response,
        x_timestamp: Annotated[str | None, Header(description="Unix seconds")] = None,
        x_nonce: Annotated[str | None, Header(description="8 to 64 characters, never used before")] = None,
        x_signature: Annotated[str | None, Header(description="hex HMAC-SHA256")] = None,
    ) -> dict[str, Any]:
        """Pause, resume, drain, notice, probe or echo; `fail` answers as to an error nobody foresaw (a drill)."""
        body = await bounded_body(request, 2 * BODY_MAX_BYTES)
        await platform.control.verify(request.headers, body)
        try:
            asked = ControlRequest.model_validate_json(body)
        except ValidationError as error:
            detail = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'body'}: {e['msg']}" for e in error.errors()[:5])
            raise Problem(422, detail) from None
        if asked.action == "fail":
            raise RuntimeError("a drill: asked for by a signed control request")
        response.status_code = 200 if asked.action == "echo" else 202
        return await platform.control.perform(asked)

    return router


async def bounded_body(request: Request, limit_bytes: int) -> bytes:
    """The whole body, refused with 413 as soon as it is longer than `limit_bytes`."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit_bytes:
            raise Problem(413, f"the body is longer than {limit_bytes} bytes")
    return bytes(body)
