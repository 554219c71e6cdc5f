"""A request that cannot be obeyed."""

from services.ws import wire


class Refused(Exception):  # noqa: N818
    """A request that is answered with an error; the connection stays."""

    def __init__(self, code: str, text: str, limit: int | None = None, current: int | None = None) -> None:
        super().__init__(text)
        self.line = wire.error(code, text, limit, current)
