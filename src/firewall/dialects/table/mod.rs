//! Tables of flows, as firewall teams exchange them: what each row allows or denies, whatever the table was written in.

mod cells;
mod columns;

use std::collections::HashMap;

use super::entry;
use crate::firewall::ranges::Ranges;
use crate::firewall::rules::{
    Answer, Chain, ChainId, Condition, Layer, Match, Names, NoteKind, Place, Policy, Replies, Rule, Rules, Then, Way,
};
use crate::firewall::{Direction, Flow};
pub(super) use cells::values;
use cells::{End, Services};
pub(super) use columns::Column;

/// A row: what stands in its columns.
pub(super) struct Row {
    pub place: Place,
    pub cells: Vec<Cell>,
}

/// A cell that is not empty.
pub(super) struct Cell {
    pub column: Column,
    /// As the column is called.
    pub name: String,
    pub values: Vec<String>,
}

/// A table, and the names that it explains.
#[derive(Default)]
pub(super) struct Table {
    /// All columns, also those that are empty everywhere.
    pub columns: Vec<Column>,
    pub rows: Vec<Row>,
    /// Names that stand for addresses and hosts; neither of both, for the installation's own.
    pub objects: HashMap<String, Object>,
}

/// What a name stands for.
#[derive(Clone, Default)]
pub(super) struct Object {
    pub values: Vec<String>,
}

/// Whether these columns are those of a table of flows, and of nothing else.
pub(super) fn is_of_flows(columns: &[Column]) -> bool {
    let has = |any: &[Column]| any.iter().any(|column| columns.contains(column));
    let source = has(&[Column::Source, Column::SourceAddresses, Column::SourceHosts]);
    let destination = has(&[Column::Destination, Column::DestinationAddresses, Column::DestinationHosts]);
    let more = has(&[Column::Direction, Column::Protocol, Column::Port, Column::LastPort, Column::Action]);
    (source && destination) || ((source || destination || has(&[Column::Peer])) && more)
}

/// Adds the rules of a table to those that were read.
pub(super) fn add(table: &Table, title: &str, rules: &mut Rules) {
    let end = Place {
        file: table.rows.first().map_or(0, |row| row.place.file),
        name: "the end of the table".into(),
        ..Place::default()
    };
    let chain = |words: &str| Chain {
        name: format!("{title} ({words})"),
        rules: Vec::new(),
        policy: Some(Policy { answer: Answer::Drop, place: end.clone() }),
    };
    let (inward, outward) = (rules.add_chain(chain("ingress")), rules.add_chain(chain("egress")));
    for (way, chain, words) in [(Way::In, inward, "ingress"), (Way::Out, outward, "egress")] {
        let name = format!("{title} ({words})");
        rules.layers.push(Layer { name, way, families: Ranges::all(), chain, replies: Replies::Remembered });
    }
    let has_actions = table.columns.contains(&Column::Action);
    let taken = if has_actions {
        "the rows are taken in their order, the first that fits decides, and what none says is denied"
    } else {
        "every row is taken as a connection that is allowed, and what none says as denied"
    };
    rules.note(NoteKind::Assumed, &end, taken);
    let has_ports = table.columns.iter().any(|column| matches!(column, Column::Port | Column::LastPort));
    if has_ports && !table.columns.contains(&Column::Protocol) {
        rules.note(
            NoteKind::Assumed,
            &end,
            "a port without a protocol is taken as that port of every protocol that has ports",
        );
    }
    let chains = |way: Way| if way == Way::In { inward } else { outward };
    for row in &table.rows {
        Reading { table, row, rules, has_actions }.read(&chains);
    }
}

struct Reading<'a> {
    table: &'a Table,
    row: &'a Row,
    rules: &'a mut Rules,
    has_actions: bool,
}

/// What a row says to packets of one way.
struct Said {
    when: Vec<Match>,
    unsure: Vec<Match>,
}

impl Reading<'_> {
    fn read(&mut self, chains: &dyn Fn(Way) -> ChainId) {
        let says_something = |cell: &Cell| !matches!(cell.column, Column::Name | Column::Words);
        if !self.row.cells.iter().any(says_something) {
            return;
        }
        let (ways, answer) = (self.ways(), self.answer());
        let (ways, unclear) = match (ways, &answer) {
            (Ok(ways), Ok(_)) => (ways, None),
            (Ok(ways), Err(why)) => (ways, Some(why.clone())),
            (Err(why), _) => (&[Way::In, Way::Out] as &[Way], Some(why)),
        };
        let idle = self.idle();
        let mut others = self.others();
        others.extend(idle.as_ref().err().cloned());
        let mut told = false;
        for way in ways {
            let said = self.said(*way, answer.as_ref().is_ok_and(|answer| answer.passes()), !told);
            let said = said.and_then(|said| unclear.clone().map_or(Ok(said), Err));
            match (said, answer.clone()) {
                (Ok(Said { when, unsure }), Ok(answer)) => {
                    let on_all = |mut when: Match| {
                        when.conditions.extend(others.iter().map(|what| Condition::holds(what.as_str())));
                        when
                    };
                    let when = when.into_iter().chain(unsure).map(on_all).collect();
                    let mut rule = Rule::new(self.row.place.clone(), when, Then::Answer(answer));
                    rule.idle = idle.as_ref().ok().cloned().flatten();
                    self.push(chains(*way), rule);
                }
                (Err(why), _) | (Ok(_), Err(why)) => {
                    if !told {
                        self.rules.note(NoteKind::NotUnderstood, &self.row.place, why.clone());
                    }
                    let reach = self.reach(*way);
                    for (answer, does) in [(Answer::Accept, "lets it pass"), (Answer::Drop, "stops it")] {
                        let when = reach.clone().on(Condition::holds(format!("it {does}: {why}")));
                        self.push(chains(*way), Rule::new(self.row.place.clone(), vec![when], Then::Answer(answer)));
                    }
                }
            }
            told = true;
        }
        if let Ok(Some(why)) = &idle {
            self.rules.note(NoteKind::Idle, &self.row.place, format!("it {why}"));
        }
    }

    fn push(&mut self, chain: ChainId, rule: Rule) {
        if let Some(chain) = self.rules.chains.get_mut(chain.0 as usize) {
            chain.rules.push(rule);
        }
    }

    fn cells(&self, column: Column) -> impl Iterator<Item = &Cell> {
        self.row.cells.iter().filter(move |cell| cell.column == column)
    }

    fn values(&self, column: Column) -> Vec<String> {
        self.cells(column).flat_map(|cell| cell.values.iter().cloned()).collect()
    }

    fn ways(&self) -> Result<&'static [Way], String> {
        if !self.table.columns.contains(&Column::Direction) {
            return Ok(&[Way::In, Way::Out]);
        }
        let words = self.values(Column::Direction).join(" ");
        cells::ways(&words).ok_or_else(|| format!("`{}` is no direction", short(&words)))
    }

    fn answer(&self) -> Result<Answer, String> {
        if !self.has_actions {
            return Ok(Answer::Accept);
        }
        let words = self.values(Column::Action).join(" ");
        cells::answer(&words).ok_or_else(|| format!("`{}` is no action", short(&words)))
    }

    /// Why the row has no effect; in doubt, what would have to be known.
    fn idle(&self) -> Result<Option<String>, String> {
        for (column, on) in [(Column::Enabled, true), (Column::Disabled, false)] {
            for cell in self.cells(column) {
                let words = cell.values.join(" ");
                match cells::is_on(&words) {
                    Some(is) if is == on => {}
                    Some(_) => {
                        return Ok(Some(format!("is switched off (`{}`: {})", short(&cell.name), short(&words))));
                    }
                    None => {
                        return Err(format!(
                            "`{}` in the column `{}` switches the row on",
                            short(&words),
                            short(&cell.name)
                        ));
                    }
                }
            }
        }
        Ok(None)
    }

    /// What columns that nobody knows here may demand.
    fn others(&mut self) -> Vec<String> {
        let others = self.row.cells.iter().filter(|cell| cell.column == Column::Other);
        let others: Vec<String> = others
            .map(|cell| (cell.values.join(" "), &cell.name))
            .filter(|(words, _)| !cells::is_any(words) && words != "-")
            .map(|(words, name)| format!("the column `{}` demands nothing more (`{}`)", short(name), short(&words)))
            .collect();
        for what in &others {
            self.rules.note(NoteKind::NotUnderstood, &self.row.place, format!("unsure whether {what}"));
        }
        others
    }

    /// What the row matches on a way; otherwise why nobody can say.
    fn said(&mut self, way: Way, allows: bool, notes: bool) -> Result<Said, String> {
        let (source, source_names) = self.end(Column::Source, Column::SourceAddresses, Column::SourceHosts);
        let (destination, destination_names) =
            self.end(Column::Destination, Column::DestinationAddresses, Column::DestinationHosts);
        let mut peer = End::default();
        self.values(Column::Peer).iter().for_each(|value| self.resolve(value, &mut peer));
        let has_peer = self.table.columns.contains(&Column::Peer);
        let (mut theirs, names, mut ours) = match way {
            Way::In => (source, source_names, destination),
            _ => (destination, destination_names, source),
        };
        if theirs.is_empty() && has_peer {
            theirs = peer;
        }
        if theirs.is_empty() {
            let (any, others): (Vec<String>, Vec<String>) =
                theirs.bare.drain(..).chain(names).partition(|name| cells::is_any(name));
            theirs.known.extend(any.first().map(|_| Ranges::all()));
            theirs.names.extend(others);
        }
        let (columns, zone): (&[Column], Column) = match way {
            Way::In => (&[Column::Source, Column::SourceAddresses, Column::SourceHosts], Column::From),
            _ => (&[Column::Destination, Column::DestinationAddresses, Column::DestinationHosts], Column::To),
        };
        let has_none = !has_peer && !columns.iter().any(|column| self.table.columns.contains(column));
        if theirs.is_empty() && has_none && self.cells(zone).next().is_some() {
            // Whoever is in that zone.
            theirs.known.push(Ranges::all());
        }
        if theirs.is_empty() {
            return Err(format!("no {} is given", if way == Way::In { "source" } else { "destination" }));
        }
        // Where addresses stand apart from names, those without are the installation's own.
        if self.names_apart(way) {
            ours.hosts.clear();
        }
        for end in [&mut theirs, &mut ours] {
            if let Some(why) = end.unclear.take() {
                return Err(why);
            }
            if notes {
                let odd = end.odd.iter().chain(&end.malformed);
                odd.for_each(|oddity| oddity.note(self.rules, &self.row.place));
                for name in &end.names {
                    let what = format!("the name `{}` stands for nothing in this table", short(name));
                    self.rules.note(NoteKind::Undefined, &self.row.place, what);
                }
            }
        }
        // The installation's own end is itself where nothing is said of it.
        let ours_given = !ours.is_empty();
        let theirs = alternatives(&theirs, way == Way::Out, allows, |name| format!("`{name}` holds the address"));
        let ours = if ours_given {
            alternatives(&ours, false, allows, |name| format!("`{name}` is the installation"))
        } else {
            Alternatives::sure(Ranges::all())
        };
        let services = self.services()?;
        let mut said = Said { when: Vec::new(), unsure: Vec::new() };
        for (their, their_host, their_doubt) in &theirs.0 {
            for (our, _, our_doubt) in &ours.0 {
                for service in &services {
                    let (source, destination) = if way == Way::In { (their, our) } else { (our, their) };
                    let mut when =
                        Match { source: source.clone(), destination: destination.clone(), ..service.clone() };
                    when.from = self.names(Column::From);
                    when.to = self.names(Column::To);
                    if !their_host.is_empty() {
                        when.host = Names::one_of(their_host.iter().map(String::as_str));
                    }
                    let doubts = [their_doubt, our_doubt].into_iter().flatten();
                    when.conditions.extend(doubts.map(|what| Condition::holds(what.as_str())));
                    if when.conditions.is_empty() { said.when.push(when) } else { said.unsure.push(when) }
                }
            }
        }
        Ok(said)
    }

    /// Whether the table has a place for the addresses of the installation, besides its name.
    fn names_apart(&self, way: Way) -> bool {
        let column = if way == Way::In { Column::DestinationAddresses } else { Column::SourceAddresses };
        self.table.columns.contains(&column) || !self.table.objects.is_empty()
    }

    /// What is certain of the ends, where the rest is not understood.
    fn reach(&self, way: Way) -> Match {
        let (source, _) = self.end(Column::Source, Column::SourceAddresses, Column::SourceHosts);
        let (destination, _) = self.end(Column::Destination, Column::DestinationAddresses, Column::DestinationHosts);
        let known = |end: End| {
            let certain =
                end.hosts.is_empty() && end.names.is_empty() && end.malformed.is_empty() && end.unclear.is_none();
            if certain && !end.known.is_empty() { Ranges::any_of(&end.known) } else { Ranges::all() }
        };
        // The installation's own end says less than it seems to.
        let mut theirs = if way == Way::In { source } else { destination };
        if theirs.is_empty() {
            self.values(Column::Peer).iter().for_each(|value| self.resolve(value, &mut theirs));
        }
        let theirs = known(theirs);
        match way {
            Way::In => Match { source: theirs, ..Match::any() },
            _ => Match { destination: theirs, ..Match::any() },
        }
    }

    /// What is said of an end; and its name, where that is a mere name.
    fn end(&self, any: Column, addresses: Column, hosts: Column) -> (End, Vec<String>) {
        let mut end = End::default();
        let mut names = Vec::new();
        self.values(addresses).iter().for_each(|value| self.resolve(value, &mut end));
        if end.is_empty() {
            end.hosts.extend(self.values(hosts).iter().map(|value| value.to_ascii_lowercase()));
        }
        let named_apart = self.table.columns.contains(&addresses) || self.table.columns.contains(&hosts);
        if named_apart {
            names = self.values(any);
        } else {
            self.values(any).iter().for_each(|value| self.resolve(value, &mut end));
        }
        (end, names)
    }

    fn resolve(&self, value: &str, end: &mut End) {
        match self.table.objects.get(value) {
            None => end.take(value),
            Some(object) if object.values.is_empty() => end.bare.push(value.to_owned()),
            Some(object) => object.values.iter().for_each(|value| end.take(value)),
        }
    }

    /// The zones or interfaces that a column names.
    fn names(&self, column: Column) -> Names {
        let names = self.values(column);
        if names.is_empty() || names.iter().any(|name| cells::is_any(name)) {
            Names::any()
        } else {
            Names::one_of(names)
        }
    }

    /// The ports that the row goes to, and those that it comes from. `from port` and `to port` are the ends of a range where there
    /// is one end of a connection only, as clouds have it; between two ends they may as well be the ports of each.
    fn ports(&self) -> Result<(Vec<String>, Vec<String>), String> {
        let (mut ports, mut from) = (self.values(Column::Port), self.values(Column::SourcePort));
        let (first, last) = (self.values(Column::FirstPort), self.values(Column::LastPort));
        let has = |any: &[Column]| self.table.columns.iter().any(|column| any.contains(column));
        let two_ends = has(&[Column::Source, Column::SourceAddresses, Column::SourceHosts])
            && has(&[Column::Destination, Column::DestinationAddresses, Column::DestinationHosts]);
        let number = |values: &[String]| if let [value] = values { value.parse::<i32>().ok() } else { None };
        match (number(&first), number(&last)) {
            _ if !has(&[Column::FirstPort]) || !has(&[Column::LastPort]) => {
                ports.extend(last);
                from.extend(first);
            }
            (Some(_), Some(_)) if two_ends => {
                return Err("its two ports may be those of each end, or the ends of a range".to_owned());
            }
            (Some(-1), Some(-1)) => ports.push("any".to_owned()),
            (Some(first), Some(last)) => ports.push(format!("{first}-{last}")),
            _ if two_ends => {
                ports.extend(last);
                from.extend(first);
            }
            _ if first == last => ports.extend(last),
            _ => {
                return Err(format!(
                    "`{}` to `{}` is no range of ports",
                    short(&first.join(" ")),
                    short(&last.join(" "))
                ));
            }
        }
        Ok((ports, from))
    }

    /// The protocols and ports, as matches of nothing else.
    fn services(&mut self) -> Result<Vec<Match>, String> {
        let mut services = Services::default();
        let (ports, from) = self.ports()?;
        services.take(&ports);
        let mut protocols = self.values(Column::Protocol);
        // A cloud's word for every protocol.
        protocols.iter_mut().filter(|word| *word == "-1").for_each(|word| "any".clone_into(word));
        let any_protocol = protocols.is_empty() || protocols.iter().any(|word| cells::is_any(word));
        let mut numbers = Vec::new();
        for word in protocols.iter().flat_map(|word| word.split(['/', '+', '&'])).filter(|word| !cells::is_any(word)) {
            match entry::protocol(word) {
                Some(number) => numbers.push(number),
                None if word.eq_ignore_ascii_case("and") || word.eq_ignore_ascii_case("or") => {}
                None => return Err(format!("`{}` is no protocol", short(word))),
            }
        }
        if let Some(word) = services.unknown.first() {
            return Err(format!("`{}` is no port and no service that is known everywhere", short(word)));
        }
        let said_nothing = !services.any && services.ports.is_empty() && services.of.is_empty();
        let has_ports = |number: &u8| WITH_PORTS.contains(number);
        let is_asked = self.table.columns.iter().any(|column| matches!(column, Column::Port | Column::LastPort));
        if said_nothing && is_asked && (any_protocol || numbers.iter().any(has_ports)) {
            return Err("no port is given".to_owned());
        }
        let mut all = Vec::new();
        let own: Ranges = if any_protocol {
            Ranges::all()
        } else {
            Ranges::of(numbers.iter().map(|it| (u128::from(*it), u128::from(*it))))
        };
        if services.any || said_nothing {
            all.push(Match { protocol: own.clone(), ..Match::any() });
        } else if !services.ports.is_empty() {
            let with_ports = Ranges::of(WITH_PORTS.iter().map(|it| (u128::from(*it), u128::from(*it))));
            let (ported, others) = (own.and(&with_ports), own.minus(&with_ports));
            if !ported.is_empty() {
                all.push(Match { protocol: ported, port: Ranges::any_of(&services.ports), ..Match::any() });
            }
            if !others.is_empty() && !any_protocol {
                all.push(Match { protocol: others, ..Match::any() });
            }
        }
        for (protocol, ports) in &services.of {
            // `tcp` in one column and `udp/53` in another: the row contradicts itself.
            if !own.contains(*protocol) {
                return Err("its protocol is not that of its port".to_owned());
            }
            let port = if has_ports(protocol) { Ranges::any_of(ports) } else { Ranges::all() };
            all.push(Match { protocol: Ranges::one(*protocol), port, ..Match::any() });
        }
        if !from.is_empty() && !from.iter().any(|word| cells::is_any(word)) {
            let mut sets = Vec::new();
            for word in &from {
                sets.push(entry::ports(word).map_err(|oddity| oddity.what)?);
            }
            let set = Ranges::any_of(&sets);
            for when in &mut all {
                when.source_port = set.clone();
            }
        }
        Ok(all)
    }
}

/// TCP, UDP, DCCP, SCTP and UDP-Lite.
const WITH_PORTS: &[u8] = &[6, 17, 33, 132, 136];

/// What an end may be: addresses, hosts, and what would have to be known.
struct Alternatives(Vec<(Ranges, Vec<String>, Option<String>)>);

impl Alternatives {
    fn sure(addresses: Ranges) -> Self {
        Alternatives(vec![(addresses, Vec::new(), None)])
    }
}

/// More names than that in one cell are told together.
const MOST_NAMES: usize = 8;

fn alternatives(end: &End, by_name: bool, allows: bool, doubt: impl Fn(&str) -> String) -> Alternatives {
    let mut all = Vec::new();
    if !end.known.is_empty() {
        all.push((Ranges::any_of(&end.known), Vec::new(), None));
    }
    let mut names: Vec<&str> = end.names.iter().map(String::as_str).collect();
    if !end.hosts.is_empty() && by_name {
        all.push((Ranges::all(), end.hosts.clone(), None));
    } else {
        names.extend(end.hosts.iter().map(String::as_str));
    }
    // An entry that nobody can read opens nothing, but who knows what it shuts.
    let malformed = end.malformed.iter().map(|oddity| oddity.what.as_str());
    let doubts: Vec<String> = if names.len() > MOST_NAMES {
        vec![doubt(&short(&names.join(", ")))]
    } else {
        names.into_iter().map(|name| doubt(&short(name))).collect()
    };
    all.extend(doubts.into_iter().map(|what| (Ranges::all(), Vec::new(), Some(what))));
    if !allows {
        all.extend(
            malformed.take(1).map(|what| (Ranges::all(), Vec::new(), Some(format!("it holds the address: {what}")))),
        );
    }
    Alternatives(all)
}

fn short(text: &str) -> String {
    text.chars().take(200).collect()
}

/// What has to be filled in by whoever uses what was written: a flow whose peer has no addresses that anybody publishes.
pub(super) fn remark(flow: &Flow) -> Option<String> {
    let egress = flow.direction == Direction::Egress;
    let peer = if egress { &flow.destination } else { &flow.source };
    let what = match (peer.hosts.as_slice(), egress) {
        ([], true) => format!("nothing says where {} is ({}): fill in its addresses", peer.object, peer.who),
        ([], false) => format!(
            "nothing says where {} is ({}): fill in its networks, which are 0.0.0.0/0 and ::/0 where they are anywhere",
            peer.object, peer.who
        ),
        (hosts, _) => format!("{} has no addresses; only its name is known: {}", peer.object, hosts.join(" ")),
    };
    peer.ranges.is_empty().then(|| format!("{}: {what}", flow.id))
}
