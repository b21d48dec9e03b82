//! `man`: the manual pages, made of what may be typed.

use std::path::Path;

use clap_mangen::Man;

use super::{Failure, about, exit};
use crate::cli::ManArgs;
use crate::files::Place;
use crate::reporters::Encoding;

pub(super) fn run(args: &ManArgs) -> Result<u8, Failure> {
    let Some(folder) = &args.output else {
        exit::to_stdout(Encoding::Text, &page(about::command(&args.command)?)?)?;
        return Ok(0);
    };
    let whole = about::command(&[])?;
    for command in whole.get_subcommands().flat_map(|command| std::iter::once(command).chain(command.get_subcommands()))
    {
        write(folder, command.clone())?;
    }
    write(folder, whole)?;
    Ok(0)
}

/// Writes a page under the name that `man` looks for.
fn write(folder: &Path, command: clap::Command) -> Result<(), Failure> {
    let path = folder.join(format!("{}.1", name(&command)));
    let page = page(command)?;
    let written = Place::of(&path).and_then(|place| place.write(&page));
    written.map_err(|why| Failure::machine(format!("cannot write {}", path.display()), why))
}

fn page(command: clap::Command) -> Result<Vec<u8>, Failure> {
    let title = name(&command);
    let mut text = Vec::new();
    Man::new(command)
        .title(title)
        .source(concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION")))
        .manual("workos-preflight")
        .render(&mut text)?;
    Ok(text)
}

/// `workos-preflight-check` of `check`.
fn name(command: &clap::Command) -> String {
    command.get_display_name().unwrap_or(command.get_name()).to_owned()
}
