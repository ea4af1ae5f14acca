"""vivarium/auth_scripts.py: what scripts written for mod_wsgi say of a request."""

import json
import os
import tempfile
import unittest

from vivarium import auth_scripts

SCRIPT = '''
def allow_access(environ, host):
    return {'192.0.2.1': False, '192.0.2.2': None}.get(host, True)

def check_password(environ, user, password):
    if environ['PATH_INFO'] == '/open':
        return 'guest'
    return {'zoë': password == 'naïve'}.get(user)

def get_realm_hash(environ, user, realm):
    return 'hash of %s in %s' % (user, realm) if user == 'zoë' else None

def groups_for_user(environ, user):
    return ['staff', 7]
'''


class AuthScripts(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.script = os.path.join(folder.name, 'auth.py')
        self.write(SCRIPT)

    def write(self, text):
        with open(self.script, 'w', encoding='utf-8') as file:
            file.write(text)

    def ask(self, path='/', address='192.0.2.7', user='', password='', **scripts):
        question = {'accessScript': None, 'userScript': None, 'groupScript': None, 'realm': None, **scripts}
        question.update(user=user.encode().decode('latin-1'), password=password.encode().decode('latin-1'))
        environ = {'PATH_INFO': path, 'REMOTE_ADDR': address, 'vivarium.auth_question': json.dumps(question)}
        statuses = []
        body = auth_scripts.application(environ, lambda status, fields: statuses.append(status))
        self.assertEqual(statuses, ['200 OK'])
        return json.loads(b''.join(body))

    def test_access_by_address(self):
        for address, allowed in [('192.0.2.1', False), ('192.0.2.2', True), ('192.0.2.3', True)]:
            self.assertEqual(self.ask(address=address, accessScript=self.script)['allowed'], allowed)

    def test_passwords_as_text(self):
        self.assertEqual(self.ask(userScript=self.script, user='zoë', password='naïve')['user'], 'zoë')
        self.assertIsNone(self.ask(userScript=self.script, user='zoë', password='x')['user'])
        self.assertIsNone(self.ask(userScript=self.script, user='unknown', password='x')['user'])

    def test_another_name_and_groups(self):
        findings = self.ask('/open', userScript=self.script, groupScript=self.script, user='x', password='y')
        self.assertEqual(findings, {'allowed': True, 'user': 'guest', 'realmHash': None, 'groups': ['staff', '7']})

    def test_hashes_of_a_realm(self):
        scripts = {'userScript': self.script, 'groupScript': self.script, 'realm': 'Käse'.encode().decode('latin-1')}
        findings = self.ask(user='zoë', **scripts)
        expected = {'allowed': True, 'user': None, 'realmHash': 'hash of zoë in Käse', 'groups': ['staff', '7']}
        self.assertEqual(findings, expected)
        findings = self.ask(user='unknown', **scripts)
        self.assertEqual(findings, {'allowed': True, 'user': None, 'realmHash': None, 'groups': []})

    def test_who_may_not_come_is_not_asked_for_a_password(self):
        findings = self.ask('/open', '192.0.2.1', accessScript=self.script, userScript=self.script, user='x')
        self.assertEqual(findings, {'allowed': False, 'user': None, 'realmHash': None, 'groups': []})

    def test_a_changed_script_is_loaded_anew(self):
        self.assertTrue(self.ask(accessScript=self.script)['allowed'])
        self.write('def allow_access(environ, host):\n    return False\n')
        self.assertFalse(self.ask(accessScript=self.script)['allowed'])

    def test_a_script_without_the_function(self):
        self.write('')
        with self.assertRaisesRegex(AttributeError, 'auth.py has no function check_password'):
            self.ask(userScript=self.script, user='x')


if __name__ == '__main__':
    unittest.main()
