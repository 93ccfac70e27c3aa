"""Values of options that are not strings: `!py!` and a Python expression.

The text is a display that reads the same in every run: dicts by key, sets in order, `$` and `;` escaped because they
mean something in profiles.
"""

_MAGIC = '!py'
_NAMES = {each.__name__: each for each in (bytearray, complex, frozenset, set, dict, list, str, tuple)}
_NAMES.update({'True': True, 'False': False, 'None': None})
_GLOBALS = {'__builtins__': _NAMES}


def dumps(value):
    """The text of a value. ValueError if it would not read back as an equal value."""
    shown = _show(value)
    text = shown.replace('$', '\\x24').replace(';', '\\x3b')
    try:
        same = '\n' not in text and _evaluate(text) == value
    except Exception:
        same = False
    if not same:
        raise ValueError('Value cannot be serialised: ' + shown)
    return _MAGIC + '!' + text


def loads(text):
    """The value of a text that `dumps` made, or that a profile has: any expression without names."""
    if not text.startswith(_MAGIC):
        raise ValueError('not a serialised value: ' + text)
    version, mark, data = text[len(_MAGIC):].split('\n', 1)[0].partition('!')
    if not mark:
        raise ValueError('not a serialised value: ' + text)
    if version:
        raise ValueError('unknown version %s of a serialised value' % version)
    return _evaluate(data)


def is_typed(text):
    """True if the text of an option stands for another value."""
    return text.startswith(_MAGIC)


def to_text(value):
    """The text that stands for the value of an option."""
    if isinstance(value, str):
        return str.__str__(value)
    return dumps(value)


def read(text, typed):
    """The value that the text of an option stands for."""
    return loads(text) if typed and is_typed(text) else text


def _evaluate(data):
    return eval(data.strip(' \t'), dict(_GLOBALS))


def _show(value, seen=()):
    kind = _container(type(value))
    if kind is not None and value:
        if id(value) in seen:
            raise ValueError('Value cannot be serialised: it contains itself')
        seen += id(value),
        if kind is dict:
            items = sorted(value.items(), key=lambda item: _Order(item[0]))
            return '{%s}' % ', '.join('%s: %s' % (_show(k, seen), _show(v, seen)) for k, v in items)
        if kind in (set, frozenset):
            shown = '{%s}' % ', '.join(_show(each, seen) for each in sorted(value, key=_Order))
            return shown if kind is set else 'frozenset(%s)' % shown
        shown = ', '.join(_show(each, seen) for each in value)
        return '[%s]' % shown if kind is list else '(%s,)' % shown if len(value) == 1 else '(%s)' % shown
    return repr(value)


def _container(kind):
    """The built-in class whose display instances of `kind` have."""
    for base in dict, list, tuple:
        if issubclass(kind, base) and kind.__repr__ is base.__repr__:
            return base
    return kind if kind in (set, frozenset) else None


class _Order(object):
    """Orders anything: values that cannot be compared go by the names of their classes."""

    __slots__ = ('value',)

    def __init__(self, value):
        self.value = value

    def __lt__(self, other):
        try:
            return self.value < other.value
        except TypeError:
            return str(type(self.value)) < str(type(other.value))
