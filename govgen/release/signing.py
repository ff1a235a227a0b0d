"""Signs manifests and holds signatures against the keys that are allowed, with OpenSSH's ssh-keygen."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from govgen.errors import MachineryError
from govgen.release.store import SignedManifest

_NAMESPACE = "govgen-release"
"""Keeps a signature made for anything else, such as a commit, from passing for one of a release."""


def sign(content: bytes, key: Path) -> SignedManifest:
    """Return a manifest with its signature by the private key in a file, or by ssh-agent for a public one.

    Raises MachineryError where the key is missing, or needs a passphrase nobody is there to type.
    """
    command = ["ssh-keygen", "-q", "-Y", "sign", "-n", _NAMESPACE, "-f", str(key)]
    done = _run(command, content)
    if done.returncode:
        raise MachineryError("not-signed", file=str(key), reason=_reason(done))
    return SignedManifest(content, done.stdout)


def verify(signed: SignedManifest, allowed_signers: Path) -> str:
    """Return who signed a manifest. Raises MachineryError where nobody did who is listed in `allowed_signers`.

    The file is in the form of ssh-keygen(1), ALLOWED SIGNERS: a line a key, with its owner's name first.
    """
    if not signed.signature:
        raise MachineryError("unsigned")
    with tempfile.NamedTemporaryFile(suffix=".sig") as file:
        file.write(signed.signature)
        file.flush()
        find = ["ssh-keygen", "-Y", "find-principals", "-f", str(allowed_signers), "-s", file.name]
        found = _run(find, b"")
        signer = found.stdout.decode("utf-8", "replace").partition("\n")[0].strip()
        if found.returncode or not signer:
            raise MachineryError("foreign-signed", reason=_reason(found))
        command = ["ssh-keygen", "-Y", "verify", "-f", str(allowed_signers), "-I", signer, "-n", _NAMESPACE]
        done = _run([*command, "-s", file.name], signed.content)
    if done.returncode:
        raise MachineryError("foreign-signed", reason=_reason(done))
    return signer


def _run(command: list[str], content: bytes) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(command, input=content, capture_output=True, check=False)
    except FileNotFoundError as error:
        raise MachineryError("no-ssh-keygen") from error


def _reason(done: subprocess.CompletedProcess[bytes]) -> str:
    lines = (done.stderr or done.stdout).decode("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else "?"
