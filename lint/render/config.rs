//! A `delivery.yaml` that is wrong, shown on its own lines.

use super::Look;
use super::human::Picture;
use super::resolve::offset;
use crate::config::Invalid;

/// Every problem with a caret at its place.
#[must_use]
pub fn invalid_config(invalid: &Invalid, look: Look) -> String {
    invalid.problems.iter().fold(String::new(), |mut out, problem| {
        let start = offset(&invalid.text, problem.at.start);
        let end = offset(&invalid.text, problem.at.end).max(start);
        let end = start + invalid.text[start..end].trim_end().len();
        out.push_str(&Picture::error(&invalid.path, &invalid.text, start..end, &problem.message).draw(look));
        out.push('\n');
        out
    })
}
