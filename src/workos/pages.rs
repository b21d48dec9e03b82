//! Lists of the API: what of an object is looked at, and the one walk through the pages.

use std::collections::BTreeSet;

use serde_json::Value;
use url::form_urlencoded;

use super::id::{Id, Kind};
use super::{JsonAnswer, get};
use crate::net::{Request, Way};
use crate::secret::Secret;

/// The largest page that the API gives.
pub const PAGE: u32 = 100;

/// One object by itself may be so large, in bytes.
pub const LARGEST_OBJECT: usize = 4 << 20;

/// No cursor of the API is longer, in bytes.
const LONGEST_CURSOR: usize = 200;

/// An organization or an endpoint, as far as it is looked at. What is not there, or is of another type, is left empty; the
/// secret of an endpoint is never taken over.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Object {
    /// Its id, whatever it looks like.
    pub id: String,
    /// What a person knows it by: the name of an organization, the URL of an endpoint.
    pub called: Option<String>,
    /// It is not said to be disabled.
    pub enabled: bool,
    /// The events that an endpoint is registered for.
    pub events: Vec<String>,
}

impl Object {
    /// Reads one of a kind.
    pub fn read(kind: Kind, object: &Value) -> Self {
        let text = |field: &str| object.get(field).and_then(Value::as_str).map(str::to_owned);
        let events = object.get("events").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        // A status that is not there is no sign of being disabled.
        let off = text("status").as_deref() == Some("disabled")
            || object.get("enabled").and_then(Value::as_bool) == Some(false);
        Object {
            id: text("id").unwrap_or_default(),
            called: text(match kind {
                Kind::Organization => "name",
                Kind::Endpoint => "endpoint_url",
            }),
            enabled: !off,
            events: events.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        }
    }

    /// Whether it is this one.
    pub fn is(&self, id: &Id) -> bool {
        self.id == id.to_string()
    }
}

/// A walk through everything of a kind, page by page.
#[derive(Debug)]
pub struct Pages {
    kind: Kind,
    oldest_first: bool,
    limit: u32,
    after: Option<String>,
    /// What led to a page before.
    cursors: BTreeSet<String>,
}

/// A page that was read.
#[derive(PartialEq, Eq, Debug)]
pub struct Page {
    /// What is on it.
    pub objects: Vec<Object>,
    /// What comes after it.
    pub next: Next,
}

/// What comes after a page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Next {
    /// Another page.
    Page,
    /// Nothing: it was the last.
    Nothing,
    /// One that was read already, or nothing that could be asked for.
    Circle,
}

impl Pages {
    /// From the newest on.
    pub fn of(kind: Kind) -> Self {
        Pages { kind, oldest_first: false, limit: PAGE, after: None, cursors: BTreeSet::new() }
    }

    /// From the oldest on.
    pub fn oldest_first(kind: Kind) -> Self {
        Pages { oldest_first: true, ..Pages::of(kind) }
    }

    /// The path of the next page.
    pub fn path(&self) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("limit", &self.limit.to_string());
        if let Some(after) = &self.after {
            query.append_pair("after", after);
        }
        if self.oldest_first {
            query.append_pair("order", "asc");
        }
        format!("{}?{}", self.kind.place(), query.finish())
    }

    /// The request for the next page.
    pub fn request(&self, way: Way, key: &Secret) -> Request {
        let request = get(way, &self.path(), Some(key));
        let largest = if self.limit == 1 { LARGEST_OBJECT } else { request.largest };
        Request { largest, ..request }
    }

    /// Takes the page in that was asked for, and turns to the one after it. Nothing where the answer is no page.
    pub fn turn(&mut self, answer: &JsonAnswer) -> Option<Page> {
        let objects: Vec<Object> = answer.listed()?.iter().map(|object| Object::read(self.kind, object)).collect();
        self.limit = (self.limit * 2).min(PAGE);
        self.after = answer.body.pointer("/list_metadata/after").and_then(Value::as_str).map(str::to_owned);
        let next = match &self.after {
            None => Next::Nothing,
            Some(_) if objects.is_empty() => Next::Nothing,
            Some(after) if after.len() > LONGEST_CURSOR || !self.cursors.insert(after.clone()) => Next::Circle,
            Some(_) => Next::Page,
        };
        Some(Page { objects, next })
    }

    /// Has the next page be smaller, where one was too large to be read. Whether it can be.
    pub fn shrink(&mut self) -> bool {
        let shrinks = self.limit > 1;
        self.limit = (self.limit / 4).max(1);
        shrinks
    }
}

/// An event of a list, as far as it is looked at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ListedEvent {
    /// Its id.
    pub id: String,
    /// The id of what it tells of.
    pub about: String,
}

impl ListedEvent {
    /// The events of an answer. Nothing where the answer is no list.
    pub fn all(answer: &JsonAnswer) -> Option<Vec<Self>> {
        let text =
            |event: &Value, place: &str| event.pointer(place).and_then(Value::as_str).unwrap_or_default().to_owned();
        let read = |event: &Value| ListedEvent { id: text(event, "/id"), about: text(event, "/data/id") };
        Some(answer.listed()?.iter().map(read).collect())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn page(ids: &[&str], after: Option<&str>) -> JsonAnswer {
        let data: Vec<Value> = ids.iter().map(|id| json!({ "id": id, "name": format!("called {id}") })).collect();
        let body = json!({ "object": "list", "data": data, "list_metadata": { "after": after } });
        JsonAnswer { status: 200, body, marked: true }
    }

    #[test]
    fn each_page_leads_to_the_next_until_there_is_none() {
        let mut pages = Pages::of(Kind::Organization);

        assert_eq!(pages.path(), "/organizations?limit=100");
        let first = pages.turn(&page(&["org_1"], Some("org_1&x"))).unwrap();
        assert_eq!((first.objects[0].called.as_deref(), first.next), (Some("called org_1"), Next::Page));
        assert_eq!(pages.path(), "/organizations?limit=100&after=org_1%26x");
        assert_eq!(pages.turn(&page(&["org_2"], None)).unwrap().next, Next::Nothing);
    }

    #[test]
    fn a_circle_a_cursor_without_end_and_an_empty_page_are_no_next_page() {
        let next = |turns: &[(&[&str], &str)]| {
            let mut pages = Pages::oldest_first(Kind::Endpoint);
            turns.iter().map(|(ids, after)| pages.turn(&page(ids, Some(after))).unwrap().next).last().unwrap()
        };

        assert_eq!(next(&[(&["a"], "1"), (&["b"], "2"), (&["c"], "1")]), Next::Circle);
        assert_eq!(next(&[(&["a"], &"x".repeat(201))]), Next::Circle);
        assert_eq!(next(&[(&[], "1")]), Next::Nothing);
    }

    #[test]
    fn pages_shrink_to_one_object_and_grow_again() {
        let mut pages = Pages::oldest_first(Kind::Endpoint);
        let mut paths = Vec::new();
        while pages.shrink() {
            paths.push(pages.path());
        }
        let all = ["25", "6", "1"].map(|limit| format!("/webhook_endpoints?limit={limit}&order=asc"));

        assert_eq!(paths, all);
        pages.turn(&page(&["a"], Some("c"))).unwrap();
        assert_eq!(pages.path(), "/webhook_endpoints?limit=2&after=c&order=asc");
    }

    #[test]
    fn what_is_no_list_is_no_page_and_what_is_no_text_is_empty() {
        let refused = JsonAnswer { status: 401, ..page(&["org_1"], None) };
        let odd = Object::read(
            Kind::Endpoint,
            &json!({ "id": 7, "endpoint_url": null, "events": [1, "a"], "enabled": false }),
        );

        assert_eq!(Pages::of(Kind::Organization).turn(&refused), None);
        assert_eq!(odd, Object { id: String::new(), called: None, enabled: false, events: vec!["a".to_owned()] });
        assert!(!Object::read(Kind::Endpoint, &json!({ "status": "disabled" })).enabled);
    }

    #[test]
    fn an_object_is_the_one_with_its_id() {
        let is = |id: &str| {
            let wanted = Id::read(Kind::Organization, "org_1").unwrap();
            Object::read(Kind::Organization, &json!({ "id": id })).is(&wanted)
        };

        assert!(is("org_1") && !is("org_10") && !is("org_2") && !is(""));
    }
}
