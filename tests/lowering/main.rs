//! Lowering: Rust in, the printed flow out.
//!
//! Each test is a few lines of a realistic service and the graph that a careful engineer would draw of it. How to read a flow:
//! `lint/flow/text.rs`. After a deliberate change `UPDATE_EXPECT=1 cargo test --test lowering` rewrites the expectations; read every one of
//! them again, they say what the code means and not what the tool happens to print.

mod calls;
mod errors;
mod harness;
mod limits;
mod loops;
mod matching;
mod outcomes;
mod producers;
mod queues;
mod reads;
mod retries;
mod rows;
mod select;
mod stores;
mod streams;
mod tasks;
mod transactions;
mod undone;
mod workspace;
