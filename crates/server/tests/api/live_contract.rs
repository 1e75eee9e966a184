//! What every live connection keeps, whatever its dialect: the same claims, made about each.

mod admission;
mod dialects;
mod endings;
mod narrowing;
mod resuming;
mod sixth;
