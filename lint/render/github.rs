//! Workflow commands of GitHub Actions: annotations on the lines of a pull request.
//!
//! Format: <https://docs.github.com/actions/reference/workflow-commands-for-github-actions#setting-an-error-message>.

use super::text::{printable, story};
use super::{Resolved, ResolvedFinding};
use crate::report::Level;

/// One command a finding.
pub fn render(report: &Resolved<'_>) -> String {
    report.findings.iter().map(command).collect()
}

fn command(found: &ResolvedFinding<'_>) -> String {
    let (at, finding) = (&found.at, found.finding);
    let kind = match finding.level {
        Level::Deny => "error",
        Level::Warn => "warning",
        Level::Note | Level::Allow => "notice",
    };
    let properties = [
        ("file", at.path.to_owned()),
        ("line", at.start.line.to_string()),
        ("endLine", at.end.line.to_string()),
        ("col", at.start.column.to_string()),
        ("endColumn", at.end.column.to_string()),
        ("title", format!("{} {}", finding.code, finding.rule)),
    ];
    // Columns of a range over several lines mean nothing there.
    let wanted = |name: &str| at.start.line == at.end.line || !["col", "endColumn"].contains(&name);
    let list: Vec<String> = properties
        .iter()
        .filter(|(name, _)| wanted(name))
        .map(|(name, value)| format!("{name}={}", property(value)))
        .collect();
    format!("::{kind} {}::{}\n", list.join(","), data(&story(found)))
}

/// What stands after the second `::`.
fn data(text: &str) -> String {
    let text = text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A");
    printable(&text).into_owned()
}

/// A property's value must not end the list, either.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_command_early() {
        assert_eq!(data("50 % of\r\nlines"), "50 %25 of%0D%0Alines");
        assert_eq!(
            property("src/a,b::c.rs\n::error::"),
            "src/a%2Cb%3A%3Ac.rs%0A%3A%3Aerror%3A%3A"
        );
    }
}
