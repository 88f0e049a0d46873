//! `cargo delivery lsp`: a language server. It speaks over standard input and output, analyses the whole workspace whenever a text
//! changes, and answers from the last analysis.

mod translate;
mod uri;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, channel};

use anyhow::Context as _;
use delivery_grammar::Date;
use lsp_server::{ErrorCode, Message, Notification, Request, Response};
use lsp_types::notification::{
    DidChangeTextDocument, DidCloseTextDocument, DidOpenTextDocument, Notification as _, PublishDiagnostics,
    ShowMessage,
};
use lsp_types::request::{CodeActionRequest, HoverRequest, Request as _};
use lsp_types::{
    CodeActionParams, CodeActionProviderCapability, DidChangeTextDocumentParams, DidCloseTextDocumentParams,
    DidOpenTextDocumentParams, HoverParams, HoverProviderCapability, InitializeParams, InitializeResult, MessageType,
    PublishDiagnosticsParams, ServerCapabilities, ServerInfo, ShowMessageParams, TextDocumentSyncCapability,
    TextDocumentSyncKind,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::args::Selection;
use super::levels::Levels;
use super::proof::add_fixes;
use super::session::{Asked, Session};
use super::{Console, Outcome};

pub fn run(console: &mut Console<'_>) -> anyhow::Result<Outcome> {
    let messages = incoming();
    let mut server = Server::new(console.today);
    while let Ok(first) = messages.recv() {
        let batch: Vec<Message> = std::iter::once(first).chain(messages.try_iter()).collect();
        for message in batch {
            if server.take(message) {
                return Ok(Outcome::Clean);
            }
        }
        server.analyse();
        for message in std::mem::take(&mut server.outgoing) {
            send(&message, console)?;
        }
    }
    Ok(Outcome::Clean)
}

/// What the editor says; the channel ends when the editor does.
fn incoming() -> Receiver<Message> {
    let (sender, messages) = channel();
    std::thread::spawn(move || {
        let mut input = std::io::stdin().lock();
        while let Ok(Some(message)) = Message::read(&mut input) {
            if sender.send(message).is_err() {
                return;
            }
        }
    });
    messages
}

fn send(message: &Message, console: &mut Console<'_>) -> anyhow::Result<()> {
    let mut bytes = Vec::new();
    message.write(&mut bytes)?;
    console.stdout.text(&String::from_utf8_lossy(&bytes));
    console.stdout.finish().context("cannot write to the editor")
}

/// What the server knows between messages.
struct Server {
    today: Date,
    selection: Selection,
    /// Texts that the editor has and the disk has not, by absolute path.
    drafts: BTreeMap<PathBuf, String>,
    session: Option<Session>,
    /// Something changed since the last analysis.
    stale: bool,
    /// Files that have diagnostics in the editor.
    marked: BTreeSet<PathBuf>,
    outgoing: Vec<Message>,
}

impl Server {
    fn new(today: Date) -> Self {
        Self {
            today,
            selection: Selection::default(),
            drafts: BTreeMap::new(),
            session: None,
            stale: false,
            marked: BTreeSet::new(),
            outgoing: Vec::new(),
        }
    }

    /// Whether that was the last message.
    fn take(&mut self, message: Message) -> bool {
        match message {
            Message::Request(request) => self.answer(request),
            Message::Notification(notification) if notification.method == "exit" => return true,
            Message::Notification(notification) => self.note(notification),
            Message::Response(_) => {}
        }
        false
    }

    fn note(&mut self, notification: Notification) {
        let params = notification.params;
        match notification.method.as_str() {
            "initialized" | "textDocument/didSave" | "workspace/didChangeWatchedFiles" => self.stale = true,
            DidOpenTextDocument::METHOD => {
                if let Some(opened) = read::<DidOpenTextDocumentParams>(params) {
                    self.draft(opened.text_document.uri.as_str(), Some(opened.text_document.text));
                }
            }
            DidChangeTextDocument::METHOD => {
                if let Some(mut changed) = read::<DidChangeTextDocumentParams>(params) {
                    let text = changed.content_changes.pop().map(|change| change.text);
                    self.draft(changed.text_document.uri.as_str(), text);
                }
            }
            DidCloseTextDocument::METHOD => {
                if let Some(closed) = read::<DidCloseTextDocumentParams>(params) {
                    self.draft(closed.text_document.uri.as_str(), None);
                }
            }
            _ => {}
        }
    }

    fn draft(&mut self, uri: &str, text: Option<String>) {
        let Some(path) = uri::path(uri) else { return };
        match text {
            Some(text) => self.drafts.insert(path, text),
            None => self.drafts.remove(&path),
        };
        self.stale = true;
    }

    fn answer(&mut self, request: Request) {
        let Request { id, method, params } = request;
        let result = match method.as_str() {
            "initialize" => Some(self.initialize(params)),
            "shutdown" => Some(Value::Null),
            HoverRequest::METHOD => {
                self.analyse();
                Some(self.hover(params).unwrap_or_default())
            }
            CodeActionRequest::METHOD => {
                self.analyse();
                Some(self.actions(params).unwrap_or_default())
            }
            _ => None,
        };
        let response = match result {
            Some(result) => Response::new_ok(id, result),
            None => Response::new_err(
                id,
                ErrorCode::MethodNotFound as i32,
                format!("`{method}` is not known here"),
            ),
        };
        self.outgoing.push(Message::Response(response));
    }

    fn initialize(&mut self, params: Value) -> Value {
        let folder = read::<InitializeParams>(params).and_then(|params| {
            let folders = params.workspace_folders.unwrap_or_default();
            #[expect(deprecated, reason = "what older editors send")]
            let root = params.root_uri;
            folders.into_iter().map(|folder| folder.uri).next().or(root)
        });
        if let Some(folder) = folder.and_then(|uri| uri::path(uri.as_str())) {
            self.selection = selection(&folder);
        }
        let capabilities = ServerCapabilities {
            text_document_sync: Some(TextDocumentSyncCapability::Kind(TextDocumentSyncKind::FULL)),
            hover_provider: Some(HoverProviderCapability::Simple(true)),
            code_action_provider: Some(CodeActionProviderCapability::Simple(true)),
            ..ServerCapabilities::default()
        };
        let server_info = ServerInfo {
            name: "cargo-delivery".to_owned(),
            version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        };
        written(InitializeResult {
            capabilities,
            server_info: Some(server_info),
        })
    }

    fn hover(&self, params: Value) -> Option<Value> {
        let at = read::<HoverParams>(params)?.text_document_position_params;
        let session = self.session.as_ref()?;
        let file = self.file(at.text_document.uri.as_str())?;
        translate::hover(session, file, at.position.line + 1).map(written)
    }

    fn actions(&self, params: Value) -> Option<Value> {
        let params = read::<CodeActionParams>(params)?;
        let session = self.session.as_ref()?;
        let file = self.file(params.text_document.uri.as_str())?;
        Some(written(translate::actions(session, file, &params)))
    }

    fn file(&self, uri: &str) -> Option<crate::span::FileId> {
        let workspace = &self.session.as_ref()?.workspace;
        let path = uri::path(uri)?;
        let relative = path.strip_prefix(&workspace.root).ok()?;
        let parts: Vec<_> = relative.iter().map(|part| part.to_string_lossy()).collect();
        workspace.file_at(&parts.join("/"))
    }

    /// Analyses the texts as the editor has them, if they have changed, and tells what was found. What cannot be analysed (a wrong
    /// `delivery.yaml`) is told, too, and the last result stays.
    fn analyse(&mut self) {
        if !std::mem::take(&mut self.stale) {
            return;
        }
        let asked = Asked {
            selection: &self.selection,
            levels: &Levels::default(),
            today: self.today,
            watched: false,
            drafts: &self.drafts,
            witness: None,
        };
        match asked.session() {
            Ok(mut session) => {
                add_fixes(&mut session, &asked);
                self.session = Some(session);
            }
            Err(error) => self.tell::<ShowMessage>(ShowMessageParams {
                typ: MessageType::ERROR,
                message: format!("cargo delivery: {error:#}"),
            }),
        }
        self.publish();
    }

    /// Sends the diagnostics of every file that has some, and takes back those of files that have none any more.
    fn publish(&mut self) {
        let Some(session) = &self.session else { return };
        let mut all = translate::diagnostics(session);
        let now: BTreeSet<PathBuf> = all.keys().cloned().collect();
        for gone in self.marked.difference(&now) {
            all.insert(gone.clone(), Vec::new());
        }
        self.marked = now;
        for (path, diagnostics) in all {
            if let Some(uri) = uri::of(&path) {
                self.tell::<PublishDiagnostics>(PublishDiagnosticsParams {
                    uri,
                    diagnostics,
                    version: None,
                });
            }
        }
    }

    fn tell<N: lsp_types::notification::Notification>(&mut self, params: N::Params) {
        let notification = Notification::new(N::METHOD.to_owned(), params);
        self.outgoing.push(Message::Notification(notification));
    }
}

/// The workspace in a folder, or the folder itself.
#[expect(
    clippy::disallowed_methods,
    reason = "the edge: whether the editor's folder is a package"
)]
fn selection(folder: &Path) -> Selection {
    let manifest = folder.join("Cargo.toml");
    match manifest.is_file() {
        true => Selection {
            manifest_path: Some(manifest),
            workspace: true,
            ..Selection::default()
        },
        false => Selection {
            paths: vec![folder.to_owned()],
            ..Selection::default()
        },
    }
}

fn read<T: DeserializeOwned>(params: Value) -> Option<T> {
    serde_json::from_value(params).ok()
}

fn written(value: impl serde::Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}
