//! What a demonstration can break.

/// Every fault that can be played.
pub struct Faults(pub Vec<Fault>);

/// One thing that can be broken.
pub struct Fault {
    /// As it is written on the command line.
    pub name: &'static str,
    /// What is broken.
    pub shows: &'static str,
    /// What a run then finds, the cause first, each as `check-id/code`. Empty where the run stays ready.
    pub finds: &'static [&'static str],
}

impl Fault {
    /// What a run finds first, or that it finds nothing.
    pub fn first(&self) -> &'static str {
        self.finds.first().copied().unwrap_or("nothing: the run stays ready")
    }
}
