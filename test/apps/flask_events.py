"""A Flask application that subscribes to events: each is a line of JSON on standard output, `event {…}`."""

import json

import vivarium
from flask import Flask, g, request

app = Flask(__name__)
# Not those whose values are objects.
PLAIN = (bool, int, float, str, dict, type(None))


@vivarium.subscribe_events
def tell(name, **event):
    plain = {key: value for key, value in event.items() if isinstance(value, PLAIN) and key != 'request_environ'}
    print('event', json.dumps({'name': name, **plain}))
    if name == 'request_started':
        event['request_environ']['tests.started'] = event['application_start']
        event['request_data']['path'] = event['request_environ']['PATH_INFO']
    return None


@vivarium.subscribe_shutdown
def stopping(name, *, shutdown_reason, **_event):
    print('shutdown', shutdown_reason)


@app.before_request
def before():
    g.active = len(vivarium.active_requests)


@app.route('/')
def hello():
    vivarium.request_data()['view'] = 'hello'
    return f'{g.active} {request.environ["tests.started"] > 0}'


@app.post('/upload')
def upload():
    return str(len(request.get_data()))


@app.get('/stream')
def stream():
    return (f'line {n}\n' for n in range(3))


@app.get('/fail')
def fail():
    raise RuntimeError('a view that fails')


def application(environ, start_response):
    """Flask answers what its views raise; this does not."""
    if environ['PATH_INFO'] == '/raise':
        raise RuntimeError('outside of Flask')
    return app(environ, start_response)
