PLATFORMS = ('pc', 'console', 'handheld')
GENERATOR = {'pc': 'Ninja', 'console': 'Unix Makefiles', 'handheld': 'Unix Makefiles'}
_racks = {'pc': 3, 'console': 1, 'handheld': 1}


def names_for(platform):
    return ['%s%02d' % (platform, n) for n in range(1, _racks[platform] + 1)]


def workers():
    found = []
    for platform in PLATFORMS:
        for n, name in enumerate(names_for(platform)):
            found.append((name, 'harbour!', {'platform': platform, 'first': n == 0}))
    return found
