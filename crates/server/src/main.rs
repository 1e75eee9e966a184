//! `milepost`: one binary for the server and its tools.

#![forbid(unsafe_code)]

fn main() -> std::process::ExitCode {
    milepost::cli::run(&milepost_clock::Clock::system())
}
