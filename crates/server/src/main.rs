//! `milepost`: one binary for the server and its tools.

#![forbid(unsafe_code)]

/// musl's own has one lock for all threads: see docs/decisions/0046.
#[cfg(target_env = "musl")]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    milepost::cli::run(&milepost_clock::Clock::system())
}
