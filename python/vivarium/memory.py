"""memory-limit-hard: how much private memory this process can take, kept by the kernel (RLIMIT_DATA).

Past it allocations fail: Python raises MemoryError, perhaps again while that one is dealt with. So the first one that we
see opens a reserve, with which the worker gets by until the supervisor, who watches from outside, has replaced it.
"""

import resource

RESERVE_BYTES = 32 * 1024 * 1024
# The supervisor knows it (exit-cause.ts).
EXIT_OUT_OF_MEMORY = 71

_limit_bytes = 0


def limit(limit_bytes):
    global _limit_bytes
    if limit_bytes > 0:
        _limit_bytes = limit_bytes
        _set(limit_bytes)


def open_reserve():
    """To be called after a MemoryError, before anything that needs memory."""
    global _limit_bytes
    if _limit_bytes > 0:
        _set(_limit_bytes + RESERVE_BYTES)
        _limit_bytes = 0


def _set(soft):
    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    if hard != resource.RLIM_INFINITY:
        soft = min(soft, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (soft, hard))
