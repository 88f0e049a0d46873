//! The set of tasks is only drained at shutdown; the ack does not wait for it.
//@ inferred: resize_posters = at_most_once

use futures::StreamExt;
use lapin::Consumer;
use lapin::options::BasicAckOptions;
use std::path::PathBuf;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

#[delivery::at_least_once(integration = "cinema.posters")]
pub async fn resize_posters(mut posters: Consumer, folder: PathBuf, stop: CancellationToken) -> anyhow::Result<()> {
    let mut tasks = JoinSet::new();
    loop {
        let delivery = tokio::select! {
            () = stop.cancelled() => break,
            next = posters.next() => match next {
                Some(delivery) => delivery?,
                None => break,
            },
        };
        let target = folder.join(delivery.routing_key.as_str());
        let poster = delivery.data.clone();
        tasks.spawn(async move { tokio::fs::write(target, poster).await }); //~ detached-processing
        delivery.ack(BasicAckOptions::default()).await?;
    }
    while let Some(task) = tasks.join_next().await {
        task??;
    }
    Ok(())
}
