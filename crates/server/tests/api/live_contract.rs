//! What every live connection keeps, whatever its dialect: the same claims, made about each.

mod narrowing;
