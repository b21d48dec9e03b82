//! `rules generate`: the required flows in a firewall's own language. Nothing is sent, and nothing is changed anywhere.

use std::fmt::Write as _;
use std::path::Path;

use super::{given, least, named};
use crate::cli::{GenerateArgs, Part, Ways};
use crate::commands::{Failure, exit, gather, print, say, session};
use crate::documents::requirements::{addresses, too_old};
use crate::facts::Facts;
use crate::files::Place;
use crate::firewall::dialects::{DIALECTS, Dialect, Generated, Request};
use crate::firewall::{Delta, Direction, Flow, Party, flows};
use crate::outcome::Vantage;
use crate::reporters::Encoding;
use crate::said::{caught, harmless_script, hidden};
use crate::settings::{Place as InForce, Settings};

pub(in crate::commands) fn run(args: &GenerateArgs) -> Result<u8, Failure> {
    if args.list {
        return print(&list());
    }
    let (settings, facts) = gather::settings(&args.settings)?;
    let Some(name) = given(&settings) else {
        let wanted = "--dialect is missing, which says in which language; `rules generate --list` names them";
        return Err(Failure::Usage(wanted.to_owned()));
    };
    let dialect = named(name, "written", |dialect| dialect.writes.is_some())?;
    let older = args.compare_facts.as_deref().map(gather::older_facts).transpose()?;
    let text = written(dialect, args, &settings, &facts, older.as_ref())?;
    let now = session::head_here(&settings, &facts, Vantage::Inside).started_at;
    if let Some(days) = facts.too_old(now) {
        say(&too_old(days));
    }
    put(&text, args.output.as_deref())
}

/// The languages, a line for each.
fn list() -> String {
    let width = DIALECTS.iter().map(|dialect| dialect.name.chars().count()).max().unwrap_or_default();
    let mut text = String::new();
    let mut sorted: Vec<&Dialect> = DIALECTS.to_vec();
    sorted.sort_by_key(|dialect| dialect.name);
    for dialect in sorted {
        let does = match (dialect.writes.is_some(), dialect.reads.is_some()) {
            (true, true) => "written and read",
            (true, false) => "written         ",
            (false, _) => "read            ",
        };
        let _ = writeln!(text, "{:width$}  {does}  {}", dialect.name, dialect.title);
    }
    text
}

/// The rules, or the part of them that was asked for.
fn written(
    dialect: &Dialect,
    args: &GenerateArgs,
    settings: &Settings,
    facts: &Facts,
    older: Option<&Facts>,
) -> Result<String, Failure> {
    let Some(write) = dialect.writes else { return Ok(String::new()) };
    let chosen = |facts: &Facts| -> Vec<Flow> {
        let all = flows(facts, settings, &[]).into_iter();
        all.filter(|flow| is_chosen(flow, args, settings)).map(without_secrets).collect()
    };
    let request = |flows| Request { flows, as_of: facts.as_of.clone(), log: args.log };
    let Some(older) = older else {
        return part(dialect, write(&request(chosen(facts))), args.part, Vec::new());
    };
    let Delta { added, removed } = Delta::between(&chosen(older), &chosen(facts));
    let mut remarks =
        vec![format!("Only what changed between the facts of {} and those of {}.", older.as_of, facts.as_of)];
    if added.is_empty() && removed.is_empty() {
        remarks.push("Nothing changed: there is nothing to do.".to_owned());
    }
    remarks.extend(removed.iter().map(taken_away));
    // Beside the flow's own rules, which stand, so that neither takes the other's place.
    let beside = added.into_iter().map(|flow| Flow { id: format!("{}-{}", flow.id, facts.as_of), ..flow }).collect();
    let mut generated = write(&request(beside));
    let gone = write(&Request { flows: removed.clone(), as_of: older.as_of.clone(), log: args.log });
    if args.part == Some(Part::Rollback) {
        // What is no longer needed is taken away as a whole rule only where it had one of its own; the remarks say where not.
        generated.rollback = gone.rollback.filter(|_| !removed.is_empty()).or(Some(String::new()));
    } else {
        generated.default_deny = None;
    }
    part(dialect, generated, args.part, remarks)
}

/// What is to be taken out of which object, in words.
fn taken_away(flow: &Flow) -> String {
    let end = if flow.direction == Direction::Egress { &flow.destination } else { &flow.source };
    let what = [end.hosts.join(" "), addresses(&end.ranges)];
    let what: Vec<&str> = what.iter().map(String::as_str).filter(|words| !words.is_empty()).collect();
    format!("No longer needed for {}: take {} out of its rules and objects.", flow.id, what.join(" "))
}

/// Whether a rule is wanted for it here. Browsers are machines of their own, and no rule for the installation is about them; what
/// other machines open is the business of what stands between them and the internet.
fn is_chosen(flow: &Flow, args: &GenerateArgs, settings: &Settings) -> bool {
    let way = match args.direction {
        Ways::Both => true,
        Ways::Egress => flow.direction == Direction::Egress,
        Ways::Ingress => flow.direction == Direction::Ingress,
    };
    let on_router = settings.place.as_ref().is_some_and(|place| place.value == InForce::Router);
    let of_here = flow.direction == Direction::Ingress || flow.is_opened_by_the_server();
    way && flow.need <= least(args.need) && (of_here || on_router && !flow.is_opened_by_browsers())
}

fn without_secrets(mut flow: Flow) -> Flow {
    let clean = |party: &mut Party| {
        party.who = hidden(&party.who);
        party.hosts.iter_mut().for_each(|host| *host = hidden(host));
    };
    clean(&mut flow.source);
    clean(&mut flow.destination);
    flow.reason = hidden(&flow.reason);
    flow
}

/// Remarks, rules and, where the language has comments, the other parts as comments; or one part alone.
fn part(dialect: &Dialect, generated: Generated, part: Option<Part>, more: Vec<String>) -> Result<String, Failure> {
    let Generated { rules, default_deny, rollback, comment, remarks } = generated;
    let none = |what: &str, why: &str| Err(Failure::Usage(format!("there is no {what} in {}: {why}", dialect.name)));
    let alone = match part {
        None => None,
        Some(Part::Rules) => Some(rules.clone()),
        Some(Part::DefaultDeny) => match default_deny.clone() {
            Some(text) => Some(text),
            None => return none("default deny", "it denies by itself what no rule lets through, or cannot say it"),
        },
        Some(Part::Rollback) => match rollback.clone() {
            Some(text) => Some(text),
            None => return none("rollback", "there is nothing to take away"),
        },
    };
    let remarks: Vec<String> = more.into_iter().chain(remarks).collect();
    let Some(begins) = comment else {
        for remark in &remarks {
            say(remark);
        }
        return Ok(alone.unwrap_or(rules));
    };
    let whole = alone.is_none();
    let body = alone.unwrap_or(rules);
    // What a script is run by has to be its first line.
    let (first, rest) = match body.split_once('\n') {
        Some((first, rest)) if first.starts_with("#!") => (format!("{first}\n"), rest),
        _ => (String::new(), body.as_str()),
    };
    let mut text = first;
    for remark in &remarks {
        commented(&mut text, begins, remark);
    }
    if !remarks.is_empty() {
        text.push('\n');
    }
    text.push_str(rest);
    if !whole {
        return Ok(text);
    }
    let others = [
        ("What denies everything else, to be applied apart, once what is needed is let through", default_deny),
        ("What takes these rules away again", rollback),
    ];
    for (title, other) in others {
        let Some(other) = other.filter(|other| !other.trim().is_empty()) else { continue };
        let _ = write!(text, "\n{begins} {title}:\n");
        commented(&mut text, begins, &other);
    }
    Ok(text)
}

fn commented(text: &mut String, begins: &str, lines: &str) {
    for line in lines.lines() {
        let _ = if line.is_empty() { writeln!(text, "{begins}") } else { writeln!(text, "{begins} {line}") };
    }
}

/// To standard output, or into the file that was named.
fn put(text: &str, output: Option<&Path>) -> Result<u8, Failure> {
    let text = caught(&harmless_script(text));
    match output.filter(|path| *path != Path::new("-")) {
        None => exit::to_stdout(Encoding::Text, text.as_bytes())?,
        Some(path) => {
            let written = Place::of(path).and_then(|place| place.write(text.as_bytes()));
            written.map_err(|why| Failure::machine(format!("cannot write {}", path.display()), why))?;
        }
    }
    Ok(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn generated() -> Generated {
        Generated {
            rules: "allow a\nallow b\n".to_owned(),
            default_deny: Some("deny all\n".to_owned()),
            rollback: Some("undo b\n\nundo a\n".to_owned()),
            comment: Some("#"),
            remarks: vec!["Name the resolver.".to_owned()],
        }
    }

    static DIALECT: Dialect =
        Dialect { name: "made-up", title: "a language that nobody has", reads: None, writes: None };

    #[test]
    fn remarks_come_first_and_what_is_to_be_applied_apart_stands_behind_the_rules_as_comments() {
        assert_eq!(
            part(&DIALECT, generated(), None, vec!["Only what changed.".to_owned()]).unwrap(),
            "# Only what changed.\n# Name the resolver.\n\nallow a\nallow b\n\
             \n# What denies everything else, to be applied apart, once what is needed is let through:\n# deny all\n\
             \n# What takes these rules away again:\n# undo b\n#\n# undo a\n"
        );
    }

    #[test]
    fn a_part_stands_alone_behind_the_remarks_and_one_that_there_is_none_of_is_told() {
        let alone = |which| part(&DIALECT, generated(), Some(which), Vec::new()).unwrap();

        assert_eq!(alone(Part::DefaultDeny), "# Name the resolver.\n\ndeny all\n");
        let script = Generated { rules: "#!/bin/sh\nallow a\n".to_owned(), ..generated() };
        let script = part(&DIALECT, script, Some(Part::Rules), Vec::new()).unwrap();
        assert_eq!(script, "#!/bin/sh\n# Name the resolver.\n\nallow a\n");
        assert_eq!(alone(Part::Rollback), "# Name the resolver.\n\nundo b\n\nundo a\n");
        let bare = Generated { default_deny: None, comment: None, ..generated() };
        assert_eq!(part(&DIALECT, bare.clone(), None, Vec::new()).unwrap(), "allow a\nallow b\n");
        let why = part(&DIALECT, bare, Some(Part::DefaultDeny), Vec::new()).unwrap_err().to_string();
        assert!(why.starts_with("there is no default deny in made-up: "), "{why}");
    }
}
