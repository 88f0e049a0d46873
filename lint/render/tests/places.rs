//! Whatever a format says about a place is true: the text that stands there is the text that it is about.

use super::*;
use crate::span::FileId;

const ACK: &str = "consumer.commit_message(&msg, CommitMode::Sync)";

/// The sample's file of that name.
fn source(path: &str) -> &'static str {
    let file = ["src/orders.rs", "src/store.rs"]
        .iter()
        .position(|known| *known == path);
    let file = file.unwrap_or_else(|| panic!("there is no {path}"));
    Sample.text(FileId(u32::try_from(file).unwrap()))
}

/// A line, from one.
fn line(path: &str, number: &str) -> &'static str {
    let number: usize = number.parse().unwrap();
    source(path).lines().nth(number - 1).unwrap()
}

/// From a column, from one.
fn from<'t>(line: &'t str, column: &str) -> &'t str {
    let column: usize = column.parse().unwrap();
    let (at, _) = line.char_indices().nth(column - 1).unwrap();
    &line[at..]
}

/// `src/orders.rs:5` in a sentence: path and line.
fn places(text: &str) -> Vec<(String, String)> {
    let words = text.split(|character: char| !(character.is_alphanumeric() || "/._-:".contains(character)));
    let named = words.filter_map(|word| word.trim_end_matches([',', ':']).split_once(".rs:"));
    named
        .map(|(path, line)| (format!("{path}.rs"), line.split(':').next().unwrap().to_owned()))
        .collect()
}

#[test]
fn short_begins_with_the_place_and_names_that_of_each_step() {
    let text = rendered(Format::Short, Look::PLAIN);
    let first = text.lines().next().unwrap();
    let [path, number, column, _] = first.splitn(4, ':').collect::<Vec<_>>()[..] else {
        panic!("{first}")
    };
    assert!(from(line(path, number), column).starts_with(ACK));
    let steps = places(first.split_once('[').unwrap().1.split_once(" [").unwrap().1);
    let shown: Vec<&str> = steps.iter().map(|(path, number)| line(path, number)).collect();
    assert!(
        shown[0].contains("consumer.recv()") && shown[1].contains(ACK),
        "{shown:?}"
    );
}

#[test]
fn github_marks_the_text_and_names_the_line_of_each_step() {
    let text = rendered(Format::Github, Look::PLAIN);
    for (command, marked) in text.lines().zip([
        ACK,
        "pub async fn save(pool: &PgPool, order: Order) -> sqlx::Result<()>",
    ]) {
        let list = command.split("::").nth(1).unwrap().split_once(' ').unwrap().1;
        let value = |name: &str| {
            let mut properties = list.split(',').filter_map(|property| property.split_once('='));
            properties.find(|(key, _)| *key == name).unwrap().1
        };
        assert_eq!(value("line"), value("endLine"));
        let here = line(value("file"), value("line"));
        let (start, end) = (from(here, value("col")), value("endColumn"));
        let rest = here.chars().count() + 1 - end.parse::<usize>().unwrap();
        assert_eq!(
            start.chars().take(start.chars().count() - rest).collect::<String>(),
            marked
        );
    }
    let steps = places(
        &text
            .lines()
            .next()
            .unwrap()
            .splitn(3, "::")
            .last()
            .unwrap()
            .replace("%0A", " "),
    );
    assert!(line(&steps[0].0, &steps[0].1).contains("consumer.recv()"));
}

#[test]
fn gitlab_and_junit_name_the_lines() {
    let gitlab: Value = serde_json::from_str(&rendered(Format::Gitlab, Look::PLAIN)).unwrap();
    let location = &gitlab[0]["location"];
    let begin = location["lines"]["begin"].to_string();
    assert!(line(location["path"].as_str().unwrap(), &begin).contains(ACK));
    assert_eq!(begin, location["lines"]["end"].to_string());

    let junit = rendered(Format::Junit, Look::PLAIN);
    let told: Vec<&str> = places(&junit).iter().map(|(path, number)| line(path, number)).collect();
    assert!(told[0].contains(ACK) && told[1].contains("consumer.recv()"), "{told:?}");
    assert!(told.last().unwrap().contains("pub async fn save"), "{told:?}");
}

/// The columns of the marks below a line: `┬` and `─`.
fn marked(below: &str) -> Vec<usize> {
    let columns = below
        .chars()
        .enumerate()
        .filter(|(_, character)| matches!(character, '─' | '┬'));
    columns.map(|(column, _)| column).collect()
}

#[test]
fn the_picture_shows_the_lines_as_they_are_and_underlines_what_is_meant() {
    let text = rendered(Format::Human, Look::PLAIN);
    let mut path = "";
    let mut underlined = Vec::new();
    let lines: Vec<&str> = text.lines().collect();
    for pair in lines.windows(2) {
        if let Some((_, place)) = pair[0].split_once("╭─[") {
            path = place.split(':').next().unwrap();
        }
        let Some((number, code)) = pair[0].split_once(" │ ") else {
            continue;
        };
        if number.trim().parse::<usize>().is_err() {
            continue;
        }
        assert_eq!(code, line(path, number.trim()));
        let (first, columns) = (number.chars().count() + 3, marked(pair[1]));
        let here = |column: &usize| code.chars().nth(column.checked_sub(first)?);
        if pair[1].contains(" ·") {
            underlined.push(columns.iter().filter_map(here).collect::<String>());
        }
    }
    let all = underlined.join("\n");
    for meant in [
        ACK,
        "store::save(pool, größe)",
        "sqlx::query(\"INSERT INTO invoices VALUES ($1)\")",
    ] {
        assert!(all.contains(meant), "{meant}\n{all}\n{text}");
    }
}

/// The sample's first file after the change.
fn changed() -> String {
    let (ack, text) = (format!("    {ACK}?;\n"), source("src/orders.rs"));
    text.replace(&ack, "")
        .replace("    Ok(())\n", &format!("{ack}    Ok(())\n"))
}

/// The text with pieces of it, given by bytes, replaced from the last to the first.
fn replaced(mut pieces: Vec<(usize, usize, String)>) -> String {
    pieces.sort();
    let all = pieces.into_iter().rev();
    all.fold(source("src/orders.rs").to_owned(), |mut text, (start, end, with)| {
        text.replace_range(start..end, &with);
        text
    })
}

#[test]
fn a_fix_is_the_same_change_in_every_format() {
    let byte = |line: &Value, column: &Value| {
        let number = |value: &Value| usize::try_from(value.as_u64().unwrap()).unwrap() - 1;
        let text = source("src/orders.rs");
        let start: usize = text.split_inclusive('\n').take(number(line)).map(str::len).sum();
        start
            + text[start..]
                .chars()
                .take(number(column))
                .map(char::len_utf8)
                .sum::<usize>()
    };
    let text_of = |value: &Value| value.as_str().unwrap().to_owned();
    let fix = &json()["findings"][0]["fix"];
    assert_eq!(fix["applicability"], "maybe-incorrect");
    let pieces = fix["edits"].as_array().unwrap().iter().map(|edit| {
        let at = |end: &str| byte(&edit[end]["line"], &edit[end]["column"]);
        (at("start"), at("end"), text_of(&edit["text"]))
    });
    assert_eq!(replaced(pieces.collect()), changed());

    let log: Value = serde_json::from_str(&rendered(Format::Sarif, Look::PLAIN)).unwrap();
    let fix = &log["runs"][0]["results"][0]["fixes"][0];
    assert_eq!(fix["properties"]["applicability"], "maybe-incorrect");
    let pieces = fix["artifactChanges"][0]["replacements"]
        .as_array()
        .unwrap()
        .iter()
        .map(|change| {
            let region = &change["deletedRegion"];
            let (start, end) = (
                byte(&region["startLine"], &region["startColumn"]),
                byte(&region["endLine"], &region["endColumn"]),
            );
            (start, end, text_of(&change["insertedContent"]["text"]))
        });
    assert_eq!(replaced(pieces.collect()), changed());

    let cargo = rendered(Format::Cargo, Look::PLAIN);
    let message: Value = serde_json::from_str(cargo.lines().next().unwrap()).unwrap();
    let children = message["message"]["children"].as_array().unwrap();
    let spans = children.last().unwrap()["spans"].as_array().unwrap();
    let pieces = spans.iter().map(|span| {
        assert_eq!(span["suggestion_applicability"], "MaybeIncorrect");
        let number = |key: &str| usize::try_from(span[key].as_u64().unwrap()).unwrap();
        (
            number("byte_start"),
            number("byte_end"),
            text_of(&span["suggested_replacement"]),
        )
    });
    assert_eq!(replaced(pieces.collect()), changed());
}
