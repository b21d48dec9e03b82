//! What a key reaches that it should not, or does not reach.

use crate::check::Code;
use crate::checks::credentials::pair;
use crate::checks::webhook::registered;
use crate::outcome::Cause;

pub(in crate::checks) static SHARED: Code =
    Code::error("shared", "the key reaches organizations that this installation does not serve").caused_by(&[
        Cause::vendor(
            "The key is that of the vendor's shared environment, as it serves the vendor's cloud customers.",
            "There are many organizations, and `-v` names those of other customers.",
            "Ask support@workos.com for a production environment of this customer's own, set its key here, and revoke this one if it left the vendor.",
        ),
        Cause::vendor(
            "Two on-prem customers were put into one environment.",
            "`-v` names one or two organizations besides, each of them a customer who has an installation.",
            "Ask support@workos.com for an environment for each of them, and move their connections there.",
        ),
        Cause::installer(
            "The customer has more organizations than were named with --organization.",
            "All that `-v` names belong to this customer.",
            "Name every organization that this installation serves with --organization.",
        ),
    ]);
pub(in crate::checks) static ORGANIZATION_MISSING: Code =
    Code::error("organization-missing", "the key does not reach an organization that this installation serves")
        .explains(&[&pair::DIFFERENT_ENVIRONMENTS, &registered::codes::NOT_REGISTERED])
        .caused_by(&[
            Cause::vendor(
                "The key is that of another environment than the one that holds the organization.",
                "The organization is there in the WorkOS dashboard, in an environment that has no key with these last characters.",
                "Set the key of the environment that holds the organization.",
            ),
            Cause::installer(
                "The ID given with --organization is that of another installation, or was copied with a wrong letter.",
                "`-v` lists the organizations that the key reaches, and this customer is among them with another ID.",
                "Correct --organization.",
            ),
            Cause::vendor(
                "The organization was deleted, or not made yet.",
                "It is in no environment of the WorkOS dashboard.",
                "Make the organization in this customer's environment, and give its new ID with --organization.",
            ),
        ]);
pub(in crate::checks) static NOT_ESTABLISHED: Code =
    Code::undecided("not-established", "the organizations that the key reaches could not be listed").caused_by(&[
        Cause::workos(
            "WorkOS answers one of the pages with an error for a while.",
            "Another run passes, or https://status.workos.com tells of an incident.",
            "Wait until it is over, and run the check again; if it lasts, WorkOS support needs the request id and the time.",
        ),
        Cause::network(
            "Something on the way breaks off, or answers in the API's place, now and then.",
            "The finding names something other than a status of the API, and egress.stable warns as well.",
            "Exempt the API's host from inspection on the proxy or gateway, and let the check run again.",
        ),
    ]);
pub(in crate::checks) static MANY: Code =
    Code::warning("many", "the key reaches several organizations, and none was named that it should reach").caused_by(
        &[
            Cause::installer(
                "The installation serves them all, and nobody named them to this tool.",
                "All that `-v` names belong to this customer.",
                "Name them with --organization, so that another customer's would be told from them.",
            ),
            Cause::vendor(
                "The key reaches other customers: it is of an environment that is not this customer's own.",
                "`-v` names organizations of other customers.",
                "Ask support@workos.com for a production environment of this customer's own, and set its key here.",
            ),
        ],
    );
