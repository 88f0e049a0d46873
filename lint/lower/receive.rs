//! Receiving: where messages come from, who settles them, and what a receive gives.

use smol_str::SmolStr;

use super::api::{Doing, Operands, holds, text_of};
use super::call::CallSite;
use super::state::{Flowing, State};
use super::time::millis;
use super::value::{Kind, Origin, Value};
use super::{Lowering, external_name};
use crate::catalog::{Receive, SettleBy, TypeExpr};
use crate::flow::{Broker, DeadLetter, Known, Lease, Outcome, Settle, Site, Step};
use crate::resolve::Ty;
use crate::span::Span;

/// Whether a receive waits until there is a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Waiting {
    Forever,
    OrNothing,
}

/// What is known of a unit's source while it is lowered.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub transport: SmolStr,
    pub address: Option<SmolStr>,
    pub broker: Broker,
    pub settle: Settle,
    /// What the catalog says of it.
    pub implied: SettleBy,
    pub site: Site,
    pub constructed: Option<Span>,
    pub lease: Option<Lease>,
    pub dead_letter: DeadLetter,
    /// The receiver's construction was not seen: its settings are assumed.
    pub assumed: bool,
    pub committed_only: Known,
    pub positions_in: Option<SmolStr>,
    pub ordered: bool,
    /// Receiving it puts it elsewhere.
    pub moves: bool,
    /// Whatever the function gives is an answer.
    pub answered: bool,
}

impl<'a> Lowering<'a> {
    /// Takes an item from a client's stream: a receive, if the stream is one of messages.
    pub(super) fn take_item(
        &mut self,
        ty: &crate::catalog::Type,
        recv: &Value,
        item: Ty,
        site: CallSite,
        state: State,
    ) -> Flowing {
        match &ty.receive {
            Some(receive) => {
                let operands = Operands {
                    recv: Some(recv),
                    args: &[],
                    result: None,
                };
                self.receive(receive, &operands, (item, Waiting::Forever), site, state)
            }
            None => vec![(state, self.typed(item, recv.origin))],
        }
    }

    /// Emits a receive that gives something of type `given`.
    pub(super) fn receive(
        &mut self,
        receive: &Receive,
        operands: &Operands<'_>,
        (given, waiting): (Ty, Waiting),
        site: CallSite,
        state: State,
    ) -> Flowing {
        if !self.receive_sites.contains(&site.at) {
            self.receive_sites.push(site.at);
        }
        if let Some(read) = self.read_again(receive, &given, &state) {
            return read;
        }
        let other = |at: Span| at != site.at;
        if self.focus.is_some_and(other) || self.draft.as_ref().is_some_and(|draft| other(draft.site.span)) {
            let nothing = self.nothing(&given).filter(|_| waiting == Waiting::OrNothing);
            return nothing.map(|nothing| (state, nothing)).into_iter().collect();
        }
        self.note_source(receive, operands, site);
        let node = self.graph.emit(&state, Step::Receive, Some(self.site(site.at)));
        self.receives += 1;
        self.ends.receiving = self.ends.running.last().copied();
        let batch = self.gives_batch(&given);
        self.outcomes(&given, batch)
            .into_iter()
            .map(|(outcome, value)| {
                let mut state = state.after(node, outcome);
                state.holding = outcome == Outcome::Next;
                (state, value)
            })
            .collect()
    }

    /// In a function that is called with a message, what gives it once more (and tells whether its signature is right) is no receive.
    fn read_again(&self, receive: &Receive, given: &Ty, state: &State) -> Option<Flowing> {
        let draft = self.draft.as_ref().filter(|draft| draft.answered && self.is_handed)?;
        if !receive.answered || receive.transport != draft.transport {
            return None;
        }
        let value = self.typed(given.clone(), Origin::MESSAGE);
        Some(vec![(state.clone(), value)])
    }

    /// What a receive gives that finds nothing; `None` where it waits until there is something.
    fn nothing(&self, ty: &Ty) -> Option<Value> {
        match ty {
            Ty::Slice(_) => Some(self.typed(ty.clone(), Origin::NONE).emptied()),
            Ty::External { path, args } => match path.rsplit("::").next() {
                Some("Result") => self.nothing(args.first()?).map(Value::ok),
                Some("Option") => Some(Value::none()),
                Some("Vec" | "VecDeque") => Some(self.typed(ty.clone(), Origin::NONE).emptied()),
                _ if self.gives_batch(ty) => self.nothing_in(ty),
                _ => None,
            },
            _ => None,
        }
    }

    /// An answer whose lists are empty.
    fn nothing_in(&self, ty: &Ty) -> Option<Value> {
        let known = self.catalog.ty(&self.client_path(ty)?)?;
        let empty = Value::new(Kind::Api(std::sync::Arc::default()), ty.clone(), Origin::NONE);
        let lists = known.fields.iter().filter_map(|(name, field)| {
            let field = self.type_of_expr(field, &empty, &[]);
            Some((name.clone(), self.nothing(&field)?))
        });
        Some(lists.fold(empty.clone(), |answer, (name, nothing)| {
            answer.with_prop(name, nothing, None)
        }))
    }

    fn note_source(&mut self, receive: &Receive, operands: &Operands<'_>, site: CallSite) {
        if self.draft.is_none() {
            let site = self.site(site.at);
            self.draft = Some(self.draft_of(receive, operands, site));
            self.receiver = operands.recv.cloned();
        }
    }

    /// Where the messages of `receive` come from, and who settles them.
    pub(super) fn draft_of(&self, receive: &Receive, operands: &Operands<'_>, site: Site) -> Draft {
        let constructed = operands.recv.and_then(construction);
        let (reading, unclear) = self.reading(receive, operands);
        let settle = settled(reading, operands);
        let implied = reading.map_or(SettleBy::Manual, |reading| reading.is);
        let address = receive
            .address
            .as_ref()
            .and_then(|operand| self.operand(operand, operands))
            .and_then(|(value, _)| text_of(&value));
        let fifo = address
            .as_ref()
            .is_some_and(|address: &SmolStr| address.ends_with(".fifo"));
        let ordered = receive.ordered || receive.broker == Broker::Log || fifo;
        Draft {
            transport: receive.transport.clone(),
            dead_letter: match receive.sets_aside {
                true => DeadLetter::Declared,
                false => self.dead_letter(receive.dead_letter.as_ref(), address.as_ref()),
            },
            address,
            broker: match implied {
                SettleBy::NotKept => Broker::Volatile,
                _ => receive.broker,
            },
            settle,
            implied,
            site,
            constructed,
            lease: self.lease(receive, operands),
            assumed: reading.is_none() && unclear && !receive.settle.is_empty(),
            committed_only: self.committed_only(receive, operands),
            positions_in: receive.positions_in.clone(),
            ordered,
            moves: receive.moves,
            answered: receive.answered,
        }
    }

    /// How long the receiver's settings leave a message to its worker.
    fn lease(&self, receive: &Receive, operands: &Operands<'_>) -> Option<Lease> {
        let (value, at) = self.operand(receive.lease.as_ref()?, operands)?;
        let millis = millis(&value, receive.lease_unit)?;
        (millis > 0).then_some(Lease { millis, at })
    }

    /// Whether what aborted transactions wrote is left out.
    fn committed_only(&self, receive: &Receive, operands: &Operands<'_>) -> Known {
        if receive.uncommitted.0.is_empty() {
            return Known::Unknown;
        }
        let answers: Vec<_> = receive
            .uncommitted
            .0
            .iter()
            .map(|condition| self.condition_holds(condition, operands))
            .collect();
        match () {
            () if answers.contains(&Some(false)) => Known::Yes,
            () if answers.iter().all(|answer| *answer == Some(true)) => Known::No,
            () => Known::Unknown,
        }
    }

    /// The reading of the receiver's settings, and whether others could not be judged. Where its construction was not seen, manual
    /// settlement is assumed.
    fn reading<'r>(&self, receive: &'r Receive, operands: &Operands<'_>) -> (Option<&'r crate::catalog::Settle>, bool) {
        let mut unclear = operands.recv.and_then(construction).is_none();
        for reading in &receive.settle {
            let conditions = reading.when.0.iter();
            let answers: Vec<_> = conditions
                .map(|condition| self.condition_holds(condition, operands))
                .collect();
            unclear |= answers.contains(&None);
            let mentioned = reading.mentions.as_ref().is_none_or(|text| (self.mentions)(text));
            if mentioned && answers.iter().all(|answer| *answer == Some(true)) {
                return (Some(reading), unclear);
            }
        }
        (None, unclear)
    }

    /// Whether what is given holds several messages at once.
    fn gives_batch(&self, ty: &Ty) -> bool {
        match ty {
            Ty::External { path, args } => match path.rsplit("::").next() {
                Some("Option" | "Result") => args.first().is_some_and(|inner| self.gives_batch(inner)),
                Some("Vec" | "VecDeque") => true,
                _ => self.holds_several(path),
            },
            Ty::Slice(_) => true,
            _ => false,
        }
    }

    /// What a receive can give, by its type. A batch is never empty where that matters.
    fn outcomes(&self, ty: &Ty, batch: bool) -> Vec<(Outcome, Value)> {
        let inner = self.type_argument(ty, 0);
        match external_name(ty) {
            Some("Option") if batch => self
                .outcomes(&inner, batch)
                .into_iter()
                .map(|(outcome, value)| (outcome, Value::some(value)))
                .collect(),
            Some("Result") => {
                let mut all: Vec<_> = self
                    .outcomes(&inner, batch)
                    .into_iter()
                    .map(|(outcome, value)| (outcome, Value::ok(value)))
                    .collect();
                all.push((Outcome::Err, Value::err(Value::failure(self.type_argument(ty, 1)))));
                all
            }
            Some("Option") => {
                let mut all: Vec<_> = self
                    .outcomes(&inner, batch)
                    .into_iter()
                    .map(|(outcome, value)| (outcome, Value::some(value)))
                    .collect();
                all.push((Outcome::End, Value::none()));
                all
            }
            _ => vec![(Outcome::Next, self.event(ty))],
        }
    }

    /// What is received, as the variant of an event where messages come among other events.
    fn event(&self, ty: &Ty) -> Value {
        let known = self.client_path(ty).and_then(|path| self.catalog.ty(&path));
        let Some(carries) = known.and_then(|known| known.carries.as_ref()) else {
            return self.typed(ty.clone(), Origin::MESSAGE);
        };
        let message = self.type_of_expr(&carries.message, &Value::unknown(), &[]);
        let message = self.typed(message, Origin::MESSAGE);
        carries
            .variants
            .iter()
            .rev()
            .fold(message, |inner, variant| Value::variant(variant, vec![inner]))
            .with_ty(ty.clone())
    }

    /// Whether a loop goes over a batch of messages. One of them stands for all, so that the loop goes round once, and what comes after
    /// it sees what became of the message: that the batch held others changes what is delivered again, and not what may be lost.
    pub(super) fn is_batch(&self, value: &Value) -> bool {
        let is_message = self.draft.is_some() && self.receives > 0 && value.origin.has(Origin::MESSAGE);
        is_message && (self.shaped_here || self.element_settles(value))
    }

    /// Whether what is received has a type of the code's own choice, of which nobody knows what settles it.
    pub(super) fn is_shaped_here(&self, receive: &Receive, given: &Ty, doing: &Doing<'_>) -> bool {
        let is_own = self.draft.as_ref().is_none_or(|draft| draft.site.span == doing.site.at);
        let operands = doing.operands();
        let by_hand = settled(self.reading(receive, &operands).0, &operands) == Settle::Manual;
        is_own && by_hand && !self.is_known(given)
    }

    fn is_known(&self, ty: &Ty) -> bool {
        match ty {
            Ty::External { args, .. } => {
                let own = self
                    .client_path(ty)
                    .is_some_and(|path| self.catalog.ty(&path).is_some());
                own || args.iter().any(|arg| self.is_known(arg))
            }
            Ty::Slice(element) => self.is_known(element),
            _ => false,
        }
    }

    fn element_settles(&self, value: &Value) -> bool {
        let element = self.element_of(value);
        let is_part = matches!(&element.ty, Ty::External { path, .. } if self.holds_several(path));
        is_part || self.settles(&element)
    }

    /// Whether a client's type holds several messages, and is none itself.
    fn holds_several(&self, path: &str) -> bool {
        let holds = |field: &TypeExpr| is_list(field) || field.args().iter().any(is_list);
        self.catalog
            .ty(path)
            .is_some_and(|known| !known.settles && known.fields.values().any(holds))
    }

    /// Whether a loop over `value` counts.
    pub(super) fn is_count(&self, value: &Value) -> bool {
        external_name(&value.ty) == Some("Range")
    }
}

/// Whether a field holds several of something; bytes are one thing.
fn is_list(field: &TypeExpr) -> bool {
    let named = |ty: &TypeExpr, name: &str| ty.path().is_some_and(|path| path.ends_with(name));
    named(field, "Vec") && !field.args().iter().any(|element| named(element, "u8"))
}

/// Who settles, as a reading of the receiver's settings says; by hand where none does.
fn settled(reading: Option<&crate::catalog::Settle>, operands: &Operands<'_>) -> Settle {
    let Some(reading) = reading else { return Settle::Manual };
    let label = reading.label.as_ref().and_then(|name| operands.prop_place(name));
    match reading.is {
        SettleBy::Manual | SettleBy::OnNext | SettleBy::OnNextOrDrop => Settle::Manual,
        SettleBy::OnReceive | SettleBy::NotKept => Settle::OnReceive {
            at: label.or_else(|| operands.recv.and_then(construction)),
            why: reading.why.clone().unwrap_or_default(),
        },
        SettleBy::InSink => Settle::InSink,
        SettleBy::OnOk => Settle::OnOk,
        SettleBy::OnReturn => Settle::OnReturn,
    }
}

/// Where a client was constructed, if that was seen.
pub(super) fn construction(value: &Value) -> Option<Span> {
    match &value.kind {
        Kind::Api(api) => api.constructed,
        _ => None,
    }
}

impl Operands<'_> {
    /// Where a property of the receiver, or of an argument, was set.
    pub(super) fn prop_place(&self, name: &str) -> Option<Span> {
        self.recv
            .into_iter()
            .chain(self.args)
            .find_map(|value| value.prop(name).and_then(|(_, at)| at))
    }
}

impl Lowering<'_> {
    /// Whether a condition holds; `None` where that is not known.
    pub(super) fn condition_holds(
        &self,
        condition: &crate::catalog::Condition,
        operands: &Operands<'_>,
    ) -> Option<bool> {
        let found = self.operand(&condition.operand, operands);

        holds(
            &condition.is,
            found.as_ref().map(|(value, _)| value),
            operands.is_visible(&condition.operand),
        )
    }
}
