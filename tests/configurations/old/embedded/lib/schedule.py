from buildbot.changes.gitpoller import GitPoller
from buildbot.schedulers import basic, timed, triggerable
from buildbot.schedulers.forcesched import *
from buildbot.changes import filter as change_filters

from .factories import GIT


def make(names):
    images = [n for n in names if n not in ('feeds', 'sdk')]
    return [
        basic.SingleBranchScheduler(name='base', change_filter=change_filters.ChangeFilter(branch=['master'], project='base'), treeStableTimer=180, builderNames=images),
        basic.AnyBranchScheduler(name='feeds', change_filter=change_filters.ChangeFilter(project_re='^feed-'), treeStableTimer=600, builderNames=['feeds']),
        triggerable.Triggerable(name='images', builderNames=images),
        timed.Nightly(name='sdk', hour=[3, 15], builderNames=['sdk'], branch='master'),
        ForceScheduler(name='force', builderNames=names, branch=StringParameter(name='branch', label='branch:', default='master', size=20)),
    ]


def sources(feeds):
    found = [GitPoller(GIT + 'estuary.git', project='base', workdir='poll-base', pollinterval=120)]
    return found + [GitPoller('%sfeed-%s.git' % (GIT, feed), project='feed-' + feed, workdir='poll-' + feed, branches=['master', 'stable']) for feed in feeds]
