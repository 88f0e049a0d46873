//! What a catalogued call does, as steps.

use std::rc::Rc;

use smol_str::SmolStr;

use super::call::{CallSite, future};
use super::expr::{deep_origin, origin_of};
use super::state::{Flowing, State, merge_values};
use super::value::{Api, Call, Future, Kind, Origin, Place, Target, Value};
use super::{Lowering, combinator};
use crate::catalog::{self, Answer, Confirm, Covers, Facts, Is, Operand, Role, TypeExpr};
use crate::flow::{
    self, Ack, Durability, Effect, EffectKind, Idempotency, Key, KeyId, Known, MarkMode, Outcome, Step, TxId,
};
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
        let root = match operand.root() {
            Operand::Recv => self.recv,
            Operand::Arg(i) => self.args.get(*i),
            _ => None,
        };
        root.is_some_and(|value| matches!(value.kind, Kind::Api(_)))
    }
}

/// A call under way: what is done, with what, where.
struct Doing<'c> {
    facts: &'c Facts,
    role: Role,
    returns: Option<&'c TypeExpr>,
    call: &'c catalog::Call,
    recv: Option<Value>,
    args: Vec<Value>,
    places: &'c [Option<Place>],
    site: CallSite,
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
        let waits = call.is_async && !call.eager && !matches!(call.does, Role::Pure | Role::Monitor | Role::Fresh);
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
        let doing = Doing {
            facts,
            role,
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
        match doing.role {
            Role::Pure | Role::Apply | Role::Channel | Role::Take | Role::Queue => self.compute(doing, state),
            Role::Monitor => {
                self.monitored = true;
                self.compute(doing, state)
            }
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
            Role::Ack => self.ack(doing, state),
            Role::Nack => self.nack(doing, state),
            Role::Rewind => self.two_way(doing, state, Step::Rewind),
            Role::Extend => self.two_way(doing, state, Step::ExtendLease),
            Role::Effect => self.plain_effect(doing, state),
            Role::Http => self.http(doing, state),
            Role::Publish => self.publish(doing, state),
            Role::Confirm => self.confirm_call(doing, state),
            Role::Sql => self.sql(doing, state),
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

    // ---- operands -----------------------------------------------------------------------------------------------------------

    /// The value of an operand and where it was set. Properties that are not set have the type's default, if the object is known.
    pub(super) fn operand(&self, operand: &Operand, operands: &Operands<'_>) -> Option<(Value, Option<Span>)> {
        match operand {
            Operand::Recv => operands.recv.map(|value| (value.clone(), None)),
            Operand::Arg(i) => operands.args.get(*i).map(|value| (value.clone(), None)),
            Operand::Rest(from) => {
                let rest: Vec<Value> = operands.args.iter().skip(*from).cloned().collect();
                let origin = origin_of(&rest);
                Some((Value::new(Kind::Tuple(rest), Ty::Unknown, origin), None))
            }
            Operand::Result => operands.result.map(|value| (value.clone(), None)),
            Operand::Literal(text) => Some((Value::text(text.clone()), None)),
            Operand::Prop(base, name) => {
                let (base, _) = self.operand(base, operands)?;
                if let Some((value, at)) = base.prop(name) {
                    return Some((value.clone(), at));
                }
                if !matches!(base.kind, Kind::Api(_)) {
                    return None;
                }
                let path = self.client_path(&base.ty)?;
                let default = self.catalog.ty(&path)?.defaults.get(name)?;
                Some((literal(default), None))
            }
        }
    }

    fn operand_of(&self, operand: Option<&Operand>, doing: &Doing<'_>) -> Option<(Value, Option<Span>)> {
        self.operand(operand?, &doing.operands())
    }

    fn text_operand(&self, operand: Option<&Operand>, doing: &Doing<'_>) -> Option<SmolStr> {
        self.operand_of(operand, doing).and_then(|(value, _)| text_of(&value))
    }

    fn is_true(&self, operand: Option<&Operand>, doing: &Doing<'_>) -> Option<bool> {
        match self.operand_of(operand, doing)?.0.kind {
            Kind::Bool(known) => Some(known),
            Kind::Text(text) if text == "true" => Some(true),
            Kind::Text(text) if text == "false" => Some(false),
            _ => None,
        }
    }

    /// The type that an entry's expression means for these values.
    pub(super) fn type_of_expr(&self, expr: &TypeExpr, recv: &Value, args: &[Value]) -> Ty {
        match expr {
            TypeExpr::Path { path, args: inner } => {
                let args = inner.iter().map(|arg| self.type_of_expr(arg, recv, args)).collect();
                let path = match path.as_str() {
                    "Option" => "std::option::Option".into(),
                    "Result" => "std::result::Result".into(),
                    "Vec" => "std::vec::Vec".into(),
                    "String" => "std::string::String".into(),
                    _ => path.clone(),
                };
                Ty::External { path, args }
            }
            TypeExpr::Tuple(items) => Ty::Tuple(items.iter().map(|item| self.type_of_expr(item, recv, args)).collect()),
            TypeExpr::Receiver => recv.ty.clone(),
            TypeExpr::Generic(_) | TypeExpr::Expected => self.expected.clone().unwrap_or(Ty::Unknown),
            TypeExpr::Param(i) => self.type_argument(&recv.ty, *i),
            TypeExpr::Argument(i) => args.get(*i).map_or(Ty::Unknown, |arg| arg.ty.clone()),
        }
    }

    // ---- results ------------------------------------------------------------------------------------------------------------

    /// The value that a call gives when it succeeds, without the `Result` around it.
    fn given(&self, doing: &Doing<'_>) -> Value {
        let unknown = Value::unknown();
        let recv = doing.recv.as_ref().unwrap_or(&unknown);
        let origin = origin_of(doing.recv.iter().chain(&doing.args));
        let receiver = matches!(doing.returns, Some(TypeExpr::Receiver));
        if receiver && doing.recv.is_some() {
            return self.with_sets(recv.clone().with_origin(origin), doing);
        }
        let ty = match doing.returns {
            Some(TypeExpr::Receiver) => Ty::external(doing.call.owner(), Vec::new()),
            Some(expr) => self.expected_inside(self.type_of_expr(expr, recv, &doing.args), doing),
            None => Ty::Unknown,
        };
        let keeps =
            doing.call.keeps || doing.call.constructs || !doing.call.set.is_empty() || doing.call.set_entry.is_some();
        let known_type = self
            .client_path(&ty)
            .is_some_and(|path| self.catalog.ty(&path).is_some());
        if !keeps && !known_type {
            return Value::opaque(ty, origin);
        }
        let props = match (&recv.kind, doing.call.keeps) {
            (Kind::Api(api), true) => api.props.clone(),
            _ => Default::default(),
        };
        let unseen = doing.recv.is_some() && !matches!(recv.kind, Kind::Api(_));
        if doing.call.keeps && !doing.call.constructs && doing.call.set.is_empty() && unseen {
            // What was set on what it is made of is not known, so its defaults say nothing.
            return Value::opaque(ty, origin);
        }
        let inherited = match (&recv.kind, doing.call.keeps) {
            (Kind::Api(api), true) => api.constructed,
            _ => None,
        };
        let constructed = if doing.call.constructs {
            Some(doing.site.label)
        } else {
            inherited
        };
        if !doing.call.constructs
            && !doing.call.keeps
            && doing.call.set.is_empty()
            && matches!(recv.kind, Kind::Api(_))
            && doing.recv.is_some()
        {
            return Value::opaque(ty, origin);
        }
        let api = Value::new(Kind::Api(Rc::new(Api { props, constructed })), ty, origin);
        self.with_sets(api, doing)
    }

    /// `_` behind a fallible call: what is expected may be written with its `Result`.
    fn expected_inside(&self, ty: Ty, doing: &Doing<'_>) -> Ty {
        if doing.call.fallible && self.is_result(&ty) && matches!(doing.returns, Some(TypeExpr::Expected)) {
            return self.type_argument(&ty, 0);
        }
        self.canonical_ty(ty)
    }

    /// The value with the properties that the call sets.
    fn with_sets(&self, mut value: Value, doing: &Doing<'_>) -> Value {
        let operands = doing.operands();
        for (name, operand) in &doing.call.set {
            if let Some((set, at)) = self.operand(operand, &operands) {
                value = value.with_prop(name.clone(), set, at.or(Some(doing.site.label)));
            }
        }
        if let Some([key, set]) = &doing.call.set_entry
            && let (Some((key, _)), Some((set, _))) = (self.operand(key, &operands), self.operand(set, &operands))
            && let Some(name) = text_of(&key)
        {
            value = value.with_prop(name.to_lowercase().into(), set, Some(doing.site.label));
        }
        if let Some(property) = &doing.facts.append {
            value = appended(value, property, doing);
        }
        if let Some((other, _)) = doing
            .call
            .merge
            .as_ref()
            .and_then(|operand| self.operand(operand, &operands))
            && let Kind::Api(api) = &other.kind
        {
            for (name, prop) in &api.props {
                value = value.with_prop(name.clone(), prop.value.clone(), prop.at);
            }
        }
        value
    }

    /// Changes the receiver where the call does.
    fn mutated(&self, doing: &Doing<'_>, mut state: State) -> State {
        if doing.call.mutates
            && let (Some(recv), Some(Some(place))) = (&doing.recv, doing.places.first())
        {
            state.change(place, self.with_sets(recv.clone(), doing));
        }
        state
    }

    fn succeed(&self, doing: &Doing<'_>, value: Value) -> Value {
        if doing.call.fallible { Value::ok(value) } else { value }
    }

    fn error_ty(&self, doing: &Doing<'_>) -> Ty {
        let unknown = Value::unknown();
        let recv = doing.recv.as_ref().unwrap_or(&unknown);
        doing
            .call
            .error
            .as_ref()
            .map_or(Ty::Unknown, |error| self.type_of_expr(error, recv, &doing.args))
    }

    fn failure(&self, doing: &Doing<'_>) -> Value {
        Value::err(Value::failure(self.error_ty(doing)))
    }

    fn compute(&mut self, doing: &Doing<'_>, state: State) -> Flowing {
        let value = self.given(doing);
        let state = self.mutated(doing, state);
        vec![(state, self.succeed(doing, value))]
    }

    /// Reads from outside; it may fail, and then nothing happened.
    fn read(&mut self, doing: &Doing<'_>, state: State) -> Flowing {
        let value = if state.holding {
            self.given(doing).with_origin(Origin::STORE)
        } else {
            self.given(doing)
        };
        let state = self.mutated(doing, state);
        if !doing.call.fallible || !state.holding {
            return vec![(state, self.succeed(doing, value))];
        }
        let cases = self.branch(&state, flow::CondKind::Free, doing.site.at, 2);
        vec![
            (cases[0].clone(), Value::ok(value)),
            (cases[1].clone(), self.failure(doing)),
        ]
    }

    /// Decoding: opaque until somebody looks whether it failed.
    fn decode(&mut self, doing: &Doing<'_>, state: State) -> Flowing {
        let value = self.given(doing);
        if !doing.call.fallible {
            return vec![(state, value)];
        }
        let ty = Ty::result(value.ty.clone(), self.error_ty(doing));
        vec![(state, Value::opaque(ty, value.origin))]
    }

    fn receive_call(&mut self, doing: &Doing<'_>, state: State) -> Flowing {
        let Some(receive) = doing.facts.receive.clone() else {
            return self.compute(doing, state);
        };
        let unknown = Value::unknown();
        let recv = doing.recv.as_ref().unwrap_or(&unknown);
        let inner = doing
            .returns
            .map_or(Ty::Unknown, |expr| self.type_of_expr(expr, recv, &doing.args));
        let given = if doing.call.fallible {
            Ty::result(inner, self.error_ty(doing))
        } else {
            inner
        };
        self.receive(&receive, &doing.operands(), given, doing.site, state)
    }

    // ---- steps --------------------------------------------------------------------------------------------------------------

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
        self.two_way(&doing, state, Step::Ack(Ack { covers, tx }))
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
            .or_else(|| doing.recv.as_ref().and_then(transaction_in));
        found.filter(|tx| state.open.contains(tx))
    }

    fn plain_effect(&mut self, doing: &Doing<'_>, state: State) -> Flowing {
        let kind = doing.facts.kind.unwrap_or(EffectKind::Opaque);
        let idempotency = match doing.facts.idempotent {
            Some(Known::Yes) => Idempotency::Idempotent,
            Some(Known::No) => Idempotency::NotIdempotent,
            _ => Idempotency::Unknown,
        };
        let key = self.write_key(doing);
        let tx = self.transaction_of(doing, &state);
        let effect = self.effect(
            doing,
            kind,
            idempotency,
            doing.facts.why.clone().unwrap_or_default(),
            true,
            None,
        );
        if let (Some(key), true) = (key, state.holding) {
            self.graph.writes.insert(effect, key);
        }
        self.two_way(doing, state, Step::Effect { effect, tx })
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
                kind,
                target,
                idempotency,
                why,
                confirmed,
                at: site.clone(),
                unstable_key: None,
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

    fn http(&mut self, doing: &Doing<'_>, state: State) -> Flowing {
        let method = self
            .text_operand(doing.facts.method.as_ref(), doing)
            .unwrap_or_else(|| "?".into())
            .to_uppercase();
        let key = self.operand(
            &Operand::Prop(Box::new(Operand::Recv), "idempotency-key".into()),
            &doing.operands(),
        );
        let (idempotency, why) = match (method.as_str(), &key) {
            ("GET" | "HEAD" | "OPTIONS", _) => return self.read(doing, state),
            ("PUT" | "DELETE", _) => (
                Idempotency::Idempotent,
                format!("{method} leaves the same state when it is repeated"),
            ),
            ("POST" | "PATCH", Some((value, _))) if deep_origin(value).has(Origin::FRESH) => (
                Idempotency::NotIdempotent,
                "its idempotency key is made anew on each attempt".into(),
            ),
            ("POST" | "PATCH", Some(_)) => (
                Idempotency::Idempotent,
                "it carries an idempotency key made from the message".into(),
            ),
            ("POST" | "PATCH", None) => (
                Idempotency::NotIdempotent,
                format!("a {method} without idempotency key is done again"),
            ),
            _ => (Idempotency::Unknown, "its method is not known".into()),
        };
        let unstable = key
            .filter(|(value, _)| deep_origin(value).has(Origin::FRESH))
            .map(|(value, at)| made_at(&value, at, doing));
        let target = smol_str::format_smolstr!("http:{method}");
        let effect = self.effect(doing, EffectKind::Http, idempotency, why.into(), true, Some(target));
        self.graph.effects[effect.0 as usize].unstable_key = unstable;
        self.two_way(doing, state, Step::Effect { effect, tx: None })
    }

    fn publish(&mut self, doing: &Doing<'_>, state: State) -> Flowing {
        let confirm = doing.facts.confirm.unwrap_or(Confirm::Ok);
        let confirmed = confirm == Confirm::Ok;
        let why = "a duplicate is passed on, recognisable by its id".into();
        let key = self.operand_of(doing.facts.key.as_ref(), doing);
        let fresh = key
            .as_ref()
            .is_some_and(|(value, _)| deep_origin(value).has(Origin::FRESH));
        let effect = self.effect(
            doing,
            EffectKind::Publish,
            Idempotency::Idempotent,
            why,
            confirmed,
            None,
        );
        if fresh {
            let at = key.map_or(doing.site.at, |(value, at)| made_at(&value, at, doing));
            self.graph.effects[effect.0 as usize].unstable_key = Some(at);
        }
        let tx = self.transaction_of(doing, &state);
        let flowing = self.two_way(doing, state, Step::Effect { effect, tx });
        if confirm != Confirm::Pending {
            return flowing;
        }
        let useless = self.is_true(doing.facts.confirm_if.as_ref(), doing) == Some(false);
        flowing
            .into_iter()
            .map(|(state, value)| {
                let pending = if useless {
                    value
                } else {
                    pending_in(value, effect, &state)
                };
                (state, pending)
            })
            .collect()
    }

    fn confirm_call(&mut self, doing: &Doing<'_>, state: State) -> Flowing {
        match doing.recv.clone() {
            Some(recv) if matches!(recv.kind, Kind::Pending(..)) => self.confirm(&recv, state, doing.site.at),
            _ => self.compute(doing, state),
        }
    }

    /// The confirmation of a publish is awaited: only here its failure shows. The node that sent it becomes a mere local step.
    pub(super) fn confirm(&mut self, pending: &Value, state: State, at: Span) -> Flowing {
        let Kind::Pending(effect, sent) = pending.kind else {
            return Vec::new();
        };
        self.graph.effects[effect.0 as usize].confirmed = true;
        let result = Value::opaque(Ty::Unknown, Origin::NONE);
        if !state.holding {
            return vec![(state, Value::ok(result))];
        }
        self.graph.unsend(sent, &self.site(at));
        let node = self.graph.emit(
            &state,
            Step::Effect { effect, tx: None },
            Some(self.graph.effects[effect.0 as usize].at.clone()),
        );
        vec![
            (state.after(node, Outcome::Ok), Value::ok(result)),
            (state.after(node, Outcome::Err), Value::err(Value::failure(Ty::Unknown))),
        ]
    }

    // ---- dedup --------------------------------------------------------------------------------------------------------------

    fn key(&mut self, doing: &Doing<'_>) -> KeyId {
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
            _ => value.as_ref().and_then(text_of).unwrap_or_else(|| "?".into()),
        };
        let ttl = self.operand_of(doing.facts.ttl.as_ref(), doing);
        let origin = value.as_ref().map_or(Origin::NONE, deep_origin);
        let from_message = if origin.has(Origin::FRESH) {
            Known::No
        } else if origin.has(Origin::MESSAGE) {
            Known::Yes
        } else {
            Known::Unknown
        };
        self.graph.key(Key {
            store: smol_str::format_smolstr!("{store}:{name}"),
            durability,
            ttl_millis: ttl.as_ref().and_then(|(value, _)| millis(value, doing.facts.ttl_unit)),
            ttl_at: ttl.and_then(|(_, at)| at),
            unique: Known::Yes,
            from_message,
            made_at: None,
        })
    }

    fn dedup(&mut self, doing: &Doing<'_>, state: State) -> Flowing {
        if !state.holding {
            return self.compute(doing, state);
        }
        let key = self.key(doing);
        let tx = self.transaction_of(doing, &state);
        let site = Some(self.site(doing.site.at));
        let state = self.mutated(doing, state);
        let step = match doing.role {
            Role::Check => Step::Check { key, tx, locks: false },
            Role::Unmark => Step::Unmark { key, tx },
            _ => Step::Mark {
                key,
                tx,
                mode: doing.facts.mode.unwrap_or(MarkMode::Plain),
                effect: None,
            },
        };
        let outcomes = step_outcomes(&step);
        let node = self.graph.emit(&state, step, site);
        let mut all: Flowing = outcomes
            .into_iter()
            .map(|outcome| {
                let value = self.answer(doing, outcome);
                (state.after(node, outcome), self.succeed(doing, value))
            })
            .collect();
        if doing.call.fallible {
            all.push((state.after(node, Outcome::Err), self.failure(doing)));
        }
        all
    }

    /// What a check or mark answers.
    fn answer(&self, doing: &Doing<'_>, outcome: Outcome) -> Value {
        let there = matches!(outcome, Outcome::Found | Outcome::Duplicate);
        let is_bool = matches!(&self.expected, Some(Ty::External { path, .. }) if path == "bool");
        if is_bool && outcome != Outcome::Ok {
            return Value::bool(if doing.role == Role::Check { there } else { !there });
        }
        match doing.facts.outcome {
            Some(Answer::Affected) => Value::int(i128::from(!there)),
            Some(Answer::Optional) if doing.role == Role::Check => {
                if there {
                    Value::some(Value::unknown())
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

    // ---- transactions -------------------------------------------------------------------------------------------------------

    fn begin(&mut self, doing: &Doing<'_>, state: State) -> Flowing {
        let store = doing
            .facts
            .store
            .clone()
            .or_else(|| self.store_of(doing))
            .unwrap_or_else(|| "?".into());
        let site = self.site(doing.site.at);
        let tx = self.graph.transaction(store, &site);
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
        if is_receiver && let (Some(recv), Some(Some(place))) = (&doing.recv, doing.places.first()) {
            let handle = Value::new(Kind::Tx(tx), Ty::Unknown, Origin::NONE);
            begun.change(place, recv.with_prop(TRANSACTION.into(), handle, None));
        }
        let mut all = vec![(begun, self.succeed(doing, value))];
        if doing.call.fallible {
            all.push((state.after(node, Outcome::Err), self.failure(doing)));
        }
        all
    }

    fn finish_tx(&mut self, doing: &Doing<'_>, state: State, commit: bool) -> Flowing {
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
    fn transaction(&mut self, doing: &Doing<'_>, state: State) -> Flowing {
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
        let recv_ty = doing.recv.as_ref().map_or(Ty::Unknown, |recv| recv.ty.clone());
        let handle = Value::new(Kind::Tx(tx), recv_ty, Origin::NONE);
        if !state.holding {
            let called = self.call_value(&closure, vec![handle], doing.site, state);
            return self.each(called, |this, state, value| {
                this.await_value(value, state, doing.site.at)
            });
        }
        let node = self.graph.emit(&state, Step::Begin { tx }, Some(site));
        let mut begun = state.after(node, Outcome::Ok);
        begun.open.insert(tx);
        let called = self.call_value(&closure, vec![handle], doing.site, begun);
        let ended = self.each(called, |this, state, value| {
            this.await_value(value, state, doing.site.at)
        });
        let mut all = vec![(state.after(node, Outcome::Err), self.failure(doing))];
        for (state, value) in ended {
            all.extend(self.end_transaction(doing, tx, state, value));
        }
        merge_values(all)
    }

    fn end_transaction(&mut self, doing: &Doing<'_>, tx: TxId, mut state: State, value: Value) -> Flowing {
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

    /// Commands that were queued act together.
    fn execute_queued(&mut self, doing: &Doing<'_>, state: State) -> Flowing {
        let queued = doing
            .recv
            .as_ref()
            .is_some_and(|recv| deep_origin(recv).has(Origin::MESSAGE));
        if !queued || !state.holding {
            return self.compute(doing, state);
        }
        let idempotency = match doing.facts.idempotent {
            Some(Known::Yes) => Idempotency::Idempotent,
            Some(Known::No) => Idempotency::NotIdempotent,
            _ => Idempotency::Unknown,
        };
        let effect = self.effect(
            doing,
            EffectKind::Cache,
            idempotency,
            "commands queued on a pipeline".into(),
            true,
            None,
        );
        self.two_way(doing, state, Step::Effect { effect, tx: None })
    }

    // ---- tasks, queues, time ------------------------------------------------------------------------------------------------

    fn spawn_call(&mut self, doing: &Doing<'_>, state: State) -> Flowing {
        let task = self
            .operand_of(doing.facts.task.as_ref(), doing)
            .map(|(value, _)| value);
        let Some(task) = task.or_else(|| doing.args.last().cloned()) else {
            return self.compute(doing, state);
        };
        let (mut state, handle) = self.spawn(task, doing.site.at, false, state);
        if let (Some(recv), Some(Some(place))) = (&doing.recv, doing.places.first()) {
            let list = Value::new(Kind::List(Box::new(handle.clone())), recv.ty.clone(), recv.origin);
            state.write(place, list);
        }
        vec![(state, handle)]
    }

    fn join_call(&mut self, doing: &Doing<'_>, state: State) -> Flowing {
        let target = self
            .operand_of(doing.facts.task.as_ref(), doing)
            .map(|(value, _)| value)
            .or_else(|| doing.recv.clone());
        let optional = doing.call.name().starts_with("join_next");
        let nothing_spawned = target
            .as_ref()
            .is_some_and(|target| matches!(target.kind, Kind::Api(_)) || target.is_known_empty());
        if optional && nothing_spawned {
            return vec![(state, Value::none())];
        }
        let Some(task) = target.as_ref().and_then(task_in) else {
            return self.compute(doing, state);
        };
        let joined = self.join(task, state, doing.site.at);
        if !optional {
            return joined;
        }
        // One task stands for all of a set: when it has ended, none is left.
        let taken = joined.into_iter().map(|(mut state, value)| {
            if let (Some(Some(place)), Some(set)) = (doing.places.first(), &target) {
                state.write(place, set.emptied());
            }
            (state, Value::some(value))
        });
        taken.collect()
    }

    fn send(&mut self, doing: &Doing<'_>, state: State) -> Flowing {
        let value = self
            .operand_of(doing.facts.value.as_ref(), doing)
            .map(|(value, _)| value)
            .or_else(|| doing.args.first().cloned());
        let Some(value) = value.filter(|value| deep_origin(value).has(Origin::MESSAGE) && state.holding) else {
            return self.compute(doing, state);
        };
        let carries_ack = self.settles(&value);
        self.two_way(doing, state, Step::Handoff { carries_ack })
    }

    fn sleep(&mut self, doing: &Doing<'_>, state: State) -> Flowing {
        let value = self.given(doing);
        if !state.holding {
            return vec![(state, value)];
        }
        let millis = self
            .operand_of(doing.facts.duration.as_ref(), doing)
            .and_then(|(value, _)| millis(&value, doing.facts.duration_unit));
        let node = self
            .graph
            .emit(&state, Step::Sleep { millis }, Some(self.site(doing.site.at)));
        vec![(state.after(node, Outcome::Then), value)]
    }

    fn timeout(&mut self, doing: &Doing<'_>, state: State) -> Flowing {
        let task = self
            .operand_of(doing.facts.task.as_ref(), doing)
            .map(|(value, _)| value)
            .or_else(|| doing.args.last().cloned());
        let Some(inner) = task else {
            return self.compute(doing, state);
        };
        self.run_future(
            &Rc::new(Future::Limited {
                inner,
                at: doing.site.at,
            }),
            state,
        )
    }

    /// A closure that is called again while it fails.
    fn retry(&mut self, doing: &Doing<'_>, state: State) -> Flowing {
        let closure = self
            .operand_of(doing.facts.closure.as_ref(), doing)
            .map(|(value, _)| value)
            .or_else(|| doing.recv.clone());
        let Some(closure) = closure else {
            return self.compute(doing, state);
        };
        let site = self.site(doing.site.label);
        let retry = self.graph.retry(&site, Known::Yes);
        let head = self.graph.emit(&state, Step::Pass, None);
        self.graph.retry.push(retry);
        let ended = self.run_callable(closure, doing.site.at, state.after(head, Outcome::Then));
        let mut all = Vec::new();
        for (state, value) in ended {
            if value.variant_name() != Some("Err") || !state.holding {
                all.push((state, value));
                continue;
            }
            let cases = self.branch(&state, flow::CondKind::Free, doing.site.label, 2);
            self.graph.close(&cases[0], head);
            all.push((cases[1].clone(), value));
        }
        self.graph.retry.pop();
        merge_values(all)
    }

    // ---- declared steps -----------------------------------------------------------------------------------------------------

    /// The step that `#[delivery::step]` gives a function, or the trait's function that it implements.
    pub(super) fn declared_step(
        &self,
        f: crate::resolve::FnId,
        at: Option<Span>,
    ) -> Option<(delivery_grammar::StepKind, Span)> {
        let at = at?;
        let own = self.index.function(f).hir.step;
        let step = own.or_else(|| {
            self.index
                .declaration(f)
                .and_then(|declaration| self.index.function(declaration).hir.step)
        });
        step.map(|(kind, _)| (kind, at))
    }

    /// Does what a wrapper's attribute says.
    pub(super) fn declared(
        &mut self,
        f: crate::resolve::FnId,
        kind: &delivery_grammar::StepKind,
        recv: Option<Value>,
        args: Vec<Value>,
        at: Span,
        state: State,
    ) -> Flowing {
        let origin = origin_of(recv.iter().chain(&args));
        let result = self.returned_value(f, origin);
        let Some(step) = self.step_of(kind, at, &args) else {
            return vec![(state, result)];
        };
        if !state.holding {
            return vec![(state, result)];
        }
        let outcomes = step_outcomes(&step);
        let node = self.graph.emit(&state, step, Some(self.site(at)));
        let fallible = self.is_result(&result.ty);
        let inside = self.type_argument(&result.ty, 0);
        let mut all = Vec::new();
        for outcome in outcomes {
            let value = match outcome {
                Outcome::Found | Outcome::Fresh => Value::bool(true),
                Outcome::Absent | Outcome::Duplicate => Value::bool(false),
                _ => self.typed(if fallible { inside.clone() } else { result.ty.clone() }, origin),
            };
            all.push((
                state.after(node, outcome),
                if fallible { Value::ok(value) } else { value },
            ));
        }
        if fallible {
            all.push((
                state.after(node, Outcome::Err),
                Value::err(Value::failure(self.type_argument(&result.ty, 1))),
            ));
        }
        all
    }

    fn step_of(&mut self, kind: &delivery_grammar::StepKind, at: Span, args: &[Value]) -> Option<Step> {
        use delivery_grammar::{Confirmation, Idempotency as Said, StepKind};
        let site = self.site(at);
        let effect = |this: &mut Self, kind, idempotency, confirmed| {
            let why = "declared by its attribute".into();
            let make = || Effect {
                kind,
                target: site.text.clone(),
                idempotency,
                why,
                confirmed,
                at: site.clone(),
                unstable_key: None,
            };
            Step::Effect {
                effect: this.graph.effect(make, &site),
                tx: args.iter().find_map(transaction_in),
            }
        };
        Some(match kind {
            StepKind::Ack => Step::Ack(Ack {
                covers: flow::Covers::One,
                tx: None,
            }),
            StepKind::Nack => Step::Nack {
                requeue: true,
                multiple: false,
            },
            StepKind::Reject => Step::Nack {
                requeue: false,
                multiple: false,
            },
            StepKind::Effect(Said::Idempotent) => effect(self, EffectKind::Opaque, Idempotency::Idempotent, true),
            StepKind::Effect(Said::NonIdempotent) => effect(self, EffectKind::Opaque, Idempotency::NotIdempotent, true),
            StepKind::Publish(Confirmation::Confirmed) => {
                effect(self, EffectKind::Publish, Idempotency::Idempotent, true)
            }
            StepKind::Publish(Confirmation::Unconfirmed) => {
                effect(self, EffectKind::Publish, Idempotency::Idempotent, false)
            }
            StepKind::DedupCheck => Step::Check {
                key: self.declared_key(),
                tx: args.iter().find_map(transaction_in),
                locks: false,
            },
            StepKind::DedupMark => Step::Mark {
                key: self.declared_key(),
                tx: args.iter().find_map(transaction_in),
                mode: MarkMode::Plain,
                effect: None,
            },
            StepKind::Begin | StepKind::Commit | StepKind::Rollback | StepKind::Receive | StepKind::None => {
                return None;
            }
        })
    }

    fn declared_key(&mut self) -> KeyId {
        self.graph.key(Key {
            store: "declared".into(),
            durability: Durability::Durable,
            ttl_millis: None,
            ttl_at: None,
            unique: Known::Unknown,
            from_message: Known::Unknown,
            made_at: None,
        })
    }

    // ---- SQL ----------------------------------------------------------------------------------------------------------------

    fn sql(&mut self, doing: &Doing<'_>, state: State) -> Flowing {
        if !state.holding {
            return self.compute(doing, state);
        }
        let text = self.text_operand(doing.facts.sql.as_ref(), doing);
        let on = self.operand_of(doing.facts.on.as_ref(), doing).map(|(value, _)| value);
        let executor = on.as_ref().or(doing.recv.as_ref());
        let tx = executor.and_then(transaction_in).filter(|tx| state.open.contains(tx));
        let store = self.store_of(doing).unwrap_or_else(|| "sql".into());
        let binds = self
            .operand_of(doing.facts.binds.as_ref(), doing)
            .map(|(value, _)| value);
        let query = super::query::Query {
            text,
            store,
            tx,
            binds: bind_origins(binds.as_ref()),
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

/// Where a key that is not the same on each attempt is made.
fn made_at(key: &Value, set_at: Option<Span>, doing: &Doing<'_>) -> Span {
    deep_origin(key).made_at().or(set_at).unwrap_or(doing.site.at)
}

/// The property under which a client keeps the transaction that it has begun itself.
const TRANSACTION: &str = "(transaction)";

impl<'c> Doing<'c> {
    fn operands(&self) -> Operands<'_> {
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
            returns: self.returns,
            call: self.call,
            recv: self.recv.clone(),
            args: self.args.clone(),
            places: self.places,
            site: self.site,
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
        Kind::List(element) => task_in(element),
        _ => None,
    }
}

/// Whether a value is what a condition wants; `None` where that is not known. `visible`: what is not set is known not to be set.
pub(super) fn holds(is: &Is, value: Option<&Value>, visible: bool) -> Option<bool> {
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
        Kind::List(element) => text_of(element),
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

fn appended(value: Value, property: &SmolStr, doing: &Doing<'_>) -> Value {
    let mut items = match value.prop(property).map(|(known, _)| known.kind.clone()) {
        Some(Kind::Tuple(items)) => items,
        _ => Vec::new(),
    };
    items.push(doing.args.first().cloned().unwrap_or_else(Value::unit));
    let origin = origin_of(&items);
    value.with_prop(
        property.clone(),
        Value::new(Kind::Tuple(items), Ty::Unknown, origin),
        Some(doing.site.label),
    )
}

/// Where each bound value comes from.
fn bind_origins(binds: Option<&Value>) -> Vec<Origin> {
    match binds.map(|binds| &binds.kind) {
        Some(Kind::Tuple(items)) => items.iter().map(deep_origin).collect(),
        Some(_) => binds.map(deep_origin).into_iter().cycle().take(32).collect(),
        None => Vec::new(),
    }
}

/// A duration in milliseconds: a `Duration`, or a number of `unit`.
fn millis(value: &Value, unit: Option<catalog::Unit>) -> Option<u64> {
    let Kind::Int(count) = value.kind else { return None };
    let is_duration = matches!(&value.ty, Ty::External { path, .. } if path.ends_with("Duration"));
    let factor = match unit {
        Some(catalog::Unit::Seconds) if !is_duration => 1_000,
        _ => 1,
    };
    u64::try_from(count * factor).ok()
}

/// The value of a publish's first await, waiting for its confirmation.
fn pending_in(value: Value, effect: flow::EffectId, state: &State) -> Value {
    let Some(sent) = state.at.first().map(|dangling| dangling.from) else {
        return value;
    };
    let pending = Value::new(Kind::Pending(effect, sent), Ty::Unknown, Origin::NONE);
    match value.variant_name() {
        Some("Ok") => Value::ok(pending),
        Some(_) => value,
        None => pending,
    }
}
