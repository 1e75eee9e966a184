//! What every live connection promises: the same claims, made about each dialect.

mod admission;
mod dialects;
mod endings;
mod narrowing;
mod resuming;
mod sixth;
mod unknown_position;
