//! `util`: factories with steps in them, and what projects and Git are told by objects.

use super::super::brief::{arguments, classes};
use super::super::{Argument, Class};

const SOURCE: &[Argument] = arguments! { required source: Any };
const AUTOCONF: &[Argument] = arguments! {
    configure: Command = Text("./configure"), configureEnv: Environment, configureFlags: Command, reconf: Command,
    compile: Command, test: Command, distcheck: Command,
};
const CVS: &[Argument] = arguments! {
    required cvsroot: RenderableText, required cvsmodule: RenderableText, cvsCopy: Bool = Bool(false),
};
const SVN: &[Argument] = arguments! { required svnurl: RenderableText };
const CPAN: &[Argument] = arguments! { perl: Text = Text("perl") };
const DISTUTILS: &[Argument] = arguments! { python: Text = Text("python"), test: Command };
const TRIAL: &[Argument] = arguments! {
    buildpython: Command, trialpython: Command, trial: Text, testpath: RenderableText = Text("."), randomly: Bool,
    recurse: Bool, tests: Command, useTestCaseNames: Bool = Bool(false), env: Environment,
};
const STEPS: &[Argument] = arguments! { workdir: RenderableText = Text("build"), useProgress: Any, buildClass: Any };

pub const CLASSES: [Class; 7] = super::all_not_yet(
    classes! { util:
        GNUAutoconf(source, configure, configureEnv, configureFlags) [SOURCE, AUTOCONF, STEPS]
            "Configures, compiles and tests.";
        BasicBuildFactory(cvsroot, cvsmodule, configure) [CVS, AUTOCONF, STEPS] "The same for a tree of CVS.";
        QuickBuildFactory(cvsroot, cvsmodule, configure) [CVS, AUTOCONF, STEPS] "The same, and keeps the tree.";
        BasicSVN(svnurl, configure) [SVN, AUTOCONF, STEPS] "The same for a tree of Subversion.";
        CPAN(source, perl) [SOURCE, CPAN, STEPS] "Builds and tests a Perl module.";
        Distutils(source, python, test) [SOURCE, DISTUTILS, STEPS] "Builds and tests a Python module.";
        Trial(source) [SOURCE, TRIAL, STEPS] "Builds a Python module and tests it with trial.";
    },
    "put its steps into a util.BuildFactory",
);
