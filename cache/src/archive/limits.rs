/// How much an archive may unpack to. The defaults let every real source archive pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of all files together.
    pub max_bytes: u64,
    /// Entries of any kind.
    pub max_entries: u64,
    /// Directories above one another in a name.
    pub max_depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { max_bytes: 64 << 30, max_entries: 5_000_000, max_depth: 200 }
    }
}
