
import sysconfig

def tags():
    for name in ('packaging.tags', 'pip._vendor.packaging.tags', 'setuptools.extern.packaging.tags',
                 'setuptools._vendor.packaging.tags', 'pkg_resources.extern.packaging.tags'):
        try:
            module = __import__(name, fromlist=['sys_tags'])
            return [str(tag) for tag in module.sys_tags()]
        except Exception:
            pass
    return []

def own_tags():
    python = 'cp%d%d' % sys.version_info[:2]
    major, minor = sys.version_info[:2]
    platform = sysconfig.get_platform().replace('-', '_').replace('.', '_')
    found = ['%s-%s-%s' % (python, abi, platform) for abi in (python, 'abi3', 'none')]
    versions = ['py%d%d' % (major, minor), 'py%d' % major] + ['py%d%d' % (major, n) for n in range(minor - 1, -1, -1)]
    return found + ['%s-none-%s' % (v, p) for p in (platform, 'any') for v in versions] + [python + '-none-any']

def index():
    try:
        return __import__('pip._internal.models.index', fromlist=['PyPI']).PyPI.simple_url
    except Exception:
        return None

def abi():
    own = sysconfig.get_config_var('SOABI')
    if own and own.startswith('cpython-'):
        return 'cp' + own.split('-')[1]
    return own.replace('.', '_').replace('-', '_') if own else ''

def real(path):
    return os.path.realpath(path) if path else os.getcwd()

paths = []
for path in sys.path[1:]:
    path = real(path)
    if os.path.isdir(path) and path not in paths:
        paths.append(path)
print(json.dumps({
    'platform': sysconfig.get_platform(),
    'sys_path': paths,
    'wheel_tags': tags() or own_tags(),
    'index': index(),
    'abi': abi(),
}))
