//! What a catalogued call does, as steps.

mod confirms;
mod declared;
mod documents;
mod operands;
mod positions;
pub(super) mod queued;
mod requests;
pub(super) mod rows;
pub(super) mod shown;
mod stores;
mod tasks;

use smol_str::SmolStr;

use self::operands::bound;
use self::requests::made_at;

use super::Lowering;
use super::call::{CallSite, future};
use super::expr::{deep_origin, extended, origin_of};
use super::queues::Queue;
use super::state::{Flowing, State};
use super::time::millis;
use super::value::{Call, Future, Kind, Origin, Place, Target, Value};
use crate::catalog::{self, Confirm, Covers, Facts, Is, Operand, Role, TypeExpr};
use crate::flow::{self, Ack, Effect, EffectKind, Idempotency, KeyId, Known, MarkMode, Outcome, Step, TxId};
use crate::resolve::Ty;
use crate::span::Span;

/// The values of a call.
#[derive(Clone, Copy)]
pub(super) struct Operands<'v> {
    pub recv: Option<&'v Value>,
    pub args: &'v [Value],
    pub result: Option<&'v Value>,
}

impl Operands<'_> {
    /// Whether everything that was set on the operand's value is known, so that what is not set has its default.
    pub(super) fn is_visible(&self, operand: &Operand) -> bool {
        let of = match operand {
            Operand::Prop(base, _) => self.plain(base),
            _ => self.plain(operand),
        };
        of.is_some_and(|value| matches!(value.kind, Kind::Api(_)))
    }

    /// The operand's value where it was passed or set.
    fn plain(&self, operand: &Operand) -> Option<&Value> {
        match operand {
            Operand::Recv => self.recv,
            Operand::Arg(i) => self.args.get(*i),
            Operand::Prop(base, name) => self.plain(base)?.prop(name).map(|(value, _)| value),
            _ => None,
        }
    }
}

/// A call under way: what is done, with what, where.
pub(in crate::lower) struct Doing<'c> {
    facts: &'c Facts,
    role: Role,
    /// Of a command that is queued: what it does when the batch is executed.
    queues: Option<Role>,
    returns: Option<&'c TypeExpr>,
    call: &'c catalog::Call,
    recv: Option<Value>,
    args: Vec<Value>,
    places: &'c [Option<Place>],
    pub(in crate::lower) site: CallSite,
    /// The setting for which the call is read as it is.
    because: Option<Span>,
}

impl<'a> Lowering<'a> {
    /// Calls a client: now, or a future of it.
    pub(super) fn call_api(
        &mut self,
        call: &catalog::Call,
        recv: Option<Value>,
        args: Vec<Value>,
        places: &[Option<Place>],
        site: CallSite,
        state: State,
    ) -> Flowing {
        let waits =
            call.is_async && !call.eager && !matches!(call.does, Role::Pure | Role::Monitor | Role::Log | Role::Fresh);
        if !waits {
            return self.perform(call, recv, args, places, site, state);
        }
        let call = Call {
            target: Target::Api(call.path.clone()),
            recv,
            args,
            at: site.at,
            label: site.label,
            places: places.to_vec(),
            expected: self.expected.clone(),
        };
        vec![(state, future(Future::Call(call)))]
    }

    /// Does what the catalog says.
    pub(super) fn perform(
        &mut self,
        call: &catalog::Call,
        recv: Option<Value>,
        args: Vec<Value>,
        places: &[Option<Place>],
        site: CallSite,
        state: State,
    ) -> Flowing {
        let operands = Operands {
            recv: recv.as_ref(),
            args: &args,
            result: None,
        };
        let case = call.cases.iter().find(|case| {
            case.when
                .0
                .iter()
                .all(|condition| self.condition_holds(condition, &operands) == Some(true))
        });
        let role = case.and_then(|case| case.does).unwrap_or(call.does);
        let facts = case.map_or(&call.facts, |case| &case.facts);
        let returns = case.and_then(|case| case.returns.as_ref()).or(call.returns.as_ref());
        let because = case.and_then(|case| {
            let condition = case.when.0.first()?;
            self.operand(&condition.operand, &operands)?.1
        });
        let doing = Doing {
            because,
            facts,
            role,
            queues: case.and_then(|case| case.queues).or(call.queues),
            returns,
            call,
            recv,
            args,
            places,
            site,
        };
        self.act(&doing, state)
    }

    fn act(&mut self, doing: &Doing<'_>, state: State) -> Flowing {
        if doing.facts.declares.is_some() {
            let settings = self.operand_of(doing.facts.settings.as_ref(), doing);
            let name = self.text_operand(doing.facts.declares.as_ref(), doing);
            self.queues
                .push(Queue::new(name, settings.as_ref().map(|(value, _)| value)));
        }
        match doing.role {
            Role::Pure => self.compute(doing, state),
            Role::Apply => self.apply(doing, state),
            Role::Queue => self.queue(doing, state),
            Role::Channel => self.channel(doing, state),
            Role::Take => self.take(doing, state),
            Role::Monitor => {
                self.met.telemetry = true;
                self.compute(doing, state)
            }
            Role::Log => self.log(doing, state),
            Role::Read => self.read(doing, state),
            Role::Decode => self.decode(doing, state),
            Role::Fresh => {
                let flowing = self.compute(doing, state);
                flowing
                    .into_iter()
                    .map(|(state, value)| (state, value.with_origin(Origin::fresh(doing.site.at))))
                    .collect()
            }
            Role::Receive => self.receive_call(doing, state),
            Role::Member => self.membership(doing, state),
            Role::Ack => self.ack(doing, state),
            Role::Nack => self.nack(doing, state),
            Role::Rewind => self.two_way(doing, state, Step::Rewind),
            Role::Extend => self.two_way(doing, state, Step::ExtendLease),
            Role::Effect => self.plain_effect(doing, state),
            Role::Http => self.http(doing, state),
            Role::Publish => self.publish(doing, state),
            Role::Confirm => self.confirm_call(doing, state),
            Role::Sql => self.sql(doing, state),
            Role::Document => self.document(doing, state),
            Role::Check | Role::Mark | Role::Unmark => self.dedup(doing, state),
            Role::Begin => self.begin(doing, state),
            Role::Commit => self.finish_tx(doing, state, true),
            Role::Rollback => self.finish_tx(doing, state, false),
            Role::Transaction => self.transaction(doing, state),
            Role::Execute => self.execute_queued(doing, state),
            Role::Spawn => self.spawn_call(doing, state),
            Role::Join => self.join_call(doing, state),
            Role::Send => self.send(doing, state),
            Role::Sleep => self.sleep(doing, state),
            Role::Timeout => self.timeout(doing, state),
            Role::Retry => self.retry(doing, state),
            Role::Exit => {
                self.panic(&state, doing.site.at);
                Vec::new()
            }
        }
    }

    /// Emits a step that comes out `Ok` or `Err`, where a message is at hand.
    fn two_way(&mut self, doing: &Doing<'_>, state: State, step: Step) -> Flowing {
        let value = self.given(doing);
        let state = self.mutated(doing, state);
        if !state.holding {
            return vec![(state, self.succeed(doing, value))];
        }
        let node = self.graph.emit(&state, step, Some(self.site(doing.site.at)));
        let mut all = vec![(state.after(node, Outcome::Ok), self.succeed(doing, value))];
        if doing.call.fallible {
            all.push((state.after(node, Outcome::Err), self.failure(doing)));
        }
        all
    }

    fn ack(&mut self, doing: &Doing<'_>, state: State) -> Flowing {
        let covers = match &doing.facts.covers {
            Some(Covers::UpTo) => flow::Covers::UpTo,
            Some(Covers::AllReceived) => flow::Covers::AllReceived,
            Some(Covers::UpToIf(operand)) if self.is_true(Some(operand), doing) == Some(true) => flow::Covers::UpTo,
            _ => flow::Covers::One,
        };
        let tx = self.transaction_of(doing, &state);
        let mut state = state;
        if covers == flow::Covers::UpTo
            || self
                .draft
                .as_ref()
                .is_some_and(|draft| draft.broker == flow::Broker::Log)
        {
            state.holding |= self.receives > 0;
        }
        let mut site = doing.site;
        site.at = doing.site.label;
        let doing = Doing {
            site,
            ..doing.reborrow()
        };
        let elsewhere = |arg: &Value| deep_origin(arg).has(Origin::PASSED) && !deep_origin(arg).has(Origin::MESSAGE);
        if covers == flow::Covers::UpTo && state.holding && doing.args.iter().any(elsewhere) {
            self.give_up(
                doing.site.at,
                "the positions that are committed come through a channel from where they are decided",
            );
        }
        let fenced = self.fenced(&doing, tx);
        if tx.is_none() && doing.facts.member.is_some() && state.holding {
            self.give_up(
                doing.site.at,
                "the transaction that takes the position is begun where it cannot be followed",
            );
        }
        let awaited = match doing.facts.confirm {
            Some(Confirm::Never) => Known::No,
            _ => Known::Unknown,
        };
        let ack = Ack {
            covers,
            tx,
            fenced,
            awaited,
        };
        let acked = self.two_way(&doing, state, Step::Ack(ack));
        match tx.filter(|_| doing.facts.commits.is_some()) {
            Some(tx) => self.each(acked, |this, state, value| {
                this.end_transaction(&doing, tx, state, value)
            }),
            None => acked,
        }
    }

    fn nack(&mut self, doing: &Doing<'_>, state: State) -> Flowing {
        let requeue = self.is_true(doing.facts.requeue.as_ref(), doing);
        if requeue.is_none() && state.holding {
            self.assumptions
                .insert("a message that is given back is put into its queue again".into());
        }
        let multiple = self.is_true(doing.facts.multiple.as_ref(), doing).unwrap_or(false);
        self.two_way(
            doing,
            state,
            Step::Nack {
                requeue: requeue.unwrap_or(true),
                multiple,
            },
        )
    }

    /// The transaction that a step belongs to: named by the entry, or the executor itself.
    fn transaction_of(&self, doing: &Doing<'_>, state: &State) -> Option<TxId> {
        let named = self.operand_of(doing.facts.tx.as_ref(), doing).map(|(value, _)| value);
        let found = named
            .as_ref()
            .and_then(transaction_in)
            .or_else(|| transaction_in(&self.operand_of(doing.facts.on.as_ref(), doing)?.0))
            .or_else(|| doing.recv.as_ref().and_then(transaction_in));
        found.filter(|tx| state.open.contains(tx))
    }

    fn plain_effect(&mut self, doing: &Doing<'_>, state: State) -> Flowing {
        let is_queue = !self.lists.is_empty() && self.lists.contains(&self.target(doing));
        let known = doing.facts.kind.unwrap_or(EffectKind::Opaque);
        let kind = if is_queue { EffectKind::Publish } else { known };
        let idempotency = match doing.facts.idempotent {
            Some(Known::Yes) => Idempotency::Idempotent,
            Some(Known::No) => Idempotency::NotIdempotent,
            _ => Idempotency::Unknown,
        };
        let key = self.write_key(doing);
        let tx = self.transaction_of(doing, &state);
        if doing.facts.removes == Some(Known::Yes) && self.is_taken(&self.target(doing)) {
            let ack = Ack {
                tx,
                ..Ack::of(flow::Covers::One)
            };
            return self.two_way(doing, state, Step::Ack(ack));
        }
        let effect = self.effect(
            doing,
            kind,
            idempotency,
            doing.facts.why.clone().unwrap_or_default(),
            true,
            None,
        );
        self.doubt_moved(effect, doing);
        let overwrites = doing.facts.overwrites == Some(Known::Yes);
        let of_message = doing
            .args
            .iter()
            .skip(1)
            .any(|arg| deep_origin(arg).has(Origin::MESSAGE));
        self.graph.effects[effect.0 as usize].overwrites |= overwrites && of_message;
        if let (Some(key), true) = (key, state.holding) {
            self.graph.writes.insert(effect, key);
        }
        let named = doing
            .recv
            .as_ref()
            .is_some_and(|recv| deep_origin(recv).has(Origin::MESSAGE));
        if doing.facts.removes == Some(Known::Yes) && named {
            self.graph.removing.insert(effect);
        }
        let done = self.two_way(doing, state, Step::Effect { effect, tx });
        self.repeated(doing, done)
    }

    /// What is written may be what was read there before, with something added or taken away.
    pub(in crate::lower) fn doubt_moved(&mut self, effect: flow::EffectId, doing: &Doing<'_>) {
        let mut given = doing.args.iter().chain(&doing.recv);
        let effect = &mut self.graph.effects[effect.0 as usize];
        if effect.idempotency == Idempotency::Idempotent && given.any(|value| deep_origin(value).has(Origin::MOVED)) {
            effect.idempotency = Idempotency::Unknown;
            effect.unproved = true;
            effect.why = "it may build on what was read before".into();
        }
    }

    /// What a written entry is recognised by.
    fn write_key(&mut self, doing: &Doing<'_>) -> Option<KeyId> {
        doing.facts.key.as_ref()?;
        Some(self.key(doing))
    }

    fn effect(
        &mut self,
        doing: &Doing<'_>,
        kind: EffectKind,
        idempotency: Idempotency,
        why: SmolStr,
        confirmed: bool,
        target: Option<SmolStr>,
    ) -> flow::EffectId {
        let site = self.site(doing.site.at);
        let target = target.unwrap_or_else(|| self.target(doing));
        self.graph.effect(
            || Effect {
                confirmed,
                ..Effect::new(kind, target, idempotency, why, site.clone())
            },
            &site,
        )
    }

    fn target(&self, doing: &Doing<'_>) -> SmolStr {
        let store = doing
            .facts
            .store
            .clone()
            .or_else(|| self.store_of(doing))
            .unwrap_or_else(|| "?".into());
        match self.text_operand(doing.facts.target.as_ref(), doing) {
            Some(name) => smol_str::format_smolstr!("{store}:{name}"),
            None => store,
        }
    }

    /// The system that a read asks.
    fn asked(&self, doing: &Doing<'_>) -> SmolStr {
        match self.target(doing) {
            unknown if unknown.starts_with('?') => doing.call.package.as_str().into(),
            known => known,
        }
    }

    fn store_of(&self, doing: &Doing<'_>) -> Option<SmolStr> {
        let on = self.operand_of(doing.facts.on.as_ref(), doing).map(|(value, _)| value);
        on.as_ref()
            .or(doing.recv.as_ref())
            .and_then(|value| self.store_of_value(value))
    }

    /// The kind of store behind a connection, pool or transaction.
    fn store_of_value(&self, value: &Value) -> Option<SmolStr> {
        if let Kind::Tx(tx) = value.kind {
            return Some(self.graph.transactions[tx.0 as usize].store.clone());
        }
        let Ty::External { args, .. } = &value.ty else {
            return None;
        };
        let path = self.client_path(&value.ty)?;
        let own = self.catalog.ty(&path)?.store.clone()?;
        let precise = args
            .iter()
            .find_map(|arg| self.catalog.ty(&self.client_path(arg)?)?.store.clone());
        Some(precise.unwrap_or(own))
    }
}

/// The property under which a client keeps the transaction that it has begun itself.
const TRANSACTION: &str = "(transaction)";

impl<'c> Doing<'c> {
    pub(in crate::lower) fn operands(&self) -> Operands<'_> {
        Operands {
            recv: self.recv.as_ref(),
            args: &self.args,
            result: None,
        }
    }

    fn reborrow(&self) -> Self {
        Self {
            facts: self.facts,
            role: self.role,
            queues: self.queues,
            returns: self.returns,
            call: self.call,
            recv: self.recv.clone(),
            args: self.args.clone(),
            places: self.places,
            site: self.site,
            because: self.because,
        }
    }
}

/// The good outcomes of a step.
fn step_outcomes(step: &Step) -> Vec<Outcome> {
    match step {
        Step::Check { .. } => vec![Outcome::Found, Outcome::Absent],
        Step::Mark {
            mode: MarkMode::IfAbsent,
            ..
        } => vec![Outcome::Fresh, Outcome::Duplicate],
        _ => vec![Outcome::Ok],
    }
}

/// The transaction that a value is, or carries.
pub(super) fn transaction_in(value: &Value) -> Option<TxId> {
    match &value.kind {
        Kind::Tx(tx) => Some(*tx),
        Kind::Api(api) => api.props.get(TRANSACTION).and_then(|prop| transaction_in(&prop.value)),
        Kind::Struct(fields) => fields.values().find_map(transaction_in),
        Kind::Variant { fields, .. } => fields.iter().find_map(|(_, value)| transaction_in(value)),
        Kind::Tuple(values) => values.iter().find_map(transaction_in),
        _ => None,
    }
}

fn task_in(value: &Value) -> Option<flow::TaskId> {
    match &value.kind {
        Kind::Task(task) => Some(*task),
        Kind::List(element) | Kind::Array { element, .. } => task_in(element),
        _ => None,
    }
}

/// Whether a value is what a condition wants; `None` where that is not known. `visible`: what is not set is known not to be set.
pub(super) fn holds(is: &Is, value: Option<&Value>, visible: bool) -> Option<bool> {
    if let (Is::Text(_) | Is::OneOf(_), Some(Kind::Tuple(values))) = (is, value.map(|value| &value.kind)) {
        return any_holds(is, values);
    }
    let text = value.map(text_of);
    match (is, text) {
        (Is::Set, found) => {
            if found.is_some() {
                Some(true)
            } else {
                visible.then_some(false)
            }
        }
        (Is::Unset, found) => {
            if found.is_some() {
                Some(false)
            } else {
                visible.then_some(true)
            }
        }
        (Is::Text(_) | Is::OneOf(_), None) => visible.then_some(false),
        (Is::Text(_) | Is::OneOf(_), Some(None)) => None,
        (Is::Text(want), Some(Some(text))) => Some(text.eq_ignore_ascii_case(want)),
        (Is::OneOf(wants), Some(Some(text))) => Some(wants.iter().any(|want| text.eq_ignore_ascii_case(want))),
    }
}

/// Whether one of the values that were appended to a property is what a condition wants.
fn any_holds(is: &Is, values: &[Value]) -> Option<bool> {
    let answers: Vec<_> = values.iter().map(|value| holds(is, Some(value), true)).collect();
    let unsure = || answers.contains(&None).then_some(());
    answers
        .contains(&Some(true))
        .then_some(true)
        .or_else(|| unsure().is_none().then_some(false))
}

/// A value as the text that a catalog compares it with, or that names a target.
pub(super) fn text_of(value: &Value) -> Option<SmolStr> {
    match &value.kind {
        Kind::Text(text) => Some(text.clone()),
        Kind::Bool(known) => Some(if *known { "true".into() } else { "false".into() }),
        Kind::Int(known) => Some(smol_str::format_smolstr!("{known}")),
        Kind::Variant { name, fields } => match (name.as_str(), fields.as_slice()) {
            ("Some" | "Ok", [(_, inner)]) => text_of(inner),
            _ => Some(name.clone()),
        },
        Kind::List(element) | Kind::Array { element, .. } => text_of(element),
        _ => None,
    }
}

fn literal(literal: &catalog::Literal) -> Value {
    match literal {
        catalog::Literal::Bool(known) => Value::bool(*known),
        catalog::Literal::Int(known) => Value::int(i128::from(*known)),
        catalog::Literal::Text(text) => Value::text(text.clone()),
    }
}

/// A value with one more item in a property; a text grows.
fn appended(value: Value, property: &str, item: Value, at: Span) -> Value {
    let known = value.prop(property).map(|(known, _)| known.clone());
    let grown = known
        .as_ref()
        .and_then(|known| extended(known, "push", std::slice::from_ref(&item)));
    let grown = grown.unwrap_or_else(|| {
        let mut items = match known.map(|known| known.kind) {
            Some(Kind::Tuple(items)) => items,
            _ => Vec::new(),
        };
        items.push(item);
        let origin = origin_of(&items);
        Value::new(Kind::Tuple(items), Ty::Unknown, origin)
    });
    value.with_prop(property.into(), grown, Some(at))
}
