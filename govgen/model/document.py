"""A document as it was parsed: independent of the clock, of the mounts and of every other document."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from govgen.model.figures import KeyFigure


class Kind(Enum):
    """What a document is; its section's kind decides, and it decides the template."""

    ARTICLE = "article"
    PAGE = "page"
    POLICY = "policy"
    INTERPRETATION = "interpretation"
    SERVICE = "service"
    LETTER = "letter"
    CONSULTATION = "consultation"
    DATA = "data"


class Status(Enum):
    """What its editor says of a document."""

    DRAFT = "draft"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


class Validity(Enum):
    """Whether a policy binds."""

    IN_FORCE = "in_force"
    AMENDED = "amended"
    REPEALED = "repealed"
    EXPIRED = "expired"


@dataclass(frozen=True)
class Reference:
    """A link, picture or relation of a document, as written, to be resolved against the whole county."""

    number: int
    """Its place in the document; the body's HTML holds `REFERENCE_MARK + number` in its stead."""

    target: str
    line: int | None
    relation: str = "link"
    """link, or the front-matter key: interprets, amends, repealed_by, outcome, translation_of."""


REFERENCE_MARK = "/-reference-/"
"""Stands in parsed HTML where an address goes once it is known; not a path the program ever gives out."""


@dataclass(frozen=True)
class CarriedFile:
    """A picture or attachment of a document, checked and ready to be copied."""

    source: str
    """Relative to the repository."""

    address: str
    """Below the site's mount, with a leading slash."""

    name: str
    """What the reader sees."""

    type: str
    """PDF, DOCX, PNG, …"""

    size_bytes: int
    is_picture: bool
    width: int = 0
    height: int = 0
    widths: tuple[int, ...] = ()
    """The widths a picture is published in besides its own file."""

    is_listed: bool = False
    """Whether the front matter names it, so that it stands in the document's list of attachments."""


@dataclass(frozen=True)
class Document:
    """One Markdown file, parsed."""

    id: str
    """site:section/name"""

    site: str
    section: str
    """The section's id; empty for the site's own standing text."""

    village: str
    kind: Kind
    name: str
    """The last part of its address without the ending; `index` for a standing text."""

    address: str
    """Below the site's mount, with a leading slash."""

    path: str
    """Of its file, relative to the repository."""

    digest: str
    """Of the file's bytes, as git names them."""

    title: str
    date: dt.datetime | None
    updated: dt.datetime | None
    status: Status
    publish_at: dt.datetime | None
    expires_at: dt.datetime | None
    source: str
    author: str
    summary: str
    html: str
    toc: str
    language: str
    keywords: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    submit: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    reviewed_by: tuple[str, ...] = ()
    changes: tuple[tuple[str, str], ...] = ()
    """Public change notes: date and words."""

    image: str = ""
    """Address of its picture below the site's mount."""

    image_text: str = ""
    life_event: str = ""
    """Of a topic: the sign of the life event it is for; empty for other topics."""

    figures: tuple[KeyFigure, ...] = ()
    """Of a dataset: what the portal's home shows of it."""

    order: int = 0
    """Place among the standing pages of its section."""

    validity: Validity | None = None
    document_number: str = ""
    days_of_letter: tuple[dt.date | None, dt.date | None] = (None, None)
    """A letter's days: received, replied."""

    opens_on: dt.date | None = None
    closes_on: dt.date | None = None
    review_by: dt.date | None = None
    """The day on which someone must look whether it still holds."""

    replied_by: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    """Kind-specific fields in display order: key of the field, or a service's own label; and the text."""

    extra: Mapping[str, object] = field(default_factory=dict)
    """Front-matter keys the program does not know, as written."""

    references: tuple[Reference, ...] = ()
    files: tuple[CarriedFile, ...] = ()
