from buildbot.plugins import steps, util
from . import layers
from .settings import BUILD_SLOT


def setup(command):
    return ['bash', '-c', '. ./oe-init-build-env && ' + command]


class ImageFactory(util.BuildFactory):
    def __init__(self, board, branch):
        util.BuildFactory.__init__(self)
        for layer in layers.ALL:
            self.addStep(steps.Git(
                name=layer.name, repourl=layer.url, branch=branch if layer.name.startswith('meta-') else layer.branch,
                workdir='build/' + layer.name, mode='incremental', alwaysUseLatest=layer.name == 'bitbake', haltOnFailure=True))
        self.addStep(steps.StringDownload(
            util.Interpolate(
                'MACHINE = "%(prop:MACHINE)s"\nDISTRO = "%(prop:DISTRO)s"\n'
                'BB_NUMBER_THREADS = "%(prop:threads:-4)s"\n%(prop:local_conf:-)s\n'),
            workerdest='conf/local.conf', name='local.conf', mode=0o644))
        self.addStep(steps.RemoveDirectory('build/sstate-cache', name='clean sstate', doStepIf=util.Property('clean_sstate', default=False)))
        self.addStep(steps.ShellCommand(
            name='bitbake', command=setup('bitbake ' + ('-k ' if board.big else '') + 'tundra-image') if branch == 'arctic'
            else ['kas', 'build', util.Interpolate('--target=%(prop:target:-tundra-image)s')],
            timeout=4 * 60 * 60, lazylogfiles=True, logfiles={'eventlog': 'tmp/eventlog.json'}, haltOnFailure=True))
        self.addStep(steps.DirectoryUpload(
            workersrc=f'tmp/deploy/images/{board.name}', masterdest=util.Interpolate(f'/srv/images/{branch}/%(prop:MACHINE)s'), compress='bz2'))


def sdk_factory(arch):
    f = util.BuildFactory()
    f.addStep(steps.FileDownload(mastersrc='sdk/%s.conf' % arch, workerdest='conf/auto.conf', mode=0o600))
    f.addStep(steps.ShellCommand(command=setup('bitbake -c populate_sdk tundra-image'), name='sdk', usePTY=False, logEnviron=False))
    return f
