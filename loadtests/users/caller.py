"""An HTTP reader: asks for quotes as the page does while it polls."""

import random
from typing import ClassVar

from locust import FastHttpUser, constant

from loadtests.reading import COLD
from services.contract.endpoints import INDICES, QUOTES

THINK_SECONDS = 0.2
CALL_SECONDS = 10.0


def one_quote(user: "Caller") -> None:
    """The hot route."""
    symbol = random.choice(user.environment.symbols)  # noqa: S311 - a load, not a secret
    user.client.get(f"{QUOTES}/{symbol}", name=f"GET {QUOTES}/{{symbol}}")


def all_quotes(user: "Caller") -> None:
    """The default list."""
    user.client.get(QUOTES, name=f"GET {QUOTES}")


def indices(user: "Caller") -> None:
    """The strip at the top."""
    user.client.get(INDICES, name=f"GET {INDICES}")


class Caller(FastHttpUser):  # type: ignore[misc]
    """Three kinds of request, weighted as the page makes them."""

    wait_time = constant(THINK_SECONDS)
    connection_timeout = CALL_SECONDS
    network_timeout = CALL_SECONDS
    max_retries = 0
    max_redirects = 0
    tasks: ClassVar = {one_quote: 3, all_quotes: 2, indices: 1}


class ColdCaller(Caller):
    """Asks first, together with all others at the moment the window opens, for a symbol nobody has asked for; then as any caller.

    `environment.cold_symbols` are those; `environment.opening` is set when the window opens.
    """

    def on_start(self) -> None:
        """Wait for the others, then ask."""
        self.environment.opening.wait()
        symbol = random.choice(self.environment.cold_symbols)  # noqa: S311 - a load, not a secret
        self.client.get(f"{QUOTES}/{symbol}", name=COLD)
