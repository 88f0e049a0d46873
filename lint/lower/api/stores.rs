//! Dedup marks, transactions and SQL.

use super::*;
use crate::catalog::{Answer, Role};
use crate::flow::{
    Durability, EffectId, EffectKind, Idempotency, Key, KeyId, Known, MarkMode, NodeId, Outcome, Step, TxId,
};
use crate::lower::expr::deep_origin;
use crate::lower::query::MARK_COLUMNS;
use crate::lower::state::{Flowing, State, merge_values};
use crate::lower::value::{Kind, Origin, Value};
use crate::lower::violation::marked;
use crate::lower::{Lowering, combinator};
use crate::resolve::Ty;

impl<'a> Lowering<'a> {
    pub(in crate::lower) fn key(&mut self, doing: &Doing<'_>) -> KeyId {
        let key = self.key_made(doing);
        self.graph.key(key)
    }

    pub(in crate::lower) fn key_made(&mut self, doing: &Doing<'_>) -> Key {
        let value = self.operand_of(doing.facts.key.as_ref(), doing).map(|(value, _)| value);
        let durability = doing.facts.durability.unwrap_or(Durability::Durable);
        let store = doing
            .facts
            .store
            .clone()
            .or_else(|| self.store_of(doing))
            .unwrap_or_else(|| "memory".into());
        let name = match durability {
            Durability::Memory => combinator::place_text(doing.places.first().and_then(Option::as_ref)),
            _ => self.entry_name(value.as_ref(), doing),
        };
        let ttl = self.operand_of(doing.facts.ttl.as_ref(), doing);
        let origin = value.as_ref().map_or(Origin::NONE, deep_origin);
        let store = smol_str::format_smolstr!("{store}:{name}");
        let holds_little =
            durability == Durability::Cache || value.as_ref().is_some_and(|value| self.holds_little(value));
        if durability != Durability::Memory && holds_little && self.is_bare(doing) {
            self.graph.bare.insert(store.clone());
        }
        Key {
            store,
            durability,
            ttl_millis: ttl.as_ref().and_then(|(value, _)| millis(value, doing.facts.ttl_unit)),
            ttl_at: ttl.and_then(|(_, at)| at),
            // A cache replaces what is recorded twice, and refuses nobody.
            unique: match durability {
                Durability::Durable => Known::Yes,
                Durability::Cache | Durability::Memory => Known::Unknown,
            },
            removed: Known::Unknown,
            from_message: origin.is_message_only(),
            made_at: origin.made_at(),
        }
    }

    /// The name of an entry, or of the set or hash that it is a member of.
    fn entry_name(&self, key: Option<&Value>, doing: &Doing<'_>) -> SmolStr {
        let set = self
            .text_operand(doing.facts.target.as_ref(), doing)
            .filter(|_| doing.facts.target != doing.facts.key);
        set.or_else(|| key.and_then(text_of)).unwrap_or_else(|| "?".into())
    }

    /// Whether a row holds hardly more than the key of a message.
    fn holds_little(&self, row: &Value) -> bool {
        let of_message = |values: &mut dyn Iterator<Item = &Value>| {
            values.filter(|value| deep_origin(value).has(Origin::MESSAGE)).count() <= MARK_COLUMNS
        };
        match &row.kind {
            Kind::Struct(fields) => of_message(&mut fields.values()),
            Kind::Tuple(items) => of_message(&mut items.iter()),
            _ => match &row.ty {
                Ty::Local { .. } => self.index.fields(&row.ty).len() <= MARK_COLUMNS,
                ty => *ty == Ty::Unknown,
            },
        }
    }

    /// Whether an entry that is written holds nothing of the message but its key.
    fn is_bare(&self, doing: &Doing<'_>) -> bool {
        let (role, facts) = (doing.role, doing.facts);
        if role != Role::Mark {
            return false;
        }
        let kept = match facts.value.as_ref() {
            Some(_) => self.operand_of(facts.value.as_ref(), doing).map(|(value, _)| value),
            None => doing.args.get(1).filter(|_| facts.target.is_none()).cloned(),
        };
        let carries = |value: &Value| {
            let origin = deep_origin(value);
            origin.has(Origin::MESSAGE) || origin.has(Origin::STORE)
        };
        facts.mode == Some(MarkMode::IfAbsent) || !kept.as_ref().is_some_and(carries)
    }

    pub(in crate::lower) fn dedup(&mut self, doing: &Doing<'_>, state: State) -> Flowing {
        if !state.holding {
            return self.compute(doing, state);
        }
        let key = self.key(doing);
        let tx = self.transaction_of(doing, &state);
        let site = Some(self.site(doing.site.at));
        let state = self.mutated(doing, state);
        let told = doing.call.fallible && self.asks_for_violations();
        let step = match doing.role {
            Role::Check => Step::Check { key, tx, locks: false },
            Role::Unmark => Step::Unmark { key, tx },
            _ => {
                let mode = doing.facts.mode.unwrap_or(MarkMode::Plain);
                let effect = self.row(doing);
                if mode == MarkMode::Unique && told {
                    let mode = MarkMode::IfAbsent;
                    let node = self.graph.emit(&state, Step::Mark { key, tx, mode, effect }, site);
                    return self.fresh_or_refused(doing, node, &state);
                }
                Step::Mark { key, tx, mode, effect }
            }
        };
        let outcomes = step_outcomes(&step);
        let node = self.graph.emit(&state, step, site);
        let mut all: Flowing = outcomes
            .into_iter()
            .map(|outcome| {
                let after = state.after(node, outcome);
                if outcome == Outcome::Absent && self.needs_a_value(doing) {
                    return (after, self.failure(doing));
                }
                let value = self.answer(doing, outcome);
                (after, self.succeed(doing, value))
            })
            .collect();
        if doing.call.fallible {
            all.push((state.after(node, Outcome::Err), self.failure(doing)));
        }
        all
    }

    /// The ways of a write that fails where the entry is there already, by code that may tell that from other failures
    /// ([`crate::lower::finish`] sees whether it does).
    fn fresh_or_refused(&mut self, doing: &Doing<'_>, node: NodeId, state: &State) -> Flowing {
        self.graph.refusing.insert(node);
        let done = self.succeed(doing, self.answer(doing, Outcome::Ok));
        let failure = self.failure(doing);
        vec![
            (state.after(node, Outcome::Fresh), done),
            (state.after(node, Outcome::Duplicate), marked(&failure, true)),
            (state.after(node, Outcome::Err), marked(&failure, false)),
        ]
    }

    /// What is recorded is an entry of the business, too: under a key whatever replaces what was there, in a table what holds more of the
    /// message than its key.
    fn row(&mut self, doing: &Doing<'_>) -> Option<EffectId> {
        let kind = doing.facts.kind?;
        let replaces = kind == EffectKind::Cache || doing.facts.mode == Some(MarkMode::Plain);
        let why = match kind {
            EffectKind::Database if self.is_row(doing) => "a unique key refuses the second row",
            _ if replaces && doing.facts.idempotent == Some(Known::Yes) => "the same entry is written again",
            _ => return None,
        };
        let effect = self.effect(doing, kind, Idempotency::Idempotent, why.into(), true, None);
        self.doubt_moved(effect, doing);
        Some(effect)
    }

    fn is_row(&self, doing: &Doing<'_>) -> bool {
        let of_message = |value: &Value| deep_origin(value).has(Origin::MESSAGE);
        let row = self.operand_of(doing.facts.value.as_ref(), doing);
        let told = row.map_or(0, |(row, _)| match &row.kind {
            Kind::Struct(fields) => fields.values().filter(|value| of_message(value)).count(),
            Kind::Tuple(items) => items.iter().filter(|value| of_message(value)).count(),
            Kind::Api(api) => api.props.values().filter(|prop| of_message(&prop.value)).count(),
            _ => 0,
        });
        told >= 2
    }

    /// Whether what is expected of a check has no room for nothing.
    fn needs_a_value(&self, doing: &Doing<'_>) -> bool {
        let expected = self.expected.clone().map(|ty| self.expected_inside(ty, doing));
        doing.facts.strict == Some(Known::Yes) && expected.is_some_and(|ty| is_scalar(&ty))
    }

    /// What a check or mark answers.
    pub(in crate::lower) fn answer(&self, doing: &Doing<'_>, outcome: Outcome) -> Value {
        let there = matches!(outcome, Outcome::Found | Outcome::Duplicate);
        let expected = self.expected.clone().map(|ty| self.expected_inside(ty, doing));
        let is_bool = matches!(&expected, Some(Ty::External { path, .. }) if path == "bool");
        if is_bool && outcome != Outcome::Ok {
            return Value::bool(if doing.role == Role::Check { there } else { !there });
        }
        let variant = match there {
            true => doing.facts.if_there.as_ref(),
            false => doing.facts.if_fresh.as_ref(),
        };
        if let Some(variant) = variant.filter(|_| outcome != Outcome::Ok) {
            return Value::variant(variant, vec![self.given(doing)]);
        }
        if let Some(scalar) = expected.filter(|ty| doing.role == Role::Check && is_scalar(ty)) {
            return Value::opaque(scalar, Origin::STORE);
        }
        match doing.facts.outcome {
            Some(Answer::Affected) => Value::int(i128::from(!there)),
            Some(Answer::Optional) if doing.role == Role::Check => {
                if there {
                    Value::some(Value::unknown().with_origin(Origin::STORE))
                } else {
                    Value::none()
                }
            }
            Some(Answer::Optional) => {
                if there {
                    Value::none()
                } else {
                    Value::some(Value::unknown())
                }
            }
            Some(Answer::FlagFound) => Value::bool(there),
            Some(Answer::Flag) => Value::bool(!there),
            _ if outcome == Outcome::Ok => self.given(doing),
            _ if doing.role == Role::Check => Value::bool(there),
            _ => Value::bool(!there),
        }
    }

    pub(in crate::lower) fn begin(&mut self, doing: &Doing<'_>, state: State) -> Flowing {
        let store = doing
            .facts
            .store
            .clone()
            .or_else(|| self.store_of(doing))
            .unwrap_or_else(|| "?".into());
        let site = self.site(doing.site.at);
        let tx = self.graph.transaction(store, &site);
        self.note_client(doing, tx);
        self.isolate_as_told(doing, tx);
        let given = self.given(doing);
        let is_receiver = doing.returns.is_none() || matches!(given.ty, Ty::Unknown);
        let value = if is_receiver {
            Value::unit()
        } else {
            Value::new(Kind::Tx(tx), given.ty, Origin::NONE)
        };
        let step = Step::Begin { tx };
        if !state.holding {
            return vec![(state, self.succeed(doing, value))];
        }
        let node = self.graph.emit(&state, step, Some(site));
        let mut begun = state.after(node, Outcome::Ok);
        begun.open.insert(tx);
        let named = self.operand_of(doing.facts.on.as_ref(), doing).map(|(value, _)| value);
        let holder = named.as_ref().or(doing.recv.as_ref());
        let own = doing.recv.as_ref().and_then(operands::lender);
        let place = own.or_else(|| doing.places.first().cloned().flatten());
        if is_receiver && let (Some(holder), Some(place)) = (holder, place) {
            let handle = Value::new(Kind::Tx(tx), Ty::Unknown, Origin::NONE);
            begun.change(&place, holder.clone().with_prop(TRANSACTION.into(), handle, None));
        }
        let mut all = vec![(begun, self.succeed(doing, value))];
        if doing.call.fallible {
            all.push((state.after(node, Outcome::Err), self.failure(doing)));
        }
        all
    }

    fn isolate_as_told(&mut self, doing: &Doing<'_>, tx: TxId) {
        let level = self.text_operand(doing.facts.isolation.as_ref(), doing);
        if level.is_some_and(|level| level.eq_ignore_ascii_case("serializable")) {
            self.isolate(Some(tx), crate::flow::Isolation::Serializable);
        }
    }

    pub(in crate::lower) fn finish_tx(&mut self, doing: &Doing<'_>, state: State, commit: bool) -> Flowing {
        let named = self.operand_of(doing.facts.on.as_ref(), doing).map(|(value, _)| value);
        let tx = named
            .as_ref()
            .and_then(transaction_in)
            .or_else(|| doing.recv.as_ref().and_then(transaction_in));
        let Some(tx) = tx.filter(|tx| state.open.contains(tx)) else {
            return self.compute(doing, state);
        };
        let step = if commit {
            Step::Commit { tx }
        } else {
            Step::Rollback { tx }
        };
        let flowing = self.two_way(doing, state, step);
        flowing
            .into_iter()
            .map(|(mut state, value)| {
                state.open.remove(&tx);
                (state, value)
            })
            .collect()
    }

    /// A closure in a transaction: `Ok` commits, `Err` rolls back.
    pub(in crate::lower) fn transaction(&mut self, doing: &Doing<'_>, state: State) -> Flowing {
        let Some((closure, _)) = self.operand_of(doing.facts.closure.as_ref(), doing) else {
            return self.compute(doing, state);
        };
        let store = doing
            .facts
            .store
            .clone()
            .or_else(|| self.store_of(doing))
            .unwrap_or_else(|| "?".into());
        let site = self.site(doing.site.at);
        let tx = self.graph.transaction(store, &site);
        self.isolate_as_told(doing, tx);
        let args = self.handles(doing, tx);
        if !state.holding {
            return self.transaction_that_may_take(doing, tx, (&closure, args), state);
        }
        let node = self.graph.emit(&state, Step::Begin { tx }, Some(site));
        let mut begun = state.after(node, Outcome::Ok);
        begun.open.insert(tx);
        let called = self.call_value(&closure, args, doing.site, begun);
        let ended = self.each(called, |this, state, value| {
            this.await_value(value, state, doing.site.at)
        });
        let mut all = vec![(state.after(node, Outcome::Err), self.failure(doing))];
        for (state, value) in ended {
            all.extend(self.end_transaction(doing, tx, state, value));
        }
        merge_values(all)
    }

    /// What the closure of a transaction is called with: the transaction in place of its connection, and the batch that it is to fill, or
    /// what the caller has for it.
    fn handles(&self, doing: &Doing<'_>, tx: TxId) -> Vec<Value> {
        let named = self.operand_of(doing.facts.on.as_ref(), doing).map(|(value, _)| value);
        let on = doing.recv.as_ref().or(named.as_ref());
        let ty = on.map_or(Ty::Unknown, |on| on.ty.clone());
        let batch = doing
            .facts
            .batch
            .as_ref()
            .map(|path| self.typed(Ty::external(path, Vec::new()), Origin::NONE));
        let context = self
            .operand_of(doing.facts.value.as_ref(), doing)
            .map(|(value, _)| value);
        [Value::new(Kind::Tx(tx), ty, Origin::NONE)]
            .into_iter()
            .chain(batch)
            .chain(context)
            .collect()
    }

    /// A closure in a transaction while no message is at hand: a row that is taken in it is held by it.
    fn transaction_that_may_take(
        &mut self,
        doing: &Doing<'_>,
        tx: TxId,
        (closure, args): (&Value, Vec<Value>),
        state: State,
    ) -> Flowing {
        self.enclosing.push(tx);
        let called = self.call_value(closure, args, doing.site, state);
        let ended = self.each(called, |this, state, value| {
            this.await_value(value, state, doing.site.at)
        });
        self.enclosing.pop();
        self.each(ended, |this, state, value| match state.open.contains(&tx) {
            true => this.end_transaction(doing, tx, state, value),
            false => vec![(state, value)],
        })
    }

    pub(in crate::lower) fn end_transaction(
        &mut self,
        doing: &Doing<'_>,
        tx: TxId,
        mut state: State,
        value: Value,
    ) -> Flowing {
        state.open.remove(&tx);
        let site = Some(self.site(doing.site.at));
        if value.variant_name() == Some("Err") {
            let node = self.graph.emit(&state, Step::Rollback { tx }, site);
            return vec![(state.after(node, Outcome::Then), value)];
        }
        let node = self.graph.emit(&state, Step::Commit { tx }, site);
        vec![
            (state.after(node, Outcome::Ok), value),
            (state.after(node, Outcome::Err), self.failure(doing)),
        ]
    }

    pub(in crate::lower) fn sql(&mut self, doing: &Doing<'_>, state: State) -> Flowing {
        if !state.holding {
            return self.sql_without_message(doing, state);
        }
        let built = self
            .operand_of(doing.facts.built.as_ref(), doing)
            .and_then(|(builder, _)| self.built(&builder));
        let text = match &built {
            Some(built) => Some(built.text.clone()),
            None => self.text_operand(doing.facts.sql.as_ref(), doing),
        };
        let text = match doing.facts.dialect.as_deref() {
            Some("cql") => text.map(|text| crate::sql::cql::to_sql(&text).into()),
            _ => text,
        };
        let on = self.operand_of(doing.facts.on.as_ref(), doing).map(|(value, _)| value);
        let executor = on.as_ref().or(doing.recv.as_ref());
        let tx = executor.and_then(transaction_in).filter(|tx| state.open.contains(tx));
        let store = self.store_of(doing).unwrap_or_else(|| "sql".into());
        let binds = self
            .operand_of(doing.facts.binds.as_ref(), doing)
            .map(|(value, _)| value);
        let query = crate::lower::query::Query {
            text,
            store,
            tx,
            binds: built.map_or_else(|| bound(binds.as_ref()), |built| built.binds),
            answer: doing.facts.outcome,
            at: doing.site.at,
        };
        let given = self.given(doing);
        let failure = doing.call.fallible.then(|| self.failure(doing));
        let flowing = self.run_sql(&query, &given, failure, state);
        flowing
            .into_iter()
            .map(|(state, value)| {
                let value = if value.variant_name() == Some("Err") && doing.call.fallible {
                    value
                } else {
                    self.succeed(doing, value)
                };
                (state, value)
            })
            .collect()
    }
}

/// A number or a text.
fn is_scalar(ty: &Ty) -> bool {
    const SCALARS: [&str; 13] = [
        "String", "i8", "i16", "i32", "i64", "i128", "u8", "u16", "u32", "u64", "u128", "f32", "f64",
    ];
    matches!(ty, Ty::External { path, .. } if SCALARS.contains(&path.rsplit("::").next().unwrap_or(path)))
}
