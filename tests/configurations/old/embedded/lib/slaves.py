from buildbot.buildslave import BuildSlave

_machines = [('weir', ['mips', 'arm']), ('sluice', ['mips']), ('lock', ['x86'])]
ALL_SLAVES = [name for name, _ in _machines]
SLAVES_BY_ARCH = {}
for _name, _arches in _machines:
    for _arch in _arches:
        SLAVES_BY_ARCH.setdefault(_arch, []).append(_name)


def make_slaves(passwords):
    return [BuildSlave(name, passwords[name], max_builds=len(arches)) for name, arches in _machines]
