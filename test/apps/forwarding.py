"""Forwards every request to the server that ORIGIN names (HOST:PORT), as a gateway would."""

import http.client
import os

# RFC 9110, section 7.6.1
HOP_BY_HOP = {'connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'transfer-encoding', 'upgrade'}


def application(environ, start_response):
    connection = http.client.HTTPConnection(os.environ['ORIGIN'], timeout=20)
    body = environ['wsgi.input'].read() or None
    connection.request(environ['REQUEST_METHOD'], target(environ), body, request_headers(environ))
    with connection.getresponse() as answer:
        content = answer.read()
        listed = (answer.getheader('Connection') or '').lower().replace(' ', '').split(',')
        dropped = HOP_BY_HOP.union(listed)
        headers = [(name, value) for name, value in answer.getheaders() if name.lower() not in dropped]
        start_response(f'{answer.status} {answer.reason or "Unknown"}', headers)
    connection.close()
    return [content]


def target(environ):
    query = environ['QUERY_STRING']
    return environ['PATH_INFO'] + ('?' + query if query else '')


def request_headers(environ):
    headers = {name[5:].replace('_', '-'): value for name, value in environ.items() if name.startswith('HTTP_')}
    if environ.get('CONTENT_TYPE'):
        headers['Content-Type'] = environ['CONTENT_TYPE']
    return headers
