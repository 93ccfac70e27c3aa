import json, os, platform, subprocess, sys

def full_version(info):
    text = '%d.%d.%d' % tuple(info[:3])
    if info[3] != 'final':
        text += info[3][0] + str(info[4])
    return text

def multiarch():
    for command in (['gcc', '-dumpmachine'], ['cc', '-dumpmachine']):
        try:
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            out = process.communicate()[0].decode('ascii', 'replace').strip()
            if process.returncode == 0 and out:
                return out
        except OSError:
            pass
    found = getattr(sys, '_multiarch', None)
    found = found or getattr(getattr(sys, 'implementation', None), '_multiarch', None)
    return found or None

def os_release():
    function = getattr(platform, 'freedesktop_os_release', None)
    if function is None:
        return None, None
    try:
        return dict(function()), None
    except OSError as error:
        return None, str(error)

implementation = getattr(sys, 'implementation', None)
release, release_error = os_release()
info = sys.version_info
facts = {
    'executable': sys.executable or '',
    'prefix': sys.prefix,
    'version': sys.version,
    'version_info': {'major': info[0], 'minor': info[1], 'micro': info[2],
                     'releaselevel': info[3], 'serial': info[4]},
    'hexversion': sys.hexversion,
    'sys_platform': sys.platform,
    'os_name': os.name,
    'maxsize': sys.maxsize,
    'byteorder': sys.byteorder,
    'implementation_name': implementation.name if implementation else '',
    'implementation_version': full_version(implementation.version) if implementation else '0',
    'python_implementation': platform.python_implementation(),
    'python_version': platform.python_version(),
    'machine': platform.machine(),
    'release': platform.release(),
    'system': platform.system(),
    'platform_version': platform.version(),
    'node': platform.node(),
    'processor': platform.processor(),
    'platform': platform.platform(),
    'architecture': platform.architecture(),
    'multiarch': multiarch(),
    'sys_multiarch': getattr(sys, '_multiarch', None),
    'freedesktop_os_release': release,
    'freedesktop_os_release_error': release_error,
}
print(json.dumps(facts, sort_keys=True))
