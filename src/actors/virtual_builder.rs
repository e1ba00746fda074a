//! Where a build is shown, as its properties say (manual section "Virtual builders").

use crate::config::BuilderConfig;
use crate::domain::{Properties, PropertyValue, VirtualBuilder};

const NAME: &str = "virtual_builder_name";
const DESCRIPTION: &str = "virtual_builder_description";
const PROJECT: &str = "virtual_builder_project";
const TAGS: &str = "virtual_builder_tags";

/// The virtual builder that the properties of a build name; what they leave out is that of the builder itself.
pub fn virtual_builder(properties: &Properties, builder: &BuilderConfig) -> Option<VirtualBuilder> {
    let name = text(properties, NAME)?;
    Some(VirtualBuilder {
        name,
        description: text(properties, DESCRIPTION).or_else(|| builder.description.text.clone()),
        project: text(properties, PROJECT).or_else(|| builder.project.clone()),
        tags: match properties.get(TAGS) {
            Some(PropertyValue::List(tags)) => tags.iter().map(PropertyValue::to_string).collect(),
            Some(PropertyValue::Str(tag)) if !tag.is_empty() => vec![tag.clone()],
            _ => builder.tags.clone(),
        },
    })
}

/// A property as text; nothing if it says nothing.
fn text(properties: &Properties, name: &str) -> Option<String> {
    let value = properties.get(name).filter(|value| !matches!(value, PropertyValue::Null))?;
    Some(value.to_string()).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Loader;

    const CONFIG: &str = "\
from buildbot.plugins import *
c = BuildmasterConfig = {}
c['protocols'] = {'pb': {'port': 9989}}
c['workers'] = [worker.Worker('w1', 'pw')]
c['projects'] = [util.Project('shop')]
c['builders'] = [util.BuilderConfig(name='b1', workername='w1', factory=util.BuildFactory(), project='shop',
                                    tags=['fast'], description='all *of* it', description_format='markdown')]
c['schedulers'] = [schedulers.ForceScheduler(name='force', builderNames=['b1'])]
";

    fn of(pairs: &[(&str, PropertyValue)]) -> Option<VirtualBuilder> {
        let config = Loader::new("/srv/master").text("master.cfg", CONFIG).unwrap();
        let mut properties = Properties::new();
        for (name, value) in pairs {
            properties.set(*name, value.clone(), "test");
        }
        virtual_builder(&properties, &config.builders[0])
    }

    #[test]
    fn what_properties_leave_out_is_that_of_the_builder() {
        let expected = VirtualBuilder {
            name: "main".to_owned(),
            description: Some("all *of* it".to_owned()),
            project: Some("shop".to_owned()),
            tags: vec!["fast".to_owned()],
        };
        assert_eq!(of(&[(NAME, "main".into())]), Some(expected));
    }

    #[test]
    fn properties_say_everything_of_a_virtual_builder() {
        let tags = PropertyValue::List(vec!["a".into(), 7.into()]);
        let expected = VirtualBuilder {
            name: "17".to_owned(),
            description: Some("of a branch".to_owned()),
            project: Some("other".to_owned()),
            tags: vec!["a".to_owned(), "7".to_owned()],
        };
        let given = [(NAME, 17.into()), (DESCRIPTION, "of a branch".into()), (PROJECT, "other".into()), (TAGS, tags)];
        assert_eq!(of(&given), Some(expected));
    }

    #[test]
    fn a_build_without_a_name_for_it_has_no_virtual_builder() {
        for name in [PropertyValue::Null, "".into()] {
            assert_eq!(of(&[(NAME, name), (PROJECT, "other".into())]), None);
        }
        assert_eq!(of(&[]), None);
    }
}
