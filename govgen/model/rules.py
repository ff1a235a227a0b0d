"""The rules by id, with their severity; their words stand in `translations/`, one file a language.

`docs/rules.md` is generated from this table and those words.
"""

from __future__ import annotations

from types import MappingProxyType

from govgen.model.finding import Severity

_S, _E, _W, _A = Severity.STOP, Severity.ERROR, Severity.WARNING, Severity.ADVICE

SEVERITIES = MappingProxyType(
    {
        # the file as such
        "FILE-EMPTY": _E,
        "FILE-SIZE": _E,
        "FILE-ENCODING": _E,
        "FILE-CONTROL": _E,
        "FILE-SYMLINK": _E,
        "FILE-READ": _E,
        "FILE-TIME": _E,
        "FILE-MEMORY": _E,
        "FILE-DEPTH": _E,
        "FILE-FAULT": _E,
        "FILE-PLACE": _E,
        "FILE-NAME": _E,
        # front matter
        "FM-MISSING": _E,
        "FM-UNCLOSED": _E,
        "FM-SYNTAX": _E,
        "FM-FORM": _E,
        "FM-SIZE": _E,
        "FM-ALIAS": _E,
        "FM-TWICE": _E,
        "FM-TYPO": _E,
        "FM-UNKNOWN": _A,
        "FM-TITLE": _E,
        "FM-DATE": _E,
        "FM-DATE-MISSING": _E,
        "FM-VALUE": _E,
        "FM-LIST": _E,
        "FM-SECTION": _E,
        "FM-SLUG": _E,
        "FM-ADDRESS": _E,
        "FM-WINDOW": _E,
        # body, pictures, attachments
        "HTML-DROPPED": _W,
        "BODY-EMPTY": _W,
        "BODY-TEMPLATE": _W,
        "ATT-MISSING": _E,
        "ATT-OUTSIDE": _E,
        "ATT-TYPE": _E,
        "ATT-CONTENT": _E,
        "ATT-SIZE": _E,
        "ATT-SYMLINK": _E,
        "IMG-FOREIGN": _W,
        "IMG-TEXT": _W,
        "IMG-SIZE": _E,
        "IMG-SVG": _E,
        "IMG-DAMAGED": _W,
        # the county's documents together
        "ADR-TWICE": _E,
        "ADR-ALIAS": _W,
        "LNK-INT": _W,
        "REL-MISSING": _W,
        "TRANS-STALE": _A,
        "TRANS-LANG": _A,
        "TOPIC-MISSING": _W,
        "SUBMIT-SECTION": _W,
        "ADOPT-MISSING": _W,
        "ADOPT-FILE": _W,
        "ADOPT-PLACE": _W,
        "REVIEW-DUE": _A,
        "HELD-LAST-GOOD": _W,
        # built pages
        "PAGE-LINK": _E,
        "PAGE-H1": _E,
        "PAGE-ID": _E,
        "PAGE-TAG": _E,
        "PAGE-FOOTER": _E,
        # configuration
        "CFG-MISSING": _S,
        "CFG-SYNTAX": _S,
        "CFG-UNKNOWN": _S,
        "CFG-REQUIRED": _S,
        "CFG-TYPE": _S,
        "CFG-CHOICE": _S,
        "CFG-FORM": _S,
        "CFG-TWICE": _S,
        "CFG-ENDLESS": _S,
        "CFG-PERIOD": _S,
        "CFG-PORTAL": _S,
    }
)
