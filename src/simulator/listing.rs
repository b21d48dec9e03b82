//! Lists of the API, walked with `limit`, `after`, `before` and `order`.

use serde_json::{Value, json};

use super::http::Asked;
use super::service::Page;

/// A list answer with both cursors.
pub(super) fn list(all: Vec<Value>, asked: &Asked) -> Page {
    match page_of(all, asked) {
        Ok((data, before, after)) => Page::json(
            200,
            &json!({ "object": "list", "data": data, "list_metadata": { "before": before, "after": after } }),
        ),
        Err(refused) => refused,
    }
}

type Slice = (Vec<Value>, Option<String>, Option<String>);

/// The part of a list that `limit`, `after`, `before` and `order` ask for, with its cursors. Stored order is oldest first.
pub(super) fn page_of(mut all: Vec<Value>, asked: &Asked) -> Result<Slice, Page> {
    let invalid = |field: &str| {
        let errors = json!([{ "field": field, "code": "invalid" }]);
        Page::json(422, &json!({ "message": "Validation failed", "errors": errors }))
    };
    let limit = match asked.parameter("limit") {
        None => 10,
        Some(given) => given.parse().ok().filter(|it| (1..=100).contains(it)).ok_or_else(|| invalid("limit"))?,
    };
    match asked.parameter("order").as_deref() {
        None | Some("desc") => all.reverse(),
        Some("asc" | "normal") => {}
        Some(_) => return Err(invalid("order")),
    }
    let at = |id: &str| all.iter().position(|it| id_of(it).as_deref() == Some(id));
    let (start, end) = match (asked.parameter("after"), asked.parameter("before")) {
        (Some(after), _) => {
            let start = at(&after).ok_or_else(|| invalid("after"))? + 1;
            (start, (start + limit).min(all.len()))
        }
        (None, Some(before)) => {
            let end = at(&before).ok_or_else(|| invalid("before"))?;
            (end.saturating_sub(limit), end)
        }
        (None, None) => (0, limit.min(all.len())),
    };
    let data: Vec<Value> = all.get(start..end).unwrap_or_default().to_vec();
    let before = if start > 0 { data.first().and_then(id_of) } else { None };
    let after = if end < all.len() { data.last().and_then(id_of) } else { None };
    Ok((data, before, after))
}

fn id_of(value: &Value) -> Option<String> {
    value.get("id")?.as_str().map(str::to_owned)
}
