"""What Osprey is built for."""
from collections import OrderedDict

PLATFORMS = OrderedDict([
    ('linux', {'target': 'x64', 'test_env': {'DISPLAY': ':99'}, 'tier': 1}),
    ('windows', dict(target='x64', tier=1, comment='Server 2022, in the other room')),
    ('mac', {'target': 'arm64', 'tier': 2}),
])
SANITIZERS = ['asan', 'tsan']


def tier_of(platform):
    return 'tier{}'.format(PLATFORMS[platform]['tier'])
