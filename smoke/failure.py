"""How a check says that the platform is not as it should be."""


class CheckFailed(Exception):  # noqa: N818 - a verdict, not an error of the program
    """The platform does not do what it should."""

    def __init__(self, expected: str, got: str, last_error: BaseException | None = None) -> None:
        super().__init__(f"expected {expected}; got {got}")
        self.expected, self.got, self.last_error = expected, got, last_error


def require(condition: object, expected: str, got: object) -> None:
    """Raise CheckFailed unless `condition`; `got` is shortened so that a page of HTML does not fill the screen."""
    if not condition:
        text = str(got)
        raise CheckFailed(expected, text if len(text) <= 200 else f"{text[:200]}… ({len(text)} characters)")
