"""How lists of documents are written, each under the key of a word: compact, and one way only for the same documents.

A list is a row of blocks: how far the block's number is from the one before, as a varint; how many of its slots; the
slots, a byte each. From 32 slots on, 255 stands for the number, and a bit for each slot.

A shard holds the lists of those words whose key falls to it: the length of its directory, four bytes, little-endian;
the directory, two varints for each word, how far its key is from the one before and how long its list is; the lists.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from govgen.search.blocks import SLOTS, power_of_two

RECENT, ALL = "recent", "all"
"""The two sets of shards: of the newest documents, and of all others."""

RECENT_SHARDS = 256
_DOCUMENTS_A_SHARD = 64
_FEWEST_SHARDS, _MOST_SHARDS = 16, 1024
_DENSE = 32
_BITS = 255

Postings = dict[int, bytes]
"""The lists of a shard by their keys, without what all keys of the shard share."""


def shards_for(documents: int) -> int:
    """Return over how many shards the lists of so many documents are spread."""
    return min(_MOST_SHARDS, max(_FEWEST_SHARDS, power_of_two(-(-documents // _DOCUMENTS_A_SHARD))))


def shard_of(key: int, shards: int) -> int:
    """Return the shard that a key falls to."""
    return (key >> 1) % shards


def within(key: int, shards: int) -> int:
    """Return a key as its shard writes it."""
    return (key >> 1) // shards * 2 + (key & 1)


def varint(number: int) -> bytes:
    """Return a number in bytes of seven bits, the lowest first; all but the last have the eighth set."""
    if number < 128:
        return _ONE[number]
    parts = bytearray()
    while number >= 128:
        parts.append(number & 127 | 128)
        number >>= 7
    parts.append(number)
    return bytes(parts)


_ONE = [bytes((number,)) for number in range(128)]


def pack_slots(slots: bytes | bytearray) -> bytes:
    """Return what stands for some slots of a block, given in order."""
    if len(slots) < _DENSE:
        return bytes((len(slots),)) + slots
    bits = 0
    for slot in slots:
        bits |= 1 << slot
    return bytes((_BITS,)) + bits.to_bytes(SLOTS // 8, "little")


def unpack_slots(packed: bytes) -> Iterable[int]:
    """Return the slots that `pack_slots` was given."""
    if packed[0] != _BITS:
        return packed[1:]
    bits = int.from_bytes(packed[1:], "little")
    return [slot for slot in range(SLOTS) if bits >> slot & 1]


def read_list(posting: bytes) -> dict[int, bytes]:
    """Return the packed slots of a list by block."""
    blocks: dict[int, bytes] = {}
    place = block = 0
    while place < len(posting):
        gap, place = _read_varint(posting, place)
        block += gap
        end = place + 1 + (SLOTS // 8 if posting[place] == _BITS else posting[place])
        blocks[block] = posting[place:end]
        place = end
    return blocks


def write_list(blocks: Mapping[int, bytes]) -> bytes:
    """Return a list of packed slots by block."""
    parts: list[bytes] = []
    last = 0
    for block in sorted(blocks):
        parts += (varint(block - last), blocks[block])
        last = block
    return b"".join(parts)


def _read_varint(content: bytes, place: int) -> tuple[int, int]:
    number = content[place]
    place += 1
    if number < 128:
        return number, place
    number &= 127
    shift = 7
    while True:
        byte = content[place]
        place += 1
        number |= (byte & 127) << shift
        if byte < 128:
            return number, place
        shift += 7


def read_shard(content: bytes) -> Postings:
    """Return the lists of a shard."""
    place, end = 4, 4 + int.from_bytes(content[:4], "little")
    key, start = 0, end
    postings: Postings = {}
    while place < end:
        gap, place = _read_varint(content, place)
        size, place = _read_varint(content, place)
        key += gap
        postings[key] = content[start : start + size]
        start += size
    return postings


def write_shard(postings: Mapping[int, bytes]) -> bytes:
    """Return a shard with these lists."""
    directory: list[bytes] = []
    lists: list[bytes] = []
    last = 0
    for key in sorted(postings):
        posting = postings[key]
        directory += (varint(key - last), varint(len(posting)))
        lists.append(posting)
        last = key
    head = b"".join(directory)
    return b"".join((len(head).to_bytes(4, "little"), head, *lists))


Changes = dict[int, dict[int, tuple[set[int], set[int]]]]
"""By key and block: slots that come, slots that go."""


def change_shard(content: bytes, changes: Changes) -> bytes:
    """Return a shard with some slots added to its lists and others taken out of them."""
    postings = read_shard(content)
    for key, by_block in changes.items():
        blocks = read_list(postings.pop(key, b""))
        for block, (added, removed) in by_block.items():
            slots = {*unpack_slots(blocks.pop(block, b"\0")), *added} - removed
            if slots:
                blocks[block] = pack_slots(bytes(sorted(slots)))
        if blocks:
            postings[key] = write_list(blocks)
    return write_shard(postings)


def all_shards(postings: Mapping[int, bytes], shards: int) -> Iterator[bytes]:
    """Yield the shards that lists by whole keys are spread over, in order."""
    spread: list[Postings] = [{} for _ in range(shards)]
    for key, posting in postings.items():
        spread[shard_of(key, shards)][within(key, shards)] = posting
    yield from map(write_shard, spread)
