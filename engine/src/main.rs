//! The `rbuildout` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    rbuildout::cli::main()
}
