"""`govgen releases`: lists the releases a target keeps, the live one marked."""

from __future__ import annotations

from argparse import Namespace

from govgen.cli.console import Console
from govgen.cli.session import find_target, open_checkout, read_publisher
from govgen.release.manifest import Manifest
from govgen.release.rollback import trees_of


def run(options: Namespace, console: Console) -> int:
    """Print the releases, newest first."""
    checkout = open_checkout(options)
    target = find_target(checkout, options, read_publisher()).target
    with target.open() as standing:
        manifests = [target.read(id).manifest for id in reversed(standing.releases)]
    if options.json:
        console.print_json([_as_json(m, is_live=m.id == standing.live_id) for m in manifests])
        return 0
    if not manifests:
        console.say("no-releases")
    for manifest, before in zip(manifests, [*manifests[1:], None], strict=True):
        mark = console.texts.word("report", "live-mark") if manifest.id == standing.live_id else ""
        console.print(f"{manifest.id}  {manifest.commit[:10] or '-':10}  {_what(manifest, before, console)}{mark}")
    return 0


def _what(manifest: Manifest, before: Manifest | None, console: Console) -> str:
    """Say what a release was made for, and which sites it changed."""
    old = trees_of(before) if before else {}
    sites = [id for id, tree in trees_of(manifest).items() if old.get(id) != tree]
    shown = "、".join(sites) if before and sites else console.texts.word("report", "all-sites" if sites else "no-sites")
    key = "release-restores" if manifest.restores else "release-built"
    return console.texts.word("report", key, sites=shown, restores=manifest.restores, held=len(manifest.held))


def _as_json(manifest: Manifest, *, is_live: bool) -> dict[str, object]:
    return {
        "release": manifest.id,
        "live": is_live,
        "made_at": manifest.made_at,
        "commit": manifest.commit,
        "restores": manifest.restores or None,
        "held": [path for path, _ in manifest.held],
        "sites": trees_of(manifest),
    }
