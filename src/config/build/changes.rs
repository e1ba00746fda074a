//! `changes.GitPoller` and `changes.PBChangeSource`.

use std::sync::Arc;
use std::time::Duration;

use super::context::Context;
use super::fields::Fields;
use crate::changes::config::{
    BranchChoice, ChangeSourceConfig, ChangeSourceKind, ChangeText, GitPollerConfig, PbChangeSourceConfig,
};
use crate::config::script::{Object, Raw};

pub const CLASSES: &[&str] = &["GitPoller", "PBChangeSource"];

pub fn change_source(context: &Context<'_>, object: &Arc<Object>) -> ChangeSourceConfig {
    let fields = Fields::new(context, object);
    match object.class.name {
        "PBChangeSource" => pb_change_source(&fields),
        _ => git_poller(&fields),
    }
}

fn pb_change_source(fields: &Fields<'_>) -> ChangeSourceConfig {
    let port = match fields.optional("port") {
        Some(Raw::Int(port)) => port.to_string(),
        port => port.and_then(|port| port.text()).unwrap_or_else(|| "None".to_owned()),
    };
    let prefix = fields.optional_text("prefix");
    let usual_name = match &prefix {
        Some(prefix) => format!("PBChangeSource:{prefix}:{port}"),
        None => format!("PBChangeSource:{port}"),
    };
    let source = PbChangeSourceConfig { user: fields.text("user"), password: fields.late_text("passwd"), prefix };
    ChangeSourceConfig { name: fields.optional_text("name").unwrap_or(usual_name), kind: ChangeSourceKind::Pb(source) }
}

fn git_poller(fields: &Fields<'_>) -> ChangeSourceConfig {
    let repourl = fields.late_text("repourl");
    if fields.was_given("repourl") && repourl.expose().is_some_and(str::is_empty) {
        fields.problem("repourl", "must not be empty");
    }
    let (least, most) = (delay(fields, "pollRandomDelayMin"), delay(fields, "pollRandomDelayMax"));
    if most < least {
        fields.problem("pollRandomDelayMin", "must not be greater than pollRandomDelayMax");
    }
    let poller = GitPollerConfig {
        branches: branches(fields),
        workdir: fields.optional_text("workdir"),
        poll_interval: fields.seconds("pollInterval").unwrap_or(Duration::from_secs(600)),
        poll_random_delay_min: least,
        poll_random_delay_max: most,
        poll_at_launch: fields.flag("pollAtLaunch"),
        build_pushes_with_no_commits: fields.flag("buildPushesWithNoCommits"),
        only_tags: fields.flag("only_tags"),
        git_binary: fields.text("gitbin"),
        category: change_text(fields, "category"),
        project: change_text(fields, "project"),
        codebase: codebase(fields),
        use_timestamps: fields.flag("usetimestamps"),
        encoding: fields.text("encoding"),
        repourl,
    };
    let name = fields.optional_text("name").unwrap_or_else(|| poller.repourl.shown().to_owned());
    ChangeSourceConfig { name, kind: ChangeSourceKind::Git(poller) }
}

/// The names of project and codebase.
fn codebase(fields: &Fields<'_>) -> Option<(String, String)> {
    let value = fields.optional("codebase")?;
    let codebase = super::projects::codebase(fields.context, value.object()?);
    Some((codebase.project, codebase.name))
}

fn delay(fields: &Fields<'_>, name: &str) -> Duration {
    fields.seconds(name).unwrap_or_default()
}

fn branches(fields: &Fields<'_>) -> BranchChoice {
    if fields.was_given("branch") && fields.was_given("branches") {
        fields.problem("branches", "and 'branch' cannot be given together");
    }
    if fields.flag("only_tags") && (fields.was_given("branch") || fields.was_given("branches")) {
        fields.problem("only_tags", "cannot be given together with branches");
    }
    if let Some(branch) = fields.optional_text("branch") {
        return BranchChoice::Named(vec![branch]);
    }
    match fields.value("branches") {
        Raw::Function(callback) => BranchChoice::Function(callback),
        Raw::Bool(true) => BranchChoice::All,
        Raw::None | Raw::Bool(false) => BranchChoice::Default,
        _ => match fields.texts("branches") {
            names if names.is_empty() => BranchChoice::Default,
            names => BranchChoice::Named(names),
        },
    }
}

fn change_text(fields: &Fields<'_>, name: &str) -> Option<ChangeText> {
    match fields.value(name) {
        Raw::Text(text) => Some(ChangeText::Fixed(text)),
        Raw::Function(callback) => Some(ChangeText::Function(callback)),
        _ => None,
    }
}
