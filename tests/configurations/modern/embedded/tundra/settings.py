from buildbot.plugins import util

__all__ = ['TITLE', 'TITLE_URL', 'BUILDBOT_URL', 'PASSWORD', 'PORT', 'WORKERS', 'BRANCHES', 'DOWNLOADS', 'BUILD_SLOT', 'SDK_ENV']

TITLE = 'Tundra'
TITLE_URL = 'https://tundra.example.dev'
BUILDBOT_URL = 'https://ci.tundra.example.dev/'
PASSWORD = 'permafrost'
PORT = 9989
WORKERS = ['caribou', 'lemming', 'ptarmigan']
BRANCHES = ('arctic', 'boreal')
DOWNLOADS = util.MasterLock('downloads', maxCount=5)
BUILD_SLOT = util.WorkerLock('build slot', maxCount=1, maxCountForWorker={'caribou': 2})
SDK_ENV = {'BB_ENV_PASSTHROUGH_ADDITIONS': 'SSTATE_DIR DL_DIR', 'DL_DIR': '/srv/downloads'}
