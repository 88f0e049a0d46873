//! How far a long run is, on a terminal. Whoever waits only a moment sees nothing of it, and nobody sees it in a file or in CI.

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::analysis::Progress;

/// So long nothing is shown.
const PATIENCE: Duration = Duration::from_millis(700);
/// Between two looks at how far it is.
const PACE: Duration = Duration::from_millis(100);

/// Shows progress until it is dropped; what was shown is wiped away then.
pub struct Watching {
    done: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Watching {
    /// Watches from now on.
    pub fn begin(progress: &Arc<Progress>) -> Self {
        let (done, over) = channel();
        let progress = Arc::clone(progress);
        let thread = std::thread::spawn(move || {
            if over.recv_timeout(PATIENCE) != Err(RecvTimeoutError::Timeout) {
                return;
            }
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            bar.set_style(spinner());
            loop {
                show(&bar, &progress);
                if over.recv_timeout(PACE) != Err(RecvTimeoutError::Timeout) {
                    break;
                }
            }
            bar.finish_and_clear();
        });
        Self {
            done: Some(done),
            thread: Some(thread),
        }
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        self.done.take();
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has shown less than it should: that is no reason to fail.
            let _ = thread.join();
        }
    }
}

fn show(bar: &ProgressBar, progress: &Progress) {
    let (judged, found) = progress.units();
    match found {
        0 => bar.set_message("reading"),
        found => {
            if bar.length().is_none() {
                bar.set_style(counter());
                bar.set_message("checking integrations");
            }
            bar.set_length(u64::try_from(found).unwrap_or(u64::MAX));
            bar.set_position(u64::try_from(judged).unwrap_or(u64::MAX));
        }
    }
    bar.tick();
}

fn spinner() -> ProgressStyle {
    ProgressStyle::with_template("{spinner} {msg} ({elapsed})").unwrap_or_else(|_| ProgressStyle::default_spinner())
}

fn counter() -> ProgressStyle {
    let template = ProgressStyle::with_template("{spinner} {msg} {wide_bar} {pos}/{len} ({elapsed})");
    template.unwrap_or_else(|_| ProgressStyle::default_bar())
}
