//! `steps`: files between worker and master, and directories on the worker.

use super::steps::{COMMON, name};
use super::{Argument, Class, Default, Kind};

const WORKERSRC: Argument =
    Argument::required("workersrc", Kind::RenderableText, "Path on the worker, below the working directory.")
        .formerly(&["slavesrc"]);
const WORKERDEST: Argument =
    Argument::required("workerdest", Kind::RenderableText, "Path on the worker, below the working directory.")
        .formerly(&["slavedest"]);
const MASTERDEST: Argument =
    Argument::required("masterdest", Kind::RenderableText, "Path on the master, below its base directory.");
const MASTERDEST_DIR: Argument =
    Argument::required("masterdest", Kind::RenderableText, "Directory on the master, below its base directory.");
const MAXSIZE: Argument = Argument::optional("maxsize", Kind::Count, "Most bytes that are accepted.");
const MODE: Argument = Argument::optional("mode", Kind::Count, "Permission bits of the new file, as in 0o644.");
const KEEPSTAMP: Argument = Argument::flag("keepstamp", false, "Keep the times of the file.");
const COMPRESS: Argument =
    Argument::optional("compress", Kind::Choice(&["gz", "bz2"]), "How a directory is compressed on its way.");
const URL: Argument = Argument::optional("url", Kind::RenderableText, "Link that the step shows.");
const URL_TEXT: Argument =
    Argument::optional("urlText", Kind::RenderableText, "Text of the link; the name of the file if not given.");
const HALT: Argument = Argument::flag("haltOnFailure", true, "A failure ends the build.");

const fn blocksize(bytes: i64) -> Argument {
    Argument::new("blocksize", Kind::Count, Default::Int(bytes), "Bytes that travel in one message.")
}

const FILE_UPLOAD: &[Argument] =
    &[name("upload"), WORKERSRC, MASTERDEST, MAXSIZE, blocksize(256 * 1024), MODE, KEEPSTAMP, URL, URL_TEXT, HALT];

const DIRECTORY_UPLOAD: &[Argument] =
    &[name("upload"), WORKERSRC, MASTERDEST_DIR, MAXSIZE, blocksize(16 * 1024), COMPRESS, URL, URL_TEXT, HALT];

const MULTIPLE_FILE_UPLOAD: &[Argument] = &[
    name("upload"),
    Argument::required("workersrcs", Kind::Command, "Paths on the worker: files and directories.")
        .formerly(&["slavesrcs"]),
    MASTERDEST_DIR,
    MAXSIZE,
    blocksize(16 * 1024),
    Argument::flag("glob", false, "The paths are patterns, which the worker matches."),
    MODE,
    COMPRESS,
    KEEPSTAMP,
    URL,
    URL_TEXT,
    HALT,
];

const DOWNLOAD: &[Argument] = &[WORKERDEST, MAXSIZE, blocksize(16 * 1024), MODE, HALT];

const FILE_DOWNLOAD: &[Argument] = &[
    name("download"),
    Argument::required("mastersrc", Kind::RenderableText, "Path on the master, below its base directory."),
];
const STRING_DOWNLOAD: &[Argument] =
    &[name("string_download"), Argument::required("s", Kind::RenderableText, "Content of the new file.")];
const JSON_STRING_DOWNLOAD: &[Argument] = &[
    name("json_download"),
    Argument::required("o", Kind::Renderable, "Value whose JSON is the content of the new file."),
];
const JSON_PROPERTIES_DOWNLOAD: &[Argument] = &[name("json_properties_download")];

const FILE_EXISTS: &[Argument] = &[
    name("FileExists"),
    Argument::required("file", Kind::RenderableText, "Path on the worker, below the builder's directory."),
    HALT,
];
const DIR: Argument =
    Argument::required("dir", Kind::RenderableText, "Path on the worker, below the builder's directory.");
const MAKE_DIRECTORY: &[Argument] = &[name("MakeDirectory"), DIR, HALT];
const REMOVE_DIRECTORY: &[Argument] = &[name("RemoveDirectory"), DIR, HALT];
const COPY_DIRECTORY: &[Argument] = &[
    name("CopyDirectory"),
    Argument::required("src", Kind::RenderableText, "Path on the worker, below the builder's directory."),
    Argument::required("dest", Kind::RenderableText, "Path on the worker, below the builder's directory."),
    Argument::new("timeout", Kind::Seconds, Default::Int(120), "Seconds without output until it is killed.").nullable(),
    Argument::optional("maxTime", Kind::Seconds, "Seconds in all until it is killed."),
    HALT,
];

const SECRET_FILES: &[Argument] = &[
    Argument::new("name", Kind::RenderableText, Default::Text("generic"), "Name of the step."),
    Argument::required("populated_secret_list", Kind::SecretFiles, "A list of pairs: path on the worker, and secret."),
];

const REMOVED_SECRETS: &[Argument] =
    &[Argument::flag("logEnviron", false, "Write the worker's environment to the log.")];

pub const CLASSES: &[Class] = &[
    Class::new("steps", "FileUpload", "Copies a file from the worker to the master.", &[FILE_UPLOAD, COMMON])
        .positional(&["workersrc", "masterdest", "workdir", "maxsize", "blocksize", "mode", "keepstamp"]),
    Class::new(
        "steps",
        "DirectoryUpload",
        "Copies a directory from the worker to the master.",
        &[DIRECTORY_UPLOAD, COMMON],
    )
    .positional(&["workersrc", "masterdest", "workdir", "maxsize", "blocksize", "compress"]),
    Class::new(
        "steps",
        "MultipleFileUpload",
        "Copies files and directories from the worker to a directory of the master.",
        &[MULTIPLE_FILE_UPLOAD, COMMON],
    )
    .positional(&["workersrcs", "masterdest", "workdir", "maxsize", "blocksize", "glob", "mode"]),
    Class::new(
        "steps",
        "FileDownload",
        "Copies a file from the master to the worker.",
        &[FILE_DOWNLOAD, DOWNLOAD, COMMON],
    )
    .positional(&["mastersrc", "workerdest", "workdir", "maxsize", "blocksize", "mode"]),
    Class::new("steps", "StringDownload", "Writes a file on the worker.", &[STRING_DOWNLOAD, DOWNLOAD, COMMON])
        .positional(&["s", "workerdest", "workdir", "maxsize", "blocksize", "mode"]),
    Class::new(
        "steps",
        "JSONStringDownload",
        "Writes a value as JSON to a file on the worker.",
        &[JSON_STRING_DOWNLOAD, DOWNLOAD, COMMON],
    )
    .positional(&["o", "workerdest"]),
    Class::new(
        "steps",
        "JSONPropertiesDownload",
        "Writes properties and source stamps of the build as JSON to a file on the worker.",
        &[JSON_PROPERTIES_DOWNLOAD, DOWNLOAD, COMMON],
    )
    .positional(&["workerdest"]),
    Class::new("steps", "DownloadSecretsToWorker", "Writes secrets to files on the worker.", &[SECRET_FILES, COMMON])
        .positional(&["populated_secret_list"]),
    Class::new(
        "steps",
        "RemoveWorkerFileSecret",
        "Removes files with secrets from the worker.",
        &[SECRET_FILES, REMOVED_SECRETS, COMMON],
    )
    .positional(&["populated_secret_list", "logEnviron"]),
    Class::new("steps", "FileExists", "Fails unless a file is there on the worker.", &[FILE_EXISTS, COMMON])
        .positional(&["file"]),
    Class::new("steps", "MakeDirectory", "Makes a directory on the worker.", &[MAKE_DIRECTORY, COMMON])
        .positional(&["dir"]),
    Class::new(
        "steps",
        "RemoveDirectory",
        "Removes a directory on the worker, with all that is in it.",
        &[REMOVE_DIRECTORY, COMMON],
    )
    .positional(&["dir"]),
    Class::new("steps", "CopyDirectory", "Copies a directory on the worker.", &[COPY_DIRECTORY, COMMON])
        .positional(&["src", "dest"]),
];
