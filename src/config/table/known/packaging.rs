//! `steps`: packages of Linux distributions.

use super::super::brief::{arguments, classes};
use super::super::steps::{COMMON, SHELL, WARNINGS};
use super::super::{Argument, Class};

const NAME: &[Argument] = arguments! { name: RenderableText };
const HALT: &[Argument] = arguments! { haltOnFailure: Bool = Bool(true) };

const RPMBUILD: &[Argument] = arguments! {
    required specfile: RenderableText, topdir: RenderableText = Text("`pwd`"), builddir: RenderableText = Text("`pwd`"),
    rpmdir: RenderableText = Text("`pwd`"), sourcedir: RenderableText = Text("`pwd`"),
    specdir: RenderableText = Text("`pwd`"), srcrpmdir: RenderableText = Text("`pwd`"),
    dist: RenderableText = Text(".el6"), define: Renderable, autoRelease: Bool = Bool(false),
    vcsRevision: Bool = Bool(false),
};
const RPMLINT: &[Argument] = arguments! { fileloc: RenderableText, config: RenderableText };
const RPMSPEC: &[Argument] = arguments! { required specfile: RenderableText };
const MOCK: &[Argument] = arguments! { required root: RenderableText, resultdir: RenderableText };
const MOCK_SPEC: &[Argument] = arguments! { required spec: RenderableText, required sources: RenderableText };
const MOCK_SRPM: &[Argument] = arguments! { required srpm: RenderableText };
const PBUILDER: &[Argument] = arguments! {
    architecture: RenderableText, distribution: RenderableText, basetgz: RenderableText, mirror: RenderableText,
    othermirror: RenderableText, extrapackages: Renderable, keyring: RenderableText, components: RenderableText,
};
const LINTIAN: &[Argument] = arguments! {
    required fileloc: RenderableText, suppressTags: Texts, warnOnFailure: Bool = Bool(true),
    flunkOnFailure: Bool = Bool(false),
};

pub const CLASSES: [Class; 11] = super::all_not_yet(
    classes! { steps:
        RpmBuild(specfile, topdir, builddir) [RPMBUILD, HALT, NAME, SHELL, COMMON] "Builds a package with rpmbuild.";
        RpmLint(fileloc, config) [RPMLINT, NAME, WARNINGS, SHELL, COMMON] "Tests packages with rpmlint.";
        RpmSpec(specfile) [RPMSPEC, NAME, SHELL, COMMON] "Reads what a spec file says.";
        Mock(root, resultdir) [MOCK, HALT, NAME, SHELL, COMMON] "Runs mock.";
        MockBuildSRPM(spec, sources) [MOCK_SPEC, MOCK, HALT, NAME, SHELL, COMMON] "Makes a source package with mock.";
        MockRebuild(srpm) [MOCK_SRPM, MOCK, HALT, NAME, SHELL, COMMON] "Builds a source package with mock.";
        DebPbuilder(architecture, distribution, basetgz, mirror) [PBUILDER, HALT, NAME, WARNINGS, SHELL, COMMON]
            "Builds a package with pbuilder.";
        DebCowbuilder(architecture, distribution, basetgz, mirror) [PBUILDER, HALT, NAME, WARNINGS, SHELL, COMMON]
            "Builds a package with cowbuilder.";
        UbuPbuilder(architecture, distribution, basetgz, mirror) [PBUILDER, HALT, NAME, WARNINGS, SHELL, COMMON]
            "Builds a package with pbuilder, for Ubuntu.";
        UbuCowbuilder(architecture, distribution, basetgz, mirror) [PBUILDER, HALT, NAME, WARNINGS, SHELL, COMMON]
            "Builds a package with cowbuilder, for Ubuntu.";
        DebLintian(fileloc, suppressTags) [LINTIAN, NAME, SHELL, COMMON] "Tests packages with lintian.";
    },
    "use steps.ShellCommand",
);
