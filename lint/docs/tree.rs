//! The decision tree as questions that unfold: answers open what comes next, with and without a script.

use askama::Template;

use super::Site;
use crate::semantics::tree::{Answer, Next, Question};

#[derive(Template)]
#[template(path = "html/tree.html")]
struct Asked<'a> {
    ask: &'a str,
    /// What is said, what is to be known about it, and what comes next.
    answers: Vec<(&'a str, Option<&'a str>, String)>,
}

/// A question with everything that follows from it.
pub fn unfold(site: &Site<'_>, question: &'static Question) -> String {
    let language = site.t.language;
    let answers = question.answers.iter().map(|answer| {
        let note = answer.note.as_ref().map(|note| note.of(language));
        (answer.say.of(language), note, next(site, answer))
    });
    let asked = Asked {
        ask: question.ask.of(language),
        answers: answers.collect(),
    };
    // Rendering fails only where a `Display` does, and none here can.
    asked.render().unwrap_or_default()
}

fn next(site: &Site<'_>, answer: &Answer) -> String {
    match answer.next() {
        Next::Question(question) => unfold(site, question),
        Next::End(semantic) => {
            let end = End {
                word: semantic.as_str(),
                title: site.semantic(&semantic),
            };
            end.render().unwrap_or_default()
        }
    }
}

#[derive(Template)]
#[template(path = "html/end.html")]
struct End<'a> {
    word: &'a str,
    title: &'a str,
}
