# Ends the program of a setup script where `setup.py develop` no longer leaves an `.egg-link` (setuptools 80): it has run
# `egg_info` and `build_ext --inplace`, and writes what `develop` used to write into TARGET.
import distutils.core

_distribution = distutils.core._setup_distribution
_info = _distribution.get_command_obj('egg_info')
_info.ensure_finalized()
_base = _info.egg_base or os.curdir
_up = '.' if _base == os.curdir else '../' * (_base.replace(os.sep, '/').rstrip('/').count('/') + 1)
with open(os.path.join(TARGET, _info.egg_name + '.egg-link'), 'w') as _file:
    _file.write(os.path.realpath(_base) + '\n' + _up)
for _script in _distribution.scripts or ():
    with open(os.path.join(TARGET, os.path.basename(_script)), 'w') as _file:
        _file.write('# EASY-INSTALL-DEV-SCRIPT\n__file__ = %r\n' % os.path.abspath(_script))
