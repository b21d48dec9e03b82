//! What modules ask that cannot be known from the files, in words that finish "unsure whether …".

/// What the options of a module come to.
#[derive(Debug, PartialEq)]
pub(super) enum Asks {
    /// They match everything.
    Nothing,
    /// They match no connection.
    Never,
    /// They match where this holds, or (`negated`) where it does not.
    Condition { negated: bool, what: String },
}

/// Each module, and what its options (put in the place of `{}`) ask.
const WORDS: &[(&str, &str)] = &[
    ("hashlimit", "the rate `{}` is as the rule wants it"),
    ("recent", "the list of recent senders fits `{}`"),
    ("time", "it is the time of `{}`"),
    ("owner", "whoever sends it fits `{}`"),
    ("mark", "the packet bears the mark of `{}`"),
    ("connmark", "its connection bears the mark of `{}`"),
    ("string", "its content fits `{}`"),
    ("u32", "its bytes fit `{}`"),
    ("bpf", "its bytes fit `{}`"),
    ("physdev", "the port of the bridge fits `{}`"),
    ("mac", "its MAC address fits `{}`"),
    ("geoip", "the country of the address fits `{}`"),
    ("length", "its length fits `{}`"),
    ("ttl", "its time to live fits `{}`"),
    ("hl", "its hop limit fits `{}`"),
    ("policy", "IPsec fits `{}`"),
    ("socket", "a socket waits for it"),
    ("rpfilter", "the way back to its source leads where it came from"),
    ("connbytes", "what its connection has carried fits `{}`"),
];

/// Modules that remember something for each rule by itself: two rules of the same options can answer differently.
const BY_RULE: &[(&str, &str)] = &[
    ("limit", "the rate `{}` is kept"),
    ("statistic", "chance (`{}`) picks it"),
    ("random", "chance (`{}`) picks it"),
    ("nth", "counting (`{}`) picks it"),
    ("quota", "the quota `{}` is not used up"),
    ("connlimit", "the number of connections fits `{}`"),
];

/// What a module asks with these options, each with whether it is negated, in this rule.
pub(super) fn module(module: &str, options: &[(bool, String)], rule: &str) -> Asks {
    let has = |name: &str| options.iter().any(|(_, words)| words == name);
    // It adds the sender to a list, and matches whoever that is.
    if module == "recent" && options.iter().any(|(negated, words)| words == "--set" && !negated) {
        return Asks::Nothing;
    }
    if module == "rpfilter" {
        let what = "the way back to its source leads where it came from".to_owned();
        return Asks::Condition { negated: has("--invert"), what };
    }
    // One option that is negated is the opposite of that option; of several it is only known what they are together.
    let (negated, words) = match options {
        [(negated, words)] => (*negated, words.clone()),
        several => {
            let one = |(negated, words): &(bool, String)| format!("{}{words}", if *negated { "! " } else { "" });
            (false, several.iter().map(one).collect::<Vec<_>>().join(" "))
        }
    };
    let of = |table: &[(&str, &'static str)]| table.iter().find(|(name, _)| *name == module).map(|(_, what)| *what);
    let what = match (of(WORDS), of(BY_RULE)) {
        (Some(what), _) => what.replace("{}", &words),
        (None, Some(what)) => format!("{} in `{rule}`", what.replace("{}", &words)),
        // Fragments, and headers that no connection of ours has.
        (None, None) if matches!(module, "frag" | "ah" | "esp" | "rt" | "mh") => return Asks::Never,
        (None, None) => format!("`{}` fits the packet", format!("-m {module} {words}").trim_end()),
    };
    Asks::Condition { negated, what }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_known_is_said_in_words_under_which_rules_are_alike_or_differ() {
        let asks =
            |name: &str, negated: bool, words: &str, rule: &str| module(name, &[(negated, words.to_owned())], rule);
        let mark = |negated| Asks::Condition { negated, what: "the packet bears the mark of `--mark 0x1`".to_owned() };

        assert_eq!(asks("mark", false, "--mark 0x1", "one"), mark(false));
        assert_eq!(asks("mark", true, "--mark 0x1", "another"), mark(true));
        assert_ne!(asks("limit", false, "--limit 3/min", "one"), asks("limit", false, "--limit 3/min", "another"));
        assert_eq!(asks("recent", false, "--set", ""), Asks::Nothing);
        assert_eq!(asks("rt", false, "--rt-type 0", ""), Asks::Never, "ufw stops routing headers of IPv6");
        assert_eq!(
            asks("cluster", false, "--x 1", ""),
            Asks::Condition { negated: false, what: "`-m cluster --x 1` fits the packet".to_owned() }
        );
    }
}
