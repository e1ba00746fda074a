//! The site that the tests ask, and how they ask it.

use std::path::Path;

use actix_web::http::header::{ACCEPT, HeaderMap};
use actix_web::http::{Method, StatusCode};
use actix_web::web::Data;
use actix_web::{App, test};

use crate::config::{BuilderConfig, Collapse, FactoryConfig, LogLimits, MasterConfig, WwwConfig};
use crate::db::Db;
use crate::domain::{Properties, PropertyValue, Renderable, Timestamp};
use crate::json::{self, Value};
use crate::schedulers::config::{
    ForceCodebase, ForceConfig, ForceField, ForceFieldKind, ForceGroup, ForceParameter, Layout, SchedulerConfig,
    SchedulerKind,
};
use crate::schedulers::fields::{default_patch, text_field};
use crate::testing::sample_site::{self, SampleSite};
use crate::testing::test_db::TestDb;
use crate::testing::{handle, virtual_time};
use crate::web::{WebState, configure};

/// A master's web side over a database.
pub struct Site {
    pub database: TestDb,
    pub state: Data<WebState>,
}

/// What came back.
pub struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> Value {
        json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

impl Site {
    /// A site whose database has not even builders.
    pub fn empty() -> Self {
        Self::with(config())
    }

    /// As [`Site::empty`], with another configuration.
    pub fn with(config: MasterConfig) -> Self {
        let clock = virtual_time(Timestamp::from_secs(1_795_000_000));
        let database = TestDb::new(&clock);
        let handle = handle::idle_handle(config, database.db.clone());
        let state = Data::new(WebState::new(handle, database.db.clone(), clock).unwrap());
        Self { database, state }
    }

    /// The same with the files of a base directory.
    pub fn with_own_files(self, base_dir: &Path) -> Self {
        let Self { database, state } = self;
        let state = WebState::new(state.handle.clone(), state.db.clone(), state.clock.clone()).unwrap();
        Self { database, state: Data::new(state.with_own_files(base_dir)) }
    }

    pub async fn filled() -> (Self, SampleSite) {
        let site = Self::empty();
        let sample = sample_site::fill(site.db()).await.unwrap();
        (site, sample)
    }

    pub fn db(&self) -> &Db {
        &self.database.db
    }

    /// What a browser gets.
    pub async fn page(&self, path: &str) -> Answer {
        self.send(test::TestRequest::get().uri(path).insert_header((ACCEPT, "text/html"))).await
    }

    /// What a program gets.
    pub async fn api(&self, path: &str) -> Answer {
        let path = format!("/api/v2{path}");
        self.send(test::TestRequest::get().uri(&path).insert_header((ACCEPT, "application/json"))).await
    }

    /// The ids of the elements that a query finds.
    pub async fn ids(&self, path: &str, plural: &str, id: &str) -> Vec<i64> {
        let answer = self.api(path).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.body);
        answer.json()[plural].as_array().unwrap().iter().map(|element| element[id].as_i64().unwrap()).collect()
    }

    pub async fn post(&self, path: &str, kind: &str, body: &str) -> Answer {
        let request = test::TestRequest::with_uri(path).method(Method::POST);
        self.send(request.insert_header(("content-type", kind)).set_payload(body.to_owned())).await
    }

    pub async fn send(&self, request: test::TestRequest) -> Answer {
        let app = test::init_service(App::new().configure(configure(self.state.clone()))).await;
        let response = test::call_service(&app, request.to_request()).await;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = test::read_body(response).await;
        Answer { status, headers, body: String::from_utf8(body.to_vec()).unwrap() }
    }
}

pub fn config() -> MasterConfig {
    MasterConfig {
        title: "A <Site>".to_owned(),
        title_url: "http://site.example/".to_owned(),
        buildbot_url: "http://ci.example:8010/".to_owned(),
        projects: Vec::new(),
        codebases: Vec::new(),
        workers: Vec::new(),
        builders: ["linux/x86", "docs"].map(builder).to_vec(),
        schedulers: vec![force()],
        cancellers: Vec::new(),
        change_sources: Vec::new(),
        reporters: Vec::new(),
        chats: Vec::new(),
        clients: Vec::new(),
        protocols: Vec::new(),
        www: Some(WwwConfig {
            listen: None,
            plugins: PropertyValue::Null,
            change_hook_dialects: vec![("base".to_owned(), PropertyValue::Bool(true).into())],
            allowed_origins: vec!["https://*.friend.example".to_owned()],
        }),
        certificates: Default::default(),
        secrets: Default::default(),
        db_url: "".into(),
        properties: Properties::new(),
        collapse_requests: Collapse::Compatible,
        prioritize_builders: None,
        codebase_generator: None,
        validation: Default::default(),
        revlink: Default::default(),
        logs: LogLimits::default(),
        lifetime: Default::default(),
        max_worker_losses: 3,
        stored: Vec::new(),
        inactive: vec!["reporters.MailNotifier".to_owned()],
        not_available: Vec::new(),
        warnings: Vec::new(),
        files: Vec::new(),
    }
}

fn builder(name: &str) -> BuilderConfig {
    BuilderConfig {
        name: name.to_owned(),
        worker_names: Vec::new(),
        builddir: name.to_owned(),
        workerbuilddir: name.to_owned(),
        factory: FactoryConfig { steps: Vec::new(), workdir: Renderable::from("build") },
        description: Default::default(),
        project: None,
        tags: Vec::new(),
        properties: Properties::new(),
        default_properties: Properties::new(),
        env: Vec::new(),
        collapse_requests: None,
        locks: Vec::new(),
        next_build: None,
        next_worker: None,
        can_start_build: None,
        horizons: Default::default(),
        do_build_if: None,
        location: "master.cfg:1".to_owned(),
    }
}

pub fn force() -> SchedulerConfig {
    let text = |name: &str| field(name, ForceFieldKind::String { size: 10 });
    let fields = [
        field("clean", ForceFieldKind::Bool),
        field("notes", ForceFieldKind::Text { rows: 3, cols: 40 }),
        ForceField {
            autopopulate: PropertyValue::Map(
                [("a".to_owned(), PropertyValue::Map([("notes".to_owned(), "from a".into())].into()))].into(),
            ),
            ..field("target", choice(true))
        },
        ForceField { multiple: true, ..field("parts", choice(true)) },
        ForceField { hide: true, ..text("secret") },
        field("fixed", ForceFieldKind::Fixed),
    ];
    let kind = SchedulerKind::Force(ForceConfig {
        label: "Force it".to_owned(),
        button_name: "Go".to_owned(),
        reason: text("reason"),
        reason_string: String::new(),
        username: field("username", ForceFieldKind::UserName { need_email: true, size: 30 }),
        codebases: vec![ForceCodebase {
            codebase: "lib".to_owned(),
            label: String::new(),
            branch: text("branch"),
            revision: text("revision"),
            repository: text("repository"),
            project: text("project"),
            patch: Some(default_patch()),
        }],
        priority: field("priority", ForceFieldKind::Int),
        properties: vec![ForceParameter::Group(ForceGroup {
            name: "more".to_owned(),
            label: "More of it".to_owned(),
            layout: Layout::Tabs,
            columns: Some(1),
            fields: vec![
                ForceParameter::Field(field("worker", ForceFieldKind::Worker)),
                ForceParameter::Group(ForceGroup {
                    name: String::new(),
                    label: "Earlier".to_owned(),
                    layout: Layout::Vertical,
                    columns: None,
                    fields: vec![ForceParameter::Field(inherit())],
                }),
            ],
        })]
        .into_iter()
        .chain(fields.map(ForceParameter::Field))
        .collect(),
    });
    SchedulerConfig {
        name: "force".to_owned(),
        builder_names: vec!["linux/x86".to_owned()],
        properties: Properties::new(),
        priority: 0.into(),
        codebases: Vec::new(),
        kind,
    }
}

fn inherit() -> ForceField {
    field("inherit", ForceFieldKind::Inherit { compatible_builds: None })
}

fn choice(strict: bool) -> ForceFieldKind {
    ForceFieldKind::Choice { choices: vec!["a".to_owned(), "b".to_owned()], strict }
}

fn field(name: &str, kind: ForceFieldKind) -> ForceField {
    ForceField { kind, ..text_field(name, &format!("{name}:")) }
}
