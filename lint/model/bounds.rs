//! How far the search goes, and which faults it may use.

/// The limits of one exploration. The defaults are those that 800 mutated handlers needed: none changed its verdict with more
/// (`theory.md`, section 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// How often one message is handed out: the first delivery and one redelivery.
    pub deliveries: u8,
    /// Processes that receive, where a second one matters.
    pub workers: u8,
    /// Messages in a queue whose acks cover one message each.
    pub queue_messages: u8,
    /// Messages in a log, or in a queue where an ack covers earlier messages too: one to be covered, one to cover it.
    pub log_messages: u8,
    /// What the joint tier may combine.
    pub faults: Faults,
    /// States of one exploration. Beyond that a search gives up, and a flow that was not refuted by then is unknown.
    pub states: usize,
    /// What all explorations of one unit may cost, its causes included: a state is one, and so is what it takes to judge one where many
    /// runs have to be looked at. Beyond that they give up, as a single one does.
    pub work: usize,
    /// Tasks that live at once, in all processes; a spawn waits for a free place.
    pub tasks: u8,
}

impl Bounds {
    /// Effects (with handoffs), keys, transactions and conditions of a flow that fit a state; a flow with more is unknown.
    pub const EFFECTS: usize = 64;
    /// Marks that fit a state.
    pub const KEYS: usize = 32;
    /// Bits for the ways that a message's conditions went: one for each condition of two ways.
    pub const WAYS: u32 = u128::BITS;
    /// Loops whose turns are counted.
    pub const LOOPS: usize = 16;
    /// Fault-free runs that differ; of a flow with more it is not known what is missing.
    pub const RUNS: usize = 4_096;
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            deliveries: 2,
            workers: 2,
            queue_messages: 1,
            log_messages: 2,
            faults: Faults {
                crashes: 1,
                outages: 1,
                leases: 1,
                expiries: 1,
            },
            states: 60_000,
            work: 3_000_000,
            tasks: 6,
        }
    }
}

/// How many faults of each kind an adversary may still use.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Faults {
    /// A process dies.
    pub crashes: u8,
    /// A dependency goes down (and stays so until it recovers), or one reply is lost.
    pub outages: u8,
    /// A lease runs out while its worker goes on; a log rebalances.
    pub leases: u8,
    /// A dedup mark expires, or a cache loses it.
    pub expiries: u8,
}

/// Adversaries, the simplest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tier {
    /// Nothing fails.
    Calm,
    /// A dependency fails once or for a while, or a reply is lost.
    Outage,
    /// A process dies at any point.
    Crash,
    /// A lease runs out, and a second worker gets the message while the first goes on.
    Lease,
    /// A dedup mark expires between a crash and the redelivery.
    Expiry,
    /// All that one worker can suffer, together.
    Joint,
    /// All of these together, with a second worker; one message.
    JointLease,
}

impl Tier {
    /// In the order of search.
    pub const ALL: [Self; 7] = [
        Self::Calm,
        Self::Outage,
        Self::Crash,
        Self::Lease,
        Self::Expiry,
        Self::Joint,
        Self::JointLease,
    ];

    /// The two that contain all others.
    pub const WIDEST: [Self; 2] = [Self::Joint, Self::JointLease];

    /// The part of `most` that this tier uses.
    #[must_use]
    pub fn faults(self, most: Faults) -> Faults {
        let none = Faults::default();
        match self {
            Self::Calm => none,
            Self::Outage => Faults {
                outages: most.outages,
                ..none
            },
            Self::Crash => Faults {
                crashes: most.crashes,
                ..none
            },
            Self::Lease => Faults {
                leases: most.leases,
                ..none
            },
            Self::Expiry => Faults {
                crashes: most.crashes,
                expiries: most.expiries,
                ..none
            },
            Self::Joint => Faults { leases: 0, ..most },
            Self::JointLease => most,
        }
    }

    /// Whether a second worker takes part. It sees one message only: overtaking needs no second worker.
    #[must_use]
    pub fn is_concurrent(self) -> bool {
        matches!(self, Self::Lease | Self::JointLease)
    }
}
