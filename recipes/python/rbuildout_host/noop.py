"""Which `update` methods do nothing, so that no process need be started for them."""


def _samples():
    def nothing(self):
        pass

    def documented(self):
        """Nothing."""

    def empty(self):
        return ()

    def several(self, *args, **kw):
        pass
    return frozenset(each.__code__.co_code for each in (nothing, documented, empty, several, lambda self: None))


#: Code that loads a constant and returns it, whatever the constant: running it has no effect.
_CONSTANT = _samples()


def is_noop(recipe, update):
    """True if calling `update` has no effect and returns nothing."""
    function = getattr(update, '__func__', update)
    code = getattr(function, '__code__', None)
    if code is None:
        return False
    if code.co_code in _CONSTANT:
        try:
            return not update()
        except TypeError:
            return False
    # The base class of the recipes that may be shared: without anything to share it only calls a hook, which runs the
    # part's own script, if it has one.
    if function.__module__ == 'slapos.recipe.utils' and function.__qualname__ == 'Shared.update':
        hook = getattr(recipe, '_update', None)
        script = getattr(recipe, 'update_script', None)
        if recipe.signature is not None or hook is None:
            return False
        own = getattr(hook, '__qualname__', '') == 'Script._update'
        return not script if own else is_noop(recipe, hook)
    return False
