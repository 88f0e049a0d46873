//! The two streams of the process, and how they look.

use std::ffi::OsString;
use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;

use anstream::ColorChoice;
use clap::builder::StyledStr;
use delivery_grammar::Date;

use super::args::Color;
use crate::render::{Format, Look};

/// What a command may write to, and what it may know of its surroundings.
pub struct Console<'a> {
    /// Results.
    pub stdout: Stream<'a>,
    /// Everything else.
    pub stderr: Stream<'a>,
    /// Columns of the terminal, if there is one.
    pub width: Option<usize>,
    /// How findings are printed where nothing is asked for.
    pub format: Format,
    /// Whether somebody looks at standard error who may want to see how far a long run is.
    pub watched: bool,
    /// The folder that cargo builds into, where the environment names one.
    pub target: Option<PathBuf>,
    /// The day on which an `allow` may have run out.
    pub today: Date,
}

impl Console<'_> {
    /// `--color`, which wins over what the streams are.
    pub(super) fn choose_colour(&mut self, choice: Color) {
        let colour = match choice {
            Color::Auto => return,
            Color::Always => true,
            Color::Never => false,
        };
        self.stdout.colour = colour;
        self.stderr.colour = colour;
    }
}

/// A stream that a reader may close at any time (`| head`): what is written after that goes nowhere.
pub struct Stream<'a> {
    writer: &'a mut dyn Write,
    colour: bool,
    error: Option<io::Error>,
}

impl<'a> Stream<'a> {
    /// A stream to `writer`; `colour` if escape sequences are welcome.
    pub fn new(writer: &'a mut dyn Write, colour: bool) -> Self {
        Self {
            writer,
            colour,
            error: None,
        }
    }

    /// How renderers should write for it.
    pub fn look(&self, width: Option<usize>) -> Look {
        Look {
            colour: self.colour,
            width: width.unwrap_or(Look::PLAIN.width),
        }
    }

    /// Writes all of `text`; a failure is kept for [`finish`](Self::finish).
    pub fn text(&mut self, text: &str) {
        if self.error.is_none() {
            self.error = self
                .writer
                .write_all(text.as_bytes())
                .and_then(|()| self.writer.flush())
                .err();
        }
    }

    /// Writes what clap has composed.
    pub(super) fn styled(&mut self, text: &StyledStr) {
        let text = if self.colour {
            text.ansi().to_string()
        } else {
            text.to_string()
        };
        self.text(&text);
    }

    /// Whether all that was written arrived. A closed pipe is no failure: its reader has seen enough.
    ///
    /// # Errors
    ///
    /// The first failure of any other kind (a full disk behind a redirection).
    pub fn finish(&mut self) -> io::Result<()> {
        match self.error.take() {
            Some(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
            _ => Ok(()),
        }
    }
}

/// Whether `stream` wants colour: a terminal does, unless `NO_COLOR`, `CLICOLOR` or `TERM` say otherwise.
pub fn colour_of(stream: &(impl anstream::stream::RawStream + IsTerminal)) -> bool {
    !matches!(anstream::AutoStream::choice(stream), ColorChoice::Never)
}

/// How findings are printed where nothing is asked for, by what `GITHUB_ACTIONS` is set to.
pub fn format_for(github_actions: Option<OsString>) -> Format {
    match github_actions {
        Some(yes) if yes == "true" => Format::Github,
        _ => Format::Human,
    }
}

/// Whether somebody sees what is drawn on `stream`: not where `CI` is set, nor on a terminal that cannot wipe away a line.
pub fn is_watched(stream: &impl IsTerminal, ci: Option<OsString>, term: Option<OsString>) -> bool {
    stream.is_terminal() && ci.is_none() && term.is_some_and(|term| term != "dumb")
}
