"""`govgen rollback`: goes back to an earlier release, for the whole county or for some sites."""

from __future__ import annotations

from argparse import Namespace

from govgen.cli.commands.publish import say_sites
from govgen.cli.console import Console
from govgen.cli.session import find_target, open_checkout, read_publisher
from govgen.deploy.look import Showcase
from govgen.publish import STORE, Return, go_back
from govgen.release.store import Store


def run(options: Namespace, console: Console) -> int:
    """Go back."""
    checkout = open_checkout(options)
    publisher = read_publisher()
    destination = find_target(checkout, options, publisher)
    showcase = Showcase(destination.url, destination.folder)
    wishes = Return(publisher, options.release, tuple(options.site), destination.key, showcase)
    live, changes = go_back(wishes, destination.target, Store(checkout.repository / STORE))
    if options.json:
        differing = {c.site: {"added": c.added, "changed": c.changed, "removed": c.removed} for c in changes}
        console.print_json({"release": live.id, "restores": live.restores or None, "changes": differing})
        return 0
    say_sites(changes, console)
    if changes:
        console.say("rolled-back", restores=live.restores, release=live.id, place=destination.place)
        console.say("undo-rollback", previous=live.previous)
    else:
        console.say("nothing-to-roll-back", release=live.id)
    return 0
