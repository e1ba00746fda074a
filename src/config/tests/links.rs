//! `c['revlink']` and `c['validation']`.

use super::{config, load};
use crate::changes::revlink::Revlink;
use crate::schedulers::config::{ForceParameter, SchedulerKind};

fn link(more: &str, repository: &str) -> Option<String> {
    match config(more).revlink {
        Revlink::Rules(rules) => rules.iter().find_map(|rule| rule.link("abc", repository)),
        Revlink::Function(_) => panic!("a function"),
    }
}

#[test]
fn links_are_made_by_the_rules_of_the_file() {
    let ours = "ours = util.RevlinkMatch([r'git://h/(.*)'], r'http://h/\\1/%s')\n";
    let only_ours = format!("{ours}c['revlink'] = ours\n");
    assert_eq!(link(&only_ours, "git://h/r").as_deref(), Some("http://h/r/abc"));
    assert_eq!(link(&only_ours, "git@github.com:a/b"), None);
    let github = Some("https://github.com/a/b/commit/abc");
    assert_eq!(link("", "git@github.com:a/b").as_deref(), github);
    assert_eq!(link("c['revlink'] = util.GithubRevlink\n", "git@github.com:a/b").as_deref(), github);
    let both = format!("{ours}c['revlink'] = util.RevlinkMultiplexer(ours, util.default_revlink_matcher)\n");
    assert_eq!(link(&both, "git://h/r").as_deref(), Some("http://h/r/abc"));
    assert_eq!(link(&both, "git@github.com:a/b").as_deref(), github);
    let gitweb = "c['revlink'] = util.GitwebMatch(r'git://h/(?P<repo>.*)', 'http://h/')\n";
    assert_eq!(link(gitweb, "git://h/r").as_deref(), Some("http://h/?p=r;a=commit;h=abc"));
    assert!(matches!(config("c['revlink'] = lambda revision, repository: None\n").revlink, Revlink::Function(_)));
}

#[test]
fn a_rule_that_is_none_is_an_error() {
    let errors = |more: &str| load(&format!("{}{more}", super::BASE)).unwrap_err().to_string();
    let found = errors("c['revlink'] = 'http://h/%s'\n");
    assert!(found.contains("c['revlink'] must be a util.RevlinkMatch or a function, not the text"), "{found}");
    let found = errors("c['revlink'] = util.RevlinkMatch('(', 'x')\n");
    assert!(found.contains("util.RevlinkMatch(repo_urls=) is not a regular expression"), "{found}");
}

#[test]
fn patterns_of_the_file_are_those_of_the_fields_they_are_about() {
    let more = "c['validation'] = {'branch': util.Pattern('^[a-z]+$'), 'property_name': '^[A-Z]+$'}\n\
        c['schedulers'].append(schedulers.ForceScheduler(name='f2', builderNames=['b1'],\n\
        properties=[util.AnyPropertyParameter(name='any')],\n\
        codebases=[util.CodebaseParameter(codebase='', revision=util.StringParameter(name='revision', regex='own'))]))\n";
    let config = config(more);
    let SchedulerKind::Force(force) = &config.schedulers[1].kind else { panic!("no form") };
    assert_eq!(force.codebases[0].branch.regex.as_deref(), Some("^[a-z]+$"));
    assert_eq!(force.codebases[0].revision.regex.as_deref(), Some("own"));
    let ForceParameter::AnyProperty(any) = &force.properties[0] else { panic!("no property") };
    assert_eq!((any.property.regex.as_deref(), any.value.regex.as_deref()), (Some("^[A-Z]+$"), None));
    let errors = load(&format!("{}c['validation'] = {{'branches': 'x'}}\n", super::BASE)).unwrap_err().to_string();
    assert!(errors.contains("c['validation'] has no key 'branches' (did you mean 'branch'?)"), "{errors}");
}
