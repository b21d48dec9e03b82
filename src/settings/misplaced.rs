//! Keys and secrets in the place of something else. What is taken for a name is asked of name servers, and not all of them are
//! one's own, so such a value ends the command before anything is sent.

use super::{CLIENT_ID, Declared, Layer, SETTINGS, SettingsError};
use crate::said;

/// Refuses a secret where a name, an address or a URL belongs, without repeating it.
pub fn refuse_misplaced_secrets(layers: &[Layer]) -> Result<(), SettingsError> {
    for setting in SETTINGS.iter().filter(|setting| may_be_sent(setting)) {
        let Some((given, source)) = layers.iter().find_map(|layer| layer.of(setting)) else { continue };
        if given.iter().any(|value| is_secret(value)) {
            return Err(SettingsError::BadValue {
                name: setting.name,
                from: source.clone(),
                shown: "what looks like a key or a secret".to_owned(),
                wanted: setting.help.to_owned(),
            });
        }
    }
    Ok(())
}

/// A client ID that is a key is found by the check of the settings, and is not sent either.
fn may_be_sent(setting: &Declared) -> bool {
    *setting != CLIENT_ID && !setting.shape.names_files()
}

/// Of a URL its host, as it was typed; what stands in its path and query goes to that host alone. A value that is no URL is
/// taken as a whole, but for what signs in at a proxy.
fn is_secret(value: &str) -> bool {
    let place = match value.split_once("://") {
        Some((_, rest)) => rest.rsplit('@').next().unwrap_or(rest).split(['/', '?', '#']).next().unwrap_or_default(),
        None => value.rsplit('@').next().unwrap_or(value),
    };
    place.split(',').map(str::trim).any(|name| {
        let host = name.rsplit_once(':').map_or(name, |(host, _)| host);
        said::looks_secret(name) || said::is_known(host) || said::is_known(name)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::{Source, declared};

    fn refused(name: &str, value: &str) -> Option<String> {
        let mut layer = Layer::default();
        layer.give(declared(name).unwrap(), [value.to_owned()], Source::Flag("--flag"));
        refuse_misplaced_secrets(&[layer]).err().map(|error| error.to_string())
    }

    #[test]
    fn a_key_in_the_place_of_any_name_is_refused_and_not_repeated() {
        let key = "sk_live_plantedabcdefghijkl";
        said::keep("0mIsPlAcEd9planted0secret");
        for setting in SETTINGS.iter().filter(|setting| may_be_sent(setting)) {
            for value in [
                key.to_owned(),
                format!("\"{key}\""),
                format!(" {key}"),
                format!("WORKOS_API_KEY={key}"),
                format!("{key}.customer.example"),
                format!("{key}:8443"),
                format!("https://{key}/hook"),
                format!("a.example,{key}"),
                "https://whsec_plantedabcdefghijkl/".to_owned(),
                "0mIsPlAcEd9planted0secret".to_owned(),
                "https://0mIsPlAcEd9planted0secret:8443/hook".to_owned(),
                "c2tfbGl2ZV9wbGFudGVkYWJjZGVmZ2hpamts".to_owned(),
                "http://c2tfbGl2ZV9wbGFudGVkYWJjZGVmZ2hpamts:3128".to_owned(),
                "0misplaced9planted0secret:8443".to_owned(),
            ] {
                let said = refused(setting.name, &value).unwrap_or_else(|| panic!("{} takes {value}", setting.name));
                assert!(
                    said.starts_with(setting.name) && !said.contains("planted") && !said.contains("bGFudGVk"),
                    "{said}"
                );
            }
        }
    }

    #[test]
    fn what_only_its_own_host_is_told_and_what_names_a_file_is_taken() {
        for (name, value) in [
            ("installation.webhook_url", "https://app.customer.example/hooks/whsec_plantedabcdefghijkl"),
            ("network.proxy", "http://user:sk_live_plantedabcdefghijkl@proxy.customer.example:3128"),
            ("workos.api_key_file", "/etc/app/sk_live_key"),
            ("network.ca_bundle", "whsec_ca.pem"),
            ("installation.domain", "task-sk.customer.example"),
            ("network.endpoints", "[2001:db8::1]:8443"),
        ] {
            assert_eq!(refused(name, value), None, "{name}");
        }
    }
}
