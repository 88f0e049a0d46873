//! A change of the code as a reader sees it: the lines that go, and the lines that come.

use super::text::Paint;
use super::{Look, Place, ResolvedFinding, ResolvedFix};
use crate::report::Applicability;

/// What could be changed for a finding to go away; nothing if nobody knows.
pub(super) fn change(found: &ResolvedFinding<'_>, look: Look) -> String {
    let Some(fix) = &found.fix else {
        return String::new();
    };
    let lead = match fix.fix.applicability {
        Applicability::MachineApplicable => "  fix (`--fix` makes it): ",
        Applicability::MaybeIncorrect => "  perhaps: ",
    };
    let mut out = Paint(look.colour).lead(lead, &fix.fix.title, look.width);
    let paint = Paint(look.colour);
    for (sign, line) in lines(fix) {
        out.push_str(&match sign {
            Sign::Gone => paint.red(&clipped(&format!("    - {line}"), look.width)),
            Sign::New => paint.green(&clipped(&format!("    + {line}"), look.width)),
        });
        out.push('\n');
    }
    out
}

/// A line of code, cut where the terminal ends.
fn clipped(line: &str, width: usize) -> String {
    match line.char_indices().nth(width.max(2) - 1) {
        Some((cut, last)) if cut + last.len_utf8() < line.len() => format!("{}…", &line[..cut]),
        _ => line.to_owned(),
    }
}

/// For each edit the lines that it takes away and those that come in their place, without the blanks that all of them begin with.
fn lines(fix: &ResolvedFix<'_>) -> Vec<(Sign, String)> {
    let lines: Vec<(Sign, String)> = fix
        .edits
        .iter()
        .flat_map(|(place, with)| of_edit(place, with))
        .collect();
    let indent = lines
        .iter()
        .map(|(_, line)| line.len() - line.trim_start_matches(' ').len())
        .min();
    let indent = indent.unwrap_or_default();
    lines
        .into_iter()
        .map(|(sign, line)| (sign, line[indent..].to_owned()))
        .collect()
}

fn of_edit(place: &Place<'_>, with: &str) -> Vec<(Sign, String)> {
    let (source, bytes) = (place.source, &place.bytes);
    let first = source[..bytes.start].rfind('\n').map_or(0, |newline| newline + 1);
    let last = source[bytes.end..]
        .find('\n')
        .map_or(source.len(), |newline| bytes.end + newline);
    let (before, after) = (
        &source[first..last],
        format!("{}{with}{}", &source[first..bytes.start], &source[bytes.end..last]),
    );
    let (old, new): (Vec<&str>, Vec<&str>) = (before.lines().collect(), after.lines().collect());
    let same = old.iter().zip(&new).take_while(|(old, new)| old == new).count();
    let rest = old.len().min(new.len()) - same;
    let ends = old
        .iter()
        .rev()
        .zip(new.iter().rev())
        .take(rest)
        .take_while(|(old, new)| old == new)
        .count();
    let signed = |sign, lines: &[&str]| {
        let shown = lines
            .iter()
            .map(|line| line.trim_end().to_owned())
            .filter(|line| !line.is_empty());
        shown.map(|line| (sign, line)).collect::<Vec<_>>()
    };
    let gone = signed(Sign::Gone, &old[same..old.len() - ends]);
    gone.into_iter()
        .chain(signed(Sign::New, &new[same..new.len() - ends]))
        .collect()
}

#[derive(Clone, Copy)]
enum Sign {
    Gone,
    New,
}
