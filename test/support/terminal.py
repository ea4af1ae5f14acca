"""Runs a command in a terminal of its own, and types: `terminal.py EXPECT TYPE … -- COMMAND…`.

What the command prints is copied to standard output; each TYPE is typed when its EXPECT, a regular expression, has
been printed after the one before. SIGTERM is passed on. The exit status is that of the command.
"""

import os
import pty
import re
import signal
import sys


def main():
    split = sys.argv.index('--')
    script = list(zip(sys.argv[1:split:2], sys.argv[2:split:2]))
    command = sys.argv[split + 1 :]
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvp(command[0], command)
    signal.signal(signal.SIGTERM, lambda *_: os.kill(pid, signal.SIGTERM))
    printed = ''
    while True:
        try:
            chunk = os.read(terminal, 65536)
        except OSError:  # that is how the end of a terminal is read
            break
        if not chunk:
            break
        os.write(1, chunk)
        printed += chunk.decode('utf-8', 'replace')
        while script:
            match = re.search(script[0][0], printed)
            if match is None:
                break
            os.write(terminal, script.pop(0)[1].encode())
            printed = printed[match.end() :]
    return os.WEXITSTATUS(os.waitpid(pid, 0)[1])


if __name__ == '__main__':
    sys.exit(main())
