//! Integrations over Kafka, wrong and right, a folder for each rule.

pub mod ack_on_error;
pub mod auto_commit;
pub mod clients;
pub mod commit_after_process;
pub mod commit_before_process;
pub mod dedup_mark_before_effect;
pub mod dedup_race;
pub mod demo;
pub mod detached_processing;
pub mod documentation;
pub mod dual_write;
pub mod exactly_once_external_effect;
pub mod lossy_transport;
pub mod missing_ack;
pub mod missing_eos_config;
pub mod non_idempotent_effect;
pub mod non_transactional_dedup;
pub mod out_of_order_commit;
pub mod skipped_offset;
pub mod stale_overwrite;
pub mod unconfirmed_publish;
pub mod undeclared_integration;
pub mod unfenced_transaction;
pub mod volatile_handoff;
pub mod weakest_link;
