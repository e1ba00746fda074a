from buildbot.plugins import steps, util
from buildbot.process.factory import BuildFactory


class CookAssets(steps.ShellCommand):
    name = 'cook'
    description = ['cooking']
    descriptionDone = ['cooked']
    haltOnFailure = True

    def __init__(self, platform, quality='high', **kwargs):
        kwargs.setdefault('workdir', 'art')
        command = ['cooker', '--for', platform, '--quality', quality]
        if quality == 'high':
            command += ['--threads', util.Property('threads', default='8')]
        super().__init__(command=command, **kwargs)


class AssetFactory(BuildFactory):
    """Begins with a clean output, may end with an upload."""

    def __init__(self, platform):
        super(AssetFactory, self).__init__()
        self.platform = platform
        self.addStep(steps.RemoveDirectory(dir='out', name='clean', doStepIf=util.Property('clobber')))

    def finish(self, more):
        files = ['Game.bin', 'Game.map']
        files.extend(more)
        self.addStep(steps.MultipleFileUpload(
            workersrcs=files, workdir='out', glob=False, mode=0o644,
            masterdest=util.Interpolate('~/public/' + self.platform + '/%(prop:got_revision:-unknown)s')))
