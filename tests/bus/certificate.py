"""A certificate for tests, made by openssl."""

import subprocess
from pathlib import Path


def make_certificate(folder: Path, *names: str) -> tuple[Path, Path]:
    """Files of a self-signed certificate and its key; names as openssl has them: IP:127.0.0.1, DNS:localhost."""
    certificate, key = folder / "cert.pem", folder / "key.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=bus"),
            *("-keyout", key, "-out", certificate, "-addext", f"subjectAltName={','.join(names)}"),
        ],
        check=True,
        capture_output=True,
    )
    return certificate, key
