_all = {'login1': 'isobar'}
PORT = 'tcp:9989'
svn = 'cumulus'


def get(name, default=None):
    return _all.get(name, default)
