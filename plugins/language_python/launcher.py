"""Write the executables by whose names the Pulumi CLI finds this host.

`python -m plugins.language_python.launcher DIR`. DIR must be the folder of the CLI's binary itself: the CLI looks beside
its binary, and follows a symbolic link of itself first.
"""

import shlex
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

LANGUAGE = """\
#!/bin/sh
# Stock Tracker's Python language host (plugins/language_python). Written by its launcher.py.
cd {root} && exec .venv/bin/python -m plugins.language_python "$@"
"""

# The provider of `pulumi.dynamic` resources is part of the SDK; it has to run in the program's own environment.
DYNAMIC = """\
#!/bin/sh
# The SDK's dynamic provider, in the program's environment (plugins/language_python). Written by its launcher.py.
# The engine starts it in the program's folder; the option `virtualenv` counts from the folder of Pulumi.yaml.
python=python3
if [ -n "${{PULUMI_RUNTIME_VIRTUALENV-}}" ]; then
  folder=$PWD
  until [ -e "$folder/Pulumi.yaml" ] || [ "$folder" = / ]; do folder=$(dirname "$folder"); done
  python=$(cd "$folder" && cd "$PULUMI_RUNTIME_VIRTUALENV" && pwd)/bin/python
fi
exec "$python" -u -m pulumi.dynamic "$@"
"""

EXECUTABLES = {"pulumi-language-python": LANGUAGE, "pulumi-resource-pulumi-python": DYNAMIC}


def write_launchers(directory: Path, root: Path = ROOT) -> list[Path]:
    """Write what is missing or differs; return what was written."""
    written = []
    for name, template in EXECUTABLES.items():
        file, text = directory / name, template.format(root=shlex.quote(str(root)))
        if not file.exists() or file.read_text() != text:
            file.write_text(text)
            file.chmod(0o755)
            written.append(file)
    return written


if __name__ == "__main__":
    for launcher in write_launchers(Path(sys.argv[1])):
        print(launcher)
