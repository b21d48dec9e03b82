//! Where a sign-in can lead that does not lead back.

use crate::check::Code;
use crate::outcome::Cause;

/// Begins a sign-in as a browser does, follows it, and prints where it ends: the first hop alone does not tell.
const BEGINNING: &str = "curl -sGL --max-redirs 8 -o /dev/null -w '%{url_effective}\\n' -d response_type=code -d provider=authkit -d \"client_id=$WORKOS_CLIENT_ID\" --data-urlencode redirect_uri=URI https://api.workos.com/user_management/authorize";

pub(in crate::checks) static NOT_REGISTERED: Code =
    Code::error("not-registered", "WorkOS refuses the redirect URI: nobody can sign in").caused_by(&[
        Cause::vendor(
            "The redirect URI of this installation was never registered.",
            "None of those under Redirects in the WorkOS dashboard of this customer's environment has the installation's host.",
            "Register the redirect URI under Redirects in that environment, letter by letter.",
        )
        .shown_by(BEGINNING),
        Cause::vendor(
            "It is registered with a difference: a slash at the end, http for https, a port, a capital letter.",
            "One of those that are registered has the same host, and is not the same letter by letter.",
            "Register the URI that the application sends, or let the application send the one that is registered.",
        )
        .shown_by(BEGINNING),
        Cause::vendor(
            "It is registered in another environment than the client ID's.",
            "It stands under Redirects of staging, or of another customer's environment.",
            "Register it in the environment that the client ID is of, or set the client ID of the one in which it stands.",
        ),
        Cause::installer(
            "--redirect-uri names another URI than the one that the application sends.",
            "A sign-in in a browser works, and its address bar shows another `redirect_uri`.",
            "Give --redirect-uri as the application sends it.",
        ),
    ]);
pub(in crate::checks) static CLIENT_UNKNOWN: Code =
    Code::error("client-unknown", "WorkOS refuses the client ID: nobody can sign in").caused_by(&[
        Cause::vendor(
            "The client ID is of another kind of application than the one that signs users in, such as a Connect application.",
            "credentials.client passes with the same ID.",
            "Set the client ID that stands beside the API key in the WorkOS dashboard of this customer's environment.",
        )
        .shown_by(BEGINNING),
        Cause::vendor(
            "The client ID was cut short, has a wrong letter, or was deleted.",
            "No environment of the WorkOS dashboard has this ID.",
            "Copy the client ID of this customer's environment from the WorkOS dashboard.",
        )
        .shown_by(BEGINNING),
    ]);
pub(in crate::checks) static NOT_ESTABLISHED: Code =
    Code::undecided("not-established", "the sign-in led nowhere that tells").caused_by(&[
        Cause::network(
            "The host that WorkOS sends the browser on to cannot be reached from this server.",
            "The finding names a host that cannot be reached, and a browser on a desktop gets on.",
            "Nothing has to be opened for the server's sake; users' browsers need that host, which --browser-hosts looks at.",
        )
        .shown_by(BEGINNING),
        Cause::workos(
            "WorkOS answers the beginning of a sign-in with an error, or limits how many may begin.",
            "The finding names a status of 429 or from 500 on.",
            "Restore the service; here, wait some minutes and run the check again.",
        )
        .shown_by(BEGINNING),
        Cause::installer(
            "WorkOS leads sign-ins of this environment along a way that this tool does not know.",
            "The application's sign-in works in a browser.",
            "Take the working sign-in in a browser for the answer, and waive this.",
        ),
    ]);
pub(in crate::checks) static TOO_BROAD: Code =
    Code::warning("too-broad", "WorkOS accepts a made-up redirect URI as well").caused_by(&[
        Cause::vendor(
            "A wildcard was registered to cover many installations at once.",
            "A URI with `*` stands under Redirects in the WorkOS dashboard of this environment.",
            "Replace the wildcard by the exact URIs of this installation.",
        )
        .shown_by(BEGINNING),
        Cause::vendor(
            "The environment is staging, where made-up hosts were allowed for trying.",
            "The client ID is that of a staging environment.",
            "Use this customer's production environment, with the exact URIs of this installation.",
        ),
    ]);
pub(in crate::checks) static NO_AUTHKIT: Code =
    Code::warning("no-authkit", "the redirect URI is accepted, and the hosted login is not set up").caused_by(&[
        Cause::vendor(
            "The application does not use the hosted login: it names a connection or an organization at each sign-in.",
            "The application's own sign-in works, and its request carries `connection=` or `organization=`.",
            "Change nothing, and waive this.",
        )
        .shown_by(BEGINNING),
        Cause::vendor(
            "AuthKit was set up in another environment, often staging, and not in this one.",
            "The WorkOS dashboard shows AuthKit as not set up in this customer's environment.",
            "Set AuthKit up in the WorkOS dashboard of this environment.",
        ),
    ]);
