"""Gemini's answers: text, or one documented reason why there is none."""

import json
import re
from dataclasses import dataclass
from typing import Any

from services.api.upstreams import Kind, UpstreamError, Window
from services.api.upstreams import values as v

WITHHELD = ("SAFETY", "PROHIBITED_CONTENT", "BLOCKLIST", "RECITATION", "SPII")
NOT_HERE = ("location is not supported", "not available in your country")
REFUSED = ("PERMISSION_DENIED", "UNAUTHENTICATED")
TEXT_MAX = 20_000
RETRY_MAX_SECONDS = 3_600.0
_SECONDS = re.compile(r"([0-9]{1,6}(\.[0-9]{1,9})?)s")


@dataclass(frozen=True, slots=True)
class Insight:
    """Generated text. `truncated`: the model ran out of its budget."""

    text: str
    model: str | None
    truncated: bool = False


class WithheldError(UpstreamError):
    """The model itself gave no text: `blocked` or `no data`. A page in front of the service is `blocked` too, and not this."""


def refusal(answer: dict[str, Any]) -> UpstreamError | None:
    """The typed error of an error document; a bad key is 400, not 401, and a daily quota still names a retry of seconds."""
    error = answer.get("error")
    if error is None:
        return None
    if not isinstance(error, dict):
        return v.malformed("error is no object")
    code, details = v.code_of(error.get("code")), json.dumps(error.get("details"), default=str)
    status, message = error.get("status"), str(error.get("message") or "").lower()
    if code == 429 or status == "RESOURCE_EXHAUSTED":
        window = Window.DAY if "PerDay" in details or "per day" in message else Window.MINUTE
        wait = _retry_seconds(error.get("details")) if window is Window.MINUTE else None
        return UpstreamError(Kind.RATE_LIMITED, f"quota of the {window}", window=window, retry_after=wait)
    if "API_KEY_INVALID" in details or "api key" in message or code in (401, 403) or status in REFUSED:
        return UpstreamError(Kind.BAD_KEY, "the key was rejected")
    if code == 404 or status == "NOT_FOUND" or any(words in message for words in NOT_HERE):
        return UpstreamError(Kind.NOT_COVERED, "no such model, or not here")
    if (code is not None and code >= 500) or status in ("UNAVAILABLE", "INTERNAL", "DEADLINE_EXCEEDED"):
        return UpstreamError(Kind.UNAVAILABLE, "the model is overloaded")
    return UpstreamError(Kind.MALFORMED, "the call was not accepted")


def _retry_seconds(details: Any) -> float | None:
    """`retryDelay` of the details, `22s`; None without a usable one."""
    for detail in details if isinstance(details, list) else ():
        delay = detail.get("retryDelay") if isinstance(detail, dict) else None
        if isinstance(delay, str) and (found := _SECONDS.fullmatch(delay)):
            return min(float(found[1]), RETRY_MAX_SECONDS)
    return None


def parse_generated(answer: Any) -> Insight:
    """`generateContent`; a list is the streaming endpoint's way to say it, its first document decides."""
    first = answer[0] if isinstance(answer, list) and answer else answer
    document = v.mapping(first, "answer")
    refused = refusal(document)
    if refused is not None:
        raise refused
    feedback = document.get("promptFeedback")
    if isinstance(feedback, dict) and feedback.get("blockReason"):
        raise WithheldError(Kind.BLOCKED, "the prompt was refused")
    candidate = next(v.objects(document.get("candidates") or [], "candidates"), None)
    if candidate is None:
        raise WithheldError(Kind.NO_DATA, "no candidate")
    return _insight(candidate, document)


def _insight(candidate: dict[str, Any], document: dict[str, Any]) -> Insight:
    reason, model = candidate.get("finishReason"), v.text_or_none(document.get("modelVersion"))
    if isinstance(reason, str) and reason.removeprefix("IMAGE_") in WITHHELD:
        raise WithheldError(Kind.BLOCKED, "the answer was withheld")
    parts = v.mapping_or_empty(candidate.get("content")).get("parts")
    written = [part for part in (parts if isinstance(parts, list) else ()) if isinstance(part, dict) and not part.get("thought")]
    text = "".join(part["text"] for part in written if isinstance(part.get("text"), str))
    if not text.strip():
        raise WithheldError(Kind.NO_DATA, "it ended without a text" if reason == "MAX_TOKENS" else "no text")
    return Insight(v.writable(text[:TEXT_MAX]), model, reason == "MAX_TOKENS")


def parse_stream(body: str) -> Insight:
    """`streamGenerateContent?alt=sse`: the texts of all events, in order; one without text (the last often is) adds none."""
    lines = [line[5:].strip() for line in body.removeprefix("\ufeff").splitlines() if line.startswith("data:")]
    events = [v.decode(line.encode(errors="replace")) for line in lines if line not in ("", "[DONE]")]
    if not events:
        raise v.malformed("no events")
    parts = []
    for event in events:
        try:
            parts.append(parse_generated(event))
        except UpstreamError as error:
            if error.kind is not Kind.NO_DATA:
                raise
    if not parts:
        raise WithheldError(Kind.NO_DATA, "no text in any event")
    last = v.mapping_or_empty(events[-1]).get("candidates")
    ended = next(v.objects(last, "candidates"), {}) if isinstance(last, list) else {}
    return Insight("".join(part.text for part in parts)[:TEXT_MAX], parts[-1].model, ended.get("finishReason") == "MAX_TOKENS")
