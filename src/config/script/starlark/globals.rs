//! The names a configuration finds: Starlark's own, the namespaces of the table, and helpers of the front end.

use starlark::environment::{Globals, GlobalsBuilder, LibraryExtension};

use super::constructor::Constructor;
use super::missing::Missing;
use super::open::Open;
use super::{
    blocks, boxes, buildbot_names, classes as script_classes, exceptions, matching, methods, module_object, modules,
    natives, operators, own_operators, svn, with_secrets,
};
use crate::config::script::Surroundings;
use crate::config::table::{DATETIME, NAMESPACES, RESULTS, STATUS, classes};

/// Classes of Buildbot to derive from, which no table can describe. A file may do so, if it does not use what it makes.
const NOT_HERE: [(&str, &str); 9] = [
    ("util", "LogLineObserver"),
    ("webhooks", "base"),
    ("webhooks", "bitbucket"),
    ("webhooks", "bitbucketcloud"),
    ("webhooks", "bitbucketserver"),
    ("webhooks", "github"),
    ("webhooks", "gitlab"),
    ("webhooks", "gitorious"),
    ("webhooks", "poller"),
];

/// All names, as far as the surroundings allow them.
pub fn globals(surroundings: &Surroundings) -> Globals {
    let mut builder = GlobalsBuilder::extended_by(&[
        LibraryExtension::StructType,
        LibraryExtension::Map,
        LibraryExtension::Filter,
        LibraryExtension::Partial,
        LibraryExtension::Print,
        LibraryExtension::SetType,
    ])
    .with(natives::natives)
    .with(methods::methods)
    .with(operators::operators)
    .with(own_operators::own_operators)
    .with(boxes::boxes)
    .with(blocks::blocks)
    .with(matching::matching)
    .with(script_classes::classes)
    .with(exceptions::exceptions)
    .with(module_object::module_objects)
    .with(buildbot_names::buildbot_names)
    .with(with_secrets::with_secrets);
    for namespace in NAMESPACES {
        builder.namespace(namespace, |builder| fill(builder, namespace));
        // Imports bind these, so that a file may use the plain names for something else.
        builder.namespace(&format!("_bb_{namespace}"), |builder| fill(builder, namespace));
    }
    builder.namespace(&format!("_bb_{STATUS}"), |builder| fill(builder, STATUS));
    builder.set("open", Open { files: surroundings.files.clone() });
    modules::fill(&mut builder, surroundings, |builder| fill(builder, DATETIME));
    builder.build()
}

fn fill(builder: &mut GlobalsBuilder, namespace: &str) {
    let of_namespace = || classes().filter(|class| class.namespace == namespace && !class.name.starts_with('_'));
    for class in of_namespace() {
        match class.name.split_once('.') {
            None => builder.set(class.name, Constructor { class }),
            // The first of `util.repo` makes all of them.
            Some((inner, _)) => builder.namespace(inner, |builder| {
                let of_inner = of_namespace().filter_map(|class| Some((class, class.name.split_once('.')?)));
                for (class, (_, name)) in of_inner.filter(|(_, (holder, _))| *holder == inner) {
                    builder.set(name, Constructor { class });
                }
            }),
        }
    }
    for (_, name) in NOT_HERE.iter().filter(|(holder, _)| *holder == namespace) {
        builder.set(name, Missing::new(&format!("buildbot.plugins.{namespace}.{name}")));
    }
    if namespace == "util" {
        natives::util(builder);
        builder.namespace("svn", svn::svn);
        for (name, value) in RESULTS {
            builder.set(name, value);
        }
    }
}
