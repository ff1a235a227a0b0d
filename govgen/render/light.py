"""The same pages as Pelican's, byte for byte, without loading Pelican: for the few pages that an edit changes.

Loading Pelican costs more than making these pages. Where the settings or the theme ask for anything of Pelican's own,
Pelican makes the pages.
"""

from __future__ import annotations

import locale
import runpy
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from govgen.content.settings import SETTINGS_FAULTS, SETTINGS_FILE
from govgen.errors import MachineryError
from govgen.model.chrome import Chrome
from govgen.plan.pages import Composition
from govgen.render.templates import Editions, Files, TemplateFault, open_theme, render_template
from govgen.render.translations import load_translations

_PELICANS_OWN = frozenset(
    ["EXTRA_TEMPLATES_PATHS", "JINJA_EXTENSIONS", "LOCALE", "TEMPLATE_EXTENSIONS", "THEME_TEMPLATES_OVERRIDES"]
)
"""Settings that change pages and that only Pelican understands."""


class PelicanNeeded(Exception):
    """A page that only Pelican can make was asked for in a process that must not load it."""


class PageEngine(Protocol):
    """What makes pages: Pelican, or the light engine."""

    def render(self, output: str, chrome: Chrome, made_of: Composition, asset: Files) -> bytes:
        """Return one page's bytes. Raises MachineryError where the theme fails on it."""
        ...


def choose_engine(
    repository: Path, language: str, compiled: Path | None = None, *, may_load_pelican: bool = True
) -> PageEngine:
    """Return the light engine, or Pelican where the settings ask for it; `compiled` is where templates stay compiled.

    Raises MachineryError where the settings do not run, PelicanNeeded where Pelican may not be loaded.
    """
    start_pelican = partial(_start_pelican, repository, language, compiled) if may_load_pelican else _refuse_pelican
    try:
        names = runpy.run_path(str(repository / SETTINGS_FILE))
        settings = {name: value for name, value in names.items() if name.isupper()}
        theme = repository / settings.get("THEME", "")
        # Without the setting, Pelican looks for installed plugins itself.
        has_plugins = settings.get("PLUGINS") not in ([], ())
        if has_plugins or _PELICANS_OWN & settings.keys() or not (theme / "templates").is_dir():
            return start_pelican()
        return LightEngine(repository, language, settings, compiled, start_pelican)
    except SETTINGS_FAULTS as error:
        raise MachineryError("engine", reason=f"{type(error).__name__}: {error}") from error


def _refuse_pelican() -> PageEngine:
    raise PelicanNeeded


def _start_pelican(repository: Path, language: str, compiled: Path | None) -> PageEngine:
    # Imported here: loading Pelican is what this module is there to avoid.
    from govgen.render.engine import Engine

    return Engine(repository, language, compiled)


class LightEngine:
    """Makes pages with Jinja2 alone, and hands over to Pelican at the first page that it can't make."""

    def __init__(
        self,
        repository: Path,
        language: str,
        settings: Mapping[str, Any],
        compiled: Path | None,
        start_pelican: Callable[[], PageEngine],
    ) -> None:
        self._start_pelican = start_pelican
        self._pelican: PageEngine | None = None
        # As Pelican does it: names of months in templates follow the machine.
        with suppress(locale.Error):
            locale.setlocale(locale.LC_ALL, "")
        theme = (repository / settings["THEME"]).absolute()
        translations = theme / "translations"
        words = load_translations(translations, language)
        text = (repository / SETTINGS_FILE).read_text(encoding="utf-8")
        environment = open_theme(theme / "templates", settings, words, compiled, text)
        self._context: dict[str, object] = {"generated_content": {}, "static_links": set(), "static_content": {}}
        self._editions = Editions(environment, self._context, translations, compiled, text)

    def render(self, output: str, chrome: Chrome, made_of: Composition, asset: Files) -> bytes:
        """Return one page's bytes. Raises MachineryError where the theme fails on it."""
        if self._pelican is None:
            try:
                return self._render(output, chrome, made_of, asset)
            except TemplateFault:
                # It reads one of Pelican's settings, uses its filters, or is wrong; Pelican knows which.
                self._pelican = self._start_pelican()
        return self._pelican.render(output, chrome, made_of, asset)

    def _render(self, output: str, chrome: Chrome, made_of: Composition, asset: Files) -> bytes:
        environment, site_variables = self._editions.find(made_of.page.language)
        variables = {
            **self._context,
            **site_variables.of(chrome, asset),
            "output_file": output,
            "page": made_of.page,
            "article": None,
            made_of.view_name: made_of.view,
        }
        template = environment.get_template(f"{made_of.page.kind}.html")
        return render_template(template, variables).encode("utf-8")
