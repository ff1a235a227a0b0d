"""Programs with one mistake each in the order of writing: whoever cuts the power must notice every one of them."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.corpora import PROJECT


@dataclass(frozen=True)
class Patch:
    """One place of the program, and what stands there with the mistake."""

    path: str
    right: str
    wrong: str


@dataclass(frozen=True)
class Mutant:
    """A mistake."""

    name: str
    patches: Sequence[Patch]
    is_plain: bool = False
    """Whether many states give it away."""

    scene: str = "edit"
    """The publish in which it shows."""

    def make(self, folder: Path) -> Path:
        """Write the program with the mistake below a folder; raise ValueError where the program is another by now."""
        shutil.copytree(PROJECT / "govgen", folder / "govgen", ignore=shutil.ignore_patterns("__pycache__"))
        for patch in self.patches:
            file = folder / patch.path
            text = file.read_text(encoding="utf-8")
            if text.count(patch.right) != 1:
                raise ValueError(f"{patch.path} does not have, or not once:\n{patch.right}")
            file.write_text(text.replace(patch.right, patch.wrong), encoding="utf-8")
        return folder


_STORE = "govgen/release/store.py"
_DISK = "govgen/release/disk.py"
_DRAFT = "govgen/release/draft.py"
_SAVE_BYTES = "        if listings:\n            flush_all(self.root)\n"
_PREPARE = "        self._prepare_release(manifest, signed)\n"
_SAVE_RELEASE = "        flush_all(self.root)\n"
_SAVE_ORDER = "                flush_all(self.root)\n"
_NAME_RELEASE = "        self._unfinished(manifest.id).rename(self.releases / manifest.id)\n"
_SAVE_NAME = "        flush_folder(self.releases)\n"
_SWITCHED = "            raise\n"
_SAVE_SWITCH = "        flush_folder(self.root)\n"
_PUT = "    beside.symlink_to(goal)\n    beside.rename(link)\n"
_FORGET = "            self.trees.forget_listing(digest)\n"
_SAVE_FORGETTING = "        if self.trees.folder.is_dir():\n            flush_folder(self.trees.folder)\n"
_TRUST_NO_LISTING = "        if listing and all(objects.find(entry.digest) is not None for entry in listing.entries):\n"
_WRITE_MANIFEST = "        for name, content in ((MANIFEST, signed.content), (SIGNATURE, signed.signature)):\n"
_LATE_MANIFEST = "        write_new(self.releases / manifest.id / MANIFEST, signed.content)\n"
_EARLY_SWITCH = '        put_link(self.root / CURRENT, f"{self.releases.name}/{manifest.id}")\n'


def _without(*lines: str) -> Patch:
    """Return the patch of the store that takes the last of these lines away."""
    return Patch(_STORE, "".join(lines), "".join(lines[:-1]))


MUTANTS = (
    Mutant(
        "切换之前什么也不落盘（三处 syncfs 都没有）",
        [
            Patch(_STORE, _SAVE_BYTES, ""),
            _without(_PREPARE, _SAVE_RELEASE),
            Patch(_STORE, _SAVE_ORDER, ""),
        ],
    ),
    Mutant(
        "只落盘树的内容，不落盘发布版（后两处 syncfs 没有）",
        [_without(_PREPARE, _SAVE_RELEASE), Patch(_STORE, _SAVE_ORDER, "")],
        is_plain=True,
    ),
    Mutant(
        "发布版的名字不落盘就切换",
        [_without(_NAME_RELEASE, _SAVE_NAME), Patch(_STORE, _SAVE_ORDER, "")],
    ),
    Mutant("切换没有落盘就清除旧版", [_without(_SWITCHED, _SAVE_SWITCH)], is_plain=True),
    Mutant("发布版还没有得名就切换", [Patch(_STORE, _NAME_RELEASE, _EARLY_SWITCH + _NAME_RELEASE)]),
    Mutant(
        "得名以后才写清单",
        [
            Patch(
                _STORE,
                _WRITE_MANIFEST,
                _WRITE_MANIFEST.replace("(MANIFEST, signed.content), ", "").replace("))", "),)"),
            ),
            Patch(_STORE, _NAME_RELEASE, _NAME_RELEASE + _LATE_MANIFEST),
            Patch(_STORE, _SAVE_ORDER, ""),
        ],
    ),
    Mutant(
        "先去掉旧链接，再放新链接",
        [Patch(_DISK, _PUT, "    link.unlink(missing_ok=True)\n    link.symlink_to(goal)\n")],
    ),
    # The first alone does no harm: the next publish looks whether all that a listing names is there.
    Mutant(
        "清单还没有删去，先清除它的内容，下一次又不核对",
        [_without(_FORGET, _SAVE_FORGETTING), Patch(_DRAFT, _TRUST_NO_LISTING, "        if listing:\n")],
    ),
)
