"""The request that the present thread runs."""

import threading


class _Current(threading.local):
    request_id = None
    # (the id of its request, what applications keep there)
    data = (None, None)
    # Called when it ends, for those that need it: the others cost nothing.
    at_end = ()

    def is_cancelled(self):
        return False


current = _Current()


def end_request():
    # What is called may print, which is to be ended in turn.
    while current.at_end:
        calls, current.at_end = current.at_end, ()
        for call in calls:
            call()
    current.request_id = None


def request_data():
    """A dict for the request that this thread runs, the same one until the request ends."""
    request_id = current.request_id
    if request_id is None:
        raise RuntimeError('request_data() is for the thread that runs a request, while it does')
    owner, data = current.data
    if owner is not request_id:
        data = {}
        current.data = (request_id, data)
        current.at_end = (*current.at_end, _forget_data)
    return data


def _forget_data():
    current.data = (None, None)


def is_cancelled():
    """True once the client of the request that this thread runs has gone: nobody waits for its answer."""
    return current.is_cancelled()
