//! The link that an upload shows.

use super::base_name;
use crate::steps::config::UploadLink;
use crate::steps::context::{Fault, StepContext};
use crate::steps::render::render_text;

/// Shows the link, if there is one; its text is the name of what was uploaded unless configured.
pub async fn show(link: &UploadLink, masterdest: &str, context: &dyn StepContext) -> Result<(), Fault> {
    let Some(url) = &link.url else { return Ok(()) };
    let url = render_text(url, context).await?;
    if url.is_empty() {
        return Ok(());
    }
    let text = match &link.text {
        Some(text) => render_text(text, context).await?,
        None => String::new(),
    };
    context.add_url(if text.is_empty() { base_name(masterdest) } else { &text }, &url);
    Ok(())
}
