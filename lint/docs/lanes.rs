//! An execution as lanes: who acts, and whom it reaches.
//!
//! A row of the drawing belongs to a step; the lanes stand side by side. Positions are shares of the drawing's width, so that a row is
//! as tall as its text.

use crate::report::TraceStep;

/// The lanes of an execution, in their order: workers, the broker, stores and services.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lanes {
    workers: usize,
}

/// What a row shows: a place in a lane, as an SVG length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The lane in which something happens.
    pub at: String,
    /// The lane that it reaches, or is reached from.
    pub other: Option<String>,
    /// It is reached from there.
    pub inwards: bool,
}

impl Lanes {
    /// As many workers as act.
    #[must_use]
    pub fn of(trace: &[TraceStep]) -> Self {
        let most = trace.iter().filter_map(|step| worker(&step.actor)).max();
        Self {
            workers: most.unwrap_or(0).saturating_add(1).min(3),
        }
    }

    #[must_use]
    pub fn workers(&self) -> usize {
        self.workers
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.workers + 2
    }

    /// The middle of each lane.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        (0..self.count()).map(|lane| self.x(lane)).collect()
    }

    fn x(&self, lane: usize) -> String {
        let middle = (2 * lane + 1) * 500 / self.count();
        format!("{}.{}%", middle / 10, middle % 10)
    }

    /// What a step looks like.
    #[must_use]
    pub fn row(&self, step: &TraceStep) -> Row {
        let (broker, store) = (self.workers, self.workers + 1);
        let worker = worker(&step.actor).map(|worker| worker.min(self.workers - 1));
        let at = worker.unwrap_or(if step.actor == "store" { store } else { broker });
        let row = |other: Option<usize>, inwards| Row {
            at: self.x(at),
            other: other.map(|other| self.x(other)),
            inwards,
        };
        match step.event {
            "receive" | "redeliver" if worker.is_some() => row(Some(broker), true),
            "ack" | "ack lost" | "nack" | "rewind" if worker.is_some() => row(Some(broker), false),
            "effect" | "publish" | "effect fails" | "reply lost" | "check" | "mark" | "unmark" | "skip" | "commit"
            | "commit fails" | "rollback"
                if worker.is_some() =>
            {
                row(Some(store), false)
            }
            _ => row(None, false),
        }
    }
}

/// `worker 1` is the first, 0.
fn worker(actor: &str) -> Option<usize> {
    actor.strip_prefix("worker ")?.parse::<usize>().ok()?.checked_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn step(actor: &str, event: &'static str) -> TraceStep {
        TraceStep {
            actor: actor.to_owned(),
            event,
            at: None,
            text: String::new(),
        }
    }

    #[test]
    fn a_second_worker_has_a_lane_only_where_it_acts() {
        let alone = Lanes::of(&[step("worker 1", "receive"), step("broker", "lease expires")]);
        assert_eq!(alone.lines(), ["16.6%", "50.0%", "83.3%"]);
        let two = Lanes::of(&[step("worker 2", "receive")]);
        let ack = two.row(&step("worker 2", "ack"));
        assert_eq!((ack.at.as_str(), ack.other.as_deref()), ("37.5%", Some("62.5%")));
        assert_eq!(two.row(&step("store", "mark expires")).at, "87.5%");
    }

    #[test]
    fn an_actor_that_nobody_knows_has_a_place() {
        let odd = Lanes::of(&[
            step("worker 99999999999999999999", "receive"),
            step("worker 9", "crash"),
        ]);
        assert_eq!(odd.count(), 5);
        assert!(odd.lines().contains(&odd.row(&step("worker 9", "crash")).at));
        assert!(odd.lines().contains(&odd.row(&step("worker 0", "x")).at));
    }
}
