//! Tells, before and during an on-prem deployment of an application that uses `WorkOS`, whether this network,
//! this configuration and this firewall will let it work.
