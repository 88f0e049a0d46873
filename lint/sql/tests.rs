//! Statements as real services write them.
