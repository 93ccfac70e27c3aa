//! The `rbuildout` command, for the tests of this crate.

use std::process::ExitCode;

fn main() -> ExitCode {
    rbuildout::cli::main()
}
