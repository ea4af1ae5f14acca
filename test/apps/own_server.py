"""A small HTTP server of its own, for applications that have a command. Arguments: where to listen, what to do.

    fd:N  announced  unix:PATH  port:N  nowhere        stubborn: SIGTERM is ignored        forking: a child is started

Each answer says the process, the path and what was said of the client; `/die` ends the process. It changes to any
protocol that it is asked for, and sends back what it gets.
"""

import os
import signal
import socket
import sys
import threading
import time


def listen(where):
    kind, _, value = where.partition(':')
    if kind == 'announced':
        if os.environ['LISTEN_PID'] != str(os.getpid()):
            raise SystemExit('LISTEN_PID is not mine')
        return socket.socket(fileno=3)
    if kind == 'fd':
        return socket.socket(fileno=int(value))
    listener = socket.socket(socket.AF_UNIX if kind == 'unix' else socket.AF_INET)
    listener.bind(value if kind == 'unix' else ('127.0.0.1', int(value)))
    listener.listen()
    return listener


def serve(connection):
    with connection, connection.makefile('rb') as stream:
        while True:
            lines = []
            while lines[-1:] != [b'\r\n']:
                lines.append(stream.readline())
                if not lines[-1]:
                    return
            fields = dict(line.decode().strip().split(': ', 1) for line in lines[1:-1])
            path = lines[0].split()[1].decode()
            if path == '/die':
                os._exit(7)
            if 'Upgrade' in fields:
                echo(connection, stream, fields['Upgrade'])
                return
            stream.read(int(fields.get('Content-Length', 0)))
            said = [fields.get(name, '-') for name in ('X-Forwarded-Prefix', 'X-Forwarded-For')]
            body = ' '.join([str(os.getpid()), path, *said])
            head = f'HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n'
            connection.sendall((head + body).encode())


def echo(connection, stream, protocol):
    head = f'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: {protocol}\r\n\r\n'
    connection.sendall(head.encode())
    while True:
        line = stream.readline()
        if not line:
            return
        connection.sendall(b'echo ' + line)


def main(where, what=''):
    if what == 'stubborn':
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if what == 'forking' and os.fork() == 0:
        print('child', os.getpid(), flush=True)
        while True:
            time.sleep(1000)
    if where == 'nowhere':
        while True:
            time.sleep(1000)
    listener = listen(where)
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection,), daemon=True).start()


main(*sys.argv[1:])
