//! The program: the process' arguments, streams and date go in, an exit code comes out.

use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use cargo_delivery::cli::{self, Console, Stream};
use cargo_delivery::source;
use delivery_grammar::Date;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let program = std::thread::Builder::new().stack_size(source::STACK_BYTES).spawn(run);
    program.map_or_else(|_| run(), |thread| thread.join().unwrap_or(ExitCode::from(2)))
}

/// The program, on a thread whose stack holds the deepest code that is read.
#[expect(
    clippy::disallowed_methods,
    reason = "the edge: what the process was given is read here and nowhere else"
)]
fn run() -> ExitCode {
    // Another thread draws progress on standard error, which is not locked therefore.
    let (mut out, mut err) = (std::io::stdout().lock(), std::io::stderr());
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let console = Console {
        stdout: Stream::new(&mut out, cli::colour_of(&std::io::stdout())),
        stderr: Stream::new(&mut err, cli::colour_of(&std::io::stderr())),
        width: terminal_size::terminal_size().map(|(width, _)| usize::from(width.0)),
        format: cli::format_for(std::env::var_os("GITHUB_ACTIONS")),
        watched: cli::is_watched(&std::io::stderr(), std::env::var_os("CI"), std::env::var_os("TERM")),
        target: std::env::var_os("CARGO_TARGET_DIR").map(Into::into),
        today: Date::from_unix_seconds(now.map_or(0, |since| since.as_secs())),
    };
    cli::run(std::env::args_os(), console).into()
}
