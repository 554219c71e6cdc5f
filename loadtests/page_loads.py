"""Loads the page in Chromium as S155 says: empty cache each time, CPU slowed down, time until the load event.

Talks to the browser by its DevTools protocol; needs `chromium` on the machine and nothing else.
"""

import contextlib
import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
CPU_SLOWDOWN = 4
START_SECONDS = 20.0
LOAD_SECONDS = 30.0


class BrowserError(Exception):
    """There is no browser, or it does not do what it is told."""


class _Page:
    """One tab, commanded one call at a time."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._numbers = count(1)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        """Send a command and return its result; events that come before are dropped."""
        number = next(self._numbers)
        self._connection.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while True:
            message = json.loads(self._connection.recv(timeout=LOAD_SECONDS))
            if message.get("id") == number:
                if "error" in message:
                    raise BrowserError(f"{method}: {message['error'].get('message')}")
                result: dict[str, Any] = message["result"]
                return result

    def value(self, expression: str) -> Any:
        """The value of a JavaScript expression on the page."""
        return self.call("Runtime.evaluate", expression=expression, returnByValue=True)["result"].get("value")


def load_times_ms(url: str, times: int) -> list[float]:
    """Navigation start to the end of the load event, for each of `times` cold loads.

    Raises:
        BrowserError: no browser, the page did not load, or it did not answer 200.
    """
    return [_load_once(url) for _ in range(times)]


def _load_once(url: str) -> float:
    with _browser() as page:
        page.call("Network.enable")
        page.call("Network.setCacheDisabled", cacheDisabled=True)
        page.call("Emulation.setCPUThrottlingRate", rate=CPU_SLOWDOWN)
        page.call("Page.enable")
        answer = page.call("Page.navigate", url=url)
        if answer.get("errorText"):
            raise BrowserError(f"{url} does not load: {answer['errorText']}")
        deadline = time.monotonic() + LOAD_SECONDS
        while time.monotonic() < deadline:
            timing = page.value("JSON.stringify(performance.getEntriesByType('navigation')[0] ?? null)")
            entry = json.loads(timing) if timing else None
            if entry and entry["loadEventEnd"] > 0 and entry["name"].startswith(url):
                if entry.get("responseStatus") != 200:
                    raise BrowserError(f"{url} answers {entry.get('responseStatus')}")
                return float(entry["loadEventEnd"] - entry["startTime"])
            time.sleep(0.05)
    raise BrowserError(f"{url} did not load within {LOAD_SECONDS:g} s")


@contextlib.contextmanager
def _browser() -> Iterator[_Page]:
    """A fresh browser with an empty profile; gone afterwards."""
    program = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if program is None:
        raise BrowserError(f"no browser here ({', '.join(BROWSERS)}). Install one, e.g.: apt-get install chromium")
    with tempfile.TemporaryDirectory(prefix="page-load-", ignore_cleanup_errors=True) as profile:
        words = ["--headless=new", "--remote-debugging-port=0", f"--user-data-dir={profile}", "--no-first-run", "--disable-gpu"]
        words += ["--no-sandbox"] if os.geteuid() == 0 else []  # Chromium refuses its sandbox to root
        process = subprocess.Popen([program, *words, "about:blank"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            with connect(_page_address(Path(profile)), max_size=None, proxy=None) as connection:
                yield _Page(connection)
        finally:
            process.terminate()
            process.wait(10)


def _page_address(profile: Path) -> str:
    """The WebSocket address of the one tab, once the browser has written its port."""
    file = profile / "DevToolsActivePort"
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if file.exists() and len(lines := file.read_text().split()) >= 2:
            browser = f"ws://127.0.0.1:{lines[0]}{lines[1]}"
            with connect(browser, proxy=None) as connection:
                targets = _Page(connection).call("Target.getTargets")["targetInfos"]
            pages = [target["targetId"] for target in targets if target["type"] == "page"]
            if pages:
                return f"ws://127.0.0.1:{lines[0]}/devtools/page/{pages[0]}"
        time.sleep(0.05)
    raise BrowserError(f"the browser did not start within {START_SECONDS:g} s")
