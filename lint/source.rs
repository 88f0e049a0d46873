//! From text to items and bodies.

pub mod hir;
