"""What every target returns, and the stack's outputs."""

from dataclasses import dataclass

import pulumi


@dataclass(frozen=True)
class Endpoints:
    """Addresses as people and tests type them; digests and release as they are known once images are built."""

    url: str
    api_url: str
    ws_url: str
    images: pulumi.Output[dict[str, str]]
    release: pulumi.Output[str]

    def export(self) -> None:
        """Make them outputs of the running stack."""
        pulumi.export("url", self.url)
        pulumi.export("apiUrl", self.api_url)
        pulumi.export("wsUrl", self.ws_url)
        pulumi.export("images", self.images)
        pulumi.export("release", self.release)
