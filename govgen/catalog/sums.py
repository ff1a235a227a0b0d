"""Sums over the blocks of a catalog's file, which tell whether it still is what was written.

SQLite notices a file whose order is broken, not one whose bytes are others: after a power cut a page may be an older
one, a disk may give back zeros. Whoever publishes holds the file against its sums first. Whoever writes brings up to
date the sums of those blocks only that SQLite's log says are new.
"""

from __future__ import annotations

import os
import struct
import zlib
from array import array
from collections.abc import Iterable
from contextlib import suppress
from io import FileIO
from pathlib import Path

from govgen.files import write_atomic

SUMS, LOG = "-sums", "-wal"
_HEAD = b"govgen sums 1\n"
_BLOCK_BYTES = 64 * 1024
_LOG_HEAD, _FRAME_HEAD = struct.Struct(">8xI20x"), struct.Struct(">I20x")
"""https://www.sqlite.org/fileformat2.html, section 4: the size of a page; the number of the page in a frame."""


def logged_blocks(file: Path) -> set[int]:
    """Return the blocks of a catalog's file that its log has new pages of. Raises OSError."""
    try:
        log = file.with_name(file.name + LOG).open("rb", buffering=0)
    except FileNotFoundError:
        return set()
    with log:
        head = log.read(_LOG_HEAD.size)
        if len(head) < _LOG_HEAD.size:
            return set()
        (page_bytes,) = _LOG_HEAD.unpack(head)
        starts = range(_LOG_HEAD.size, os.fstat(log.fileno()).st_size, _FRAME_HEAD.size + page_bytes)
        frames = (os.pread(log.fileno(), _FRAME_HEAD.size, start) for start in starts)
        pages = {_FRAME_HEAD.unpack(frame)[0] for frame in frames if len(frame) == _FRAME_HEAD.size}
    return {(page - 1) * page_bytes // _BLOCK_BYTES for page in pages}


def renew(file: Path, blocks: Iterable[int]) -> None:
    """Bring the sums of these blocks up to date, or of all where there are none yet. Raises OSError."""
    sums = _read(file)
    with file.open("rb", buffering=0) as stream:
        number = -(-os.fstat(stream.fileno()).st_size // _BLOCK_BYTES)
        # The last block may have been cut off.
        wanted = range(number) if sums is None else sorted({*blocks, number - 1})
        known = sums or array("I")
        known = array("I", [*known[:number], *[0] * (number - len(known))])
        for block in wanted:
            if 0 <= block < number:
                known[block] = _sum(stream, block)
    content = known.tobytes()
    write_atomic(file.with_name(file.name + SUMS), _HEAD + content + struct.pack("<I", zlib.crc32(content)))


def is_as_written(file: Path) -> bool:
    """Tell whether a catalog's file is what was written, as far as it has left the log. Raises OSError."""
    sums = _read(file)
    if sums is None or not file.is_file():
        return False
    with file.open("rb", buffering=0) as stream:
        number = -(-os.fstat(stream.fileno()).st_size // _BLOCK_BYTES)
        return number == len(sums) and all(_sum(stream, block) == sum for block, sum in enumerate(sums))


def _sum(stream: FileIO, block: int) -> int:
    return zlib.crc32(os.pread(stream.fileno(), _BLOCK_BYTES, block * _BLOCK_BYTES))


def _read(file: Path) -> array[int] | None:
    """Return the sums kept for a catalog; None where there are none, or they are damaged themselves."""
    with suppress(FileNotFoundError):
        kept = file.with_name(file.name + SUMS).read_bytes()
        content, end = kept[len(_HEAD) : -4], kept[-4:]
        if kept.startswith(_HEAD) and len(content) % 4 == 0 and struct.pack("<I", zlib.crc32(content)) == end:
            sums = array("I")
            sums.frombytes(content)
            return sums
    return None
