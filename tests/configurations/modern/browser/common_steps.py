from buildbot.plugins import steps, util


def checkout(url, **kwargs):
    return [
        steps.Git(repourl=url, mode='full', method='clobber', shallow=True, submodules=True, retry=(30, 2), **kwargs),
        steps.SetPropertyFromCommand(
            name='version', command=['cat', 'VERSION'], property='version', haltOnFailure=True, hideStepIf=True),
    ]


def bootstrap(platform):
    script = 'tools\\bootstrap.bat' if platform == 'windows' else './tools/bootstrap.sh'
    return steps.ShellCommand(name='bootstrap', command=[script], haltOnFailure=True, timeout=1200)


def package(out, **kwargs):
    return steps.ShellCommand(
        name='package', command=['tools/package.py', '--version', util.Property('version'), out], **kwargs)


def upload_symbols(out, platform, **kwargs):
    return steps.DirectoryUpload(
        name='symbols', workersrc=f'{out}/symbols', compress='gz', url='https://symbols.example.net/',
        masterdest=util.Interpolate('symbols/%(kw:platform)s/%(prop:version)s', platform=platform), **kwargs)
