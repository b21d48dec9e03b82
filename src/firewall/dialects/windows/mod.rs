//! The Windows firewall: its rules with their ports and addresses, as CSV or JSON.

mod filter;
mod rows;
mod write;

use super::{Dialect, Input, Reads, Scope, Unread};
use crate::firewall::rules::{File, Rules};
use rows::{Export, Row};

pub(super) static DIALECT: Dialect = Dialect {
    name: "windows",
    title: "the Windows firewall: rules with their filters as CSV or JSON, written as PowerShell",
    reads: Some(Reads { export: EXPORT, recognises, read }),
    writes: Some(write::write),
};

/// Rules do not hold their ports and addresses: those are objects of their own, which this joins to them.
const EXPORT: &str = "powershell -Command \"[pscustomobject]@{profiles=@(Get-NetFirewallProfile -PolicyStore ActiveStore | \
    Select-Object Name,Enabled,DefaultInboundAction,DefaultOutboundAction,AllowInboundRules,AllowLocalFirewallRules,LogAllowed,LogBlocked);\
    rules=@(Get-NetFirewallRule -PolicyStore ActiveStore | ForEach-Object { $r=$_; $p=$r|Get-NetFirewallPortFilter; \
    $a=$r|Get-NetFirewallAddressFilter; $g=$r|Get-NetFirewallApplicationFilter; $s=$r|Get-NetFirewallServiceFilter; \
    $t=$r|Get-NetFirewallInterfaceTypeFilter; $i=$r|Get-NetFirewallInterfaceFilter; $c=$r|Get-NetFirewallSecurityFilter; \
    [pscustomobject]@{Name=$r.Name;DisplayName=$r.DisplayName;Enabled=[string]$r.Enabled;Profile=[string]$r.Profile;\
    Direction=[string]$r.Direction;Action=[string]$r.Action;Owner=$r.Owner;Protocol=$p.Protocol;LocalPort=@($p.LocalPort);\
    RemotePort=@($p.RemotePort);LocalAddress=@($a.LocalAddress);RemoteAddress=@($a.RemoteAddress);Program=$g.Program;\
    Package=$g.Package;Service=$s.Service;InterfaceType=[string]$t.InterfaceType;InterfaceAlias=@($i.InterfaceAlias);\
    LocalUser=$c.LocalUser;RemoteUser=$c.RemoteUser;RemoteMachine=$c.RemoteMachine;Authentication=[string]$c.Authentication;\
    OverrideBlockRules=[string]$c.OverrideBlockRules} })} | ConvertTo-Json -Depth 4\" > firewall.json";

fn recognises(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if text.starts_with(['{', '[']) {
        let of_rules = ["\"DisplayName\"", "\"Direction\"", "\"Action\""].iter().all(|word| text.contains(word));
        return of_rules
            && ["\"Profile\"", "\"Profiles\"", "\"EdgeTraversalPolicy\""].iter().any(|word| text.contains(word));
    }
    let heading = text.lines().find(|line| !line.starts_with("#TYPE")).unwrap_or_default();
    ["DisplayName", "Direction", "Action", "Enabled"].iter().all(|name| heading.contains(name))
}

/// The firewall of one machine. Files of several say no more than one of them.
fn read(inputs: &[Input], _: &Scope) -> Result<Rules, Unread> {
    let mut rules = Rules::default();
    for (nth, input) in inputs.iter().enumerate() {
        let unread = |(line, why): (Option<usize>, String)| Unread {
            file: input.name.clone(),
            line,
            why: format!("{why}; export it with: {EXPORT}"),
        };
        let export = rows::export(input).map_err(unread)?;
        lacking(&export).map_or(Ok(()), |why| Err(unread((None, why.to_owned()))))?;
        let mut own = Rules::default();
        own.files.push(File { name: input.name.clone(), dialect: DIALECT.name });
        filter::add_layers(&mut own, &export, 0);
        if nth == 0 {
            rules = own;
        } else {
            rules.join(own);
        }
    }
    Ok(rules)
}

/// Why an export cannot be judged.
fn lacking(export: &Export) -> Option<&'static str> {
    let has = |names: &[&str]| {
        let says = |row: &Row| names.iter().any(|name| row.get(name).is_some());
        export.rules.iter().any(says)
    };
    if !has(&["direction"]) || !has(&["action"]) {
        return Some("holds no firewall rules");
    }
    if !has(&["protocol"]) || !has(&["remoteaddress"]) || !has(&["localport", "remoteport"]) {
        return Some("has rules without their ports and addresses, which `Get-NetFirewallRule` alone does not give");
    }
    None
}

#[cfg(test)]
mod tests;
