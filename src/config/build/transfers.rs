//! Steps that move files, and those that look after directories on the worker.

use super::fields::Fields;
use crate::domain::{Compression, PropertyValue, Renderable};
use crate::steps::config::{
    DirectoryUploadConfig, DownloadConfig, DownloadSource, FileUploadConfig, FilesystemConfig,
    MultipleFileUploadConfig, SecretFilesConfig, StepKind, TransferSize, UploadLink,
};

/// All the bits that a mode has.
const MODE_BITS: u32 = 0o7777;

pub fn file_upload(fields: &Fields<'_>) -> StepKind {
    StepKind::FileUpload(FileUploadConfig {
        workersrc: text(fields, "workersrc"),
        masterdest: text(fields, "masterdest"),
        size: size(fields),
        mode: mode(fields),
        keepstamp: fields.flag("keepstamp"),
        link: link(fields),
    })
}

pub fn directory_upload(fields: &Fields<'_>) -> StepKind {
    StepKind::DirectoryUpload(DirectoryUploadConfig {
        workersrc: text(fields, "workersrc"),
        masterdest: text(fields, "masterdest"),
        size: size(fields),
        compression: compression(fields),
        link: link(fields),
    })
}

pub fn multiple_file_upload(fields: &Fields<'_>) -> StepKind {
    StepKind::MultipleFileUpload(MultipleFileUploadConfig {
        workersrcs: text(fields, "workersrcs"),
        masterdest: text(fields, "masterdest"),
        size: size(fields),
        glob: fields.flag("glob"),
        mode: mode(fields),
        compression: compression(fields),
        keepstamp: fields.flag("keepstamp"),
        link: link(fields),
    })
}

pub fn download(fields: &Fields<'_>, source: DownloadSource) -> StepKind {
    StepKind::Download(DownloadConfig {
        source,
        workerdest: text(fields, "workerdest"),
        size: size(fields),
        mode: mode(fields),
    })
}

/// What a step with this argument downloads.
pub fn source(fields: &Fields<'_>) -> DownloadSource {
    match fields.object.class.name {
        "FileDownload" => DownloadSource::File(text(fields, "mastersrc")),
        "StringDownload" => DownloadSource::Text(text(fields, "s")),
        "JSONStringDownload" => {
            DownloadSource::Json(fields.renderable("o").unwrap_or(Renderable::Value(PropertyValue::Null)))
        }
        _ => DownloadSource::Properties,
    }
}

pub fn secret_files(fields: &Fields<'_>) -> StepKind {
    let remove = fields.object.class.name == "RemoveWorkerFileSecret";
    let files = fields.renderable("populated_secret_list").unwrap_or(Renderable::List(Vec::new()));
    StepKind::SecretFiles(SecretFilesConfig { files, remove, log_environ: remove && fields.flag("logEnviron") })
}

pub fn filesystem(fields: &Fields<'_>) -> StepKind {
    StepKind::Filesystem(match fields.object.class.name {
        "FileExists" => FilesystemConfig::FileExists { file: text(fields, "file") },
        "MakeDirectory" => FilesystemConfig::MakeDirectory { dir: text(fields, "dir") },
        "RemoveDirectory" => FilesystemConfig::RemoveDirectory { dir: text(fields, "dir") },
        _ => FilesystemConfig::CopyDirectory {
            src: text(fields, "src"),
            dest: text(fields, "dest"),
            timeout: fields.seconds("timeout"),
            max_time: fields.seconds("maxTime"),
        },
    })
}

fn text(fields: &Fields<'_>, name: &str) -> Renderable {
    let rendered = fields.renderable(name).unwrap_or_else(|| Renderable::from(""));
    let may_be_empty = matches!(name, "s" | "workersrcs");
    if !may_be_empty && fields.was_given(name) && rendered.constant().is_some_and(|text| !text.is_truthy()) {
        fields.problem(name, "must not be empty");
    }
    rendered
}

fn size(fields: &Fields<'_>) -> TransferSize {
    let bytes = |name: &str| fields.int(name).and_then(|bytes| u64::try_from(bytes).ok());
    let block = bytes("blocksize").unwrap_or_default();
    if block == 0 {
        fields.problem("blocksize", "must be at least 1");
    }
    TransferSize { max: bytes("maxsize"), block }
}

fn mode(fields: &Fields<'_>) -> Option<u32> {
    let mode = fields.small("mode")?;
    if MODE_BITS < mode {
        fields.problem("mode", "has more bits than a file, as in 0o644; was it written without '0o'?");
    }
    Some(mode)
}

fn compression(fields: &Fields<'_>) -> Compression {
    Compression::from_name(fields.optional_text("compress").as_deref())
}

fn link(fields: &Fields<'_>) -> UploadLink {
    UploadLink { url: fields.renderable("url"), text: fields.renderable("urlText") }
}
