"""Run by the program's own Python: prints as JSON what is installed there. Standard library only.

Shape: {"executable", "python", "pip" or null, "distributions": [{"name", "version", "required": bool}],
"plugins": [content of each installed pulumi-plugin.json]}. `required` means another distribution asks for it.
"""

import json
import re
import sys
from importlib import metadata
from pathlib import Path


def normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def requirement_names(distribution: metadata.Distribution) -> set[str]:
    """Names of what a distribution always needs (requirements of its extras left out)."""
    names = set()
    for line in distribution.requires or []:
        match = re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*", line)
        if match and "extra ==" not in line:
            names.add(normalized(match.group()))
    return names


def main() -> None:
    del sys.path[0]  # the folder of this script is no part of the program's environment
    installed = {normalized(item.metadata["Name"]): item for item in metadata.distributions() if item.metadata["Name"]}
    required = set().union(*(requirement_names(item) for item in installed.values()))
    plugins = [
        json.loads(file.read_text(encoding="utf-8"))
        for folder in sys.path
        if Path(folder).is_dir()
        for file in sorted(Path(folder).glob("*/pulumi-plugin.json"))
    ]
    facts = {
        "executable": sys.executable,
        "python": ".".join(str(part) for part in sys.version_info[:3]),
        "pip": installed["pip"].version if "pip" in installed else None,
        "distributions": [
            {"name": item.metadata["Name"], "version": item.version, "required": name in required}
            for name, item in sorted(installed.items())
        ],
        "plugins": plugins,
    }
    json.dump(facts, sys.stdout)


main()
