"""The door to Pelican: its settings, plugins, theme and writer, without its guesses about content.

Lives in worker processes only: importing Pelican swaps the root logger's class, and a run leaves its locale behind.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from markupsafe import Markup
from pelican import Pelican, signals
from pelican.contents import Article
from pelican.generators import Generator
from pelican.settings import read_settings
from pelican.writers import Writer

from govgen.content.settings import SETTINGS_FILE
from govgen.errors import MachineryError
from govgen.model.chrome import Chrome
from govgen.model.view import DocumentView
from govgen.plan.pages import Composition
from govgen.render.place import template_place
from govgen.render.templates import Editions, Files, TemplateFault, make_ready, render_template
from govgen.render.translations import load_translations

Put = Callable[[str, bytes], None]
"""Takes a page's output path and its bytes."""


class PageWriter(Writer):  # type: ignore[misc]
    """Pelican's writer, but each page goes whole to `put` instead of into a file opened in place."""

    put: Put

    def write_file(
        self,
        name: str,
        template: Any,
        context: dict[str, Any],
        *_args: object,
        **kwargs: Any,
    ) -> None:
        """Render one page and hand over its bytes."""
        local = {**context, "output_file": name, **kwargs}
        self.put(name, render_template(template, local).encode("utf-8"))
        if signals.content_written.receivers:
            signals.content_written.send(name, context=local)


class PlannedPages(Generator):  # type: ignore[misc]
    """A Pelican generator that makes the pages it is told to, and no others."""

    def generate_page(
        self, writer: PageWriter, output: str, template: Any, site: Mapping[str, Any], made_of: Composition
    ) -> None:
        """Write one page of the site these variables are of."""
        view = made_of.view
        content = None
        if isinstance(view, DocumentView) and signals.content_object_init.receivers:
            # Plugins that change articles as they are made expect one of Pelican's own.
            content = self._article(view)
            view = replace(view, html=Markup(content._content))
        writer.write_file(
            output,
            template,
            self.context,
            **site,
            page=made_of.page,
            article=content,
            **{made_of.view_name: view},
        )

    def _article(self, view: DocumentView) -> Article:
        metadata: dict[str, Any] = {"title": view.title, "slug": view.id.rpartition("/")[2], "summary": view.summary}
        if view.date:
            metadata["date"] = view.date
        return Article(str(view.html), metadata, self.settings, source_path=view.id, context=self.context)


class Engine(Pelican):  # type: ignore[misc]
    """One Pelican, set up once in a worker and used for the pages of many sites."""

    def __init__(self, repository: Path, language: str, compiled: Path | None = None) -> None:
        """Set up Pelican for a repository; templates are kept compiled in the folder `compiled`, if there is one."""
        # Pelican does not start without its content folder, and git keeps no empty ones.
        path = {} if (repository / "content").is_dir() else {"PATH": str(repository)}
        super().__init__(read_settings(str(repository / SETTINGS_FILE), override=path))
        # Pelican's warnings speak of settings this engine does not use; its errors are still shown.
        logging.getLogger("pelican").setLevel(logging.ERROR)
        context = {**self.settings, "generated_content": {}, "static_links": set(), "static_content": {}}
        self._generator = PlannedPages(
            context=context, settings=self.settings, path=self.path, theme=self.theme, output_path=self.output_path
        )
        environment = self._generator.env
        translations = Path(self.theme) / "translations"
        words = load_translations(translations, language)
        # What a plugin adds to the compiler is not known by its text.
        kept = None if self.plugins else compiled
        text = (repository / SETTINGS_FILE).read_text(encoding="utf-8")
        make_ready(environment, words, kept, text)
        self._editions = Editions(environment, self._generator.context, translations, kept, text)
        self._writer = PageWriter(self.output_path, settings=self.settings)
        signals.all_generators_finalized.send([self._generator])

    def render(self, output: str, chrome: Chrome, made_of: Composition, asset: Files) -> bytes:
        """Return one page's bytes. Raises MachineryError where the theme fails on it."""
        made: dict[str, bytes] = {}
        self._writer.put = made.__setitem__
        try:
            template, site = self._find_template(made_of, chrome, asset)
            self._generator.generate_page(self._writer, output, template, site, made_of)
        except TemplateFault as error:
            place = f"{template_place(error) or made_of.page.kind + '.html'}: {type(error).__name__}: {error}"
            raise MachineryError("template", page=output, place=place) from error
        return made[output]

    def _find_template(self, made_of: Composition, chrome: Chrome, asset: Files) -> tuple[Any, Mapping[str, Any]]:
        """Return a page's template in its language, and what all pages of its site give it."""
        environment, site_variables = self._editions.find(made_of.page.language)
        own = self._generator.get_template(made_of.page.kind)
        # Pelican's own way to a template knows one environment only.
        template = own if environment is self._generator.env else environment.get_template(own.name)
        return template, site_variables.of(chrome, asset)
