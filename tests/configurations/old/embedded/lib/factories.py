from __future__ import absolute_import
from buildbot.process.factory import BuildFactory
from buildbot.process.properties import Interpolate, Property
from buildbot.steps.shell import ShellCommand, Compile, Configure
from buildbot.steps.source.git import Git
from buildbot.steps.transfer import FileUpload, StringDownload, MultipleFileUpload
from buildbot.steps.trigger import Trigger

GIT = 'git://git.estuary.example/'


class EstuaryFactory(BuildFactory):
    """Checks out the base system."""

    def __init__(self, quiet=False):
        BuildFactory.__init__(self)
        self.verbosity = [] if quiet else ['V=s']
        self.addStep(Git(repourl=GIT + 'estuary.git', mode='full', method='clean', progress=not quiet))

    def make(self, *targets, **kwargs):
        self.addStep(Compile(command=['make'] + list(targets) + self.verbosity, name=' '.join(['make'] + list(targets)), **kwargs))


def config_of(router):
    lines = ['CONFIG_TARGET_%s=y' % router['arch'], 'CONFIG_TARGET_PROFILE="%%(prop:profile)s-%s"' % router['name']]
    lines += ['CONFIG_PACKAGE_%s=%s' % (name, value) for name, value in sorted(router.get('packages', {}).items())]
    return '\n'.join(lines) + '\n'


def firmware(router):
    f = EstuaryFactory()
    f.addStep(ShellCommand(command=['./scripts/feeds', 'update', '-a'], name='feeds', haltOnFailure=True))
    f.addStep(StringDownload(Interpolate(config_of(router)), slavedest='.config'))
    f.addStep(Configure(command=['make', 'defconfig']))
    f.make('world', haltOnFailure=True, timeout=2 * 3600)
    f.addStep(MultipleFileUpload(slavesrcs=['bin/%s/firmware.bin' % router['arch'], 'bin/%s/sha256sums' % router['arch']],
                                 masterdest=Interpolate('~/images/%(prop:buildername)s/%(prop:got_revision)s')))
    f.addStep(FileUpload(slavesrc='.config', masterdest=Interpolate('~/images/%(prop:buildername)s/config')))
    return f


def feeds():
    f = EstuaryFactory(quiet=True)
    f.make('package/index')
    f.addStep(Trigger(schedulerNames=['images'], copy_properties=['revision'], waitForFinish=False))
    return f


def sdk(arches):
    f = EstuaryFactory()
    for arch in sorted(set(arches)):
        f.make('sdk', env={'ARCH': arch}, doStepIf=lambda step, arch=arch: step.getProperty('arch', arch) == arch)
    return f
