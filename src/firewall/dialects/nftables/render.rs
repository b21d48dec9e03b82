//! Expressions as nft itself writes them, for quotes and reasons: compact, and never longer than somebody reads.

use serde_json::Value;

/// Longer lists are cut.
const LISTED: usize = 6;

/// A whole rule: its statements, and the comment behind them.
pub(super) fn rule(rule: &Value) -> String {
    let statements: Vec<String> = rule["expr"].as_array().into_iter().flatten().map(statement).collect();
    let mut text = statements.join(" ");
    if let Some(comment) = rule["comment"].as_str() {
        text.push_str(" comment \"");
        text.push_str(comment);
        text.push('"');
    }
    text
}

/// A statement.
pub(super) fn statement(statement: &Value) -> String {
    let Some((word, what)) = statement.as_object().and_then(|object| object.iter().next()) else {
        return expression(statement);
    };
    match word.as_str() {
        "match" => matched(what),
        "vmap" => format!("{} vmap {}", expression(&what["key"]), expression(&what["data"])),
        "jump" | "goto" => format!("{word} {}", plain(&what["target"])),
        "counter" => match what {
            Value::String(name) => format!("counter name {name}"),
            _ => "counter".to_owned(),
        },
        "log" => match what["prefix"].as_str() {
            Some(prefix) => format!("log prefix \"{prefix}\""),
            None => "log".to_owned(),
        },
        "limit" => limited(what),
        "quota" if what.is_object() => {
            let over = if what["inv"] == true { "over " } else { "" };
            format!("quota {over}{} {}", plain(&what["val"]), plain(&what["val_unit"]))
        }
        "limit_name" | "quota" | "ct helper" | "ct timeout" if what.is_string() => format!("{word} {}", plain(what)),
        "ct count" => format!("ct count {}{}", if what["inv"] == true { "over " } else { "" }, plain(&what["val"])),
        "reject" => match (what["type"].as_str(), what["expr"].as_str()) {
            (Some(kind), Some(code)) => format!("reject with {kind} {code}"),
            (Some(kind), None) => format!("reject with {kind}"),
            _ => "reject".to_owned(),
        },
        "mangle" => format!("{} set {}", expression(&what["key"]), expression(&what["value"])),
        "set" | "map" => {
            let inner: Vec<String> = statements(&what["stmt"]).iter().map(|inner| self::statement(inner)).collect();
            let inner = if inner.is_empty() { String::new() } else { format!(" {}", inner.join(" ")) };
            format!("{} {} {{ {}{inner} }}", plain(&what["op"]), plain(&what[word.as_str()]), expression(&what["elem"]))
        }
        "meter" => {
            let inner: Vec<String> = statements(&what["stmt"]).iter().map(|inner| self::statement(inner)).collect();
            format!("meter {} {{ {} {} }}", plain(&what["name"]), expression(&what["key"]), inner.join(" "))
        }
        "dnat" | "snat" | "redirect" | "masquerade" | "tproxy" => translated(word, what),
        "queue" if what.is_object() => format!("queue num {}", expression(&what["num"])),
        "flow" => format!("flow add {}", plain(&what["flowtable"])),
        "fwd" | "dup" if what.is_object() => {
            format!("{word} to {}", expression(what.get("dev").unwrap_or(&what["addr"])))
        }
        _ if what.is_null() => word.clone(),
        _ => expression(statement),
    }
}

/// The statements of a set or meter: one, or a list.
pub(super) fn statements(value: &Value) -> Vec<&Value> {
    match value {
        Value::Array(several) => several.iter().collect(),
        Value::Null => Vec::new(),
        one => vec![one],
    }
}

/// An expression.
pub(super) fn expression(value: &Value) -> String {
    if let Value::Array(several) = value {
        return listed(several, ",");
    }
    let Some((word, what)) = value.as_object().and_then(|object| object.iter().next()) else { return plain(value) };
    match word.as_str() {
        "payload" => match (what["protocol"].as_str(), what["field"].as_str()) {
            (Some(protocol), Some(field)) => format!("{protocol} {field}"),
            _ => format!("@{},{},{}", plain(&what["base"]), plain(&what["offset"]), plain(&what["len"])),
        },
        "meta" => match what["key"].as_str() {
            Some(key @ ("iif" | "oif" | "iifname" | "oifname" | "iifgroup" | "oifgroup" | "iiftype" | "oiftype")) => {
                key.to_owned()
            }
            _ => format!("meta {}", plain(&what["key"])),
        },
        "ct" => match what["dir"].as_str() {
            Some(dir) => format!("ct {dir} {}", plain(&what["key"])),
            None => format!("ct {}", plain(&what["key"])),
        },
        "prefix" => format!("{}/{}", expression(&what["addr"]), plain(&what["len"])),
        "range" => {
            format!("{}-{}", expression(&what[0]), expression(&what[1]))
        }
        "set" => match what {
            Value::Array(several) => format!("{{ {} }}", listed(several, ", ")),
            one => format!("{{ {} }}", expression(one)),
        },
        "elem" => expression(&what["val"]),
        "concat" => joined(what, " . "),
        "&" | "|" | "^" | "<<" | ">>" => format!("({})", joined(what, &format!(" {word} "))),
        "map" => format!("{} map {}", expression(&what["key"]), expression(&what["data"])),
        "fib" => format!("fib {} {}", flat(&what["flags"], " . "), plain(&what["result"])),
        "exthdr" | "tcp option" | "ip option" | "sctp chunk" => {
            let field = what["field"].as_str().map(|field| format!(" {field}")).unwrap_or_default();
            format!("{word} {}{field}", plain(&what["name"]))
        }
        "rt" | "socket" | "osf" => format!("{word} {}", plain(&what["key"])),
        "numgen" => format!("numgen {} mod {}", plain(&what["mode"]), plain(&what["mod"])),
        "jhash" | "symhash" => format!("{word} mod {}", plain(&what["mod"])),
        "accept" | "drop" | "continue" | "return" => word.clone(),
        "jump" | "goto" => format!("{word} {}", plain(&what["target"])),
        _ => cut(&value.to_string()),
    }
}

fn matched(what: &Value) -> String {
    let (left, right) = (expression(&what["left"]), expression(&what["right"]));
    match what["op"].as_str() {
        Some("==") if what["left"].get("&").is_some() || what["right"].get("|").is_some() => {
            format!("{left} == {right}")
        }
        Some("==" | "in") | None => format!("{left} {right}"),
        Some(op) => format!("{left} {op} {right}"),
    }
}

fn limited(what: &Value) -> String {
    if let Some(name) = what.as_str() {
        return format!("limit name {name}");
    }
    let over = if what["inv"] == true { "over " } else { "" };
    let unit = what["rate_unit"].as_str().filter(|unit| *unit != "packets").map(|unit| format!(" {unit}"));
    format!("limit rate {over}{}{}/{}", plain(&what["rate"]), unit.unwrap_or_default(), plain(&what["per"]))
}

fn translated(word: &str, what: &Value) -> String {
    let mut text = word.to_owned();
    let (address, port) = (what.get("addr").map(expression), what.get("port").map(expression));
    if address.is_some() || port.is_some() {
        text.push_str(" to ");
    }
    text.push_str(&address.unwrap_or_default());
    if let Some(port) = port {
        text.push(':');
        text.push_str(&port);
    }
    text
}

fn listed(values: &[Value], between: &str) -> String {
    let mut words: Vec<String> = values.iter().take(LISTED).map(element).collect();
    if values.len() > LISTED {
        words.push(format!("… ({} in all)", values.len()));
    }
    words.join(between)
}

/// An element, or the key and the value of one.
fn element(value: &Value) -> String {
    match value {
        Value::Array(pair) if pair.len() == 2 => format!("{} : {}", expression(&pair[0]), statement(&pair[1])),
        one => expression(one),
    }
}

fn joined(values: &Value, between: &str) -> String {
    values.as_array().into_iter().flatten().map(expression).collect::<Vec<_>>().join(between)
}

fn flat(values: &Value, between: &str) -> String {
    match values {
        Value::Array(_) => joined(values, between),
        one => plain(one),
    }
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => cut(text),
        Value::Null => String::new(),
        other => cut(&other.to_string()),
    }
}

fn cut(text: &str) -> String {
    const LONGEST: usize = 200;
    match text.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_rule_is_quoted_as_nft_writes_it() {
        let payload = |protocol: &str, field: &str| json!({"payload": {"protocol": protocol, "field": field}});
        let is = |op: &str, left: Value, right: Value| json!({"match": {"op": op, "left": left, "right": right}});
        let quoted = |expr: Value| rule(&json!({"expr": expr}));

        assert_eq!(
            rule(&json!({"comment": "WorkOS", "expr": [
                is("==", payload("ip", "saddr"), json!("@cf4")),
                is("==", payload("tcp", "dport"), json!({"set": [443, {"range": [8000, 8010]}]})),
                is("in", json!({"ct": {"key": "state"}}), json!(["established", "related"])),
                {"counter": {"packets": 1, "bytes": 2}}, {"log": {"prefix": "in: "}}, {"accept": null},
            ]})),
            "ip saddr @cf4 tcp dport { 443, 8000-8010 } ct state established,related counter log prefix \"in: \" accept \
             comment \"WorkOS\""
        );
        assert_eq!(
            quoted(json!([is("!=", json!({"meta": {"key": "iifname"}}), json!("lo")),
                is("==", payload("ip", "saddr"), json!({"prefix": {"addr": "127.0.0.0", "len": 8}})), {"drop": null}])),
            "iifname != lo ip saddr 127.0.0.0/8 drop"
        );
        assert_eq!(
            quoted(json!([{"vmap": {"key": {"concat": [payload("ip", "saddr"), payload("tcp", "dport")]},
                "data": {"set": [[{"concat": ["10.0.0.1", 443]}, {"accept": null}], ["*", {"jump": {"target": "x"}}]]}}}])),
            "ip saddr . tcp dport vmap { 10.0.0.1 . 443 : accept, * : jump x }"
        );
        assert_eq!(
            quoted(json!([is("==", json!({"&": [payload("tcp", "flags"), ["syn", "ack"]]}), json!("syn")),
                {"limit": {"rate": 5, "burst": 5, "per": "minute"}}, {"reject": {"type": "icmpx", "expr": "admin-prohibited"}}])),
            "(tcp flags & syn,ack) == syn limit rate 5/minute reject with icmpx admin-prohibited"
        );
    }

    #[test]
    fn what_is_long_is_cut_and_what_is_strange_is_shown_as_it_is() {
        let many: Vec<Value> = (0..5000).map(Value::from).collect();

        assert_eq!(expression(&json!({"set": many})), "{ 0, 1, 2, 3, 4, 5, … (5000 in all) }");
        assert_eq!(statement(&json!({"xt": null})), "xt");
        assert!(expression(&json!({"unheard": "x".repeat(9999)})).chars().count() < 210);
    }
}
