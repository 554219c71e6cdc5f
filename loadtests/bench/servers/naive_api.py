"""What one writes first: a FastAPI route, redis-py with its defaults, `json.loads`, a response model."""

import json
import os
from pathlib import Path
from typing import Any

import redis.asyncio as redis
import uvicorn
from fastapi import FastAPI, HTTPException
from pydantic import BaseModel


class Quote(BaseModel):
    """The fields of a quote, as any client would want them."""

    symbol: str
    price: float
    change: float | None
    changePercent: float | None  # noqa: N815 - the name on the wire
    volume: int | None
    timestamp: str
    source: str
    status: str


class Update(BaseModel):
    """One cached line."""

    symbol: str
    data: Quote
    epoch: str
    seq: int
    ts: float


app = FastAPI()
password = Path(os.environ["REDIS_PASSWORD_FILE"]).read_text()
client = redis.Redis(host="127.0.0.1", port=int(os.environ["REDIS_PORT"]), password=password)


@app.get("/api/v1/quotes/{symbol}", response_model=Update)
async def quote(symbol: str) -> Any:
    """One GET a request."""
    raw = await client.get(f"cache:quote:{symbol}")
    if raw is None:
        raise HTTPException(404)
    return json.loads(raw)


@app.get("/api/v1/quotes", response_model=list[Update])
async def quotes(symbols: str) -> Any:
    """One MGET a request."""
    raws = await client.mget([f"cache:quote:{symbol}" for symbol in symbols.split(",")])
    return [json.loads(raw) for raw in raws if raw is not None]


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ["PORT"]), access_log=False, log_level="warning")
