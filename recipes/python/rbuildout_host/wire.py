"""The channel to the engine: newline JSON over a Unix socket, one strictly nested stack of calls.

While a side waits for an answer it serves the requests of the other side. Any message may bring open files
(SCM_RIGHTS) and the changes of the environment since the sender's last message.
"""

import _socket
import json
import os
import sys
import threading

from rbuildout_host import errors

_CLOEXEC = getattr(_socket, 'MSG_CMSG_CLOEXEC', 0)


class Channel(object):
    """One end of a socket.

    `handler(name, arguments)` answers a request of the other side; it may raise anything. A thread that calls while
    another one waits for its answer comes after it. A forked child of the process cannot use the channel: its calls
    raise RuntimeError, as do calls while the engine does not listen.
    """

    def __init__(self, descriptor, handler):
        self.descriptors = []
        self.depth = 0
        self.pid = os.getpid()
        self._handler = handler
        self._socket = _socket.socket(fileno=descriptor)
        self._buffer = bytearray()
        self._number = 0
        # Options that were read since anything else was said: nobody can have changed them.
        self._read = {}
        self._lock = threading.RLock()
        self._environ = os.environ._data.copy()

    @property
    def listening(self):
        """True if the engine waits for something that this process does."""
        return self.depth > 0 and os.getpid() == self.pid

    def synchronised(self):
        """The engine knows the environment as it is now."""
        self._environ = os.environ._data.copy()

    def close(self):
        """Closes the socket, without a word to the other side."""
        self._socket.close()

    def call(self, name, /, **arguments):
        """Sends a request and returns the result of its answer."""
        if not self.listening:
            raise RuntimeError('buildout is not there for %s: it is asked from outside of a recipe\'s call' % name)
        with self._lock:
            if name != 'get':
                self._read.clear()
            elif tuple(arguments.values()) in self._read:
                return self._read[tuple(arguments.values())]
            self._number += 1
            number = self._number
            self._send({'id': number, 'call': name, 'args': arguments})
            interrupt = None
            while True:
                try:
                    message = self._receive()
                except KeyboardInterrupt as error:
                    # The engine got the signal too; leaving now would end the nesting before its answer.
                    interrupt = error
                    continue
                if message is None:
                    raise EOFError('buildout is gone')
                if 'call' in message:
                    self._serve(message)
                elif message.get('id') == number:
                    break
            if name == 'get' and isinstance(message.get('result'), str):
                self._read[tuple(arguments.values())] = message['result']
        if interrupt is not None:
            raise interrupt
        if message.get('error') is not None:
            raise errors.from_wire(message['error'])
        return message.get('result')

    def serve(self, requests=None):
        """Answers requests until the other side hangs up, or until so many are answered."""
        while requests is None or requests > 0:
            try:
                message = self._receive()
            except KeyboardInterrupt:
                continue
            if message is None:
                return
            if 'call' in message:
                self._serve(message)
                if message['call'] == 'quit':
                    return
                requests = requests and requests - 1

    def _serve(self, message):
        answer = {'id': message.get('id')}
        self._read.clear()
        self.depth += 1
        try:
            answer['result'] = self._handler(message['call'], message.get('args') or {})
            json.dumps(answer['result'])
        except BaseException as error:
            answer.pop('result', None)
            answer['error'] = errors.to_wire(error)
        finally:
            self.depth -= 1
            self._read.clear()
        if os.getpid() != self.pid:
            # A recipe forked, and its child came all the way back here: the parent gives the answer.
            errors.show(answer.get('error'))
            flush()
            os._exit(1)
        flush()
        self._send(answer)

    def _send(self, message):
        current = os.environ._data
        if current != self._environ:
            message['env'] = _changes(self._environ, current)
            self._environ = current.copy()
        self._socket.sendall(json.dumps(message).encode('ascii') + b'\n')

    def _receive(self):
        """The next message, or None at the end."""
        searched = 0
        while True:
            end = self._buffer.find(b'\n', searched)
            if end >= 0:
                line = bytes(self._buffer[:end])
                del self._buffer[:end + 1]
                break
            searched = len(self._buffer)
            data, ancillary, _, _ = self._socket.recvmsg(65536, 256, _CLOEXEC)
            if not data:
                return None
            self._buffer += data
            for level, kind, content in ancillary:
                if level == _socket.SOL_SOCKET and kind == _socket.SCM_RIGHTS:
                    self.descriptors += [int.from_bytes(content[at:at + 4], sys.byteorder)
                                         for at in range(0, len(content) // 4 * 4, 4)]
        message = json.loads(line.decode('ascii', 'surrogateescape'))
        changes = message.get('env')
        if changes:
            for key, value in changes.items():
                if value is None:
                    os.environ.pop(key, None)
                else:
                    os.environ[key] = value
            self.synchronised()
        return message


def _changes(old, new):
    changes = {os.fsdecode(key): None for key in old if key not in new}
    for key, value in new.items():
        if old.get(key) != value:
            changes[os.fsdecode(key)] = os.fsdecode(value)
    return changes


def flush():
    """Writes out what was printed: what the engine or a command prints next comes after it."""
    for stream in sys.stdout, sys.stderr:
        try:
            stream.flush()
        except (AttributeError, OSError, ValueError):
            pass
