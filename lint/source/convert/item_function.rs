//! Functions: free, in impl blocks, in traits.

use super::{Converter, attribute::Place, item::visibility_start, name_of};
use crate::{
    source::hir::{Body, Function, Pat, Receiver, Type},
    span::Pos,
};

impl Converter<'_> {
    pub(super) fn free_function(&mut self, item: &syn::ItemFn) -> Function {
        self.function(&item.attrs, Some(&item.vis), &item.sig, Some(&item.block), None)
    }

    pub(super) fn method(&mut self, item: &syn::ImplItemFn) -> Function {
        self.function(&item.attrs, Some(&item.vis), &item.sig, Some(&item.block), None)
    }

    pub(super) fn trait_function(&mut self, item: &syn::TraitItemFn) -> Function {
        let semi = item.semi_token.map(|semi| semi.span);
        self.function(&item.attrs, None, &item.sig, item.default.as_ref(), semi)
    }

    fn function(
        &mut self,
        attrs: &[syn::Attribute],
        vis: Option<&syn::Visibility>,
        sig: &syn::Signature,
        body: Option<&syn::Block>,
        semi: Option<proc_macro2::Span>,
    ) -> Function {
        let start = self.start(vis.and_then(visibility_start).unwrap_or_else(|| first_token(sig)));
        let behind = body.map(|body| body.brace_token.span.open()).or(semi);
        let end = self.signature_end(behind, sig);
        let place = if body.is_some() {
            Place::Function
        } else {
            Place::Signature
        };
        let delivery = self.delivery(attrs, place);
        Function {
            name: name_of(&sig.ident),
            signature: self.span(start, end),
            name_span: self.span_of(sig.ident.span()),
            is_async: sig.asyncness.is_some(),
            generics: self.generics(&sig.generics),
            receiver: sig.receiver().map(receiver),
            params: self.params(sig),
            ret: self.return_type(&sig.output),
            body: body.map(|body| self.body(body)),
            attrs: self.other_attrs(attrs),
            declaration: delivery.declaration.map(Box::new),
            step: delivery.step,
            allows: delivery.allows,
        }
    }

    /// A body, if it was not left out of the text.
    fn body(&mut self, block: &syn::Block) -> Body {
        let origin = self.context.origin;
        if self.context.lazy && block.stmts.is_empty() {
            let braces = block.brace_token.span;
            Body::unread(self.start(braces.open()), self.end(braces.close()), origin)
        } else {
            Body::read(self.block(block), origin)
        }
    }

    /// The signature ends where white space before the body (or semicolon) begins.
    fn signature_end(&self, behind: Option<proc_macro2::Span>, sig: &syn::Signature) -> Pos {
        match behind {
            Some(behind) => self.context.lines.trimmed_end(self.start(behind)),
            None => self.end(sig.paren_token.span.close()),
        }
    }

    fn params(&mut self, sig: &syn::Signature) -> Vec<(Pat, Type)> {
        let mut params = Vec::with_capacity(sig.inputs.len());
        for input in &sig.inputs {
            if let syn::FnArg::Typed(typed) = input {
                params.push((self.pat(&typed.pat), self.ty(&typed.ty)));
            }
        }
        params
    }
}

fn first_token(sig: &syn::Signature) -> proc_macro2::Span {
    let unsafety = match &sig.safety {
        syn::Safety::Safe(token) => Some(token.span),
        syn::Safety::Unsafe(token) => Some(token.span),
        syn::Safety::Default => None,
    };
    let constness = sig.constness.map(|token| token.span);
    let abi = sig.abi.as_ref().map(|abi| abi.extern_token.span);
    constness
        .or(sig.asyncness.map(|token| token.span))
        .or(unsafety)
        .or(abi)
        .unwrap_or(sig.fn_token.span)
}

fn receiver(receiver: &syn::Receiver) -> Receiver {
    match &receiver.kind {
        syn::ReceiverKind::Reference(_, _, Some(_)) => Receiver::RefMut,
        syn::ReceiverKind::Reference(..) => Receiver::Ref,
        syn::ReceiverKind::Typed(_, ty) => typed_receiver(ty),
        _ => Receiver::Value,
    }
}

/// `self: &Self`, `self: Pin<&mut Self>`; `Arc<Self>` and `Box<Self>` are values.
fn typed_receiver(ty: &syn::Type) -> Receiver {
    match ty {
        syn::Type::Reference(reference) if reference.mutability.is_some() => Receiver::RefMut,
        syn::Type::Reference(_) => Receiver::Ref,
        syn::Type::Path(path) => match path.path.segments.last().map(|last| &last.arguments) {
            Some(syn::PathArguments::AngleBracketed(args)) => match args.args.first() {
                Some(syn::GenericArgument::Type(inner @ syn::Type::Reference(_))) => typed_receiver(inner),
                _ => Receiver::Value,
            },
            _ => Receiver::Value,
        },
        _ => Receiver::Value,
    }
}
