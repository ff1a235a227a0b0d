"""The headers every answer carries, one place for all web servers; what each protects from stands beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_OWN = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'"
_PAGE = f"{_OWN}; media-src 'self'; manifest-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'"
_ATTACHMENT = "default-src 'none'; sandbox; frame-ancestors 'none'"
_DRAWING = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
_DEVICES = (
    *("accelerometer", "autoplay", "browsing-topics", "camera", "display-capture", "geolocation", "gyroscope"),
    *("magnetometer", "microphone", "midi", "payment", "usb"),
)

FRESH = "no-cache, no-transform"
"""A page is asked for again each time: a correction is seen at once."""

FOR_EVER = "public, max-age=31536000, immutable"
"""A theme file's name changes with what it holds."""

HSTS = "max-age=63072000"
"""Two years; without includeSubDomains, since other hosts of the county may have no certificate."""


@dataclass(frozen=True)
class Case:
    """A header's value below some paths: a regular expression of what stands after the mount's prefix."""

    path: str
    value: str


@dataclass(frozen=True)
class Header:
    """One header of every answer; an empty value leaves it out."""

    name: str
    value: str
    cases: Sequence[Case] = ()

    @property
    def is_constant(self) -> bool:
        """Whether it is the same below all paths."""
        return not self.cases


CACHE_CONTROL = Header("Cache-Control", FRESH, (Case("/assets/.*", FOR_EVER),))
"""Only for answers that succeed: a theme file missing for a moment must not stay missing for a year."""

HEADERS = (
    # The second wall behind the cleaning of documents: nothing inline, nothing from elsewhere.
    Header(
        "Content-Security-Policy",
        _PAGE,
        (
            Case("/files/.*", _ATTACHMENT),
            Case(".*[.]svg", _DRAWING),
        ),
    ),
    # Other sites' pages may not load what is here; sites of the county share theme files and pictures.
    Header("Cross-Origin-Resource-Policy", "same-origin", (Case("/(?:assets|images)/.*", "same-site"),)),
    Header("Cross-Origin-Opener-Policy", "same-origin"),
    # A file is what its name says, whatever it looks like.
    Header("X-Content-Type-Options", "nosniff"),
    # Old browsers know no frame-ancestors.
    Header("X-Frame-Options", "DENY"),
    Header("Referrer-Policy", "strict-origin-when-cross-origin"),
    # An attachment is saved, never shown in the site's name.
    Header("Content-Disposition", "", (Case("/files/.*", "attachment"),)),
    Header("Permissions-Policy", ", ".join(f"{device}=()" for device in _DEVICES)),
)

TYPES = {
    "text/html": ("html",),
    "text/css": ("css",),
    "text/javascript": ("js", "mjs"),
    "text/plain": ("txt",),
    "text/csv": ("csv",),
    "application/xml": ("xml",),
    "text/calendar": ("ics",),
    "text/x-opml": ("opml",),
    "application/json": ("json",),
    "application/manifest+json": ("webmanifest",),
    "application/pdf": ("pdf",),
    "application/ofd": ("ofd",),
    "application/zip": ("zip",),
    "application/wasm": ("wasm",),
    "application/msword": ("doc",),
    "application/vnd.ms-excel": ("xls",),
    "application/vnd.ms-powerpoint": ("ppt",),
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ("docx",),
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": ("xlsx",),
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ("pptx",),
    "application/vnd.oasis.opendocument.text": ("odt",),
    "application/vnd.oasis.opendocument.spreadsheet": ("ods",),
    "image/svg+xml": ("svg",),
    "image/png": ("png",),
    "image/jpeg": ("jpg", "jpeg"),
    "image/gif": ("gif",),
    "image/webp": ("webp",),
    "image/x-icon": ("ico",),
    "font/woff2": ("woff2",),
}
"""Media types by what file names end in; all else is bytes to be saved."""

FEED_TYPE = "application/atom+xml"
WRITTEN_TYPES = (
    *("text/css", "text/javascript", "text/plain", "text/calendar", "text/x-opml"),
    *("application/xml", FEED_TYPE, "image/svg+xml"),
)
"""Types whose files the program writes, in UTF-8; who wrote a CSV file knows its encoding."""

NEVER_SERVED = "gz|br|md|toml|py|sh|conf|ini|env|sql|sqlite|log|key|bak|old|orig|save|swp|tmp"
"""Endings of files that are never answered, should one come to lie in a release."""


def mount_pattern(labels: Sequence[str]) -> str:
    """Return the regular expression of what stands before the paths of sites mounted below the portal, or nothing."""
    return f"(?:/(?:{'|'.join(labels)}))?" if labels else ""
