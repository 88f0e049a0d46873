//! D509: a consumer that must lose nothing, and a producer in the same workspace that may.

use delivery_grammar::Semantic;

use crate::chains::{self, Link};
use crate::report::{Finding, Integration};
use crate::rules;

/// The links whose producer may lose what their consumer promises not to lose.
pub(super) fn weakest_links(integrations: &[Integration]) -> Vec<Finding> {
    let all: Vec<&Integration> = integrations.iter().collect();
    let links = chains::links(&all);
    links
        .iter()
        .filter_map(|link| weak(all[link.from], all[link.to], link))
        .collect()
}

fn weak(producer: &Integration, consumer: &Integration, link: &Link) -> Option<Finding> {
    let promised = consumer.declared.as_ref()?.semantic;
    let own = producer.declared.as_ref().map(|declared| declared.semantic);
    // A producer that breaks its own promise has a finding of its own.
    let allowed = own.is_none_or(|own| !own.forbids_loss());
    let loses = link.may_lose || producer.inferred.is_none() && own.is_some();
    if !promised.forbids_loss() || !allowed || !loses {
        return None;
    }
    let rule = rules::rule("weakest-link")?;
    let given = own.or(producer.inferred).map_or("nothing", Semantic::as_str);
    let message = format!(
        "`{}` promises `{promised}`, and is fed by `{}`, which gives `{given}`: what is lost there never comes here",
        consumer.id, producer.id
    );
    Some(Finding {
        rule: rule.name,
        code: rule.code,
        level: rule.level,
        message,
        help: Some(
            "confirm the publish, or write it through an outbox; or promise here what the chain can keep".to_owned(),
        ),
        primary: consumer.at,
        labels: link
            .at
            .map(|at| (at, format!("published to `{}` here", link.address)))
            .into_iter()
            .collect(),
        function: Some(consumer.function.clone()),
        integration: Some(consumer.id.clone()),
        declared: Some(promised),
        assumed: false,
        inferred: consumer.inferred,
        trace: Vec::new(),
        suppressed: None,
        remedy: None,
        fix: None,
    })
}
