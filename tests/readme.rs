//! Every command and every sample in the README is run, and every settings file in it is read.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod support;

use std::path::Path;

use support::{Ended, binary, run, run_in, self_signed};

/// The fenced blocks of the README: language and text.
fn blocks() -> Vec<(String, String)> {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let mut blocks = Vec::new();
    let mut parts = readme.split("```");
    parts.next();
    while let (Some(block), Some(_)) = (parts.next(), parts.next()) {
        let (language, text) = block.split_once('\n').unwrap();
        blocks.push((language.to_owned(), text.to_owned()));
    }
    blocks
}

fn of(language: &str) -> Vec<String> {
    blocks().into_iter().filter(|(found, _)| found == language).map(|(_, text)| text).collect()
}

/// What differs from run to run and from machine to machine: durations, this host's address, and where lines wrap.
fn normal(line: &str) -> String {
    let mut words = Vec::new();
    let mut inside = line.split_whitespace().peekable();
    while let Some(word) = inside.next() {
        let is_unit = |next: &&str| matches!(next.trim_end_matches(['.', ',']), "ms" | "s");
        if word.parse::<f64>().is_ok() && inside.peek().is_some_and(is_unit) {
            inside.next();
            words.push("DURATION".to_owned());
        } else if word.starts_with('(')
            && word.ends_with(')')
            && word.trim_matches(['(', ')']).parse::<std::net::IpAddr>().is_ok()
        {
            words.push("(ADDRESS)".to_owned());
        } else {
            words.push(word.to_owned());
        }
    }
    words.join(" ")
}

/// Holds the sample to what was printed: the parts between `…` lines must come in this order, word for word.
fn compare(command: &str, sample: &str, printed: &str) {
    let flat = |text: &str| text.lines().map(normal).collect::<Vec<_>>().join(" ");
    let printed = flat(printed);
    let mut rest = printed.as_str();
    for part in sample.split("\n…").map(|part| part.trim_start_matches('…')) {
        let part = flat(part);
        let part = part.trim();
        let at = rest
            .find(part)
            .unwrap_or_else(|| panic!("`{command}` does not print, in this place:\n{part}\nbut:\n{rest}"));
        rest = &rest[at + part.len()..];
    }
}

/// A folder with the reports from before and after a change that lets connections to the API through.
fn saved_reports() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let demo = ["demo", "--only", "egress.trusted"];
    run_in(folder.path(), &[&demo[..], &["--fault", "egress-dropped", "--report", "json=before.json"]].concat());
    run_in(folder.path(), &[&demo[..], &["--report", "json=after.json"]].concat());
    let rules = |input: &str| {
        let policies = ":INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n";
        format!("*filter\n{policies}-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT\n{input}COMMIT\n")
    };
    let facts = workos_preflight::facts::Facts::embedded();
    let sources = facts.workos_sources.published.addresses.iter();
    let accept: Vec<String> =
        sources.map(|source| format!("-A INPUT -s {source}/32 -p tcp -m tcp --dport 443 -j ACCEPT\n")).collect();
    for (name, text) in [("v4", rules(&accept[1..].concat())), ("v6", rules("")), ("after.v4", rules(&accept.concat()))]
    {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

/// It listens, on a port that is free here and for a moment, and saves what came of it.
fn listens(typed: &str, folder: &Path) {
    self_signed(folder, "chain.pem", "key.pem");
    let typed = typed.replace("127.0.0.1:8080", "127.0.0.1:0");
    let mut args: Vec<&str> = typed.split_whitespace().collect();
    if !args.contains(&"--bind") {
        args.extend(["--bind", "127.0.0.1:0"]);
    }
    args.extend(["--for", "200ms"]);
    let ended = run_in(folder, &args);

    assert_eq!(ended.code, Some(3), "{typed}: {ended:?}");
    assert!(ended.err.contains("listening on http") && ended.out.contains("webhook.delivered/nothing-arrived"));
    assert!(!typed.contains("inbound.json") || folder.join("inbound.json").is_file());
}

#[test]
fn every_sample_is_what_its_command_prints() {
    let samples = of("console");
    assert!(samples.len() >= 5);
    let folder = saved_reports();
    for sample in samples {
        let (command, expected) = sample.split_once('\n').unwrap();
        let typed = command.strip_prefix("$ workos-preflight").unwrap();
        let args: Vec<&str> = typed.split_whitespace().collect();
        let ended =
            Ended::from(binary().args(&args).env("COLUMNS", "118").current_dir(folder.path()).output().unwrap());

        assert!(matches!(ended.code, Some(0 | 1)), "{command}: {ended:?}");
        compare(command, expected, &ended.out);
    }
}

#[test]
fn every_settings_file_is_read() {
    let files = of("toml");
    assert!(!files.is_empty());
    for text in files {
        let folder = tempfile::tempdir().unwrap();
        let key = folder.path().join("key");
        std::fs::write(&key, "sk_live_abcdefghijklmnopqrst\n").unwrap();
        let text = text.replace("/run/secrets/workos-api-key", key.to_str().unwrap());
        let file = folder.path().join("preflight.toml");
        std::fs::write(&file, &text).unwrap();
        let ended = run(&["plan", "--config", file.to_str().unwrap()]);

        assert_eq!(ended.code, Some(0), "{text}\n{ended:?}");
    }
}

#[test]
fn every_command_line_is_one_that_the_binary_takes() {
    let mut seen = 0;
    let folder = saved_reports();
    // What a job runs stands behind the key that says so.
    let jobs = of("yaml").into_iter().map(|block| block.replace("- run: ", "").replace("script: ", ""));
    let jobs = jobs.map(|block| {
        block.lines().map(str::trim).filter(|line| line.starts_with("workos-")).collect::<Vec<_>>().join("\n")
    });
    for block in of("sh").into_iter().chain(jobs) {
        for line in block.replace("\\\n", " ").lines() {
            let line = line.split(" #").next().unwrap().trim();
            if line.starts_with('#') {
                continue;
            }
            let Some(typed) = line.strip_prefix("workos-preflight") else {
                let others = ["cargo ", "export WORKOS_", "iptables-save "];
                let known = line.is_empty() || others.iter().any(|other| line.starts_with(other));
                assert!(known, "the README has a command that no test knows: {line}");
                continue;
            };
            if typed.trim_start().starts_with("compare ") {
                let args: Vec<&str> = typed.split_whitespace().collect();
                let ended = run_in(folder.path(), &args);
                assert_eq!(ended.code, Some(0), "{line}: {ended:?}");
                continue;
            }
            if typed.trim_start().starts_with("rules ") {
                let args: Vec<&str> = typed.split_whitespace().collect();
                let ended = run_in(folder.path(), &args);
                assert!(matches!(ended.code, Some(0 | 1)), "{line}: {ended:?}");
                continue;
            }
            if typed.trim() == "version" {
                assert_eq!(run(&["version"]).code, Some(0));
                continue;
            }
            if typed.trim_start().starts_with("listen ") {
                listens(typed, folder.path());
                seen += 1;
                continue;
            }
            let replaced = typed
                .replace("client_...", "client_01HZBC6N1EB1ZY7KG32X")
                .replace("NAME.authkit.app", "name.authkit.app");
            let mut args: Vec<&str> = replaced.split_whitespace().filter(|word| *word != "check").collect();
            // `plan` takes the settings of `check` and sends nothing; what is about output is looked at by `--help`.
            let output = ["--format", "--output", "--report"];
            while let Some(at) = args.iter().position(|word| output.contains(word)) {
                args.drain(at..=at + 1);
            }
            args.retain(|word| *word != "--complete");
            let ended = match args.first() {
                // A look from outside has a plan of its own.
                Some(&"probe") => run(&[&args[..], &["--plan"]].concat()),
                Some(&("plan" | "requirements")) => run(&args),
                _ => run(&[&["plan"], &args[..]].concat()),
            };
            assert_eq!(ended.code, Some(0), "{line}: {ended:?}");
            seen += 1;
        }
    }
    assert!(seen >= 4);
}

/// What scripts are shown to ask of a report is there, and, where `jq` is installed, as they ask it.
#[test]
fn every_recipe_for_jq_finds_something_in_a_report() {
    let report = run(&["demo", "--fault", "egress-dropped", "--only", "egress.connects", "--format", "json"]).out;
    let members: serde_json::Value = serde_json::from_str(&report).unwrap();
    let recipes: Vec<String> = of("jq").iter().flat_map(|block| block.lines()).map(str::to_owned).collect();
    assert!(recipes.len() >= 4);
    for recipe in &recipes {
        for word in recipe.split(|c: char| !(c.is_ascii_lowercase() || matches!(c, '.' | '_'))) {
            for member in
                word.strip_prefix('.').into_iter().flat_map(|path| path.split('.')).filter(|it| !it.is_empty())
            {
                assert!(members.to_string().contains(&format!("\"{member}\":")), "{recipe}: there is no {member}");
            }
        }
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("report.json"), &report).unwrap();
        let asked = std::process::Command::new("jq").args(["-r", recipe, "report.json"]).current_dir(&folder).output();
        match asked {
            Ok(told) => assert!(told.status.success(), "{recipe}: {}", String::from_utf8_lossy(&told.stderr)),
            Err(error) => assert!(
                error.kind() == std::io::ErrorKind::NotFound && std::env::var_os("NETLAB_REQUIRED").is_none(),
                "jq: {error}"
            ),
        }
    }
}

/// The codes that the help lists, a line for each, to its end.
fn exit_codes_of_the_help() -> Vec<String> {
    let help = run(&["--help"]).out;
    let (_, list) = help.split_once("\nExit codes:\n").unwrap();
    list.lines().map(|line| line.split_whitespace().next().unwrap().to_owned()).collect()
}

#[test]
fn the_exit_codes_of_the_readme_are_those_of_the_help() {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let (_, table) = readme.split_once("| exit code | meaning |\n|---|---|\n").unwrap();
    let rows = table.lines().map_while(|line| line.strip_prefix("| ")?.split(" | ").next());
    let listed: Vec<String> = rows.map(str::to_owned).collect();

    assert_eq!(listed, ["0", "1", "2", "3", "4", "70", "130"]);
    assert_eq!(listed, exit_codes_of_the_help());
}

/// Every setting as the README lists it, made from its declaration.
fn settings() -> String {
    use workos_preflight::settings::{Flag, SETTINGS, Shape, Taker};

    let mut table = "| setting | flag | environment | in the file | default |\n|---|---|---|---|---|\n".to_owned();
    for setting in SETTINGS {
        let flag = match (setting.flag, setting.shape) {
            (Flag::Long(flag), Shape::Switch) => format!("`{flag}`"),
            (Flag::Long(flag), Shape::Choice(words)) => format!("`{flag} {}`", words.join("|")),
            (Flag::Long(flag), _) => format!("`{flag} {}`", setting.value_name),
            (Flag::Each(aliases), _) => {
                aliases.iter().map(|alias| format!("`{}`", alias.flag)).collect::<Vec<_>>().join(", ")
            }
        };
        let held = setting.held.map(|held| format!("`{}` holds {} itself", held.variable, held.what));
        let read = setting.variables(Taker::Check).into_iter().map(|variable| format!("`{variable}`"));
        let cells = [
            setting.help.to_owned(),
            flag,
            read.chain(held).collect::<Vec<_>>().join(", "),
            format!("`{}`", setting.name),
            setting.default.in_words().unwrap_or_default().to_owned(),
        ];
        let cells = cells.map(|cell| format!(" {}", cell.replace('|', "\\|")).trim_end().to_owned());
        table.extend(["|", &cells.join(" |"), " |\n"]);
    }
    table
}

#[test]
fn the_table_of_settings_is_what_is_declared() {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).unwrap();
    let table: Vec<&str> = readme
        .lines()
        .skip_while(|line| !line.starts_with("| setting |"))
        .take_while(|line| line.starts_with('|'))
        .collect();
    let declared = settings();

    assert_eq!(table, declared.lines().collect::<Vec<_>>(), "the README should list:\n{declared}");
}
