//! The closed vocabularies of a catalog file, and the hint for a word that is none of them.

use crate::flow::{Broker, Durability, EffectKind, Known, MarkMode};

use super::schema::{Answer, Confirm, Role, SettleBy, Unit};

/// An enum that is written as one of a few words.
pub(super) trait Word: Copy + PartialEq + 'static {
    /// What it is called in an error.
    const WHAT: &'static str;
    const WORDS: &'static [(&'static str, Self)];

    fn word(self) -> &'static str {
        Self::WORDS
            .iter()
            .find(|(_, value)| *value == self)
            .map_or("?", |(word, _)| word)
    }

    fn from_word(text: &str) -> Result<Self, String> {
        Self::WORDS
            .iter()
            .find(|(word, _)| *word == text)
            .map(|(_, value)| *value)
            .ok_or_else(|| {
                let all: Vec<_> = Self::WORDS.iter().map(|(word, _)| format!("`{word}`")).collect();
                let hint = did_you_mean(text, Self::WORDS.iter().map(|(word, _)| *word));
                format!("unknown {} `{text}`{hint}: it is one of {}", Self::WHAT, all.join(", "))
            })
    }
}

/// Gives an enum its words.
macro_rules! words {
    ($name:ident, $what:literal, { $($word:literal => $variant:ident),+ $(,)? }) => {
        impl Word for $name {
            const WHAT: &'static str = $what;
            const WORDS: &'static [(&'static str, Self)] = &[$(($word, $name::$variant)),+];
        }
    };
}

words!(Role, "role", {
    "pure" => Pure, "read" => Read, "decode" => Decode, "receive" => Receive, "ack" => Ack, "nack" => Nack, "rewind" => Rewind,
    "extend" => Extend, "effect" => Effect, "http" => Http, "publish" => Publish, "confirm" => Confirm, "sql" => Sql,
    "check" => Check, "mark" => Mark, "unmark" => Unmark, "document" => Document, "begin" => Begin, "commit" => Commit, "rollback" => Rollback,
    "transaction" => Transaction, "queue" => Queue, "execute" => Execute, "spawn" => Spawn, "join" => Join, "send" => Send,
    "channel" => Channel, "take" => Take, "sleep" => Sleep, "timeout" => Timeout, "retry" => Retry, "fresh" => Fresh,
    "exit" => Exit, "member" => Member, "apply" => Apply, "monitor" => Monitor, "log" => Log,
});
words!(Broker, "kind of broker", { "queue" => Queue, "log" => Log, "volatile" => Volatile });
words!(SettleBy, "way of settling", {
    "manual" => Manual, "on_receive" => OnReceive, "in_sink" => InSink, "on_ok" => OnOk, "on_return" => OnReturn,
    "on_next" => OnNext, "on_next_or_drop" => OnNextOrDrop, "not_kept" => NotKept,
});
words!(EffectKind, "kind of effect", {
    "database" => Database, "cache" => Cache, "publish" => Publish, "http" => Http, "rpc" => Rpc, "mail" => Mail,
    "file" => File, "object" => Object,
});
words!(Known, "answer", { "yes" => Yes, "no" => No, "unknown" => Unknown });
words!(Confirm, "kind of confirmation", { "ok" => Ok, "pending" => Pending, "never" => Never });
words!(MarkMode, "mode of a mark", { "plain" => Plain, "unique" => Unique, "if_absent" => IfAbsent });
words!(Durability, "durability", { "memory" => Memory, "cache" => Cache, "durable" => Durable });
words!(Unit, "unit of time", { "s" => Seconds, "ms" => Millis });
words!(Answer, "outcome", {
    "affected" => Affected, "optional" => Optional, "one" => One, "many" => Many, "flag" => Flag, "flag_found" => FlagFound,
    "failures" => Failures, "optional_found" => OptionalFound,
});

/// ` (did you mean `x`?)` for the candidate that is nearest to `word`, or nothing if none is near.
pub(super) fn did_you_mean<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    // A word that is longer is none of ours: comparing it would only take time.
    let candidates = candidates.into_iter().filter(|_| word.len() <= 100);
    let nearest = candidates.map(|candidate| (distance(word, candidate), candidate)).min();
    match nearest {
        Some((distance, candidate)) if distance <= 1 + word.len() / 3 => format!(" (did you mean `{candidate}`?)"),
        _ => String::new(),
    }
}

/// How many characters have to be inserted, dropped or replaced.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (i, l) in left.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, r) in right.iter().enumerate() {
            let replaced = diagonal + usize::from(l != *r);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[right.len()]
}
