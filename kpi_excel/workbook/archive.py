"""The zip file of a workbook: read with distrust, written by copying what did not change.

Reading checks everything a hostile file can do (sizes told and untold, ratios, overlaps, names, damage) before a
part is used. Writing copies the packed bytes of untouched parts as they are: no unpacking, no packing, the same bytes.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from kpi_excel.faults import Fault
from kpi_excel.messages import say
from kpi_excel.workbook import refusal

STORED, DEFLATED = 0, 8
NEVER_PACKED = (".png", ".jpg", ".jpeg", ".gif")  # packed already: deflating them again costs time and saves nothing
LEVEL = 4  # measured on filled sheets: less than half the time of zlib's usual 6, for 2 % more bytes

_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_DATE = 0x21  # 1 January 1980, as Excel itself writes
_UTF8_NAME = 0x800
_CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Limits:
    """How much a file may unpack to; a report template stays far below."""

    total: int = 384 << 20  # bytes of all parts together
    parts: int = 20_000
    ratio: int = 400  # unpacked to packed, of a part above ``ratio_from``; real sheets reach about 60
    ratio_from: int = 8 << 20


LIMITS = Limits()


class Entry(NamedTuple):
    """One part of a zip: what is needed to write it again without unpacking it."""

    name: str  # with forward slashes
    written_name: bytes
    method: int
    crc: int
    size: int
    record: bytes  # local header and packed bytes
    start: int  # of the packed bytes in the record

    def unpacked(self) -> bytes:
        """The part's content; it was checked when the file was opened."""
        packed = self.record[self.start :]
        return zlib.decompress(packed, -15, self.size or 1) if self.method == DEFLATED else packed

    def directory(self, offset: int) -> bytes:
        """The entry of the zip's table of contents."""
        flags = _flags(self.written_name)
        packed = len(self.record) - self.start
        fixed = _CENTRAL.pack(
            b"PK\1\2", 20, 20, flags, self.method, 0, _DATE, self.crc, packed, self.size,
            len(self.written_name), 0, 0, 0, 0, 0, offset,
        )  # fmt: skip
        return fixed + self.written_name


class DamagedError(Exception):
    """A zip or one of its parts can't be unpacked; ``fault`` says why."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


def pack(name: str, data: bytes, level: int = LEVEL, written_name: bytes = b"") -> Entry:
    """An entry made from content."""
    method = STORED if level == 0 or name.lower().endswith(NEVER_PACKED) else DEFLATED
    if method == DEFLATED:
        packer = zlib.compressobj(level, zlib.DEFLATED, -15)
        packed = packer.compress(data) + packer.flush()
    else:
        packed = data
    return _entry(name, written_name or name.encode(), method, (zlib.crc32(data), len(data)), packed)


def write(entries: Iterable[Entry]) -> bytes:
    """The zip of these entries, in their order; the same entries always give the same bytes."""
    records: list[bytes] = []
    directory: list[bytes] = []
    offset = 0
    for entry in entries:
        records.append(entry.record)
        directory.append(entry.directory(offset))
        offset += len(entry.record)
    length = sum(map(len, directory))
    end = _END.pack(b"PK\5\6", 0, 0, len(directory), len(directory), length, offset, 0)
    return b"".join([*records, *directory, end])


def read(data: bytes, file: str, limits: Limits = LIMITS) -> tuple[Entry, ...]:
    """Every entry of a zip, unpacked once as a check; raises WorkbookRefusedError with all that is wrong."""
    infos = _table_of_contents(data, file)
    if len(infos) > limits.parts:
        raise refusal.WorkbookRefusedError(refusal.too_many_parts(file, limits.parts))
    faults = [*_name_faults(infos, file), *_declared_faults(infos, file, limits)]
    if faults:
        raise refusal.WorkbookRefusedError(*faults)
    entries: dict[int, Entry] = {}
    room, previous_end, previous = limits.total, 0, ""
    for info in sorted(infos, key=lambda each: each.header_offset):
        if info.header_offset < previous_end:
            raise refusal.WorkbookRefusedError(refusal.overlapping(file, previous))
        try:
            entry, previous_end = _read_entry(data, info, file, limits, room)
        except DamagedError as damage:
            faults.append(damage.fault)
            continue
        previous = entry.name
        room -= entry.size
        entries[info.header_offset] = entry
    if faults:
        raise refusal.WorkbookRefusedError(*faults[:20])
    return tuple(entries[info.header_offset] for info in infos)


def _table_of_contents(data: bytes, file: str) -> list[zipfile.ZipInfo]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return archive.infolist()
    except (zipfile.BadZipFile, ValueError, OverflowError, struct.error, NotImplementedError, EOFError) as error:
        cut = str(error) == "File is not a zip file"  # it begins like one
        why = say("its end is missing") if cut else str(error) or type(error).__name__
        raise refusal.WorkbookRefusedError(refusal.broken_zip(file, why)) from error


def _name_faults(infos: Iterable[zipfile.ZipInfo], file: str) -> Iterator[Fault]:
    """Names that lead out of the package, and names that occur twice."""
    seen: set[str] = set()
    for info in infos:
        name = part_name(info.orig_filename)
        if name.startswith("/") or ".." in name.split("/") or "\0" in name or name[1:2] == ":":
            yield refusal.unsafe_name(file, name)
        elif name in seen:
            yield refusal.duplicate(file, name)
        seen.add(name)


def part_name(written: str) -> str:
    """A zip entry's name as a part name: forward slashes only."""
    return written.replace("\\", "/")


def _declared_faults(infos: Iterable[zipfile.ZipInfo], file: str, limits: Limits) -> Iterator[Fault]:
    """What the zip's table of contents itself says is too much, before a byte is unpacked."""
    total = 0
    for info in infos:
        name = part_name(info.orig_filename)
        total += info.file_size
        if info.flag_bits & 1:
            yield refusal.encrypted_part(file, name)
        elif info.compress_type not in (STORED, DEFLATED):
            yield refusal.method(file, name, info.compress_type)
        elif info.file_size > limits.ratio_from and info.file_size > limits.ratio * max(info.compress_size, 1):
            yield refusal.bomb(file, name, limits.ratio)
        elif total > limits.total:
            yield refusal.too_large(file, name, limits.total)
            return


def _read_entry(data: bytes, info: zipfile.ZipInfo, file: str, limits: Limits, room: int) -> tuple[Entry, int]:
    """One entry, checked by unpacking it, and where it ends in the file."""
    name = part_name(info.orig_filename)
    header = data[info.header_offset : info.header_offset + _LOCAL.size]
    if len(header) < _LOCAL.size or header[:4] != b"PK\3\4":
        raise DamagedError(refusal.broken_part(file, name, say("its header is missing")))
    *_, name_length, extra_length = _LOCAL.unpack(header)
    name_start = info.header_offset + _LOCAL.size
    written = data[name_start : name_start + name_length]
    if written != _written(info):
        raise DamagedError(refusal.broken_part(file, name, say("it has two different names")))
    start = name_start + name_length + extra_length
    end = start + info.compress_size
    packed = data[start:end]
    if len(packed) < info.compress_size:
        raise DamagedError(refusal.broken_part(file, name, say("its end is missing")))
    crc = _unpacked_crc(packed, info, file, limits, room)
    return _entry(name, info.orig_filename.encode(), info.compress_type, (crc, info.file_size), packed), end


def _written(info: zipfile.ZipInfo) -> bytes:
    return info.orig_filename.encode("utf-8" if info.flag_bits & _UTF8_NAME else "cp437", "replace")


def _unpacked_crc(packed: bytes, info: zipfile.ZipInfo, file: str, limits: Limits, room: int) -> int:
    """The checksum of the content, which must be as long as the zip says, and no longer than there is room."""
    name = part_name(info.orig_filename)
    crc = size = 0
    allowed = max(limits.ratio_from, limits.ratio * len(packed))
    try:
        for piece in _pieces(packed, info.compress_type):
            crc = zlib.crc32(piece, crc)
            size += len(piece)
            if size > room:
                raise DamagedError(refusal.too_large(file, name, limits.total))
            if size > allowed:
                raise DamagedError(refusal.bomb(file, name, limits.ratio))
            if size > info.file_size:
                raise DamagedError(refusal.broken_part(file, name, say("it is longer than the zip says")))
    except zlib.error as error:
        raise DamagedError(refusal.broken_part(file, name, str(error))) from error
    if size != info.file_size:
        raise DamagedError(refusal.broken_part(file, name, say("it is shorter than the zip says")))
    if crc != info.CRC:
        raise DamagedError(refusal.broken_part(file, name, say("its checksum is wrong")))
    return crc


def _pieces(packed: bytes, method: int) -> Iterator[bytes]:
    """The content in pieces, so that what swells is noticed before it fills the memory."""
    if method == STORED:
        yield packed
        return
    unpacker = zlib.decompressobj(-15)
    for at in range(0, len(packed), _CHUNK):
        rest = packed[at : at + _CHUNK]
        while rest and not unpacker.eof:
            yield unpacker.decompress(rest, _CHUNK * 16)
            rest = unpacker.unconsumed_tail
    yield unpacker.flush()
    if not unpacker.eof:
        raise zlib.error("the packed data break off")


def _entry(name: str, written: bytes, method: int, content: tuple[int, int], packed: bytes) -> Entry:
    crc, size = content
    header = _LOCAL.pack(
        b"PK\3\4", 20, _flags(written), method, 0, _DATE, crc, len(packed), size, len(written), 0
    )  # fmt: skip
    return Entry(name, written, method, crc, size, header + written + packed, _LOCAL.size + len(written))


def _flags(written: bytes) -> int:
    """The UTF-8 flag, where a name needs it."""
    return 0 if written.isascii() else _UTF8_NAME


def entries_by_name(entries: Iterable[Entry]) -> Mapping[str, Entry]:
    """The entries that hold content; folders are left out."""
    return {entry.name: entry for entry in entries if not entry.name.endswith("/")}
