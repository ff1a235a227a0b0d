"""What a reference may be found by: the keys that, touched, make it worth resolving again."""

from __future__ import annotations

from govgen.pinyin import ascii_name


def lookup_keys(site: str, target: str) -> tuple[str, ...]:
    """Return the keys of everything `target`, written in a document of `site`, could lead to."""
    target = target.partition("#")[0]
    scheme, _, rest = target.partition(":")
    if scheme == "file":
        return ()
    if scheme == "path":
        return (f"path:{rest}",)
    if scheme == "address":
        return _address_keys(site, rest)
    id = document_id(f"{scheme}:{rest.strip('/').removesuffix('.md')}")
    name = id.partition(":")[2]
    tries = (key for address in (f"/{name}.html", f"/{name}", f"/{name}/") for key in _address_keys(scheme, address))
    return (f"id:{id}", *tries)


def _address_keys(site: str, address: str) -> tuple[str, ...]:
    bare = address.rstrip("/")
    whole = address.removesuffix("index.html") if address.endswith("/index.html") else address
    return tuple(dict.fromkeys(f"address:{site}:{form}" for form in (whole, bare, f"{bare}/")))


def document_id(written: str) -> str:
    """Return the id that `site:section/name` means, its name written as its file's or as its address's."""
    site, _, name = written.partition(":")
    parts = name.strip("/").removesuffix(".md").split("/")
    return f"{site}:{'/'.join(ascii_name(part) for part in parts)}"
