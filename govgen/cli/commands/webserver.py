"""`govgen webserver`: writes the configuration of a web server, or serves what is published on this machine."""

from __future__ import annotations

import os
import signal
import sys
from argparse import Namespace
from pathlib import Path
from types import FrameType

from govgen.cli.console import Console
from govgen.cli.session import BUILD_FOLDER, open_checkout
from govgen.errors import MachineryError, UsageError
from govgen.files import write_atomic
from govgen.model.county import County
from govgen.repo.checkout import Checkout
from govgen.sites.load import load_county
from govgen.webserver.caddy import caddy_configuration
from govgen.webserver.nginx import Process, nginx_configuration, whole_configuration
from govgen.webserver.program import (
    Account,
    can_bind,
    can_enter,
    check_configuration,
    choose_account,
    find_brotli,
    require_nginx,
    run_nginx,
    wait_until_open,
)
from govgen.webserver.serving import EVERY_ADDRESS, LOCAL_DOMAIN, LOOPBACK, Certificate, Serving

_ROOT = Path("/srv/govgen")
_STORE = ".govgen"
_HTTP_PORT, _LOCAL_PORT = 80, 8080


def run(options: Namespace, console: Console) -> int:
    """Write a configuration, or serve until interrupted."""
    checkout = open_checkout(options)
    county = load_county(checkout)
    if options.what == "serve":
        return _serve(checkout, county, options, console)
    text = _heading(options, console) + _configuration(county, options)
    if options.output is None:
        console.print(text.rstrip("\n"))
        return 0
    target = options.output.resolve()
    if target.is_dir():
        raise UsageError("output-is-folder", path=str(target))
    write_atomic(target, text.encode())
    console.say("created", path=str(options.output))
    if options.what == "nginx" and not options.alone:
        console.say("next-nginx")
    return 0


def _heading(options: Namespace, console: Console) -> str:
    """Return what the file says of itself: how it was made, so that nobody mends it by hand."""
    command = " ".join(["govgen", *sys.argv[1:]])
    lines = console.texts.word("webserver", "heading", command=command).splitlines()
    if options.what == "nginx" and not _has_brotli(options):
        lines.append(console.texts.word("webserver", "no-brotli"))
    return "".join(f"# {line}\n" for line in lines)


def _has_brotli(options: Namespace) -> bool:
    return not options.no_brotli and find_brotli() is not None


def _configuration(county: County, options: Namespace) -> str:
    if (options.certificate is None) != (options.key is None):
        raise UsageError("certificate-and-key")
    serving = Serving(
        root=(options.root or _ROOT).absolute(),
        http_port=options.port or _HTTP_PORT,
        certificate=Certificate(options.certificate.absolute(), options.key.absolute()) if options.key else None,
        addresses=EVERY_ADDRESS[:1] if options.no_ipv6 else EVERY_ADDRESS,
        has_brotli=_has_brotli(options),
    )
    if options.what == "caddy":
        return caddy_configuration(county, serving)
    if options.alone:
        return whole_configuration(county, serving, Process(options.alone.absolute(), _modules(serving)))
    return nginx_configuration(county, serving)


def _modules(serving: Serving) -> tuple[Path, ...]:
    module = find_brotli() if serving.has_brotli else None
    return (module,) if module else ()


def _serve(checkout: Checkout, county: County, options: Namespace, console: Console) -> int:
    """Run nginx on the loopback address over what is published, as nobody who may write there."""
    require_nginx()
    port = options.port or _LOCAL_PORT
    root = (options.root or checkout.repository / _STORE).resolve()
    sites = root / "current" / "sites"
    if not sites.is_dir():
        raise UsageError("nothing-published", folder=str(root))
    addresses = tuple(address for address in LOOPBACK if can_bind(address.strip("[]"), port))
    if LOOPBACK[0] not in addresses:
        raise UsageError("port-of-serve", port=str(port), other=str(port + 1))
    account = choose_account(root)
    if not can_enter(account, sites):
        raise MachineryError("server-cannot-read", folder=str(sites), user=account.name if account else "")
    serving = Serving(root, port, addresses=addresses, is_local=True, has_brotli=_has_brotli(options))
    file = _lay_out(checkout, county, serving, account)
    if fault := check_configuration(file, account):
        raise MachineryError("nginx-refused", reason=fault)
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        with run_nginx(file, account) as process:
            wait_until_open(process, LOOPBACK[0], port)
            console.say("serving-public", url=f"http://www.{LOCAL_DOMAIN}:{port}/", folder=str(file.parent))
            sys.stdout.flush()
            process.wait()
    except KeyboardInterrupt:
        return 0
    raise MachineryError("nginx-ended", reason=str(file.parent / "error.log"))


def _lay_out(checkout: Checkout, county: County, serving: Serving, account: Account | None) -> Path:
    """Write the configuration into a folder where nginx may keep its own files, and return it."""
    folder = checkout.repository / BUILD_FOLDER / "serve" / str(serving.http_port)
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "nginx.conf"
    write_atomic(file, whole_configuration(county, serving, Process(folder, _modules(serving))).encode())
    if account:
        for path in (folder, *folder.iterdir()):
            os.chown(path, account.uid, account.gid, follow_symlinks=False)
    return file


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
