//! Files of try jobs, as `buildbot tryserver` takes them: netstrings, of which the first is a version.
//!
//! Version 5 is JSON; 6 has the patch in base64, for patches that are no text.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::domain::{PropertyValue, TryJob};
use crate::json::{self, Value, json};

/// The job in the oldest version that can hold it, for masters that know no newer one.
pub(super) fn write(job: &TryJob) -> Vec<u8> {
    let mut object = json!({
        "jobid": job.id,
        "branch": job.branch.as_deref().unwrap_or_default(),
        "baserev": job.revision.as_deref().unwrap_or_default(),
        "patch_level": job.patch_level,
        "repository": job.repository,
        "project": job.project,
        "who": job.who,
        "comment": job.comment,
        "builderNames": job.builder_names,
        "properties": json::of_property(&PropertyValue::Map(job.properties.clone())),
    });
    let version = match std::str::from_utf8(&job.patch_body) {
        Ok(text) => {
            object["patch_body"] = Value::from(text);
            "5"
        }
        Err(_) => {
            object["patch_body_base64"] = Value::from(STANDARD.encode(&job.patch_body));
            "6"
        }
    };
    [netstring(version), netstring(&json::to_string(&object))].concat().into_bytes()
}

fn netstring(text: &str) -> String {
    format!("{}:{text},", text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_that_is_no_text_takes_the_newer_version() {
        let job = |patch: &[u8]| TryJob { id: "1-2".to_owned(), patch_body: patch.to_vec(), ..TryJob::default() };
        let text = String::from_utf8(write(&job("+é\n".as_bytes()))).unwrap();
        assert!(text.starts_with("1:5,") && text.ends_with("},") && text.contains(r#""patch_body":"+é\n""#), "{text}");
        let text = String::from_utf8(write(&job(b"\xff"))).unwrap();
        assert!(text.starts_with("1:6,") && text.contains(r#""patch_body_base64":"/w==""#), "{text}");
    }
}
