"""A small engine for tests of the dialogue: sections without macros, files instead of downloads."""

import array
import json
import os
import socket
import subprocess
import sys

from rbuildout_host import finder
from rbuildout_host.errors import MissingSection, UserError

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BOOT = 'import sys; sys.path.insert(0, %r); import rbuildout_host; rbuildout_host.main()' % HERE


finder.setup()
from zc.buildout.testing import Memory  # noqa: E402 (whatever zc.buildout is installed)


class Failed(Exception):
    """Python answered with an error."""

    def __init__(self, error):
        self.error = error
        Exception.__init__(self, '%(class)s: %(message)s' % error)


class Missing(Exception):
    """An error of this engine, for Python."""

    def __init__(self, kind, message, name=''):
        self.error = {'kind': kind, 'class': name, 'message': message, 'token': 7}


class Channel(object):
    """The engine's end of a socket."""

    def __init__(self, engine, end):
        self.engine, self.end, self.number, self.buffer = engine, end, 0, b''
        end.settimeout(30)

    def send(self, message, descriptors=()):
        if self.engine.env:
            message['env'], self.engine.env = self.engine.env, {}
        data = json.dumps(message).encode() + b'\n'
        ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', descriptors))] if descriptors else []
        sent = self.end.sendmsg([data], ancillary)
        if sent < len(data):
            self.end.sendall(data[sent:])

    def receive(self):
        while b'\n' not in self.buffer:
            data = self.end.recv(65536)
            if not data:
                raise EOFError
            self.buffer += data
        line, self.buffer = self.buffer.split(b'\n', 1)
        message = json.loads(line.decode())
        self.engine.seen.update(message.get('env', {}))
        return message

    def call(self, name, descriptors=(), **arguments):
        self.number += 1
        number = self.number
        self.send({'id': number, 'call': name, 'args': arguments}, descriptors)
        while True:
            message = self.receive()
            if 'call' in message:
                self.engine.dialogue.append(message['call'])
                try:
                    result = self.engine.answer(message['call'], message['args'], self)
                    self.send({'id': message['id'], 'result': result})
                except Missing as error:
                    self.send({'id': message['id'], 'error': error.error})
                except Failed as error:
                    self.send({'id': message['id'], 'error': error.error})
            elif 'error' in message:
                raise Failed(message['error'])
            else:
                assert message['id'] == number, message
                return message['result']


class Engine(Memory):
    """Sections are `{name: {key: text}}`; a section with `recipe` is constructed when it is first asked for.

    `recipes` has the entry point of each recipe text: `{'a:b': ('module', 'Class')}`.
    """

    def __init__(self, directory, sections, recipes, mode='slapos', python=sys.executable, paths=(), log_level=20,
                 stdin=None, **environment):
        Memory.__init__(self, sections)
        self.directory, self.recipes, self.paths, self.channel = str(directory), recipes, list(paths), None
        sections.setdefault('buildout', {}).setdefault('directory', self.directory)
        self.logs, self.dialogue, self.results, self.egg_settings = [], [], {}, {}
        self.env, self.seen, self.eggs, self.found = {}, {}, [], []
        end, other = socket.socketpair()
        self.process = subprocess.Popen(
            [python, '-c', BOOT], stdin=other, cwd=self.directory, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env=dict(os.environ, **environment))
        other.close()
        self.main = Channel(self, end)
        stdin = stdin or open(os.devnull)
        self.hello = self.main.call(
            'hello', [stdin.fileno()], protocol=1, mode=mode, version='3.0.1+slapos010', argv0='/bin/buildout',
            argv=['install'], log_level=log_level, sys_path=[],
            settings={'directory': self.directory, '_state_directory': self.directory + '/.state', 'offline': False, 'newest': True, 'links': [], 'allow_hosts': ['*']})
        stdin.close()

    def close(self):
        """Ends the process. Returns its output and its status."""
        try:
            self.main.call('quit')
        except (EOFError, OSError):
            pass
        self.main.end.close()
        output = self.process.stdout.read().decode()
        self.process.stdout.close()
        return output, self.process.wait()

    def fork(self, name, section, log):
        """Installs or updates a part in a child. Returns the result and what the main process says of the child."""
        end, other = socket.socketpair()
        pid = self.main.call('fork', [other.fileno(), log.fileno()])
        other.close()
        channel = Channel(self, end)
        try:
            result = channel.call(name, section=section)
        except EOFError:
            result = None
        finally:
            end.close()
        return result, self.main.call('wait', pid=pid)

    def touch(self, section, channel):
        """Brings a section to life."""
        self.answer('touch', {'section': section}, channel)

    def text(self, section, key, channel):
        """The text of an option, or None."""
        return self.answer('get', {'section': section, 'key': key}, channel)

    def answer(self, name, arguments, channel):
        """A request of Python."""
        before, self.channel = self.channel, channel
        try:
            return self.call(name, **arguments)
        except UserError as error:
            kind = 'missing-section' if isinstance(error, MissingSection) else 'user'
            raise Missing(kind, str(error), type(error).__name__)
        finally:
            self.channel = before

    def construct(self, section):
        recipe = self.sections[section].get('recipe')
        if recipe:
            module, name = self.recipes[recipe]
            self.results[section] = self.channel.call(
                'init', section=section, recipe=recipe, project='p', entry={'module': module, 'attrs': [name]},
                paths=self.paths)
            self.parts.append(section)

    def virtual_option(self, section, key):
        return self.channel.call('lookup', section=section, key=key)

    def on_recipe(self, section):
        # All recipes of this engine are in Python.
        return None

    def on_log(self, logger, level, text):
        self.logs.append((logger, level, text))

    def on_eggs_install(self, **arguments):
        self.eggs.append(('eggs.install', arguments))
        return self.found

    def on_eggs_scripts(self, **arguments):
        self.eggs.append(('eggs.scripts', arguments))
        return ['/bin/x']

    def on_eggs_default_versions(self, **arguments):
        self.eggs.append(('eggs.default_versions', arguments))
        return {'a': '1'}

    def on_eggs_setting(self, **arguments):
        self.eggs.append(('eggs.setting', arguments))
        old = self.egg_settings.get(arguments['name'], True)
        self.egg_settings[arguments['name']] = arguments.get('value', old)
        return old
