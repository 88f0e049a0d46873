//! An execution that broke a promise, as a rule sees it.

use crate::flow::{Effect, EffectId, EffectKind, Flow, KeyId, MarkMode, Node, NodeId, Outcome, Settle, Site, Step};
use crate::model::repair::is_fallible;
use crate::model::{Event, Place, Program, Property, State, Trace, TraceStep, Violation};
use crate::report::Remedy;
use crate::span::Span;

use super::Promise;

/// An execution, what it broke, and the flow that did it.
pub struct Case<'a> {
    pub flow: &'a Flow,
    pub program: &'a Program<'a>,
    pub promise: Promise,
    pub violation: Violation,
    pub trace: &'a Trace,
    /// The states between the steps: one more than there are steps.
    pub states: &'a [State],
}

/// A rule's claim: this is the cause, and with this repair it would not have happened.
pub struct Named {
    pub primary: Span,
    pub labels: Vec<(Span, String)>,
    pub message: String,
    pub help: String,
    pub node: Option<NodeId>,
    pub repaired: Flow,
    /// What would take the cause away in the code.
    pub remedy: Option<Remedy>,
}

impl Named {
    /// A claim that points at a site, with the calls that lead there.
    pub(super) fn at(site: &Site, message: String, help: String, repaired: Flow) -> Self {
        let labels = site.via.iter().map(|&call| (call, "called here".to_owned())).collect();
        Self {
            primary: site.span,
            labels,
            message,
            help,
            node: None,
            repaired,
            remedy: None,
        }
    }

    /// With a change of the code that helps, if there is one.
    pub(super) fn remedy(self, remedy: impl Into<Option<Remedy>>) -> Self {
        Self {
            remedy: remedy.into(),
            ..self
        }
    }

    /// With one more place to look at.
    pub(super) fn label(mut self, at: Option<&Site>, text: impl Into<String>) -> Self {
        if let Some(at) = at.filter(|at| at.span != self.primary) {
            self.labels.push((at.span, text.into()));
        }
        self
    }
}

impl<'a> Case<'a> {
    pub fn is_loss(&self) -> bool {
        matches!(self.violation.property, Property::Lost | Property::PerhapsLost)
    }

    /// The number of the message that the execution is about.
    pub fn message(&self) -> u8 {
        self.trace.message
    }

    /// The effect that is missing or repeated; `None` if it is a handoff.
    pub fn effect(&self) -> Option<&'a Effect> {
        self.flow.effects.get(self.violation.effect.0 as usize)
    }

    pub fn is_opaque(&self) -> bool {
        self.effect().is_some_and(|effect| effect.kind == EffectKind::Opaque)
    }

    /// How to call the effect in a sentence.
    pub fn name(&self) -> String {
        self.effect().map_or_else(
            || "what the queue in memory holds".into(),
            |effect| format!("`{}`", effect.at.text),
        )
    }

    /// Where the effect stands.
    pub fn effect_site(&self) -> Option<&'a Site> {
        self.nodes_of(self.violation.effect)
            .next()
            .and_then(|(_, node)| node.at.as_ref())
    }

    /// The nodes that apply an effect.
    pub fn nodes_of(&self, effect: EffectId) -> impl Iterator<Item = (NodeId, &'a Node)> {
        self.flow.iter().filter(move |(_, node)| applies(&node.step, effect))
    }

    pub fn node(&self, id: NodeId) -> &'a Node {
        self.flow.node(id)
    }

    /// A node's site, or what it stands for: the receive.
    pub fn site(&self, id: Option<NodeId>) -> &'a Site {
        id.and_then(|id| self.flow.node(id).at.as_ref())
            .unwrap_or(&self.flow.source.at)
    }

    /// The steps that are about the message, in order.
    pub fn steps(&self) -> impl DoubleEndedIterator<Item = (usize, &'a TraceStep)> {
        let message = self.message();
        self.trace
            .steps
            .iter()
            .enumerate()
            .filter(move |(_, step)| step.message == Some(message))
    }

    /// The step that settled the message for good: it may be about another message.
    pub fn settling(&self) -> Option<(usize, &'a TraceStep)> {
        let number = usize::from(self.message());
        let settled = |state: &State| !matches!(state.place(number), Place::Ready | Place::Held(_));
        let index = (0..self.trace.steps.len())
            .rev()
            .find(|&i| !settled(&self.states[i]) && settled(&self.states[i + 1]))?;
        Some((index, &self.trace.steps[index]))
    }

    /// The last thing that failed while the message was processed, before it was settled.
    pub fn failure(&self) -> Option<(usize, &'a TraceStep)> {
        let until = self.settling().map_or(usize::MAX, |(index, _)| index);
        self.steps()
            .rfind(|(index, step)| *index <= until && is_failure(step.event))
    }

    /// The step whose failure nobody could see, if that is why the effect is missing.
    pub fn unseen_failure(&self) -> Option<NodeId> {
        let (_, failure) = self.failure()?;
        let unseen = matches!(failure.event, Event::EffectUnseen { effect } if effect == self.violation.effect);
        failure.node.filter(|_| unseen)
    }

    /// The steps of the delivery in which the message was settled, up to that.
    pub fn last_attempt(&self) -> impl Iterator<Item = (usize, &'a TraceStep)> {
        let until = self.settling().map_or(self.trace.steps.len(), |(index, _)| index);
        let mut receives = self
            .steps()
            .filter(|(i, step)| *i <= until && matches!(step.event, Event::Receive { .. }));
        let from = receives.next_back().map_or(0, |(index, _)| index);
        self.steps().filter(move |(index, _)| (from..=until).contains(index))
    }

    /// The key by which the last delivery was taken for a duplicate.
    pub fn skipped_by(&self) -> Option<KeyId> {
        self.last_attempt().find_map(|(_, step)| match step.event {
            Event::Duplicate { key } | Event::Check { key, found: true } => Some(key),
            _ => None,
        })
    }

    pub fn has(&self, event: impl Fn(Event) -> bool) -> bool {
        self.trace.steps.iter().any(|step| event(step.event))
    }

    /// The keys that are meant to keep the effect from being repeated: asked for or recorded before it, with an outcome that decides.
    pub fn guards(&self) -> Vec<KeyId> {
        let keys = (0..).map(KeyId).take(self.flow.keys.len());
        keys.filter(|&key| self.flow.iter().any(|(_, node)| self.is_guard(node, key)))
            .collect()
    }

    fn is_guard(&self, node: &Node, key: KeyId) -> bool {
        let leads = |when: Outcome| node.on(when).is_some_and(|to| self.reaches(to, self.violation.effect));
        match node.step {
            Step::Check { key: k, .. } if k == key => leads(Outcome::Absent) && !leads(Outcome::Found),
            Step::Mark {
                key: k,
                mode: MarkMode::IfAbsent,
                ..
            } if k == key => leads(Outcome::Fresh) && !leads(Outcome::Duplicate),
            Step::Mark {
                key: k,
                mode: MarkMode::Unique,
                ..
            } if k == key => leads(Outcome::Ok) && !leads(Outcome::Err),
            _ => false,
        }
    }

    /// Whether the effect, or the handoff that stands for it, can be reached from a node while the message is the same.
    pub fn reaches(&self, from: NodeId, effect: EffectId) -> bool {
        let handoff = self.program.handoff(effect);
        crate::flow::reachable(self.flow, from, |_| true)
            .into_iter()
            .any(|id| applies(&self.flow.node(id).step, effect) || handoff == Some(id))
    }

    /// The steps whose failure can lead to one of `wanted` while the message is the same.
    pub fn failures_towards(&self, wanted: &[NodeId]) -> Vec<NodeId> {
        let leads = |to: NodeId| {
            crate::flow::reachable(self.flow, to, |_| true)
                .iter()
                .any(|id| wanted.contains(id))
        };
        let fails = |node: &Node| is_fallible(&node.step) && node.on(Outcome::Err).is_some_and(leads);
        self.flow
            .iter()
            .filter(|(_, node)| fails(node))
            .map(|(id, _)| id)
            .collect()
    }

    /// Where a key is recorded, and where it is asked for.
    pub fn mark_site(&self, key: KeyId) -> Option<(NodeId, &'a Site)> {
        self.key_site(|step| matches!(step, Step::Mark { key: k, .. } if *k == key))
    }

    pub fn check_site(&self, key: KeyId) -> Option<(NodeId, &'a Site)> {
        self.key_site(|step| matches!(step, Step::Check { key: k, .. } if *k == key))
            .or_else(|| self.mark_site(key))
    }

    fn key_site(&self, is: impl Fn(&Step) -> bool) -> Option<(NodeId, &'a Site)> {
        self.flow
            .iter()
            .find_map(|(id, node)| node.at.as_ref().filter(|_| is(&node.step)).map(|at| (id, at)))
    }

    /// Whether the framework, not the code, settles the message.
    pub fn is_implicit(&self) -> bool {
        matches!(self.flow.source.settle, Settle::OnOk | Settle::OnReturn)
    }
}

/// Whether a step applies an effect.
pub(super) fn applies(step: &Step, wanted: EffectId) -> bool {
    match step {
        Step::Effect { effect, .. }
        | Step::Opaque { effect }
        | Step::Mark {
            effect: Some(effect), ..
        } => *effect == wanted,
        _ => false,
    }
}

fn is_failure(event: Event) -> bool {
    matches!(
        event,
        Event::EffectFails { .. }
            | Event::EffectUnseen { .. }
            | Event::EffectReplyLost { .. }
            | Event::HandoffFails
            | Event::ReadFails
            | Event::CheckFails { .. }
            | Event::MarkFails { .. }
            | Event::MarkReplyLost { .. }
            | Event::BeginFails { .. }
            | Event::CommitFails { .. }
            | Event::CommitReplyLost { .. }
            | Event::CommitConflict { .. }
    )
}
