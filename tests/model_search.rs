//! The search itself: counterexamples that replay, repairs that remove them, and agreement with another checker on random flows.

mod model_flows;

use std::fmt::Write;

use cargo_delivery::flow::Flow;
use cargo_delivery::model::testing::flow;
use cargo_delivery::model::{
    Bounds, Exploration, Goal, Program, Scenario, Tier, Violation, explore, explore_each, explore_first, replay,
    replay_states,
};
use cargo_delivery::rules::{Promise, RULES, diagnose};
use delivery_grammar::Semantic;
use proptest::prelude::*;
use stateright::{Checker, Model, Property};

use model_flows::flows;

/// The same transition relation, searched by stateright.
#[derive(Clone)]
struct Oracle {
    flow: Flow,
    tier: Tier,
}

impl Model for Oracle {
    type State = cargo_delivery::model::State;
    type Action = usize;

    fn init_states(&self) -> Vec<Self::State> {
        program(&self.flow).initial(self.tier)
    }

    fn actions(&self, state: &Self::State, actions: &mut Vec<Self::Action>) {
        actions.extend(0..program(&self.flow).successors(state).len());
    }

    fn next_state(&self, state: &Self::State, action: Self::Action) -> Option<Self::State> {
        program(&self.flow).successors(state).into_iter().nth(action)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always(
            "nothing is lost or repeated",
            |oracle: &Self, state| program(&oracle.flow).violations(state).is_empty(),
        )]
    }
}

fn program(flow: &Flow) -> Program<'_> {
    Program::new(flow, Scenario::default()).expect("a small flow")
}

fn broken(exploration: &Exploration) -> Vec<Violation> {
    exploration.violations.keys().copied().collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn a_counterexample_leads_from_the_start_to_what_it_shows(text in flows()) {
        let flow = flow(&text);
        let program = program(&flow);
        for tier in Tier::ALL {
            for (violation, trace) in explore(&program, tier, Goal::All).violations {
                let states = replay_states(&program, &trace).expect("its own execution");
                let (last, before) = states.split_last().expect("a state");
                prop_assert!(program.violations(last).contains(&violation));
                prop_assert!(before.iter().all(|state| !program.violations(state).contains(&violation)), "the shortest");
                let again = replay(&flow, &trace);
                prop_assert_eq!(again.as_ref(), Some(last));
            }
        }
    }

    #[test]
    fn a_search_is_the_same_each_time(text in flows()) {
        let flow = flow(&text);
        let program = program(&flow);
        let (first, second) = (explore(&program, Tier::Joint, Goal::All), explore(&program, Tier::Joint, Goal::All));
        prop_assert_eq!(first.states, second.states);
        prop_assert_eq!(first.violations, second.violations);
    }

    #[test]
    fn effect_by_effect_the_same_is_broken_as_at_once(text in flows()) {
        let flow = flow(&text);
        let program = program(&flow);
        for tier in Tier::ALL {
            let (whole, parts) = (explore(&program, tier, Goal::All), explore_each(&program, tier));
            prop_assert_eq!(broken(&whole), broken(&parts), "{:?}\n{}", tier, flow);
        }
    }

    #[test]
    fn an_execution_that_was_found_effect_by_effect_is_one_of_the_whole(text in flows()) {
        let flow = flow(&text);
        let scenario = Scenario { bounds: Bounds { states: 60, ..Bounds::default() }, ..Scenario::default() };
        let all = broken(&explore(&program(&flow), Tier::Joint, Goal::All));
        let bounded = Program::new(&flow, scenario).expect("a small flow");
        for (violation, trace) in explore_first(&bounded, Tier::Joint, &all).violations {
            let last = replay(&flow, &trace).expect("an execution of the whole program");
            prop_assert!(bounded.violations(&last).contains(&violation));
        }
    }

    #[test]
    fn what_a_simple_adversary_breaks_a_stronger_one_breaks_too(text in flows()) {
        let flow = flow(&text);
        let program = program(&flow);
        let broken = |tier| explore(&program, tier, Goal::All).violations.into_keys().collect::<Vec<_>>();
        let all = broken(Tier::Joint);
        for tier in [Tier::Calm, Tier::Outage, Tier::Crash, Tier::Expiry] {
            prop_assert!(broken(tier).iter().all(|violation| all.contains(violation)));
        }
    }

    #[test]
    fn every_fault_of_a_declared_unit_gets_a_name(text in flows()) {
        let flow = flow(&text);
        let promise = Promise { declared: true, ..Promise::assumed(Semantic::EffectivelyOnce) };
        let diagnosis = diagnose(&flow, promise);
        for cause in &diagnosis.findings {
            prop_assert!(cause.rule.name != "unmet-guarantee", "{}\n{:?}", text, cause.trace.iter().flat_map(|t| &t.steps).map(|s| &s.text).collect::<Vec<_>>());
            for step in cause.trace.iter().flat_map(|trace| &trace.steps) {
                prop_assert!(!step.text.is_empty() && step.node.is_none_or(|node| (node.0 as usize) < flow.nodes.len()));
            }
        }
        let certain = diagnosis.analysis.violations.iter().any(|violation| promise.excludes(*violation));
        prop_assert!(!certain || diagnosis.findings.iter().any(|cause| cause.trace.is_some()), "{}", text);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn stateright_sees_the_same_states_and_the_same_verdict(text in flows()) {
        let flow = flow(&text);
        for tier in [Tier::Outage, Tier::Crash, Tier::Lease] {
            let own = explore(&program(&flow), tier, Goal::All);
            let oracle = Oracle { flow: flow.clone(), tier }.checker().threads(1).spawn_bfs().join();
            let verdict = oracle.discoveries().is_empty();
            prop_assert_eq!(own.violations.is_empty(), verdict, "{:?}\n{}", tier, flow);
            if verdict {
                prop_assert_eq!(own.states, oracle.unique_state_count(), "{:?}\n{}", tier, flow);
            }
        }
    }

    #[test]
    fn a_printed_flow_reads_back(text in flows()) {
        let flow = flow(&text);
        let printed = flow.to_string();
        let again = cargo_delivery::model::testing::flow(&printed);
        let same = Flow { nodes: again.nodes[..flow.nodes.len()].to_vec(), ..again };
        let bare = |text: &str| text.lines().map(|line| line.split('#').next().unwrap_or("").trim_end().to_owned()).collect::<Vec<_>>();
        prop_assert_eq!(bare(&same.to_string()), bare(&printed));
    }
}

/// A flow with `count` effects in a row.
fn long(count: usize) -> Flow {
    let mut text = String::from("source kafka log manual\ncond wanted fixed\n");
    for effect in 0..50 {
        let _ = writeln!(text, "effect e{effect} postgres:t{effect} idem");
    }
    text += "again: receive ?\nbranch wanted 0=good 1=ack\ngood: pass\n";
    for step in 0..count {
        let _ = writeln!(text, "effect e{} ?", step % 50);
    }
    flow(&(text + "ack: ack ok=again ?\n"))
}

#[test]
fn a_long_unit_is_judged_within_the_cap() {
    let promise = Promise {
        declared: true,
        ..Promise::assumed(Semantic::EffectivelyOnce)
    };
    let diagnosis = diagnose(&long(200), promise);
    assert!(diagnosis.findings.is_empty());
    assert!(!diagnosis.analysis.stats.is_capped, "{:?}", diagnosis.analysis.stats);
}

#[test]
fn names_and_codes_of_rules_are_well_formed() {
    let kebab = |name: &str| name.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    for rule in RULES {
        assert!(kebab(rule.name) && !rule.name.starts_with("use-"), "{}", rule.name);
        assert!(rule.code.len() == 4 && rule.code.starts_with('D'), "{}", rule.code);
        assert!(!rule.doc.is_empty() && rule.summary.ends_with('.'), "{}", rule.name);
    }
    assert!(RULES.is_sorted_by_key(|rule| rule.code), "in the order of the codes");
    let mut names: Vec<_> = RULES.iter().map(|rule| rule.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), RULES.len());
}
