"""Finds the rules by their place and runs them over documents and over built pages."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable, Iterator
from functools import cache
from types import ModuleType
from typing import TYPE_CHECKING

import govgen.check.rules
from govgen.model.document import Document
from govgen.model.finding import Finding

if TYPE_CHECKING:
    from govgen.check.pages import BuiltPage


@cache
def find_rules(scope: str) -> list[ModuleType]:
    """Return the rule modules of a scope – `document` or `page` – by name; those of pages begin with `page_`."""
    names = sorted(module.name for module in pkgutil.iter_modules(govgen.check.rules.__path__))
    fitting = [name for name in names if name.startswith("page_") == (scope == "page")]
    return [importlib.import_module(f"govgen.check.rules.{name}") for name in fitting]


@cache
def _find_document_checks() -> list[Callable[[Document], Iterator[Finding]]]:
    return [rule.check for rule in find_rules("document")]


def check_document(document: Document) -> list[Finding]:
    """Return what the document rules find."""
    return [finding for check in _find_document_checks() for finding in check(document)]


def check_page(page: BuiltPage) -> list[Finding]:
    """Return what the page rules find on one built page."""
    checks: list[Callable[[BuiltPage], Iterator[Finding]]] = [rule.check for rule in find_rules("page")]
    return [finding for check in checks for finding in check(page)]
