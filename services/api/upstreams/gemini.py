"""Gemini's answers: text, or one documented reason why there is none."""

import json
from dataclasses import dataclass
from typing import Any

from services.api.upstreams import Kind, UpstreamError, Window
from services.api.upstreams import values as v


@dataclass(frozen=True, slots=True)
class Insight:
    """Generated text. `truncated`: the model ran out of its budget."""

    text: str
    model: str | None
    truncated: bool = False


def refusal(answer: dict[str, Any]) -> UpstreamError | None:
    """The typed error of an error document; a bad key is 400, not 401, and a daily quota still names a retry of seconds."""
    error = answer.get("error")
    if not isinstance(error, dict):
        return None
    code, details = error.get("code"), json.dumps(error.get("details"), default=str)
    message = str(error.get("message") or "").lower()
    if "API_KEY_INVALID" in details or "api key" in message or code in {401, 403}:
        return UpstreamError(Kind.BAD_KEY, "the key was rejected")
    if code == 429:
        window = Window.DAY if "PerDay" in details else Window.MINUTE
        return UpstreamError(Kind.RATE_LIMITED, f"quota of the {window}", window=window)
    if code == 404:
        return UpstreamError(Kind.NOT_COVERED, "no such model")
    if isinstance(code, int) and code >= 500:
        return UpstreamError(Kind.UNAVAILABLE, "the model is overloaded")
    return UpstreamError(Kind.MALFORMED, "the call was not accepted")


def parse_generated(answer: Any) -> Insight:
    """`generateContent`."""
    document = v.mapping(answer, "answer")
    refused = refusal(document)
    if refused is not None:
        raise refused
    feedback = document.get("promptFeedback")
    if isinstance(feedback, dict) and feedback.get("blockReason"):
        raise UpstreamError(Kind.BLOCKED, "the prompt was refused")
    first = next(v.objects(document.get("candidates"), "candidates"), None)
    if first is None:
        raise UpstreamError(Kind.NO_DATA, "no candidate")
    return _insight(first, document)


def _insight(candidate: dict[str, Any], document: dict[str, Any]) -> Insight:
    reason = candidate.get("finishReason")
    content = candidate.get("content")
    parts = content.get("parts") if isinstance(content, dict) else None
    texts = [part["text"] for part in parts or () if isinstance(part, dict) and isinstance(part.get("text"), str)]
    if reason in {"SAFETY", "PROHIBITED_CONTENT", "BLOCKLIST", "RECITATION", "SPII"}:
        raise UpstreamError(Kind.BLOCKED, "the answer was withheld")
    if not "".join(texts).strip():
        raise UpstreamError(Kind.NO_DATA, "it ended without a text" if reason == "MAX_TOKENS" else "no text")
    model = document.get("modelVersion")
    return Insight("".join(texts)[:20_000], model if isinstance(model, str) else None, reason == "MAX_TOKENS")


def parse_stream(body: str) -> Insight:
    """`streamGenerateContent?alt=sse`: the texts of all events, in order."""
    events = [v.decode(line[5:].encode()) for line in body.splitlines() if line.startswith("data:")]
    if not events:
        raise v.malformed("no events")
    parts = [parse_generated(event) for event in events]
    return Insight("".join(part.text for part in parts), parts[-1].model, parts[-1].truncated)
