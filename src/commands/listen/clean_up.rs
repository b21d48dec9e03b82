//! `listen --clean-up`: finds by its marker what a `--deliver` left that could not clean up after itself, and deletes it.

use std::fmt::Write as _;

use super::super::{Failure, print, session};
use super::provocation::{Marked, Vendor, shown_marked};
use super::{consent, key};
use crate::check::Vantage;
use crate::cli::ListenArgs;
use crate::facts::Facts;
use crate::settings::Settings;

/// Something that should be gone is still there.
const LEFT: u8 = 1;

pub(super) fn run(args: &ListenArgs, settings: Settings, facts: Facts) -> Result<u8, Failure> {
    let cx = session::this_machine(settings, facts, Vantage::Inside, None)?;
    session::block_on(async {
        let vendor = Vendor::new(&cx, key(&cx, "--clean-up")?);
        let place = format!("in the environment of the key {} at {}", vendor.key, cx.settings.api.value.https(""));
        let marked =
            vendor.marked(None).await.map_err(|why| Failure::machine("--clean-up cannot look what is there", why))?;
        let further =
            if marked.incomplete { "; only the newest organizations and endpoints were looked through" } else { "" };
        if marked.is_empty() {
            return print(&format!("Nothing is left over {place}{further}.\n"));
        }
        consent::ask(&found(&marked, &place), args.yes, "--clean-up")?;
        delete(&vendor, &marked, further).await
    })?
}

fn found(marked: &Marked, place: &str) -> String {
    let mut text = format!("This was left over, and would be deleted, {place}:\n");
    for organization in &marked.organizations {
        let _ = writeln!(text, "  organization {}  “{}”", organization.id, plain(&organization.called));
    }
    for endpoint in &marked.endpoints {
        let _ = writeln!(text, "  endpoint {}  {}", endpoint.id, shown_marked(&endpoint.called));
    }
    text.push_str("A `listen --deliver` that is running now would lose what it waits for.\n");
    text
}

fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(120).collect()
}

async fn delete(vendor: &Vendor<'_>, marked: &Marked, further: &str) -> Result<u8, Failure> {
    let mut text = String::new();
    let mut left = 0;
    for organization in &marked.organizations {
        left += told(&mut text, "organization", &organization.id, &vendor.delete_organization(organization).await);
    }
    for endpoint in &marked.endpoints {
        left += told(&mut text, "endpoint", &endpoint.id, &vendor.delete_endpoint(endpoint).await);
    }
    let _ = match left {
        0 => writeln!(text, "Nothing is left over now{further}."),
        _ => writeln!(text, "Still there: {left}; run this again, or delete them in the WorkOS dashboard."),
    };
    print(&text)?;
    Ok(if left == 0 { 0 } else { LEFT })
}

fn told(text: &mut String, kind: &str, id: &str, deleted: &Result<(), String>) -> usize {
    let _ = match deleted {
        Ok(()) => writeln!(text, "{kind} {id}: deleted"),
        Err(why) => writeln!(text, "{kind} {id}: not deleted, {why}"),
    };
    usize::from(deleted.is_err())
}
