"""`build-ca.crt`: the certificate authorities that image builds must trust where a proxy intercepts TLS.

Such a host says so in the variables that programs read (SSL_CERT_FILE and others), or has the proxy's certificate among
its local ones. The file is git-ignored and only bound into the builder stages of images, never copied into an image.
"""

import os
from pathlib import Path

from tools.machine.console import Step
from tools.machine.debian import CERTIFICATES
from tools.machine.paths import ROOT

FILE = ROOT / "build-ca.crt"
VARIABLES = ["SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "PIP_CERT", "NODE_EXTRA_CA_CERTS", "GIT_SSL_CAINFO"]
LOCAL = Path("/usr/local/share/ca-certificates")


def prepare(step: Step) -> None:
    bundles = named_bundles() or local_bundle()
    if not bundles:
        step.done(f"{FILE.name} is there, not made by us" if FILE.exists() else "no proxy's certificate to pass to builds")
        return
    content = b"".join(bundle.read_bytes().rstrip() + b"\n" for bundle in bundles)
    if not FILE.exists() or FILE.read_bytes() != content:
        FILE.write_bytes(content)
    step.done(f"{FILE.name} for image builds, from {', '.join(str(bundle) for bundle in bundles)}")


def named_bundles() -> list[Path]:
    """Files that the variables name, each once."""
    files = [Path(os.environ[name]) for name in VARIABLES if os.environ.get(name)]
    return list(dict.fromkeys(file.resolve() for file in files if file.is_file()))


def local_bundle() -> list[Path]:
    """Debian's bundle, where the host has certificates of its own in it."""
    has_local = LOCAL.is_dir() and any(LOCAL.rglob("*.crt"))
    return [CERTIFICATES] if has_local and CERTIFICATES.exists() else []
