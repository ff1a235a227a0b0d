"""What every command begins with: the repository, the clock, and the words for what it found."""

from __future__ import annotations

from argparse import Namespace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from govgen.errors import UsageError
from govgen.repo.checkout import Checkout, find_checkout

if TYPE_CHECKING:
    from govgen.deploy.target import Publisher
    from govgen.deploy.targets import Destination
    from govgen.options import BuildOptions

BUILD_FOLDER = "build"
PUBLIC_OUTPUT = "build/public"


def open_checkout(options: Namespace) -> Checkout:
    """Return the repository the command is about, or the commit of it that was asked for. Raises UsageError."""
    checkout = find_checkout((options.repo or Path.cwd()).resolve())
    if not getattr(options, "commit", None):
        return checkout
    # Imported here: most commands are about the working tree.
    from govgen.repo.committed import lay_out

    return lay_out(checkout, options.commit)


def read_clock(options: Namespace) -> datetime:
    """Return the moment the command works at: `--clock`, as given, or now. Raises UsageError."""
    if not options.clock:
        return datetime.now(UTC)
    try:
        return datetime.fromisoformat(options.clock)
    except ValueError as error:
        raise UsageError("bad-clock", value=options.clock) from error


def build_options(checkout: Checkout, options: Namespace) -> BuildOptions:
    """Return the build a command asks for."""
    # Imported here: git may be at work meanwhile.
    from govgen.catalog.states import Audience
    from govgen.options import BuildOptions

    audience = Audience(
        read_clock(options),
        drafts=getattr(options, "drafts", False),
        future=getattr(options, "future", False),
        expired=getattr(options, "expired", False),
    )
    output = getattr(options, "output", None)
    return BuildOptions(
        output=output.resolve() if output else checkout.repository / PUBLIC_OUTPUT,
        catalog=checkout.repository / BUILD_FOLDER / "cache" / "catalog.sqlite",
        audience=audience,
        sites=tuple(getattr(options, "site", None) or ()),
        processes=max(1, options.jobs),
    )


def find_target(checkout: Checkout, options: Namespace, publisher: Publisher) -> Destination:
    """Return the target a command names, or the repository's own `public/`. Raises UsageError, ConfigurationError."""
    # Imported here: most commands publish nothing.
    from govgen.deploy.targets import find_destination

    return find_destination(checkout.repository, options.target or "", publisher)


def read_publisher() -> Publisher:
    """Return who runs this process, and when."""
    import getpass
    import os
    import socket

    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # Nobody gave this user's number a name.
        user = str(os.getuid())
    from govgen.deploy.target import Publisher

    return Publisher(f"{user}@{socket.gethostname()} pid {os.getpid()}", datetime.now(UTC).astimezone())
