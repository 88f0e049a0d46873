//! Grammar (being built).
