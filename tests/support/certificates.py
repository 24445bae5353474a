"""Certificates for TLS tests, made by the openssl command."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def make_certificates(where: Path) -> Path:
    """Writes ca.pem, stranger.pem, server.pem and client.pem with their keys into a folder, and returns it.

    `ca` has signed `server` and `client`, which are good for localhost and 127.0.0.1; `stranger` has signed nothing.
    """
    if shutil.which("openssl") is None:
        raise RuntimeError("these tests need the openssl command")

    def openssl(*words: str) -> None:
        subprocess.run(["openssl", *words], cwd=where, check=True, capture_output=True)

    (where / "san").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    for name in ("ca", "stranger"):
        openssl("req", "-x509", *_KEY, "-days", "2", "-subj", f"/CN={name}",
                "-keyout", f"{name}.key", "-out", f"{name}.pem")  # fmt: skip
    for name in ("server", "client"):
        openssl("req", *_KEY, "-subj", f"/CN={name}", "-keyout", f"{name}.key", "-out", f"{name}.csr")
        openssl("x509", "-req", "-in", f"{name}.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
                "-days", "2", "-extfile", "san", "-out", f"{name}.pem")  # fmt: skip
    return where


def server_options(certificates: Path) -> tuple[str, ...]:
    """What redis-server takes to use them."""
    return ("--tls-cert-file", f"{certificates}/server.pem", "--tls-key-file", f"{certificates}/server.key",
            "--tls-ca-cert-file", f"{certificates}/ca.pem", "--tls-auth-clients", "optional")  # fmt: skip
