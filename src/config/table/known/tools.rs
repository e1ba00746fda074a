//! `steps`: requests over HTTP and tools that are run on the worker.

use super::super::brief::{arguments, classes};
use super::super::steps::{COMMAND, COMMON, SHELL, TRIGGER, WARNINGS};
use super::super::{Argument, Class};

const NAME: &[Argument] = arguments! { name: RenderableText };
const MAY_COMMAND: &[Argument] = arguments! { command: Command };

const URL: &[Argument] = arguments! { required url: RenderableText };
const METHOD: &[Argument] = arguments! { required method: RenderableText };
const HTTP: &[Argument] = arguments! {
    params: Renderable, data: Renderable, json: Renderable, headers: Renderable, cookies: Renderable, files: Renderable,
    auth: Renderable, timeout: Renderable, allow_redirects: Renderable, proxies: Renderable, hooks: Any,
    stream: Renderable, verify: Renderable, cert: Renderable, hide_request_headers: TextList,
    hide_response_headers: TextList, name: RenderableText,
};

const MAXQ: &[Argument] = arguments! { required testdir: RenderableText };
const MTR: &[Argument] = arguments! {
    dbpool: Any, test_type: Text, test_info: Text = Text(""), autoCreateTables: Bool = Bool(false),
    textLimit: Count = Int(5), testNameLimit: Count = Int(16), parallel: Count = Int(4), lazylogfiles: Bool = Bool(true),
    mtr_subdir: Text = Text("mysql-test"),
};
const SUBUNIT: &[Argument] = arguments! { failureOnNoTests: Bool = Bool(false) };
const BLOCKER: &[Argument] = arguments! { timeout: Seconds, idlePolicy: Text, upstreamSteps: List };
const CI: &[Argument] = arguments! { required scheduler: Text };

pub const CLASSES: [Class; 15] = super::all_not_yet(
    classes! { steps:
        HTTPStep(url, method) [URL, METHOD, HTTP, COMMON] "Asks a web server, from the master.";
        GET(url) [URL, HTTP, COMMON] "The same with `GET`.";
        POST(url) [URL, HTTP, COMMON] "The same with `POST`.";
        PUT(url) [URL, HTTP, COMMON] "The same with `PUT`.";
        DELETE(url) [URL, HTTP, COMMON] "The same with `DELETE`.";
        HEAD(url) [URL, HTTP, COMMON] "The same with `HEAD`.";
        OPTIONS(url) [URL, HTTP, COMMON] "The same with `OPTIONS`.";
        PerlModuleTest() [NAME, MAY_COMMAND, WARNINGS, SHELL, COMMON] "Runs tests of a Perl module and counts them.";
        MaxQ(testdir) [MAXQ, NAME, SHELL, COMMON] "Runs tests with MaxQ and counts them.";
        MTR() [MTR, NAME, COMMAND, WARNINGS, SHELL, COMMON] "Runs tests of MySQL and counts them.";
        SubunitShellCommand(failureOnNoTests) [SUBUNIT, NAME, COMMAND, SHELL, COMMON]
            "Runs tests that print subunit, and counts them.";
        Blocker() [BLOCKER, NAME, COMMON] "Waits for a step of another builder.";
        BuildStep() [NAME, COMMON] "What steps of one's own are made of.";
        BuildbotCiSetupSteps() [NAME, COMMON] "Adds steps that a file of the repository names.";
        BuildbotTestCiTrigger(scheduler) [CI, TRIGGER, NAME, COMMON] "Triggers builds that a file of the repository names.";
    },
    "use steps.ShellCommand, or a function as a step",
);
