//! Functions that only ask: what they are given decides what they give, and nothing else happens in them.
//!
//! Such a function may ask much (which of twelve kinds, three fields each) of which its caller sees little (one of four answers). What it
//! asked becomes one question then, with as many ways as there are answers: what can happen stays the same, since that question is
//! answered for a message once and for all, too. And what a function made of something it makes of the same again.

use rustc_hash::FxHashMap;

use super::*;
use crate::flow::Step;
use crate::lower::graph::Mark;

/// A function that asks less is left as it is written.
const MANY_QUESTIONS: usize = 8;
/// Ways of one question.
const MOST_ANSWERS: usize = 15;
/// So many answers of one function are remembered.
const MOST_REMEMBERED: usize = 16;

/// A call of a function of the workspace: what of it decides what it gives.
pub(in crate::lower) struct Question {
    f: FnId,
    recv: Option<Value>,
    args: Vec<Value>,
    owner: Ty,
    at: Span,
}

impl Question {
    pub(in crate::lower) fn new(f: FnId, owner: &Ty, recv: Option<&Value>, args: &[Value], at: Span) -> Self {
        Self {
            f,
            recv: recv.cloned(),
            args: args.to_vec(),
            owner: owner.clone(),
            at,
        }
    }

    /// Whether both ask a function the same, wherever they stand.
    fn is_as(&self, other: &Self) -> bool {
        self.owner == other.owner && self.recv == other.recv && self.args == other.args
    }
}

/// What a function was asked, and said.
pub(in crate::lower) struct Answered {
    question: Question,
    holding: bool,
    /// What decides between the answers, where there are several.
    kind: CondKind,
    answers: Vec<Value>,
}

/// By function.
pub(in crate::lower) type Answers = FxHashMap<FnId, Vec<Answered>>;

/// Where lowering stood before a call.
pub(in crate::lower) struct Before {
    mark: Mark,
    entry: State,
    /// How much had been noted about nodes.
    noted: [usize; 6],
}

impl Lowering<'_> {
    /// What the function said when it was asked the same.
    pub(in crate::lower) fn recalled(&mut self, question: &Question, state: &State) -> Option<Flowing> {
        let mut known = self.answers.get(&question.f)?.iter();
        let known = known.find(|known| known.holding == state.holding && known.question.is_as(question))?;
        let (kind, answers) = (known.kind, known.answers.clone());
        Some(self.one_question(kind, answers, state, question.at))
    }

    /// One question with a way for each of the answers.
    fn one_question(&mut self, kind: CondKind, answers: Vec<Value>, state: &State, at: Span) -> Flowing {
        match <[Value; 1]>::try_from(answers) {
            Ok([only]) => vec![(state.clone(), only)],
            Err(answers) => self.branch_into(state, kind, at, "answers: ", answers),
        }
    }

    pub(in crate::lower) fn before(&self, state: &State) -> Before {
        Before {
            mark: self.graph.mark(),
            entry: state.clone(),
            noted: self.noted(),
        }
    }

    /// What is kept beside the graph about nodes of it.
    fn noted(&self) -> [usize; 6] {
        [
            self.graph.answers.len(),
            self.graph.replies.len(),
            self.graph.left.len(),
            self.graph.compared.len(),
            self.unknown.len(),
            self.capture.as_ref().map_or(0, |capture| capture.seen.len()),
        ]
    }

    /// After a call: one question instead of many, if that is all that the function did.
    pub(in crate::lower) fn as_one_question(&mut self, question: Question, before: &Before, ended: Flowing) -> Flowing {
        let emitted = self.graph.since(before.mark);
        let only_asks = emitted.iter().all(is_idle) && self.noted() == before.noted;
        if !only_asks || ended.is_empty() || ended.len() > MOST_ANSWERS {
            return ended;
        }
        let is_decided = ended.len() == 1;
        let decides = self.what_decides(before.mark);
        let Some(kind) = decides.or(is_decided.then_some(CondKind::Fixed)) else {
            return ended;
        };
        let many = emitted.len() >= MANY_QUESTIONS;
        let at = question.at;
        let answers: Vec<Value> = ended.iter().map(|(_, value)| value.clone()).collect();
        let changes = ended.iter().any(|(state, _)| !state.agrees(&before.entry));
        if !changes && (many || is_decided) {
            self.remember(question, kind, before, answers.clone());
        }
        if !many {
            return ended;
        }
        self.graph.undo(before.mark);
        let ways = self.one_question(kind, answers, &before.entry, at);
        let asked =
            |((way, _), (state, value)): ((State, Value), (State, Value))| (State { at: way.at, ..state }, value);
        ways.into_iter().zip(ended).map(asked).collect()
    }

    fn remember(&mut self, question: Question, kind: CondKind, before: &Before, answers: Vec<Value>) {
        let known = self.answers.entry(question.f).or_default();
        if known.len() < MOST_REMEMBERED {
            known.push(Answered {
                question,
                holding: before.entry.holding,
                kind,
                answers,
            });
        }
    }

    /// How the questions since `mark` behave together when the message comes again; nothing where that cannot be said of them as one.
    fn what_decides(&self, mark: Mark) -> Option<CondKind> {
        let conditions = self.graph.since(mark).iter().filter_map(|node| match node.step {
            Step::Branch { on } => Some(&self.graph.conditions[on.0 as usize]),
            _ => None,
        });
        let kinds: Vec<CondKind> = conditions.map(|condition| condition.kind).collect();
        let first = kinds.first().copied().unwrap_or(CondKind::Fixed);
        if kinds.iter().all(|kind| *kind == first) {
            return Some(first);
        }
        if kinds.contains(&CondKind::Free) {
            return None;
        }
        let answered = kinds.contains(&CondKind::Store);
        Some(if answered { CondKind::Store } else { CondKind::Malformed })
    }
}

/// Whether a node only asks, or does nothing.
fn is_idle(node: &crate::flow::Node) -> bool {
    match node.step {
        Step::Branch { .. } => true,
        Step::Pass => node.at.is_none(),
        _ => false,
    }
}
