"""The one way in which the set-up gives up."""


class Problem(Exception):  # noqa: N818 - it is what the user has, not what the program did
    """What failed, why we think so, and the exact next command to type."""

    def __init__(self, what: str, why: str, next_command: str) -> None:
        super().__init__(what)
        self.what, self.why, self.next_command = what, why, next_command

    def __str__(self) -> str:
        why = f"\n  {self.why.strip()}" if self.why else ""
        return f"{self.what}{why}\n  Next: {self.next_command}".replace("\n", "\n  ").replace("\n    ", "\n  ")
