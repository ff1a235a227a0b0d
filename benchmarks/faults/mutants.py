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
_NAME_RELEASE = "        self._unfinished(manifest.id).rename(self.releases / manifest.id)\n"
_SAVE_NAME = "        flush_folder(self.releases)\n"
_SAVE_ALL = "        self._prepare_release(manifest, signed)\n        flush_all(self.root)\n"
_WRITE_MANIFEST = "        write_new(folder / MANIFEST, signed.content)\n"
_PUT = "    beside.symlink_to(goal)\n    beside.rename(link)\n"

_SWITCH = '            put_link(self.root / CURRENT, f"{self.releases.name}/{release}")\n'
_SAVE_SWITCH = "        flush_folder(self.root)\n"

MUTANTS = (
    Mutant(
        "不等内容落盘就切换（两处 syncfs 都没有）",
        [
            Patch(_STORE, "        if listings:\n            flush_all(self.root)\n", ""),
            Patch(_STORE, _SAVE_ALL, "        self._prepare_release(manifest, signed)\n"),
        ],
    ),
    Mutant(
        "发布版得名之前不落盘（第二处 syncfs 没有）",
        [Patch(_STORE, _SAVE_ALL, "        self._prepare_release(manifest, signed)\n")],
    ),
    Mutant("发布版的名字不落盘就切换", [Patch(_STORE, _NAME_RELEASE + _SAVE_NAME, _NAME_RELEASE)]),
    Mutant(
        "切换没有落盘就清除旧版",
        [Patch(_STORE, _SWITCH + _SAVE_SWITCH, _SWITCH)],
    ),
    Mutant(
        "发布版还没有得名就切换",
        [
            Patch(
                _STORE,
                _NAME_RELEASE,
                '        put_link(self.root / CURRENT, f"{self.releases.name}/{manifest.id}")\n' + _NAME_RELEASE,
            )
        ],
    ),
    Mutant(
        "得名以后才写清单",
        [
            Patch(_STORE, _WRITE_MANIFEST, ""),
            Patch(
                _STORE,
                _NAME_RELEASE,
                _NAME_RELEASE + "        write_new(self.releases / manifest.id / MANIFEST, signed.content)\n",
            ),
        ],
    ),
    Mutant(
        "先去掉旧链接，再放新链接",
        [Patch(_DISK, _PUT, "    link.unlink(missing_ok=True)\n    link.symlink_to(goal)\n")],
    ),
    Mutant(
        "先清除没有用的内容，再去掉它的清单",
        [
            Patch(
                _STORE,
                "            self.trees.forget_listing(digest)\n        flush_folder(self.trees.folder)\n",
                "            self.trees.forget_listing(digest)\n",
            )
        ],
    ),
)
