"""A token issuer on loopback with a key set of its own (JWKS), good and bad tokens."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import jwt
from cryptography.hazmat.primitives.asymmetric import ec


class Issuer:
    """Serves its public key while in its `with` block."""

    name = "https://issuer.test/auth/v1"

    def __init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._other = ec.generate_private_key(ec.SECP256R1())
        public = json.loads(jwt.algorithms.ECAlgorithm.to_jwk(self._key.public_key()))
        body = json.dumps({"keys": [public | {"kid": "k1", "use": "sig", "alg": "ES256"}]}).encode()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *words: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/jwks"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _claims(self, **changes: Any) -> dict[str, Any]:
        claims = {"sub": "u1", "aud": "authenticated", "iss": self.name, "role": "authenticated", "exp": time.time() + 60}
        return {name: value for name, value in (claims | changes).items() if value is not None}

    def token(self, seconds: float = 60, **changes: Any) -> str:
        """A good one, valid for `seconds`."""
        return jwt.encode(self._claims(exp=time.time() + seconds, **changes), self._key, "ES256", headers={"kid": "k1"})

    def bad_tokens(self) -> dict[str, str]:
        """One per way to be wrong."""
        public = json.dumps(self._claims())
        return {
            "expired": self.token(seconds=-60),
            "wrong audience": self.token(aud="anon"),
            "wrong issuer": self.token(iss="https://evil.test"),
            "no expiry": jwt.encode(self._claims(exp=None), self._key, "ES256", headers={"kid": "k1"}),
            "no subject": self.token(sub=None),
            "not yet valid": self.token(nbf=time.time() + 600),
            "service role": self.token(role="service_role"),
            "unknown key": jwt.encode(self._claims(), self._other, "ES256", headers={"kid": "k2"}),
            "another's signature": jwt.encode(self._claims(), self._other, "ES256", headers={"kid": "k1"}),
            "no algorithm": jwt.encode(self._claims(), "", "none", headers={"kid": "k1"}),
            "shared secret": jwt.encode(self._claims(), "a-secret-of-at-least-thirty-two-bytes", "HS256", headers={"kid": "k1"}),
            "no token": "x",
            "not even three parts": public,
            "oversized": "x" * 9000,
        }
