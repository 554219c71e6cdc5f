"""What a release is called: derived from the bytes of the images, never from time or version control.

Each part says its own id, so that new code in one part replaces only that part; the release is all of them together.
"""

from collections.abc import Mapping

RELEASED_PARTS = ("api", "ws", "web", "edge")
"""The parts that can be asked for their id: API and ws in `/health`, page in `/config.json`, edge in `/edge/health`."""


def part_id(image_digest: str) -> str:
    """The first 8 hex digits of an image's digest (`sha256:…`)."""
    return image_digest.removeprefix("sha256:")[:8]


def release_id(ids: Mapping[str, str]) -> str:
    """`<api>-<ws>-<web>-<edge>`.

    Raises:
        KeyError: a part is missing.
    """
    return "-".join(ids[part] for part in RELEASED_PARTS)
