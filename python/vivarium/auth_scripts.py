"""The application that runs access and authentication scripts, in a worker of its own. The gateway asks it about a
request of another application (src/middleware/auth-scripts); no client reaches it.

The scripts have the functions that mod_wsgi calls: allow_access, check_password (or get_realm_hash, for Digest
authentication) and groups_for_user. A script that has changed is loaded anew."""

import json
import os
import threading

from vivarium import loader

_lock = threading.Lock()
_loaded = {}


def application(environ, start_response):
    question = json.loads(environ.pop('vivarium.auth_question'))
    findings = {'user': None, 'realmHash': None, 'groups': []}
    findings['allowed'] = _is_allowed(environ, question['accessScript'])
    if findings['allowed'] and question['userScript'] is not None:
        user = _sign_in(environ, question, findings)
        if user is not None and question['groupScript'] is not None:
            groups = _call(question['groupScript'], 'groups_for_user', environ, user)
            findings['groups'] = [str(group) for group in groups or ()]
    start_response('200 OK', [('Content-Type', 'application/json')])
    return [json.dumps(findings).encode()]


def _is_allowed(environ, script):
    """None, as mod_wsgi has it, says nothing against the client."""
    if script is None:
        return True
    answer = _call(script, 'allow_access', environ, environ.get('REMOTE_HOST') or environ['REMOTE_ADDR'])
    return answer is None or bool(answer)


def _sign_in(environ, question, findings):
    """Finds out what there is to know of the user. Returns the name; None when there is no such user, or the password
    is wrong."""
    script, user = question['userScript'], _text(question['user'])
    if question['realm'] is not None:
        findings['realmHash'] = _call(script, 'get_realm_hash', environ, user, _text(question['realm']))
        return None if findings['realmHash'] is None else user
    findings['user'] = _signed_in(environ, script, user, _text(question['password']))
    return findings['user']


def _signed_in(environ, script, user, password):
    """The name of the user, which the script may have changed; None when the password is wrong or there is no such
    user."""
    answer = _call(script, 'check_password', environ, user, password)
    if isinstance(answer, str):
        return answer
    return user if answer else None


def _call(script, name, *arguments):
    module = _load(script)
    if not hasattr(module, name):
        raise AttributeError(f'{script} has no function {name}')
    return getattr(module, name)(*arguments)


def _load(path):
    status = os.stat(path)
    state = (status.st_mtime_ns, status.st_size, status.st_ino)
    with _lock:
        known, module = _loaded.get(path, (None, None))
        if known != state:
            module = loader.script_module('__vivarium_auth_script__', path)
            module.__spec__.loader.exec_module(module)
            _loaded[path] = (state, module)
        return module


def _text(latin1):
    """As mod_wsgi passes it: what the client sent, as UTF-8 if it is that."""
    raw = latin1.encode('latin-1')
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return latin1
