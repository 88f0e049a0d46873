//! cargo-delivery
