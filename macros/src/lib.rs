//! Attributes (being built).
