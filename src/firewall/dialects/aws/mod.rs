//! AWS: security groups and network ACLs as its API describes them, and the commands and templates that add rules to a group.
//!
//! What a rule means is said in plain values ([`groups`], [`acls`]), so that whoever finds the same rules in another document, such
//! as a plan of Terraform, reads them alike.

pub(super) mod acls;
mod cli;
mod cloudformation;
mod describe;
pub(super) mod groups;
pub(super) mod prefix_lists;
mod traffic;
pub(super) mod write;

use super::{Dialect, Reads};

pub(super) use cli::default_deny;
pub(super) use traffic::{Traffic, traffic};

/// Security groups.
pub(super) static SECURITY_GROUPS: Dialect = Dialect {
    name: "aws-security-group",
    title: "AWS security groups, with the entries of the prefix lists that they name",
    reads: Some(Reads {
        export: "aws ec2 describe-security-groups",
        recognises: describe::holds_groups,
        read: describe::groups,
    }),
    writes: None,
};

/// Network ACLs.
pub(super) static NETWORK_ACLS: Dialect = Dialect {
    name: "aws-network-acl",
    title: "AWS network ACLs, which know nothing of connections",
    reads: Some(Reads {
        export: "aws ec2 describe-network-acls",
        recognises: describe::holds_acls,
        read: describe::acls,
    }),
    writes: None,
};

/// A script for AWS's command line.
pub(super) static CLI: Dialect = Dialect {
    name: "aws-cli",
    title: "a script that adds rules to an AWS security group",
    reads: None,
    writes: Some(cli::write),
};

/// A template of `CloudFormation`.
pub(super) static CLOUDFORMATION: Dialect = Dialect {
    name: "cloudformation",
    title: "a CloudFormation template that adds rules to an AWS security group",
    reads: None,
    writes: Some(cloudformation::write),
};
