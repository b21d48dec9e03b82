//! Terraform: rules written for a security group of AWS.

mod write;

use super::Dialect;

/// Resources for a security group of AWS.
pub(super) static AWS: Dialect = Dialect {
    name: "terraform-aws",
    title: "Terraform resources that add rules to an AWS security group",
    reads: None,
    writes: Some(write::write),
};
