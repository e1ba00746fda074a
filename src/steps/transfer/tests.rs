//! What transfer steps ask of worker and master.

use buildbot_protocol::Value;

use crate::domain::{Compression, MasterFile, Patch, PropertyValue, Renderable, Results, StoreDirectory, StoreFile};
use crate::json::{self, json};
use crate::steps::config::{
    DirectoryUploadConfig, DownloadConfig, DownloadSource, FileUploadConfig, MultipleFileUploadConfig, StepConfig,
    StepKind, TransferSize, UploadLink,
};
use crate::steps::{BuildEnv, StepCommon, StepContext, make};
use crate::testing::plain_steps::{plain_common, plain_stamp};
use crate::testing::scripted_context::{Answer, ScriptedContext};

const SIZE: TransferSize = TransferSize { max: None, block: 16384 };

fn file_upload() -> FileUploadConfig {
    FileUploadConfig {
        workersrc: "out/a.tgz".into(),
        masterdest: "public/b.tgz".into(),
        size: SIZE,
        mode: Some(0o644),
        keepstamp: true,
        link: UploadLink::default(),
    }
}

fn multiple(glob: bool) -> MultipleFileUploadConfig {
    let sources = PropertyValue::List(vec!["a.txt".into(), "docs".into()]);
    MultipleFileUploadConfig {
        workersrcs: sources.into(),
        masterdest: "public/".into(),
        size: SIZE,
        glob,
        mode: None,
        compression: Compression::Gzip,
        keepstamp: false,
        link: UploadLink { url: Some("http://x/".into()), text: None },
    }
}

async fn run(kind: StepKind, context: &ScriptedContext) -> Results {
    run_with(plain_common("x"), kind, context).await
}

async fn run_with(common: StepCommon, kind: StepKind, context: &ScriptedContext) -> Results {
    let env = BuildEnv { workdir: "build".into(), env: Vec::new() };
    make(&StepConfig { common, kind }, &env).run(context).await.unwrap()
}

fn last_state(context: &ScriptedContext) -> String {
    context.states().last().cloned().unwrap_or_default()
}

fn stat(mode: i64) -> Answer {
    let mut answer = Answer::rc(0);
    answer.outcome.stat = vec![mode];
    answer
}

fn store(path: &str, mode: Option<u32>) -> MasterFile {
    MasterFile::StoreFile(StoreFile { path: path.to_owned(), max_bytes: None, mode })
}

fn store_directory(path: &str, compression: Compression) -> MasterFile {
    MasterFile::StoreDirectory(StoreDirectory { path: path.to_owned(), max_bytes: None, compression })
}

#[tokio::test]
async fn a_file_is_uploaded_from_the_working_directory() {
    let context = ScriptedContext::new();
    assert_eq!(run(StepKind::FileUpload(file_upload()), &context).await, Results::Success);
    assert_eq!(context.commands(), ["upload_file /w/b/build/out/a.tgz"]);
    assert_eq!(context.files(), [store("public/b.tgz", Some(0o644))]);
    let args = context.arguments(0);
    assert_eq!(args.get("keepstamp"), Some(&Value::Bool(true)));
    assert_eq!((args.get("maxsize"), args.get("blocksize")), (Some(&Value::Nil), Some(&Value::Int(16384))));
    assert_eq!(last_state(&context), "uploading a.tgz");
}

#[tokio::test]
async fn sizes_are_told_to_the_worker_and_kept_by_the_master() {
    let size = TransferSize { max: Some(100), block: 10 << 20 };
    let context = ScriptedContext::new();
    run(StepKind::FileUpload(FileUploadConfig { size, ..file_upload() }), &context).await;
    let args = context.arguments(0);
    assert_eq!((args.get("maxsize"), args.get("blocksize")), (Some(&Value::Int(100)), Some(&Value::Int(512 << 10))));
    assert!(matches!(context.files().as_slice(), [MasterFile::StoreFile(StoreFile { max_bytes: Some(100), .. })]));
}

#[tokio::test]
async fn a_link_is_named_like_the_file_unless_it_has_a_name() {
    for (text, expected) in [(None, "b.tgz"), (Some(Renderable::from("the archive")), "the archive")] {
        let context = ScriptedContext::new();
        let link = UploadLink { url: Some("http://x/b.tgz".into()), text };
        run(StepKind::FileUpload(FileUploadConfig { link, ..file_upload() }), &context).await;
        assert_eq!(context.urls(), [(expected.to_owned(), "http://x/b.tgz".to_owned())]);
    }
}

#[tokio::test]
async fn a_worker_that_cannot_read_fails_the_step() {
    let context = ScriptedContext::new().answer("upload_file", Answer::rc(1));
    assert_eq!(run(StepKind::FileUpload(file_upload()), &context).await, Results::Failure);
    assert_eq!(last_state(&context), "uploading a.tgz (failure)");
}

#[tokio::test]
async fn what_the_master_objects_to_stands_in_the_log() {
    let context = ScriptedContext::new().with_problem("the archive's entry \"../x\" is refused");
    let config = DirectoryUploadConfig {
        workersrc: "docs".into(),
        masterdest: "public/docs".into(),
        size: SIZE,
        compression: Compression::Bzip2,
        link: UploadLink::default(),
    };
    assert_eq!(run(StepKind::DirectoryUpload(config), &context).await, Results::Failure);
    assert_eq!(context.logs()[0].text, "the archive's entry \"../x\" is refused\n");
    assert_eq!(context.files(), [store_directory("public/docs", Compression::Bzip2)]);
    assert_eq!(context.arguments(0).get("compress"), Some(&Value::from("bz2")));
}

#[tokio::test]
async fn configured_words_stay() {
    let common = StepCommon { description_done: Some("published".into()), ..plain_common("x") };
    let context = ScriptedContext::new();
    run_with(common, StepKind::FileUpload(file_upload()), &context).await;
    assert_eq!(last_state(&context), "published");
    let common = StepCommon { description_suffix: Some("of linux".into()), ..plain_common("x") };
    run_with(common, StepKind::FileUpload(file_upload()), &context).await;
    assert_eq!(last_state(&context), "uploading a.tgz of linux");
}

#[tokio::test]
async fn several_uploads_go_under_their_own_names() {
    let context = ScriptedContext::new().answer("stat", stat(0o100_644)).answer("stat", stat(0o040_755));
    assert_eq!(run(StepKind::MultipleFileUpload(multiple(false)), &context).await, Results::Success);
    let expected = [
        "stat /w/b/build/a.txt",
        "upload_file /w/b/build/a.txt",
        "stat /w/b/build/docs",
        "upload_directory /w/b/build/docs",
    ];
    assert_eq!(context.commands(), expected);
    let files = [store("public/a.txt", None), store_directory("public/docs", Compression::Gzip)];
    assert_eq!(context.files(), files);
    assert_eq!(context.urls(), [("public".to_owned(), "http://x/".to_owned())]);
    assert_eq!(last_state(&context), "uploading 2 files");
}

#[tokio::test]
async fn patterns_are_matched_by_the_worker() {
    let context = ScriptedContext::new()
        .answer("glob /w/b/build/a.txt", Answer::files(&["/w/b/build/y", "/w/b/build/x"]))
        .answer("stat", stat(0o100_644))
        .answer("stat", stat(0o100_644));
    assert_eq!(run(StepKind::MultipleFileUpload(multiple(true)), &context).await, Results::Success);
    assert_eq!(context.files(), [store("public/x", None), store("public/y", None)]);
    let context = ScriptedContext::new();
    assert_eq!(run(StepKind::MultipleFileUpload(multiple(true)), &context).await, Results::Skipped);
    assert_eq!(context.commands().len(), 2, "nothing was found");
}

#[tokio::test]
async fn names_that_a_worker_makes_up_do_not_leave_the_directory() {
    for name in ["/x/..", "..", "/", "", "/x/.", "C:\\x\\..", "/x/a\0b"] {
        let context = ScriptedContext::new().answer("glob", Answer::files(&[name])).answer("stat", stat(0o100_644));
        let results = run(StepKind::MultipleFileUpload(multiple(true)), &context).await;
        assert_eq!((results, context.files()), (Results::Failure, Vec::new()), "{name:?}");
        assert!(context.logs()[0].text.contains("ends in no name"));
    }
}

#[tokio::test]
async fn what_is_no_file_is_not_uploaded() {
    for (answer, words) in [(Answer::rc(2), "not available at worker"), (stat(0o010_644), "neither a regular file")] {
        let context = ScriptedContext::new().answer("stat", answer);
        assert_eq!(run(StepKind::MultipleFileUpload(multiple(false)), &context).await, Results::Failure);
        assert!(context.logs()[0].text.contains(words));
        assert_eq!(context.files(), []);
    }
}

#[tokio::test]
async fn a_worker_without_the_command_is_told_apart() {
    let context = ScriptedContext::new().without_command("upload_file");
    let env = BuildEnv { workdir: "build".into(), env: Vec::new() };
    let config = StepConfig { common: plain_common("x"), kind: StepKind::FileUpload(file_upload()) };
    let fault = make(&config, &env).run(&context).await.unwrap_err();
    assert!(fault.to_string().contains("does not know the command upload_file"));
}

fn download(source: DownloadSource) -> StepKind {
    StepKind::Download(DownloadConfig { source, workerdest: "in/c".into(), size: SIZE, mode: Some(0o600) })
}

#[tokio::test]
async fn files_texts_and_values_are_downloaded() {
    let object = PropertyValue::List(vec![1.into(), "ä".into()]);
    for (source, file) in [
        (DownloadSource::File("src/c".into()), MasterFile::Send("src/c".to_owned())),
        (DownloadSource::Text("text".into()), MasterFile::SendBytes(b"text".to_vec())),
        (DownloadSource::Json(object.into()), MasterFile::SendBytes("[1,\"ä\"]".as_bytes().to_vec())),
    ] {
        let context = ScriptedContext::new();
        assert_eq!(run(download(source), &context).await, Results::Success);
        assert_eq!(context.commands(), ["download_file /w/b/build/in/c"]);
        assert_eq!(context.arguments(0).get("mode"), Some(&Value::Int(0o600)));
        assert_eq!((context.files(), last_state(&context)), (vec![file], "downloading to c".to_owned()));
    }
}

#[tokio::test]
async fn properties_and_stamps_are_downloaded() {
    let mut stamp = plain_stamp("cb", Some("main"), Some("111"));
    stamp.spec.patch = Some(Patch {
        body: b"diff".to_vec(),
        level: 1,
        subdir: String::new(),
        author: "Ann".to_owned(),
        comment: String::new(),
    });
    let context = ScriptedContext::new().with_property("p", 1).with_stamp(stamp);
    context.set_property("q", PropertyValue::Null, "test");
    run(download(DownloadSource::Properties), &context).await;
    let files = context.files();
    let [MasterFile::SendBytes(bytes)] = files.as_slice() else { panic!("not bytes") };
    let value: json::Value = json::from_slice(bytes).unwrap();
    assert_eq!(value["properties"], json!({"p": 1, "q": null}));
    let stamp = &value["sourcestamps"][0];
    assert_eq!((&stamp["codebase"], &stamp["patch_body"]), (&json!("cb"), &json!("diff")));
    assert_eq!(stamp.as_object().unwrap().len(), 10);
}
