"""Frames of the worker protocol. The twin of src/protocols/worker/frames.ts, which describes them."""

import json
import struct

# Channel, gateway -> worker.
REQUEST = 1
REQUEST_DATA = 2
REQUEST_END = 3
SHAPE = 4
TIMES = 5

# Channel, worker -> gateway.
RESPONSE = 16
HEAD = 17
DATA = 18
END = 19
FAIL = 20
TIMINGS = 21
FILE = 22

# Control channel, JSON payloads.
HELLO = 32
READY = 33
FAILED = 34
STOPPING = 35
EVICTED = 36
RECALL = 48
RECALLED = 49
ABORT = 50
INTERRUPT = 51
INTERRUPTED = 52
PING = 53
PONG = 54
STACKS = 55
STACKS_TAKEN = 56
METRICS = 57
SCOREBOARD = 59
SCOREBOARD_TAKEN = 60
REOPEN_LOG = 61
LEND = 62
TAKEN = 63

# How the body of a request comes.
BODY_NONE = 0
BODY_INLINE = 1
BODY_FOLLOWS = 2

# The keys that every request has, in the order of their values.
FIXED_KEYS = (
    'REQUEST_METHOD',
    'SCRIPT_NAME',
    'PATH_INFO',
    'QUERY_STRING',
    'REQUEST_URI',
    'SERVER_PROTOCOL',
    'SERVER_NAME',
    'SERVER_PORT',
    'REMOTE_ADDR',
    'REMOTE_PORT',
    'wsgi.url_scheme',
    'vivarium.request_id',
)

HEADER = struct.Struct('<IIB')
HEADER_BYTES = HEADER.size
# shape, body kind, text length
REQUEST_PREFIX = struct.Struct('<HBI')
# frame header, then the number of pieces and the length of the text of a response head
RESPONSE_PREFIX = struct.Struct('<IIBHI')
# seconds since the epoch: received, queued
TIMES_PAYLOAD = struct.Struct('<dd')
# frame header, then number of requests, microseconds of CPU time, microseconds of wall clock
TIMINGS_FRAME = struct.Struct('<IIBIII')
# descriptor, offset, bytes
LENT_FILE = struct.Struct('<IQQ')
RESPONSE_PREFIX_BYTES = RESPONSE_PREFIX.size - HEADER_BYTES
# The gateway takes no frame of more than 1 MiB but `data`, and would take a larger one for a broken worker.
HEAD_TEXT_MAX = 524288
HEAD_PIECES_MAX = 65535


def frame(kind, exchange, payload=b''):
    return HEADER.pack(len(payload), exchange, kind) + payload


def control_frame(kind, message):
    return frame(kind, 0, json.dumps(message).encode('ascii'))


def response_head(kind, exchange, status, headers, body=b''):
    """A `response` frame (with the whole body), a `file` frame (with what is lent) or a `head` frame.

    Raises TypeError, ValueError or UnicodeEncodeError when status and headers are not what PEP 3333 asks for.
    What the characters may be is checked by the gateway.
    """
    pieces = [status]
    for name, value in headers:
        pieces.append(name)
        pieces.append(value)
    text = '\0'.join(pieces).encode('latin-1')
    if len(text) > HEAD_TEXT_MAX or len(pieces) > HEAD_PIECES_MAX:
        raise ValueError(f'the response has {len(headers)} headers of {len(text)} bytes; {HEAD_TEXT_MAX} are allowed')
    length = RESPONSE_PREFIX_BYTES + len(text) + len(body)
    return b''.join((RESPONSE_PREFIX.pack(length, exchange, kind, len(pieces), len(text)), text, body))


def timings(exchange, count, cpu_seconds, wall_seconds):
    cpu_us = min(int(cpu_seconds * 1e6), 0xFFFFFFFF)
    wall_us = min(int(wall_seconds * 1e6), 0xFFFFFFFF)
    return TIMINGS_FRAME.pack(TIMINGS_FRAME.size - HEADER_BYTES, exchange, TIMINGS, count, cpu_us, wall_us)


def response_in_parts(whole, body_bytes):
    """A `response` frame as the `head` and `data` frames that say the same; the `end` is left to come."""
    _, exchange, _ = HEADER.unpack_from(whole)
    body_start = len(whole) - body_bytes
    head = HEADER.pack(body_start - HEADER_BYTES, exchange, HEAD) + whole[HEADER_BYTES:body_start]
    return head + HEADER.pack(body_bytes, exchange, DATA) + whole[body_start:]


def is_after(a, b):
    """True when sequence number `a` comes after `b` (both u32, wrapping: RFC 1982)."""
    return 0 < ((a - b) & 0xFFFFFFFF) < 0x80000000
