//! How values of one type become another: `From`, `Into`, and errors' `#[from]`.

use rustc_hash::FxHashMap;
use smol_str::SmolStr;

use super::collect::Builder;
use super::impls::Head;
use super::ty::{Ty, TyBound, Types};
use super::{Conversion, FnId, Index, TypeId, TypeKind};

/// Conversions by the type that comes out; those into any type under `None`.
pub(super) type Conversions = FxHashMap<Option<Head>, Vec<Way>>;

/// One conversion that the workspace defines.
#[derive(Debug)]
pub(super) struct Way {
    from: Ty,
    to: Ty,
    by: Conversion,
}

impl Builder<'_> {
    /// Gathers conversions from impls, then from variants.
    pub(super) fn gather_conversions(&mut self) {
        let mut ways = self.by_impl("std::convert::From", "from", |own, arg| (arg, own));
        ways.extend(self.by_impl("std::convert::Into", "into", |own, arg| (own, arg)));
        for id in 0..self.index.types.len() {
            ways.extend(self.by_variant(TypeId(id as u32)));
        }
        for way in ways {
            self.index.conversions.entry(Head::of(&way.to)).or_default().push(way);
        }
    }

    fn by_impl(&self, of_trait: &str, name: &str, ends: impl Fn(Ty, Ty) -> (Ty, Ty)) -> Vec<Way> {
        let impls = self
            .index
            .impls_external(of_trait)
            .iter()
            .map(|id| self.index.impl_info(*id));
        let ways = impls.filter_map(|info| {
            let Some(TyBound::External { args, .. }) = &info.of_trait else {
                return None;
            };
            let f: FnId = info
                .functions
                .iter()
                .copied()
                .find(|f| self.index.function(*f).hir.name == name)?;
            let (from, to) = ends(info.self_ty.clone(), args.first()?.clone());
            Some(Way {
                from,
                to,
                by: Conversion::Fn(f),
            })
        });
        ways.collect()
    }

    fn by_variant(&self, id: TypeId) -> Vec<Way> {
        let TypeKind::Enum(item) = self.index.type_info(id).kind else {
            return Vec::new();
        };
        let to = Ty::Local { id, args: Types::NONE };
        let marked = item.variants.iter().filter(|variant| variant.from);
        let ways = marked.filter_map(|variant| {
            let info = self.index.variant(&to, &variant.name)?;
            let (_, from) = info.fields.into_iter().next()?;
            Some(Way {
                from,
                to: to.clone(),
                by: Conversion::Variant(id, SmolStr::clone(&variant.name)),
            })
        });
        ways.collect()
    }
}

impl Index<'_> {
    /// The way from one type to another (`?`, `.into()`, `T::from`), if the workspace defines it. `None` too where either type is unknown.
    #[must_use]
    pub fn conversion(&self, from: &Ty, to: &Ty) -> Option<Conversion> {
        let is_open = |ty: &Ty| matches!(ty, Ty::Unknown | Ty::Param { .. });
        if is_open(from) || is_open(to) || from == to {
            return None;
        }
        let own = self.conversions.get(&Head::of(to)).into_iter().flatten();
        let ways: Vec<&Way> = own.chain(self.conversions.get(&None).into_iter().flatten()).collect();
        let exact = ways.iter().find(|way| way.from == *from && way.to == *to);
        exact
            .or_else(|| ways.iter().find(|way| way.joins(from, to)))
            .map(|way| way.by.clone())
    }
}

impl Way {
    fn joins(&self, from: &Ty, to: &Ty) -> bool {
        let mut found = Vec::new();
        self.from != Ty::Unknown && self.from.unify(from, &mut found) && self.to.unify(to, &mut found)
    }
}
