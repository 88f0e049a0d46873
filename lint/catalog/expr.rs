//! The two small languages of a catalog file: operands (which value of a call) and type expressions (what a call returns).

use std::fmt;

use smol_str::SmolStr;

use super::words::did_you_mean;

/// A value of a call, as an entry refers to it.
///
/// Written `recv`, `args.0` or `result`, with a property after a dot: `recv.enable.auto.commit` is *one* property, since settings
/// have dots in their names; a property of a property is written with a slash, `args.0.config/name`. `=text` is a literal, and so
/// are `true`, `false` and numbers.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Operand {
    /// The receiver of a method; of an awaited value (`awaits`) the value itself.
    Recv,
    /// An argument, the receiver not counted.
    Arg(usize),
    /// The arguments from this one on.
    Rest(usize),
    /// What the call gives.
    Result,
    /// What a builder call, an assignment or a struct literal set.
    Prop(Box<Self>, SmolStr),
    Literal(SmolStr),
}

impl Operand {
    /// Parses an operand.
    ///
    /// # Errors
    /// Says what is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        if let Some(literal) = text.strip_prefix('=') {
            return Ok(Self::Literal(literal.into()));
        }
        if text == "true" || text == "false" || text.parse::<i64>().is_ok() {
            return Ok(Self::Literal(text.into()));
        }
        let (base, rest) = text
            .split_once('.')
            .map_or((text, None), |(base, rest)| (base, Some(rest)));
        let (operand, property) = match base {
            "recv" => (Self::Recv, rest),
            "result" => (Self::Result, rest),
            "args" => argument(text, rest)?,
            _ => return Err(bad_operand(text, base)),
        };
        property.map_or(Ok(operand.clone()), |property| properties(text, operand, property))
    }

    /// The value that the operand starts from: `args.0` of `args.0.no_ack`.
    #[must_use]
    pub fn root(&self) -> &Self {
        match self {
            Self::Prop(base, _) => base.root(),
            _ => self,
        }
    }

    /// The property's name, for an operand that is a property.
    #[must_use]
    pub fn property(&self) -> Option<&SmolStr> {
        match self {
            Self::Prop(_, name) => Some(name),
            _ => None,
        }
    }
}

fn argument<'a>(text: &str, rest: Option<&'a str>) -> Result<(Operand, Option<&'a str>), String> {
    let rest = rest.ok_or_else(|| format!("`{text}` needs a number: `args.0` is the first argument"))?;
    let (number, property) = rest
        .split_once('.')
        .map_or((rest, None), |(number, property)| (number, Some(property)));
    let index = number
        .parse()
        .map_err(|_| format!("`{number}` in `{text}` is no argument number: `args.0` is the first"))?;
    Ok((Operand::Arg(index), property))
}

fn properties(text: &str, base: Operand, names: &str) -> Result<Operand, String> {
    names.split('/').try_fold(base, |base, name| {
        if name.is_empty() || name.contains(char::is_whitespace) {
            return Err(format!("`{text}` names no property after its dot or slash"));
        }
        Ok(Operand::Prop(Box::new(base), name.into()))
    })
}

fn bad_operand(text: &str, base: &str) -> String {
    let hint = did_you_mean(base, ["recv", "args", "result"]);
    format!("`{text}` is no operand{hint}: write `recv`, `args.0`, `result`, a property of one of them, or `=text`")
}

impl fmt::Display for Operand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Recv => f.write_str("recv"),
            Self::Arg(index) => write!(f, "args.{index}"),
            Self::Rest(first) => write!(f, "args.{first}.."),
            Self::Result => f.write_str("result"),
            Self::Prop(base, name) if matches!(**base, Self::Prop(..)) => write!(f, "{base}/{name}"),
            Self::Prop(base, name) => write!(f, "{base}.{name}"),
            Self::Literal(text) => write!(f, "={text}"),
        }
    }
}

/// A type as an entry writes it.
///
/// As in Rust, plus: `Self`, `_`, `$0` (the receiver's first type argument), `args.0` (the type of the first argument),
/// `<0>` (the call's first type argument).
/// References are left out: `&mut T` is read as `T`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TypeExpr {
    /// `Option<lapin::message::Delivery>`, `bool`, `()` is the empty tuple.
    Path {
        path: SmolStr,
        args: Vec<Self>,
    },
    Tuple(Vec<Self>),
    /// `Self`: the receiver, with all its properties.
    Receiver,
    /// `_`: what the code around the call expects.
    Expected,
    /// `$0`: a type argument of the receiver's type.
    Param(usize),
    /// `args.0`: the type of an argument; of a closure or future, what it gives; of a macro's argument that is a type, that type.
    Argument(usize),
    /// `<0>`: the call's own type argument (`query_as::<_, Row>`: `<1>` is `Row`); where none is written, what the code expects.
    Generic(usize),
}

impl TypeExpr {
    /// Parses a type expression.
    ///
    /// # Errors
    /// Says what is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let mut parser = Parser { text, rest: text };
        let parsed = parser.ty()?;
        parser.skip();
        if parser.rest.is_empty() {
            Ok(parsed)
        } else {
            Err(parser.wrong("ends before"))
        }
    }

    /// The path of a path type.
    #[must_use]
    pub fn path(&self) -> Option<&SmolStr> {
        match self {
            Self::Path { path, .. } => Some(path),
            _ => None,
        }
    }

    /// Its type arguments.
    #[must_use]
    pub fn args(&self) -> &[Self] {
        match self {
            Self::Path { args, .. } | Self::Tuple(args) => args,
            _ => &[],
        }
    }

    /// The type with `$0`, `$1`, … replaced by `args`; where there are too few, by what the code expects.
    #[must_use]
    pub fn with(&self, args: &[Self]) -> Self {
        let each = |types: &[Self]| types.iter().map(|ty| ty.with(args)).collect();
        match self {
            Self::Param(index) => args.get(*index).cloned().unwrap_or(Self::Expected),
            Self::Path { path, args: own } => Self::Path {
                path: path.clone(),
                args: each(own),
            },
            Self::Tuple(parts) => Self::Tuple(each(parts)),
            other => other.clone(),
        }
    }

    /// Every path in it, itself included.
    pub fn paths(&self) -> Vec<&SmolStr> {
        let mut paths: Vec<_> = self.path().into_iter().collect();
        paths.extend(self.args().iter().flat_map(Self::paths));
        paths
    }
}

struct Parser<'a> {
    text: &'a str,
    rest: &'a str,
}

impl<'a> Parser<'a> {
    fn ty(&mut self) -> Result<TypeExpr, String> {
        self.skip();
        if self.eat("&") {
            self.skip();
            self.eat("mut ");
            return self.ty();
        }
        if self.eat("(") {
            return Ok(TypeExpr::Tuple(self.list(")")?));
        }
        if self.eat("<") {
            let index = self.number()?;
            return if self.eat(">") {
                Ok(TypeExpr::Generic(index))
            } else {
                Err(self.wrong("expects `>` before"))
            };
        }
        if self.eat("$") {
            return self.number().map(TypeExpr::Param);
        }
        if self.eat("args.") {
            return self.number().map(TypeExpr::Argument);
        }
        match self.word(|c| c.is_alphanumeric() || c == '_' || c == ':')? {
            "Self" => Ok(TypeExpr::Receiver),
            "_" => Ok(TypeExpr::Expected),
            path => self.applied(path),
        }
    }

    fn applied(&mut self, path: &str) -> Result<TypeExpr, String> {
        let well_formed = path
            .split("::")
            .all(|part| !part.is_empty() && !part.contains(':') && !part.starts_with(|c: char| c.is_ascii_digit()));
        if !well_formed {
            return Err(format!("`{path}` in `{}` is no path", self.text));
        }
        let args = if self.eat("<") { self.list(">")? } else { Vec::new() };
        Ok(TypeExpr::Path {
            path: path.into(),
            args,
        })
    }

    fn list(&mut self, end: &str) -> Result<Vec<TypeExpr>, String> {
        let mut types = Vec::new();
        loop {
            self.skip();
            if self.eat(end) {
                return Ok(types);
            }
            types.push(self.ty()?);
            self.skip();
            if !self.eat(",") && !self.rest.starts_with(end) {
                return Err(self.wrong(&format!("expects `,` or `{end}` before")));
            }
        }
    }

    fn number(&mut self) -> Result<usize, String> {
        self.word(|c| c.is_ascii_digit())?
            .parse()
            .map_err(|_| self.wrong("expects a number before"))
    }

    fn word(&mut self, part: impl Fn(char) -> bool) -> Result<&'a str, String> {
        let end = self.rest.find(|c| !part(c)).unwrap_or(self.rest.len());
        if end == 0 {
            return Err(self.wrong("expects a type before"));
        }
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        Ok(word)
    }

    fn eat(&mut self, token: &str) -> bool {
        self.rest.strip_prefix(token).map(|rest| self.rest = rest).is_some()
    }

    fn skip(&mut self) {
        self.rest = self.rest.trim_start();
    }

    fn wrong(&self, what: &str) -> String {
        let rest = if self.rest.is_empty() {
            "its end".to_owned()
        } else {
            format!("`{}`", self.rest)
        };
        format!("`{}` is no type: it {what} {rest}", self.text)
    }
}

impl fmt::Display for TypeExpr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path { path, args } if args.is_empty() => f.write_str(path),
            Self::Path { path, args } => write!(f, "{path}<{}>", joined(args)),
            Self::Tuple(parts) => write!(f, "({})", joined(parts)),
            Self::Receiver => f.write_str("Self"),
            Self::Expected => f.write_str("_"),
            Self::Param(index) => write!(f, "${index}"),
            Self::Argument(index) => write!(f, "args.{index}"),
            Self::Generic(index) => write!(f, "<{index}>"),
        }
    }
}

fn joined(types: &[TypeExpr]) -> String {
    types.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
