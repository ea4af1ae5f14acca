"""Becomes a command: `python3 command.py NAME NUMBER`. The arguments are for `ps`; the supervisor says the rest.

It says it in JSON on standard input. Between the start of this process and that of the command there is what no shell
and no Node.js can do: all groups of its user, the descriptor of a socket that listens, and LISTEN_PID, as
sd_listen_fds(3) describes it.
"""

import json
import os
import signal
import socket
import sys

from vivarium import memory
from vivarium.privileges import PR_SET_PDEATHSIG, drop_privileges, prctl

LISTEN_FD = 3
# As shells have it.
EXIT_NOT_EXECUTABLE = 126
EXIT_NOT_FOUND = 127


def main():
    settings = json.load(sys.stdin.buffer)
    _leave_standard_input()
    drop_privileges(settings['user'], settings['group'])
    # Behind the change of user, which undoes it.
    prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != settings['supervisor']:
        return 0
    if settings['umask'] is not None:
        os.umask(settings['umask'])
    environment = {'PYTHONUNBUFFERED': '1', **os.environ, **settings['environment']}
    try:
        os.chdir(settings['workingDirectory'])
        memory.limit(settings['memoryLimitHard'])
        if settings['listens']:
            _listen(settings['backlog'])
        if settings['announces']:
            environment.update({'LISTEN_FDS': '1', 'LISTEN_PID': str(os.getpid()), 'LISTEN_FDNAMES': 'vivarium'})
        _restore_signals()
        os.execve(settings['argv'][0], settings['argv'], environment)
    except OSError as error:
        print(f'{settings["argv"][0]}: {error}', file=sys.stderr, flush=True)
        return EXIT_NOT_FOUND if isinstance(error, FileNotFoundError) else EXIT_NOT_EXECUTABLE


def _leave_standard_input():
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)


def _listen(backlog):
    """Has the inherited socket listen, if it does not yet."""
    listener = socket.socket(fileno=LISTEN_FD)
    listener.setblocking(True)
    listener.listen(backlog)
    os.set_inheritable(listener.detach(), True)


def _restore_signals():
    """Python ignores some, which would be inherited."""
    for name in ('SIGPIPE', 'SIGXFSZ'):
        signal.signal(getattr(signal, name), signal.SIG_DFL)


if __name__ == '__main__':
    sys.exit(main())
