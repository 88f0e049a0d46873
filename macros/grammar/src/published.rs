//! Where the page of an integration is: the attributes and the generator of the documentation have to agree on it.

use crate::invalid::Invalid;

/// The address of published documentation, without a slash at its end.
///
/// # Errors
///
/// It is no `https:` or `http:` link to a folder.
pub fn base_url(url: &str) -> Result<String, Invalid> {
    let host = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '<' | '>' | '`' | '(' | ')' | '#' | '?' | '\\');
    match host {
        Some(host) if !host.is_empty() && host.chars().all(plain) => Ok(url.trim_end_matches('/').to_owned()),
        _ => Err(Invalid::new(format!(
            "`{url}` is no address of a folder, such as `https://docs.example.com/delivery`"
        ))),
    }
}

/// The name of the file that an integration's page is in, without its extension: letters, digits, `.`, `_` and `-`.
pub fn page_name(integration: &str) -> String {
    let plain = |c: char| {
        if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') {
            c
        } else {
            '-'
        }
    };
    let name: String = integration.replace("::", ".").chars().map(plain).collect();
    match name.trim_matches(['.', '-']) {
        "" => "integration".to_owned(),
        name => name.to_owned(),
    }
}

/// `docs.base_url` of a `delivery.yaml`, if it is there and valid.
///
/// The attributes are compiled into every application, so they do without a parser of YAML. This reads the two ways in which people
/// write a key of a group: on a line of its own, and within braces. The linter reads the file properly, and reports what is wrong.
pub fn configured_base_url(yaml: &str) -> Option<String> {
    let mut lines = yaml.lines();
    let same_line = lines.find_map(|line| line.strip_prefix("docs:"))?.trim();
    let value = match same_line.strip_prefix('{') {
        Some(inside) => inside
            .split(['}', ','])
            .find_map(|entry| entry.trim().strip_prefix("base_url:")),
        None => lines
            .take_while(|line| line.trim().is_empty() || line.starts_with([' ', '\t', '#']))
            .find_map(|line| line.trim().strip_prefix("base_url:")),
    }?;
    base_url(scalar(value.trim())).ok()
}

fn scalar(value: &str) -> &str {
    let quoted = |quote: char| value.strip_prefix(quote).and_then(|rest| rest.split(quote).next());
    quoted('"')
        .or_else(|| quoted('\''))
        .unwrap_or_else(|| value.split(" #").next().unwrap_or(value).trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_folder_on_the_web_is_a_base() {
        assert_eq!(base_url("https://a.example/x/"), Ok("https://a.example/x".to_owned()));
        for url in [
            "",
            "ftp://a",
            "javascript:alert(1)",
            "https://",
            "https://a b",
            "https://a/?x",
            "https://a/#x",
            "https://a/<b>",
        ] {
            assert!(base_url(url).is_err(), "{url}");
        }
    }

    #[test]
    fn a_name_is_fit_for_a_file_and_a_link() {
        let names = ["billing.invoices", "a::b", "<T as X>::f", "../../etc", "::"].map(page_name);
        assert_eq!(names, ["billing.invoices", "a.b", "T-as-X-.f", "etc", "integration"]);
    }

    #[test]
    fn finds_the_key_however_it_is_written() {
        let found = |yaml: &str| configured_base_url(yaml).unwrap_or_default();
        assert_eq!(
            found("docs:\n  title: Shop\n  base_url: https://a.example # where\n"),
            "https://a.example"
        );
        assert_eq!(
            found("docs: { title: Shop, base_url: 'https://a.example/' }\n"),
            "https://a.example"
        );
        assert_eq!(
            found("rules: {}\ndocs:\n# where\n\n  base_url: \"https://a.example\"\n"),
            "https://a.example"
        );
        assert_eq!(found("integrations:\n  docs:\n    base_url: https://a.example\n"), "");
        assert_eq!(found("docs:\n  title: x\nbase_url: https://a.example\n"), "");
        assert_eq!(found("docs: { base_url: javascript:x }"), "");
    }
}
