//! `status`: what stood in `c['status']` of Buildbot 0.8 and is not built yet.

use super::super::brief::{arguments, classes};
use super::super::{Argument, Class};

const GITHUB: &[Argument] = arguments! {
    required token: RenderableText, required repoOwner: RenderableText, required repoName: RenderableText,
    sha: RenderableText, startDescription: RenderableText, endDescription: RenderableText, baseURL: Text,
    context: RenderableText,
};

pub const CLASSES: [Class; 1] = super::all_without_effect(classes! { status:
    GitHubStatus(token, repoOwner, repoName) [GITHUB] "Reports to GitHub; now `reporters.GitHubStatusPush`.";
});
