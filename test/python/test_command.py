"""command.py: becomes a command, with a socket that listens and an environment that says so."""

import json
import os
import pathlib
import socket
import subprocess
import sys
import tempfile
import unittest

LAUNCHER = str(pathlib.Path(__file__).parents[2] / 'python' / 'command.py')
REPORT = """
import json, os, resource, signal, socket, sys
listener = socket.socket(fileno=3) if len(sys.argv) > 1 else None
print(json.dumps({
    'pid': os.getpid(),
    'environment': dict(os.environ),
    'directory': os.getcwd(),
    'mask': os.umask(0),
    'pipe': str(signal.getsignal(signal.SIGPIPE)),
    'input': os.fstat(0).st_rdev == os.stat(os.devnull).st_rdev,
    'listens': listener is not None and listener.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN),
    'blocks': listener is not None and os.get_blocking(3),
    'data': resource.getrlimit(resource.RLIMIT_DATA)[0],
}))
"""


def launch(listener=None, **changes):
    settings = {
        'argv': [sys.executable, '-c', REPORT, *(['3'] if listener is not None else [])],
        'user': None,
        'group': None,
        'umask': None,
        'workingDirectory': '/',
        'environment': {},
        'memoryLimitHard': 0,
        'listens': listener is not None,
        'announces': listener is not None,
        'backlog': 5,
        'supervisor': os.getpid(),
        **changes,
    }
    command = [sys.executable, '-E', '-s', '-S', LAUNCHER, 'shop', '1']
    handed = () if listener is None else (listener.fileno(),)
    at_three = ''.join(f' 3<&{descriptor}' for descriptor in handed)
    return subprocess.run(
        ['/bin/sh', '-c', f'exec "$@"{at_three}', 'sh', *command],
        input=json.dumps(settings).encode(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        pass_fds=handed,
        timeout=30,
    )


class TestCommand(unittest.TestCase):
    def test_becomes_the_command(self):
        with tempfile.TemporaryDirectory() as folder:
            done = launch(
                workingDirectory=folder, umask=0o27, environment={'A': 'ä', 'PATH': '/x'}, memoryLimitHard=1 << 32
            )
            found = json.loads(done.stdout)
            self.assertEqual(os.path.realpath(folder), found['directory'])
        self.assertEqual((found['mask'], found['data']), (0o27, 1 << 32))
        self.assertEqual((found['environment']['A'], found['environment']['PATH']), ('ä', '/x'))
        self.assertEqual(found['environment']['PYTHONUNBUFFERED'], '1')
        self.assertNotIn('LISTEN_FDS', found['environment'])
        self.assertTrue(found['input'])

    def test_signals_are_as_a_shell_leaves_them(self):
        shown = ['/bin/sh', '-c', 'grep SigIgn /proc/self/status']
        if not os.path.exists('/proc/self/status'):
            self.skipTest('no /proc')
        self.assertEqual(int(launch(argv=shown).stdout.split()[1], 16) & (1 << 12), 0)

    def test_socket_listens_and_is_announced(self):
        with socket.socket() as listener:
            listener.bind(('127.0.0.1', 0))
            listener.setblocking(False)
            found = json.loads(launch(listener).stdout)
        self.assertEqual((found['listens'], found['blocks']), (1, True))
        environment = found['environment']
        self.assertEqual((environment['LISTEN_FDS'], environment['LISTEN_PID']), ('1', str(found['pid'])))

    def test_socket_that_the_command_names_is_not_announced(self):
        with socket.socket() as listener:
            listener.bind(('127.0.0.1', 0))
            found = json.loads(launch(listener, announces=False).stdout)
        self.assertEqual(found['listens'], 1)
        self.assertNotIn('LISTEN_FDS', found['environment'])

    def test_what_cannot_be_run_is_said(self):
        with tempfile.TemporaryDirectory() as folder:
            gone = launch(argv=[folder + '/gone'])
            forbidden = launch(argv=[folder])
            nowhere = launch(workingDirectory=folder + '/gone')
        self.assertEqual((gone.returncode, forbidden.returncode, nowhere.returncode), (127, 126, 127))
        self.assertIn(b'gone: [Errno 2] No such file or directory', gone.stderr)

    def test_nothing_is_run_for_a_supervisor_that_is_gone(self):
        done = launch(supervisor=1 << 30)
        self.assertEqual((done.returncode, done.stdout), (0, b''))


if __name__ == '__main__':
    unittest.main()
