"""A small engine for tests of the dialogue: sections without macros, files instead of downloads."""

import array
import json
import os
import re
import socket
import subprocess
import sys

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BOOT = 'import sys; sys.path.insert(0, %r); import rbuildout_host; rbuildout_host.main()' % HERE


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


class Engine(object):
    """Sections are `{name: {key: text}}`; a section with `recipe` is constructed when it is first asked for.

    `recipes` has the entry point of each recipe text: `{'a:b': ('module', 'Class')}`.
    """

    def __init__(self, directory, sections, recipes, mode='slapos', python=sys.executable, paths=(), log_level=20,
                 stdin=None, **environment):
        self.directory, self.sections, self.recipes, self.paths = str(directory), sections, recipes, list(paths)
        sections.setdefault('buildout', {}).setdefault('directory', self.directory)
        self.alive, self.parts, self.results, self.virtual = [], [], {}, set()
        self.logs, self.dialogue, self.depends = [], [], {}
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
            settings={'directory': self.directory, 'offline': False, 'newest': True, 'links': [], 'allow_hosts': ['*']})
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
        if section not in self.sections:
            raise Missing('missing-section', 'The referenced section, %r, was not defined.' % section)
        if section in self.alive:
            return
        self.alive.append(section)
        recipe = self.sections[section].get('recipe')
        if recipe:
            module, name = self.recipes[recipe]
            self.results[section] = channel.call(
                'init', section=section, recipe=recipe, project='p', entry={'module': module, 'attrs': [name]},
                paths=self.paths)
            self.parts.append(section)

    def text(self, section, key, channel):
        """The text of an option, or None."""
        value = self.sections[section].get(key)
        if value is None and section in self.virtual:
            value = channel.call('lookup', section=section, key=key)
        return value and self.substitute(section, value, channel)

    def substitute(self, section, text, channel):
        """References, one after the other."""
        def one(match):
            self.touch(match.group(1) or section, channel)
            return self.text(match.group(1) or section, match.group(2), channel)
        return re.sub(r'(?<!\$)\$\{([^:}]*):([^}]+)\}', one, text)

    def answer(self, name, arguments, channel):
        """A request of Python."""
        section, key = arguments.get('section'), arguments.get('key')
        if name == 'get':
            return self.text(section, key, channel)
        if name == 'contains':
            return section in self.sections and (key is None or key in self.sections[section])
        if name == 'touch':
            return self.touch(section, channel)
        if name == 'alive':
            return section in self.alive
        if name == 'keys':
            return list(self.sections[section])
        if name in ('copy', 'raw'):
            return dict(self.sections[section])
        if name == 'set':
            self.sections[section][key] = arguments['value']
        elif name == 'delete':
            return self.sections[section].pop(key, None) is not None
        elif name == 'sections':
            return list(self.sections)
        elif name == 'add':
            if arguments['name'] in self.sections:
                return False
            self.sections[arguments['name']] = arguments['options']
            self.touch(arguments['name'], channel)
            return True
        elif name == 'parse':
            new = re.findall(r'^\s*\[(.+)\]$', arguments['text'], re.M)[0]
            if new in self.sections:
                return new
            self.sections[new] = dict(re.findall(r'^\s*(\S+) = (.*)$', arguments['text'], re.M))
            self.touch(new, channel)
        elif name == 'sub':
            return self.substitute(section, arguments['text'], channel)
        elif name == 'signature':
            return 'signature of ' + section
        elif name == 'depends':
            return sorted(self.depends.get(section, ()))
        elif name == 'set_depends':
            self.depends[section] = arguments['names']
        elif name == 'virtual':
            self.virtual.add(section)
        elif name == 'log':
            self.logs.append((arguments['logger'], arguments['level'], arguments['text']))
        elif name == 'settings':
            return {'_parts': self.parts}[key]
        elif name == 'download':
            if arguments['md5'] == 'bad':
                raise Missing('user', 'MD5 checksum mismatch.', 'ChecksumError')
            return [arguments['url'].replace('file://', ''), False]
        elif name.startswith('eggs.'):
            self.eggs.append((name, arguments))
            return {'eggs.install': self.found, 'eggs.scripts': ['/bin/x'], 'eggs.default_versions': {'a': '1'}}.get(name)
        elif name != 'barrier':
            raise Missing('internal', 'unknown request ' + name, 'ValueError')
