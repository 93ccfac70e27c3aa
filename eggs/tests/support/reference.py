"""Does with zc.buildout what a test asks for; prints what came of it."""
import json
import logging
import os
import sys
import warnings

warnings.simplefilter('ignore')
os.umask(0o022)
import zc.buildout
import zc.buildout.easy_install as easy_install

# Files come in the order of the file system, which is none.
easy_install.pkg_resources.DefaultProvider._listdir = lambda self, path: sorted(os.listdir(path))
ask = json.load(sys.stdin)
records = []


class Handler(logging.Handler):
    def emit(self, record):
        text = record.getMessage()
        if not record.name.startswith('zc.buildout'):
            text = '%s: %s' % (record.name, text)
        records.append(text)


logging.getLogger().addHandler(Handler())
logging.getLogger().setLevel(logging.INFO)
easy_install.default_versions(ask.get('versions', {}))
easy_install.allow_picked_versions(ask.get('allow_picked', True))
easy_install.prefer_final(ask.get('prefer_final', True))
easy_install.store_required_by(True)
if ask.get('download_cache'):
    easy_install.download_cache(ask['download_cache'])
if ask.get('install_from_cache'):
    easy_install.install_from_cache(True)
answer = {}
try:
    for setup in ask.get('develop', []):
        easy_install.develop(setup, ask['develop_eggs'])
    if 'build' in ask:
        answer['built'] = easy_install.build(
            ask['build'], ask['develop_eggs'], dict(ask['build_ext']), ask['links'], ask['index'],
            path=[ask['eggs']])
    if not ask['specs']:
        ws = []
    elif ask.get('offline'):
        ws = easy_install.working_set(ask['specs'], [ask['develop_eggs'], ask['eggs']])
    else:
        ws = easy_install.install(
            ask['specs'], ask['eggs'], links=ask['links'], index=ask['index'], path=[ask['develop_eggs']],
            newest=ask['newest'], allow_unknown_extras=ask.get('allow_unknown_extras', False))
    ws = easy_install.sort_working_set(ws, ask['eggs'], ask['develop_eggs'])
    answer['set'] = [[d.project_name, d.version, d.location] for d in ws]
    scripts = ask.get('scripts')
    if scripts is not None:
        names = scripts.get('names')
        answer['scripts'] = easy_install.scripts(
            [tuple(r) if isinstance(r, list) else r for r in scripts['requirements']], ws, sys.executable, ask['bin'],
            scripts=None if names is None else dict(names),
            extra_paths=scripts.get('extra_paths', []), arguments=scripts.get('arguments', ''),
            interpreter=scripts.get('interpreter'), initialization=scripts.get('initialization', ''),
            relative_paths=scripts.get('relative_paths') or '')
except zc.buildout.UserError as error:
    answer['error'] = str(error)
except Exception as error:
    answer['error'] = '%s: %s' % (type(error).__name__, error)
except SystemExit as error:
    answer['error'] = 'exit %s' % error
picked, required_by = easy_install.get_picked_versions()
answer['picked'] = picked
answer['required_by'] = {key: sorted(value) for key, value in required_by.items()}
answer['records'] = records
sys.stdout.flush()
print('\n' + json.dumps(answer))
