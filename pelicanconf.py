"""Pelican's settings, shared by all sites of the county.

govgen reads them like Pelican does, and gives the rest itself: which pages there are comes from the county's catalog,
names and addresses from `sites/`. Plugins, Jinja filters and Markdown extensions go here.
"""

AUTHOR = "云岭县人民政府办公室"
SITENAME = "云岭县人民政府门户网站"
SITEURL = ""

PATH = "content"
OUTPUT_PATH = "build/public"
THEME = "themes/county"
TIMEZONE = "Asia/Shanghai"
DEFAULT_LANG = "zh"

PLUGINS = []

MARKDOWN = {
    "extension_configs": {
        "markdown.extensions.tables": {},
        "markdown.extensions.footnotes": {"BACKLINK_TITLE": "回到正文第 {} 处引用"},
        "markdown.extensions.attr_list": {},
        "markdown.extensions.def_list": {},
        "markdown.extensions.abbr": {},
        "markdown.extensions.fenced_code": {},
        "markdown.extensions.toc": {},
        "markdown.extensions.sane_lists": {},
    },
    "output_format": "html5",
}

# Everything a template prints is escaped.
JINJA_ENVIRONMENT = {
    "autoescape": True,
    "trim_blocks": True,
    "lstrip_blocks": True,
    "extensions": ["jinja2.ext.i18n"],
}
JINJA_FILTERS = {}

FEED_ALL_ATOM = None
CATEGORY_FEED_ATOM = None
TRANSLATION_FEED_ATOM = None
AUTHOR_FEED_ATOM = None
AUTHOR_FEED_RSS = None
