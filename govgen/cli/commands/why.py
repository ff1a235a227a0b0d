"""`govgen why`: says what a page was made from, what it used, and why it was or would be made again."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from dataclasses import asdict

from govgen.cli.console import Console
from govgen.cli.session import build_options, open_checkout
from govgen.errors import UsageError
from govgen.model.county import County
from govgen.pipeline import look_ahead, open_account
from govgen.plan.why import Explanation, explain, find_outputs

_SHOWN_USES = 12


def run(options: Namespace, console: Console) -> int:
    """Explain what was asked about."""
    checkout = open_checkout(options)
    wanted = build_options(checkout, options)
    gathered, account = open_account(checkout, wanted, console)
    with look_ahead(checkout, gathered, wanted) as addresses:
        asked = options.about.removeprefix("./")
        explanations = explain(gathered.catalog, find_outputs(gathered.catalog, addresses, asked))
    findings = [f for f in account.findings if f.path in {asked, *(e.subject for e in explanations)}]
    if not explanations and not findings:
        raise UsageError("no-output", asked=options.about)
    if options.json:
        shown = [console.as_json(finding) for finding in findings]
        console.print_json({"outputs": [asdict(e) for e in explanations], "findings": shown})
        return 0
    for line in _tell(explanations[0], gathered.county, console) if explanations else ():
        console.print(line)
    if explanations[1:]:
        console.print(console.texts.word("why", "shown-on"))
        for explanation in explanations[1:]:
            console.print(f"  {explanation.output}")
    console.findings(findings)
    return 0


def _tell(explanation: Explanation, county: County, console: Console) -> Iterator[str]:
    """Yield what there is to say about an output, as sentences."""
    words = console.texts
    site = county.find_site(explanation.site)
    name = site.name if site else explanation.site
    yield words.word("why", "output", output=explanation.output)
    yield words.word("why", "owner", name=name, site=explanation.site, editors="、".join(site.editors if site else ()))
    yield words.word("why", "made-of", kind=explanation.kind, subject=explanation.subject or "–")
    if explanation.uses:
        yield words.word("why", "uses", number=len(explanation.uses))
        for key in explanation.uses[:_SHOWN_USES]:
            yield f"  {say_key(key, console)}"
        if len(explanation.uses) > _SHOWN_USES:
            yield "  …"
    yield words.word("why", "made-for", reason=say_key(explanation.made_for, console))
    if explanation.due_for:
        yield words.word("why", "due-for", reason=say_key(explanation.due_for, console))
    else:
        yield words.word("why", "stands")


def say_key(key: str, console: Console) -> str:
    """Return what a key stands for, in words; a page's own parts stand behind its first colon."""
    prefix, _, rest = key.partition(":")
    return console.texts.word("keys", prefix or "new", name=rest)
