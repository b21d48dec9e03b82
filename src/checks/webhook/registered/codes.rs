//! What `webhook.registered` finds, and what usually lies behind it.

use crate::check::Code;

pub(super) static NOT_REGISTERED: Code =
    Code::error("not-registered", "no endpoint of this environment has the webhook URL, or one like it");
pub(super) static DISABLED: Code = Code::error("disabled", "the endpoint is registered and disabled");
pub(super) static NOT_ESTABLISHED: Code =
    Code::undecided("not-established", "what came back says nothing about webhook endpoints");
pub(super) static URL_DIFFERS: Code =
    Code::warning("url-differs", "an endpoint is registered whose URL is nearly the webhook URL");
pub(super) static NO_EVENTS: Code = Code::warning("no-events", "the endpoint is registered for no event");
pub(super) static DUPLICATE: Code =
    Code::warning("duplicate", "several enabled endpoints have the webhook URL: events arrive several times");
