//! What becomes of a packet, by the name of a rule's target.

use crate::firewall::rules::Answer;

/// What a target does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Does {
    /// It decides.
    Answers(Answer),
    /// Whoever jumped here goes on.
    Returns,
    /// The next rule is asked.
    Nothing,
    /// The same, and it is written to a log.
    Logs,
    /// The destination is rewritten, so that what comes behind is asked about another packet.
    SendsElsewhere,
    /// The source is rewritten, behind every filter.
    HidesSource,
    /// No connection is known of it any more.
    Untracks,
    /// Somebody else decides, or nobody knows who.
    Unknown,
}

/// What the target of this name does, with its options.
pub(super) fn does(name: &str, options: &[String]) -> Does {
    match name {
        "ACCEPT" => Does::Answers(Answer::Accept),
        "DROP" => Does::Answers(Answer::Drop),
        "REJECT" => Does::Answers(Answer::Reject),
        "RETURN" => Does::Returns,
        "LOG" | "NFLOG" | "ULOG" | "AUDIT" => Does::Logs,
        "DNAT" | "REDIRECT" | "NETMAP" | "DNPT" | "SNPT" => Does::SendsElsewhere,
        "SNAT" | "MASQUERADE" => Does::HidesSource,
        "NOTRACK" => Does::Untracks,
        "CT" if options.iter().any(|option| option == "--notrack") => Does::Untracks,
        "CT" | "MARK" | "CONNMARK" | "CONNSECMARK" | "SECMARK" | "SET" | "TCPMSS" | "DSCP" | "TOS" | "CLASSIFY"
        | "CHECKSUM" | "TTL" | "HL" | "ECN" | "TRACE" | "RATEEST" | "LED" | "IDLETIMER" | "HMARK" | "TEE"
        | "TCPOPTSTRIP" | "AUTOFLOWLABEL" => Does::Nothing,
        _ => Does::Unknown,
    }
}

/// In words that finish "unsure whether it is let through: …".
pub(super) fn unknown(name: &str) -> String {
    match name {
        "NFQUEUE" | "QUEUE" => format!("the program behind {name} decides"),
        "TPROXY" => "a proxy on this host takes it over".to_owned(),
        "SYNPROXY" => "SYNPROXY answers in the place of the server".to_owned(),
        name => format!("nobody knows here what the target `{name}` does"),
    }
}
