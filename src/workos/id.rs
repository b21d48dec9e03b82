//! Ids of what this tool makes at `WorkOS`, as far as it may put them into the path of a request that deletes.

/// What is made, and deleted again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// An organization, `org_…`.
    Organization,
    /// A webhook endpoint, `we_…`.
    Endpoint,
}

impl Kind {
    /// "organization", for sentences.
    pub fn in_words(self) -> &'static str {
        match self {
            Kind::Organization => "organization",
            Kind::Endpoint => "endpoint",
        }
    }

    /// Where all of its kind are. The list of endpoints holds their secrets, which are never shown (facts of 2026-11-23, §3.4).
    pub fn place(self) -> &'static str {
        match self {
            Kind::Organization => "/organizations",
            Kind::Endpoint => "/webhook_endpoints",
        }
    }

    /// What its ids begin with.
    fn prefix(self) -> &'static str {
        match self {
            Kind::Organization => "org_",
            Kind::Endpoint => "we_",
        }
    }
}

/// The id of one object: a single segment of a path, whatever the API called it. A path that deletes is made of nothing else.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Id {
    kind: Kind,
    /// What stands behind the prefix.
    rest: String,
}

/// Known ids have 26 characters behind their prefix; no id is longer than this.
const LONGEST: usize = 64;

impl Id {
    /// Takes an id over if it has the shape of one of this kind.
    pub fn read(kind: Kind, text: &str) -> Option<Self> {
        let rest = text.strip_prefix(kind.prefix())?;
        let shaped =
            (1..=LONGEST).contains(&rest.len()) && rest.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
        shaped.then(|| Id { kind, rest: rest.to_owned() })
    }

    /// What it is the id of.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The path of the object itself.
    pub fn path(&self) -> String {
        format!("{}/{self}", self.kind.place())
    }
}

impl std::fmt::Display for Id {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", self.kind.prefix(), self.rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use proptest::prelude::*;

    #[test]
    fn only_what_has_the_shape_of_its_kind_is_an_id() {
        for (kind, id) in [
            (Kind::Organization, "org_01HZBCD2W8Q4V6M3T9KXR5PAJE"),
            (Kind::Endpoint, "we_01HZBCF7N3B9Y1D5S8GWQ2ZTKM"),
            (Kind::Organization, "org_test_1"),
        ] {
            let read = Id::read(kind, id).unwrap();
            assert_eq!((read.to_string().as_str(), read.kind()), (id, kind));
        }
        let long = format!("org_{}", "0".repeat(LONGEST + 1));
        for odd in [
            "",
            ".",
            "..",
            "/",
            "org_",
            "org_..",
            "org_/",
            "org_1/../2",
            "org_1?x",
            "org_1#x",
            "org_%2e%2e",
            "org_1%2F",
            "org_1\n",
            "org_1\u{200b}",
            "org_ü",
            "we_1",
            "ORG_1",
            " org_1",
            "org-1",
            "organization_1",
            "org_1;",
            "org_domain-1",
            long.as_str(),
        ] {
            assert_eq!(Id::read(Kind::Organization, odd), None, "{odd}");
        }
    }

    proptest! {
        #[test]
        fn whatever_an_id_is_it_is_one_plain_segment(text in "(org_|we_)?[ -~]{0,40}") {
            for kind in [Kind::Organization, Kind::Endpoint] {
                let Some(id) = Id::read(kind, &text) else { continue };
                let url = url::Url::parse(&format!("https://api.workos.com{}", id.path())).unwrap();
                prop_assert_eq!(url.path_segments().map(Iterator::count), Some(2));
                prop_assert!(url.path().ends_with(&text) && url.query().is_none() && url.fragment().is_none());
            }
        }
    }
}
