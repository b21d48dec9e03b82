//! What the columns of a table of flows are called, by whoever made it.

/// What a column says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::firewall::dialects) enum Column {
    /// Which way a connection is opened.
    Direction,
    /// Who opens it: addresses, hosts or names of objects.
    Source,
    /// Its addresses; [`Column::Source`] is then a mere name.
    SourceAddresses,
    /// Its hosts, likewise.
    SourceHosts,
    /// To whom.
    Destination,
    /// Its addresses.
    DestinationAddresses,
    /// Its hosts.
    DestinationHosts,
    /// By which zone or interface it comes in.
    From,
    /// By which it goes out.
    To,
    /// Whoever is not the installation.
    Peer,
    /// By which protocol.
    Protocol,
    /// To which port, or service.
    Port,
    /// From which port.
    SourcePort,
    /// To which port on, beside [`Column::LastPort`]; by itself, from which port.
    FirstPort,
    /// Up to which port; by itself, to which port.
    LastPort,
    /// What becomes of it.
    Action,
    /// Whether the row has effect.
    Enabled,
    /// Whether it has none.
    Disabled,
    /// What the row is called.
    Name,
    /// Nothing that bears on what passes.
    Words,
    /// Something that may: nobody here knows what.
    Other,
}

impl Column {
    /// What a column of this name says. Case, blanks and punctuation do not count.
    pub(in crate::firewall::dialects) fn called(name: &str) -> Self {
        let letters: String = name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect();
        let known = NAMES.iter().find(|(_, names)| names.split(' ').any(|known| known == letters));
        let is_told = ["notes", "comment", "comments", "description", "justification", "remarks"];
        let otherwise = if is_told.iter().any(|told| letters.ends_with(told)) { Column::Words } else { Column::Other };
        known.map_or(otherwise, |(column, _)| *column)
    }
}

const NAMES: &[(Column, &str)] = &[
    (Column::Direction, "direction dir way inout flowdirection trafficdirection inboundoutbound ingressegress"),
    (Column::Source, "source src from sources originator initiator client sourceobject"),
    (
        Column::SourceAddresses,
        "sourceaddress sourceaddresses sourceaddr sourceip sourceips sourceipaddress sourceipaddresses srcip srcips srcaddr \
         srcaddress srcaddresses saddr sourcenetwork sourcenetworks srcnetwork sourcecidr sourcecidrs srccidr sourcerange \
         sourceranges sourceiprange sourceipranges sourcesubnet srcsubnet sourceprefix sourceprefixes fromip fromaddress fromcidr",
    ),
    (Column::SourceHosts, "sourcehost sourcehosts sourcehostname sourcefqdn srchost srchostname srcfqdn sourcename"),
    (Column::Destination, "destination dest dst to destinations destinationobject"),
    (
        Column::DestinationAddresses,
        "destinationaddress destinationaddresses destinationaddr destaddress destaddresses destinationip destinationips \
         destinationipaddress destinationipaddresses destip destips dstip dstips dstaddr dstaddress dstaddresses daddr \
         destinationnetwork destinationnetworks dstnetwork destinationcidr destinationcidrs destcidr dstcidr destinationrange \
         destinationranges destinationiprange destinationipranges destinationsubnet dstsubnet destinationprefix toip toaddress tocidr",
    ),
    (
        Column::DestinationHosts,
        "destinationhost destinationhosts destinationhostname destinationfqdn desthost desthostname destfqdn dsthost dstfqdn \
         destinationname",
    ),
    (
        Column::Peer,
        "peer peers remote remoteaddress remoteip cidr cidrs cidrblock ip ips ipaddress ipaddresses address addresses network \
         networks range ranges iprange ipranges subnet subnets prefix prefixes ipcidr cidrip cidripv4 cidripv6 cidrblocks \
         ipv4cidr ipv6cidr ipv4cidrs ipv6cidrs ipv4cidrblocks ipv6cidrblocks ipv4 ipv6 ipv4range ipv6range ipv4ranges ipv6ranges",
    ),
    (
        Column::From,
        "sourcezone sourcezones srczone fromzone zonefrom sourceinterface srcintf ininterface ingressinterface",
    ),
    (
        Column::To,
        "destinationzone destinationzones destzone dstzone tozone zoneto destinationinterface dstintf outinterface egressinterface",
    ),
    (Column::Protocol, "protocol protocols proto ipprotocol transport l4protocol layer4"),
    (
        Column::Port,
        "port ports destinationport destinationports destport destports dstport dstports dport service services portrange \
         portranges protocolport protoport portprotocol tcpudpport portservice serviceport \
         servicesports serviceports servicename destinationservice protocolports portprotocols",
    ),
    (Column::SourcePort, "sourceport sourceports srcport srcports sport"),
    (Column::FirstPort, "fromport portfrom startport portstart minport portmin"),
    (Column::LastPort, "toport portto endport portend maxport portmax"),
    (
        Column::Action,
        "action actions verdict decision policy access effect permission allowdeny permitdeny ruleaction disposition",
    ),
    (Column::Enabled, "enabled enable active status state isenabled"),
    (Column::Disabled, "disabled disable inactive isdisabled"),
    (
        Column::Name,
        "id flow flows requestid name rule rulename ruleid rulenumber no nr num number key priority seq sequence order line",
    ),
    (
        Column::Words,
        "need reason reasons comment comments description descriptions justification businessjustification purpose usage why requester requestor ticket \
         change changeid owner team contact date created createdat modified lastmodified note notes remark remarks since who \
         factsource factsasof asof environment env application applicationname app hits hitcount reference ref link doc",
    ),
];
