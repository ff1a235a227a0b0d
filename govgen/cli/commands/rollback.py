"""`govgen rollback`: goes back to an earlier release, for the whole county or for some sites."""

from __future__ import annotations

from argparse import Namespace

from govgen.cli.changes import needs_reload, say_lagging, say_redirects, say_sites
from govgen.cli.console import Console
from govgen.cli.session import find_target, open_checkout, read_publisher
from govgen.deploy.targets import STORE
from govgen.release.store import Store
from govgen.rollback import go_back


def run(options: Namespace, console: Console) -> int:
    """Go back; return 1 where a place could not follow."""
    checkout = open_checkout(options)
    publisher = read_publisher()
    goal = find_target(checkout, options, publisher)
    done = go_back(goal, options.release, tuple(options.site), publisher, Store(checkout.repository / STORE))
    live = done.live
    if options.json:
        differing = {c.site: {"added": c.added, "changed": c.changed, "removed": c.removed} for c in done.changes}
        is_to_reload = needs_reload(done.changes, goal.nginx)
        came = {"release": live.id, "restores": live.restores or None, "changes": differing}
        console.print_json({**came, "reload_nginx": is_to_reload})
        return int(bool(done.lagging))
    say_sites(done.changes, console)
    say_lagging(done.lagging, console)
    if done.changes:
        console.say("rolled-back", restores=live.restores, release=live.id, place=goal.place)
        say_redirects(done.changes, goal.nginx, console)
        console.say("undo-rollback", previous=live.previous)
    else:
        console.say("nothing-to-roll-back", release=live.id)
    return int(bool(done.lagging))
