//! The dependency that attributes need, written into a manifest as `cargo add` would: inherited where the workspace has it, in the order
//! of the names where they are in order, and with everything else left as it is.

use std::ops::Range;

use toml::{Table, Value};

/// The package of the attributes.
pub const PACKAGE: &str = "delivery";

/// The manifest with the dependency; `None` if it has it, or if it is written in a way that is not understood.
pub fn added(manifest: &str, workspace: Option<&str>) -> Option<String> {
    if depends(manifest, "dependencies")? {
        return None;
    }
    let inherited = workspace
        .and_then(|text| text.parse::<Table>().ok())
        .is_some_and(|table| {
            let dependencies = table
                .get("workspace")
                .and_then(|workspace| workspace.get("dependencies"));
            dependencies.is_some_and(|dependencies| dependencies.get(PACKAGE).is_some())
        });
    let line = match inherited {
        true => format!("{PACKAGE}.workspace = true\n"),
        false => format!("{PACKAGE} = \"{}\"\n", env!("CARGO_PKG_VERSION")),
    };
    let written = match entries(manifest) {
        Some(entries) => {
            let at = place(manifest, &entries);
            let glue = if manifest[..at].ends_with('\n') { "" } else { "\n" };
            format!("{}{glue}{line}{}", &manifest[..at], &manifest[at..])
        }
        None => format!("{}\n\n[dependencies]\n{line}", manifest.trim_end()),
    };
    depends(&written, "dependencies")
        .filter(|&depends| depends)
        .map(|_| written)
}

/// Whether a table of dependencies has the package, under whatever name.
fn depends(manifest: &str, table: &str) -> Option<bool> {
    let manifest: Table = manifest.parse().ok()?;
    let dependencies = manifest.get(table).and_then(Value::as_table);
    let is_it =
        |(name, value): (&String, &Value)| value.get("package").and_then(Value::as_str).unwrap_or(name) == PACKAGE;
    Some(dependencies.is_some_and(|dependencies| dependencies.iter().any(is_it)))
}

/// The section: where it begins, and where each of its entries is, by name. Comments belong to what follows them.
struct Entries<'t> {
    begin: usize,
    each: Vec<(&'t str, Range<usize>)>,
}

fn entries(manifest: &str) -> Option<Entries<'_>> {
    let mut offset = 0;
    let mut found: Option<Entries<'_>> = None;
    let mut depth = 0_i32;
    for line in manifest.split_inclusive('\n') {
        let (start, text) = (offset, line.trim());
        offset += line.len();
        let code = text.split('#').next().unwrap_or_default().trim();
        match &mut found {
            None if code == "[dependencies]" => {
                found = Some(Entries {
                    begin: offset,
                    each: Vec::new(),
                });
            }
            None => {}
            Some(_) if depth == 0 && code.starts_with('[') => break,
            Some(entries) => {
                match entries.each.last_mut().filter(|_| depth > 0) {
                    Some((_, range)) => range.end = offset,
                    None if !code.is_empty() => {
                        let name = code.split(['=', '.', ' ']).next().unwrap_or_default().trim_matches('"');
                        entries.each.push((name, start..offset));
                    }
                    None => {}
                }
                let count = |brackets: [char; 2]| code.matches(brackets).count() as i32;
                depth += count(['[', '{']) - count([']', '}']);
            }
        }
    }
    found
}

/// Before the first name that is greater, where the names are in order; else at the end.
fn place(manifest: &str, entries: &Entries<'_>) -> usize {
    let sorted = entries.each.is_sorted_by_key(|(name, _)| *name);
    let greater = entries
        .each
        .iter()
        .position(|(name, _)| *name > PACKAGE)
        .filter(|_| sorted);
    match (greater, entries.each.last()) {
        (Some(0), _) => entries.begin,
        (Some(index), _) => entries.each[index - 1].1.end,
        (None, Some((_, last))) => last.end.min(manifest.len()),
        (None, None) => entries.begin,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line() -> String {
        format!("delivery = \"{}\"\n", env!("CARGO_PKG_VERSION"))
    }

    #[test]
    fn names_stay_in_order_where_they_were() {
        let before = "[package]\nname = \"a\"\n\n[dependencies]\nanyhow = \"1\"\n# for the broker\nlapin = { version = \"4\", features = [\n    \"x\",\n] }\n\n[features]\n";
        let after = added(before, None).unwrap();
        assert_eq!(
            after,
            before.replace("anyhow = \"1\"\n", &format!("anyhow = \"1\"\n{}", line()))
        );
        let unordered = "[dependencies]\nlapin = [\n]\nanyhow.workspace = true\n\n[features]\n"
            .replace("lapin = [\n]", "lapin = { features = [\n] }");
        let after = added(&unordered, None).unwrap();
        assert_eq!(
            after,
            unordered.replace(
                "anyhow.workspace = true\n",
                &format!("anyhow.workspace = true\n{}", line())
            )
        );
    }

    #[test]
    fn a_section_is_begun_where_there_is_none() {
        assert_eq!(
            added("[package]\nname = \"a\"", None).unwrap(),
            format!("[package]\nname = \"a\"\n\n[dependencies]\n{}", line())
        );
        assert_eq!(
            added("[dependencies]", None).unwrap(),
            format!("[dependencies]\n{}", line())
        );
    }

    #[test]
    fn what_the_workspace_has_is_inherited() {
        let workspace = "[workspace.dependencies]\ndelivery = \"0.1\"\n";
        assert_eq!(
            added("[dependencies]\nz = \"1\"\n", Some(workspace)).unwrap(),
            "[dependencies]\ndelivery.workspace = true\nz = \"1\"\n"
        );
        assert_eq!(
            added("[dependencies]\nz = \"1\"\n", Some("[workspace]\n")).unwrap(),
            format!("[dependencies]\n{}z = \"1\"\n", line())
        );
    }

    #[test]
    fn what_is_there_or_not_understood_is_left_alone() {
        for manifest in [
            "[dependencies]\ndelivery = \"0.1\"\n",
            "[dependencies]\nd = { package = \"delivery\", version = \"0.1\" }\n",
            "dependencies = { a = \"1\" }\n",
            "no manifest",
        ] {
            assert_eq!(added(manifest, None), None, "{manifest}");
        }
    }
}
