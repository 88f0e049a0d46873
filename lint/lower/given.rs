//! What is given to code that cannot be seen: what settles a message, and what confirms a publish.

use std::collections::BTreeSet;

use smol_str::format_smolstr;

use super::Lowering;
use super::state::State;
use super::value::{Kind, Value};
use crate::flow::EffectKind;
use crate::resolve::Ty;
use crate::span::Span;

impl Lowering<'_> {
    /// Whether a value is, or carries, what settles a message.
    pub(super) fn settles(&self, value: &Value) -> bool {
        value.any(&|value| match &value.ty {
            Ty::External { path, .. } => {
                let path = self.catalog.canonical(path);
                self.catalog.ty(&path).is_some_and(|ty| ty.settles)
            }
            _ => false,
        })
    }

    /// What a publish is confirmed by was given to somebody else: whether they wait for it cannot be seen.
    pub(super) fn entrust(&mut self, value: &Value) {
        // Asked of each argument of each call that cannot be followed: mostly nothing has been published.
        if !self.graph.publishes() {
            return;
        }
        let mut given = BTreeSet::new();
        let kept = &mut self.kept;
        value.visit(&mut |part| match part.kind {
            Kind::Pending(effect, sent) => {
                given.insert((effect, sent));
            }
            Kind::Task(task) => {
                kept.insert(task);
            }
            _ => {}
        });
        for (effect, sent) in given {
            let known = &mut self.graph.effects[effect.0 as usize];
            if known.kind == EffectKind::Publish && !known.confirmed {
                known.confirmed = true;
                let site = known.at.clone();
                self.assumptions.insert(format_smolstr!(
                    "whoever is given what confirms `{}` waits for it, and tells of a failure",
                    site.text
                ));
                // Here it only goes out.
                self.graph.unsend(sent, &site);
            }
        }
    }

    /// What settles the message went where it cannot be followed.
    pub(super) fn escape(&mut self, value: &Value, state: &State, at: Span) {
        if state.holding && self.settles(value) {
            self.escaped.get_or_insert(at);
        }
    }
}
