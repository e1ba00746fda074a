//! Sequences made at random. The same seed gives the same sequence; its text is that of the files in `sequences/`.

use std::fmt::Write;

use fastrand::Rng;

use super::sequence::Sequence;

/// One of three kinds, by turns: what steps make of a build, which changes concern whom, and who comes when.
pub fn sequence(seed: u64) -> Sequence {
    let name = format!("random_{seed}");
    let mut rng = Rng::with_seed(seed);
    let text = match seed % 3 {
        0 => steps(&name, &mut rng),
        1 => filters(&name, &mut rng),
        _ => queues(&name, &mut rng),
    };
    Sequence::parse(&name, &text)
}

fn pick<'a>(rng: &mut Rng, from: &[&'a str]) -> &'a str {
    from[rng.usize(..from.len())]
}

/// Builds of random steps with random flags, and what depends on them.
fn steps(name: &str, rng: &mut Rng) -> String {
    let mut text = "attend(NAME)\n".to_owned();
    for builder in 0..4 {
        let steps: Vec<_> = (0..rng.usize(2..7)).map(|step| one_step(step, rng)).collect();
        let scheduler = format!(
            "schedulers.AnyBranchScheduler(name=NAME + '-{builder}', change_filter=only(NAME), builderNames=[NAME + '-{builder}'])"
        );
        writeln!(text, "builder(NAME + '-{builder}', [NAME], [{}])", steps.join(", ")).unwrap();
        writeln!(text, "builder(NAME + '-after-{builder}', [NAME], [ends('a', 0)])").unwrap();
        writeln!(text, "up_{builder} = {scheduler}").unwrap();
        writeln!(text, "after_{builder} = schedulers.Dependent(name=NAME + '-after-{builder}', upstream=up_{builder}, builderNames=[NAME + '-after-{builder}'])").unwrap();
        writeln!(text, "c['schedulers'] += [up_{builder}, after_{builder}]").unwrap();
    }
    writeln!(text, "#> attach {name}\n#> change {{\"revision\": \"r1\", \"branch\": \"main\"}}").unwrap();
    text
}

fn one_step(number: usize, rng: &mut Rng) -> String {
    let mut arguments = format!("'step{number}', {}", [0, 0, 1, 2, 3, 4][rng.usize(..6)]);
    for flag in [
        "haltOnFailure",
        "flunkOnFailure",
        "flunkOnWarnings",
        "warnOnFailure",
        "warnOnWarnings",
        "alwaysRun",
        "doStepIf",
    ] {
        match rng.u8(..6) {
            0 => write!(arguments, ", {flag}=True").unwrap(),
            1 => write!(arguments, ", {flag}=False").unwrap(),
            _ => {}
        }
    }
    format!("ends({arguments})")
}

const BRANCHES: [&str; 5] = ["main", "dev", "release-1", "main-2", ""];
const CATEGORIES: [&str; 4] = ["a", "b", "ab", ""];
const REPOSITORIES: [&str; 3] = ["http://one", "http://two", ""];

/// Schedulers with random filters, and random changes.
fn filters(name: &str, rng: &mut Rng) -> String {
    let mut text = "attend(NAME)\n".to_owned();
    for scheduler in 0..6 {
        let filter = one_filter(rng);
        let important = match rng.u8(..4) {
            0 => ", fileIsImportant=lambda change: 'x' in change.files",
            1 => ", fileIsImportant=lambda change: 'x' in change.files, onlyImportant=True",
            _ => "",
        };
        let class = if rng.bool() || filter.is_empty() { "AnyBranchScheduler" } else { "SingleBranchScheduler" };
        writeln!(text, "builder(NAME + '-{scheduler}', [NAME], [ends('a', 0)])").unwrap();
        writeln!(text, "c['schedulers'].append(schedulers.{class}(name=NAME + '-{scheduler}', change_filter=only(NAME{filter}), builderNames=[NAME + '-{scheduler}']{important}))").unwrap();
    }
    writeln!(text, "#> attach {name}").unwrap();
    for revision in 0..rng.usize(6..12) {
        writeln!(text, "#> change {{\"revision\": \"r{revision}\"{}}}", one_change(rng)).unwrap();
    }
    text
}

fn one_filter(rng: &mut Rng) -> String {
    let mut filter = String::new();
    for (attribute, values) in
        [("branch", &BRANCHES[..]), ("category", &CATEGORIES[..]), ("repository", &REPOSITORIES[..])]
    {
        let (one, other) = (pick(rng, values), pick(rng, values));
        match rng.u8(..12) {
            0 => write!(filter, ", {attribute}='{one}'").unwrap(),
            1 => write!(filter, ", {attribute}=['{one}', '{other}']").unwrap(),
            2 => write!(filter, ", {attribute}_re='{one}'").unwrap(),
            3 => write!(filter, ", {attribute}_re=['{one}.+', '.*{other}$']").unwrap(),
            4 => write!(filter, ", {attribute}_fn=lambda value: value == '{one}'").unwrap(),
            5 => write!(filter, ", {attribute}_not_eq=['{one}']").unwrap(),
            6 => write!(filter, ", {attribute}_not_re='{one}$'").unwrap(),
            _ => {}
        }
    }
    filter
}

fn one_change(rng: &mut Rng) -> String {
    let mut change = String::new();
    for (field, values) in [("branch", &BRANCHES[..]), ("category", &CATEGORIES[..]), ("repository", &REPOSITORIES[..])]
    {
        if rng.u8(..4) != 0 {
            write!(change, ", \"{field}\": \"{}\"", pick(rng, values)).unwrap();
        }
    }
    let files = pick(rng, &["[]", "[\"x\"]", "[\"y\", \"x\"]", "[\"y\"]"]);
    write!(change, ", \"files\": {files}").unwrap();
    change
}

/// Requests of several builders for one worker, with priorities and locks.
fn queues(name: &str, rng: &mut Rng) -> String {
    let mut text = format!("attend(NAME, max_builds={})\n", rng.u8(1..4));
    writeln!(text, "lock = util.MasterLock(NAME, maxCount={})", rng.u8(1..3)).unwrap();
    for builder in ["a", "b", "c"] {
        let lock = match rng.u8(..4) {
            0 => ", locks=[lock.access('counting')]",
            1 => ", locks=[lock.access('exclusive')]",
            _ => "",
        };
        writeln!(text, "builder(NAME + '-{builder}', [NAME], [gate()], collapseRequests=False{lock})").unwrap();
        writeln!(text, "force(NAME + '-{builder}', [NAME + '-{builder}'])").unwrap();
    }
    writeln!(text, "#> attach {name}").unwrap();
    let n_requests = rng.usize(5..9);
    let mut left = n_requests;
    let mut forced = 0;
    while forced < n_requests || 0 < left {
        if forced < n_requests && rng.u8(..3) != 0 {
            let (builder, priority) = (pick(rng, &["a", "b", "c"]), rng.u8(..3));
            writeln!(
                text,
                "#> force {name}-{builder} {name}-{builder} {{\"revision\": \"r{forced}\", \"priority\": {priority}}}"
            )
            .unwrap();
            forced += 1;
        } else if left > n_requests - forced {
            writeln!(text, "#> go {}", rng.u8(..2)).unwrap();
            left -= 1;
        }
    }
    text
}
