//! `steps`: tools for Python.

use super::super::brief::{arguments, classes};
use super::super::steps::{COMMON, SHELL};
use super::super::{Argument, Class};

const NAME: &[Argument] = arguments! { name: RenderableText };
const MAY_COMMAND: &[Argument] = arguments! { command: Command };
const TRIAL: &[Argument] = arguments! {
    reactor: RenderableText, python: Command, trial: Command, testpath: RenderableText, tests: Command,
    testChanges: Any, recurse: Bool, randomly: Bool, trialMode: Command, trialArgs: Command, jobs: Renderable,
};
const PYTHON: &[Argument] = arguments! { python: Command };

pub const CLASSES: [Class; 4] = super::all_not_yet(
    classes! { steps:
        BuildEPYDoc() [NAME, MAY_COMMAND, SHELL, COMMON] "Makes documentation with epydoc.";
        HLint(python) [PYTHON, NAME, SHELL, COMMON] "Tests documents of Lore.";
        Trial() [TRIAL, NAME, SHELL, COMMON] "Runs tests with trial and counts them.";
        RemovePYCs() [NAME, MAY_COMMAND, SHELL, COMMON] "Removes compiled files.";
    },
    "use steps.ShellCommand",
);
