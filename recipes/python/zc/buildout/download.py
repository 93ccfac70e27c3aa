"""Downloads, which the engine does."""

import logging
import os

from rbuildout_host.errors import ChecksumError
from rbuildout_host.session import call

__all__ = ('ChecksumError', 'Download', 'check_md5sum', 'locate_at', 'remove')


class Download(object):
    """Downloads files as the options of the buildout say.

    options: the `[buildout]` section, or a mapping like it.
    cache: directory of the download cache, None for none. -1: the option `download-cache`.
    namespace: directory below the cache.
    offline: -1: as the options say.
    fallback: use the cache only if the download fails.
    hash_name: name files in the cache by the md5 of their URL.
    """

    def __init__(self, options=None, cache=-1, namespace=None, offline=-1, fallback=False, hash_name=False,
                 logger=None):
        options = {} if options is None else options
        self.directory = options.get('directory', '')
        self.cache = options.get('download-cache') if cache == -1 else cache
        self.namespace = namespace
        if offline == -1:
            offline = 'true' in (options.get('offline'), options.get('install-from-cache'))
        self.offline = offline
        self.fallback = fallback
        self.hash_name = hash_name
        self.logger = logger or logging.getLogger('zc.buildout')

    @property
    def download_cache(self):
        """The directory of the cache, or None."""
        if self.cache is not None:
            return os.path.realpath(os.path.join(self.directory, self.cache))

    @property
    def cache_dir(self):
        """The directory of the cache with the namespace, or None."""
        if self.download_cache is not None:
            return os.path.join(self.download_cache, self.namespace or '')

    def __call__(self, url, md5sum=None, path=None, alternate_url=None):
        """Returns where the file is, and whether it is the caller's to delete."""
        return self._download(url, md5sum, path, alternate_url, self.download_cache if self.cache else None)

    def download_cached(self, url, md5sum=None):
        """The file in the cache, which gets it if it has not."""
        return self._download(url, md5sum, None, None, self.download_cache)

    def download(self, url, md5sum=None, path=None):
        """The file, without the cache."""
        return self._download(url, md5sum, path, None, None)

    def _download(self, url, md5sum, path, alternate_url, cache):
        options = {
            'cache': cache,
            'namespace': self.namespace,
            'offline': bool(self.offline),
            'fallback': bool(self.fallback),
            'hash_name': bool(self.hash_name),
            'alternate_url': alternate_url,
            'logger': self.logger.name,
        }
        result, is_temp = call(
            'download', url=url, md5=md5sum, path=None if path is None else os.path.abspath(path), options=options)
        return result if path is None else path, is_temp

    def filename(self, url):
        """The name of the file in the cache."""
        if self.hash_name:
            from hashlib import md5
            return md5(url.encode()).hexdigest()
        from urllib.parse import urlparse
        parsed = urlparse(url, 'file')
        for name in reversed(parsed.path.split('/')):
            if name:
                return name
        return '%s:%s' % parsed[-2:]


def check_md5sum(path, md5sum):
    """True if the file has that md5, or if none is given."""
    if md5sum is None:
        return True
    from hashlib import md5
    digest = md5()
    with open(path, 'rb') as f:
        for piece in iter(lambda: f.read(1 << 16), b''):
            digest.update(piece)
    return digest.hexdigest() == md5sum


def remove(path):
    """Deletes a file if it is there."""
    if os.path.exists(path):
        os.remove(path)


def locate_at(source, dest):
    """Makes a file or directory available at another place too, by a link or a copy. Returns the place."""
    if dest is None or os.path.realpath(dest) == os.path.realpath(source):
        return source
    import shutil
    if os.path.isdir(source):
        shutil.copytree(source, dest)
    else:
        try:
            os.link(source, dest)
        except OSError:
            shutil.copyfile(source, dest)
    return dest
