"""The door to Jinja2: a theme's templates made ready, whichever engine opens them, and pages made from them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from pathlib import Path
from typing import Any, NoReturn, Protocol

import jinja2
from jinja2 import (
    BaseLoader,
    BytecodeCache,
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PrefixLoader,
    Template,
    TemplateError,
)
from jinja2.bccache import Bucket
from jinja2.ext import Extension
from jinja2.lexer import Token, TokenStream
from jinja2.runtime import Context
from markupsafe import Markup, escape

from govgen.files import write_atomic
from govgen.model.chrome import Chrome
from govgen.model.language import base_of, is_same
from govgen.render import filters, translations
from govgen.render.translations import Words, has_words, load_translations

TemplateFault = TemplateError
"""What a template that does not compile or does not run raises."""

_OF_EACH_SITE = ("SITENAME", "SITEURL")
"""The names of Pelican's settings that govgen gives itself, for each site."""


class Files(Protocol):
    """The theme's static files by their names."""

    def __call__(self, name: str) -> str:
        """Return the published address."""
        ...

    def integrity(self, name: str) -> str:
        """Return the digest that a page states of a script."""
        ...


_WORD = ("variable_begin", "name", "lparen", "string", "rparen", "variable_end")
"""The tokens of `{{ _('…') }}`."""


def open_theme(
    folder: Path, settings: Mapping[str, Any], words: Words, compiled: Path | None, text: str
) -> Environment:
    """Return an environment as Pelican sets it up, for a folder of templates and settings whose file has this `text`.

    What it leaves out raises TemplateFault where a template asks for it: Pelican's settings, filters, tests, templates.
    """
    theme = FileSystemLoader(folder)
    loader = ChoiceLoader([theme, PrefixLoader({"!theme": theme}), _PelicansTemplates()])
    options = {"trim_blocks": True, "lstrip_blocks": True, **settings.get("JINJA_ENVIRONMENT", {})}
    environment = Environment(loader=loader, **options)
    environment.filters.update(settings.get("JINJA_FILTERS", {}))
    environment.globals.update(settings.get("JINJA_GLOBALS", {}))
    environment.tests.update(settings.get("JINJA_TESTS", {}))
    make_ready(environment, words, compiled, text)
    environment.context_class = _ContextWithoutSettings
    return environment


def make_ready(environment: Environment, words: Words, compiled: Path | None, text: str) -> None:
    """Give an environment govgen's filters and words, and tell it that templates stay as they are while it lives.

    In the folder `compiled` templates are kept as code, made anew where their source, the words or the settings, whose
    file has this `text`, are others.
    """
    for name, filter in filters.FILTERS.items():
        environment.filters.setdefault(name, filter)
    environment.template_class = _QuickTemplate
    environment.add_extension(_FixedWords)
    environment.auto_reload = False
    environment.context_class = _QuickContext
    _give_words(environment, words, compiled, text)


def _in_other_words(environment: Environment, words: Words, compiled: Path | None, text: str) -> Environment:
    """Return an environment made ready as this one is, for pages in other words; `compiled` is a folder of its own."""
    other = environment.overlay()
    other.globals, other.filters = dict(environment.globals), dict(environment.filters)
    # Made anew, and in the place of the old one, which would give the words to the environment it was made for.
    del other.install_gettext_callables  # type: ignore[attr-defined]
    other.add_extension("jinja2.ext.i18n")
    _give_words(other, words, compiled, text)
    return other


def _give_words(environment: Environment, words: Words, compiled: Path | None, text: str) -> None:
    environment.county_words = words  # type: ignore[attr-defined]
    environment.install_gettext_callables(words.find, words.find_plural, newstyle=True)  # type: ignore[attr-defined]
    environment.filters.update(named=words.name, translated=words.find, lang_mark=words.mark)
    # Jinja's own cache notes at each use which template was used last; a theme's few are all kept.
    environment.cache = {}
    if compiled:
        own = [Path(file).read_text(encoding="utf-8") for file in (__file__, filters.__file__, translations.__file__)]
        made_with = [jinja2.__version__, *own, text, str(sorted(words.translations.items())), words.county, words.page]
        environment.bytecode_cache = _CompiledTemplates(compiled, "\0".join(made_with))


def render_template(template: Template, variables: Mapping[str, Any]) -> str:
    """Return what a template makes of these variables.

    Like Template.render, without its two copies of all variables and settings for every page.
    """
    context = template.new_context({**template.environment.globals, **variables}, shared=True)
    try:
        return "".join(template.root_render_func(context))
    except BaseException:
        # Raises it again, with the lines of the template in its traceback.
        template.environment.handle_exception()
        raise


class SiteVariables:
    """What all pages of a site give their templates; `frame` among it, which makes shared parts of pages once."""

    def __init__(self, environment: Environment, context: Mapping[str, Any]) -> None:
        self._environment = environment
        self._context = context
        words: Words = environment.county_words  # type: ignore[attr-defined]
        self._frame_mark = words.frame_mark
        self._sites: dict[str, Mapping[str, Any]] = {}

    def of(self, chrome: Chrome, asset: Files) -> Mapping[str, Any]:
        """Return the variables of a site."""
        known = self._sites.get(chrome.site_id)
        # All pages of a site come with the same objects; comparing all that a chrome holds would cost too much.
        if known is None or known["chrome"] is not chrome or known["asset"] != asset:
            site = {
                "SITENAME": chrome.site_name,
                "SITEURL": chrome.home_href.rstrip("/"),
                "chrome": chrome,
                "asset": asset,
                "integrity": asset.integrity,
                "frame_mark": self._frame_mark,
            }
            known = {**site, "frame": self._frame(site)}
            self._sites[chrome.site_id] = known
        return known

    def _frame(self, site: Mapping[str, Any]) -> Callable[..., Markup]:
        made: dict[object, Markup] = {}
        latest: dict[str, tuple[Mapping[str, object], Markup]] = {}

        def frame(name: str, **values: object) -> Markup:
            last = latest.get(name)
            # Most pages give what the page before gave, the same objects; hashing a long list of months costs more.
            if last and last[0] == values:
                return last[1]
            key = (name, *values.items())
            part = made.get(key)
            if part is None:
                template = self._environment.get_template(name)
                part = made[key] = Markup(render_template(template, {**self._context, **site, **values}))
            latest[name] = (values, part)
            return part

        return frame


class Editions:
    """A theme's templates in each language that pages are written in, made ready when the first such page comes.

    `environment` is ready for the county's own language. `compiled` and `text` are those it was made ready with.
    """

    def __init__(
        self, environment: Environment, context: Mapping[str, Any], folder: Path, compiled: Path | None, text: str
    ) -> None:
        self._county: Words = environment.county_words  # type: ignore[attr-defined]
        self._context = context
        self._folder = folder
        self._compiled = compiled
        self._text = text
        self._known = {"": (environment, SiteVariables(environment, context))}

    def find(self, language: str) -> tuple[Environment, SiteVariables]:
        """Return the templates for a page in `language`, and what all pages of a site give them."""
        is_own = language in ("", self._county.page) or is_same(language, self._county.page)
        name = "" if is_own else base_of(language) if has_words(self._folder, language) else _NO_WORDS
        known = self._known.get(name)
        if known is None:
            words = load_translations(self._folder, self._county.page, language)
            compiled = self._compiled / name if self._compiled else None
            environment = _in_other_words(self._known[""][0], words, compiled, self._text)
            known = self._known[name] = environment, SiteVariables(environment, self._context)
        return known


_NO_WORDS = "-"
"""Stands for all languages that the theme has no words in; one environment serves them."""


class _QuickContext(Context):
    """A context that does not list the template's own globals each time: no template here has any."""

    def __init__(
        self,
        environment: Environment,
        parent: dict[str, Any],
        name: str | None,
        blocks: dict[str, Callable[[Context], Iterator[str]]],
        globals: object = None,
    ) -> None:
        super().__init__(environment, parent, name, blocks)


class _QuickTemplate(Template):
    """A template whose code leaves text as it is that needs no escaping: most of a page's values are such."""

    @classmethod
    def _from_namespace(
        cls, environment: Environment, namespace: MutableMapping[str, Any], globals: MutableMapping[str, Any]
    ) -> Template:
        namespace["escape"] = _escape_few
        return super()._from_namespace(environment, namespace, globals)


_find_special = re.compile(r"""[&<>'"]""").search


def _escape_few(value: Any) -> str:
    kind = value.__class__
    if kind is Markup or (kind is str and _find_special(value) is None):
        text: str = value
        return text
    return escape(value)


class _ContextWithoutSettings(_QuickContext):
    """A context that has none of the settings, and says so where a template asks for one by its name in capitals."""

    def resolve_or_missing(self, key: str) -> Any:
        if key.isupper() and key not in _OF_EACH_SITE:
            raise TemplateError(f"{key} is one of Pelican's settings")
        return super().resolve_or_missing(key)


class _PelicansTemplates(BaseLoader):
    """Stands where Pelican looks for a template in its own simple theme."""

    def get_source(self, environment: Environment, template: str) -> NoReturn:
        # Not TemplateNotFound, which `ignore missing` in a template would pass over.
        raise TemplateError(f"{template} is not a template of the theme")


class _FixedWords(Extension):
    """Puts the translation of `{{ _('…') }}` into a template as it is read, not into each page as it is made."""

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        tokens = list(stream)
        number = 0
        while number < len(tokens):
            here = tokens[number : number + len(_WORD)]
            if tuple(token.type for token in here) == _WORD and here[1].value == "_":
                # As i18n does it: a translation is HTML, and %% in it stands for %.
                text = self.environment.county_words.find(here[3].value) % {}  # type: ignore[attr-defined]
                yield Token(here[0].lineno, "data", text)
                number += len(_WORD)
            else:
                yield here[0]
                number += 1


class _CompiledTemplates(BytecodeCache):
    """Templates as compiled code, one file each; a file that is not whole is as good as none."""

    def __init__(self, folder: Path, made_with: str) -> None:
        self._folder = folder
        self._made_with = made_with
        folder.mkdir(parents=True, exist_ok=True)

    def get_source_checksum(self, source: str) -> str:
        return hashlib.sha256(f"{self._made_with}\0{source}".encode()).hexdigest()

    def load_bytecode(self, bucket: Bucket) -> None:
        try:
            digest, code = _split((self._folder / bucket.key).read_bytes())
        except FileNotFoundError:
            return
        if digest == _digest(code):
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        code = bucket.bytecode_to_string()
        write_atomic(self._folder / bucket.key, _digest(code) + code)


def _digest(code: bytes) -> bytes:
    return hashlib.sha256(code).digest()


def _split(content: bytes) -> tuple[bytes, bytes]:
    size = hashlib.sha256().digest_size
    return content[:size], content[size:]
