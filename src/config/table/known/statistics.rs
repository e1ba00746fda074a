//! `util`: figures of builds that are sent to databases for them, and other objects that have no other place.

use super::super::brief::{arguments, classes};
use super::super::{Argument, Class};

const SERVICE: &[Argument] = arguments! { required storage_backends: List, name: Text };
const INFLUX: &[Argument] = arguments! {
    required url: Text, required port: Port, required user: RenderableText, required password: RenderableText,
    required db: Text, required captures: List, name: Text = Text("InfluxStorageService"),
};
const PROPERTY: &[Argument] = arguments! { required property_name: Text, regex: Bool = Bool(false) };
const BUILDER: &[Argument] = arguments! { required builder_name: Text };
const DATA: &[Argument] = arguments! { required data_name: Text };
const CALLBACK: &[Argument] = arguments! { callback: Function };
const UNIT: &[Argument] = arguments! { report_in: Text = Text("seconds") };

pub const CLASSES: [Class; 12] = super::all_without_effect(classes! { util:
    StatsService(storage_backends) [SERVICE] "Sends figures of builds to databases.";
    InfluxStorageService(url, port, user, password, db, captures) [INFLUX] "A database of InfluxDB.";
    CaptureProperty(builder_name, property_name) [BUILDER, PROPERTY, CALLBACK] "A property of a builder's builds.";
    CapturePropertyAllBuilders(property_name) [PROPERTY, CALLBACK] "A property of all builds.";
    CaptureBuildStartTime(builder_name) [BUILDER, CALLBACK] "When a builder's builds start.";
    CaptureBuildStartTimeAllBuilders() [CALLBACK] "When builds start.";
    CaptureBuildEndTime(builder_name) [BUILDER, CALLBACK] "When a builder's builds end.";
    CaptureBuildEndTimeAllBuilders() [CALLBACK] "When builds end.";
    CaptureBuildDuration(builder_name, report_in) [BUILDER, UNIT, CALLBACK] "How long a builder's builds take.";
    CaptureBuildDurationAllBuilders(report_in) [UNIT, CALLBACK] "How long builds take.";
    CaptureData(data_name, builder_name) [DATA, BUILDER, CALLBACK] "Data that a builder's steps give.";
    CaptureDataAllBuilders(data_name) [DATA, CALLBACK] "Data that steps give.";
});
