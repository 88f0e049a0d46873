//! From scopes to numbered files and crates.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
};

use anyhow::bail;
use smol_str::SmolStr;

use super::packages::{Draft, Manifests, folder_name};
use crate::{
    globs::path_globs,
    problem::Problem,
    source::Lines,
    span::{FileId, Span},
    workspace::{
        Crate, CrateId, FileEntry, FileKind, LeftOut, Options, Target, TargetKind, Workspace,
        base::Scope,
        layout::{self, DraftTarget},
        loose,
        manifest::Manifest,
        paths::{file_name, inside, join, parent, relative},
        select::name_globs,
        tree::Tree,
        versions,
    },
};

/// A workspace being put together.
pub(super) struct Builder {
    root: PathBuf,
    pub tree: Tree,
    /// What findings are asked for: paths relative to the root.
    reported: Vec<String>,
    manifests: Manifests,
    drafts: BTreeMap<String, Draft>,
    /// Loose crates: root → files.
    loose: BTreeMap<String, Vec<String>>,
}

/// Where each Rust file belongs, by the name of its crate's folder or root file.
type Owners = BTreeMap<String, String>;

impl Builder {
    pub(super) fn new(root: PathBuf, tree: Tree, reported: Vec<String>) -> Self {
        Self {
            root,
            tree,
            reported,
            manifests: Manifests::default(),
            drafts: BTreeMap::new(),
            loose: BTreeMap::new(),
        }
    }

    pub(super) fn add(&mut self, scope: &Scope) {
        let at = relative(scope.root(), &self.root);
        match scope {
            Scope::Workspace(_) => self.add_workspace(&at),
            Scope::Folder(_) => self.add_folder(&at),
            Scope::File(file) => {
                let file = relative(file, &self.root);
                loose::add_modules(&mut self.tree, &file);
                let files: BTreeSet<String> = self
                    .tree
                    .below(&at)
                    .filter(|path| is_rust(path))
                    .map(str::to_owned)
                    .collect();
                let found = loose::crates(&self.tree, &files)
                    .into_iter()
                    .find(|krate| krate.files.contains(&file));
                self.loose.extend(found.map(|krate| (krate.root, krate.files)));
            }
        }
    }

    fn add_workspace(&mut self, root: &str) {
        let (members, others) = self.manifests.members(&mut self.tree, root);
        for (dir, member) in members
            .iter()
            .map(|dir| (dir, true))
            .chain(others.iter().map(|dir| (dir, false)))
        {
            self.add_package(dir, member);
        }
    }

    fn add_package(&mut self, dir: &str, member: bool) {
        if self.drafts.get(dir).is_none_or(|known| member && !known.member) {
            let draft = self.manifests.draft(&self.tree, dir, member);
            self.drafts.extend(draft.map(|draft| (dir.to_owned(), draft)));
        }
    }

    fn add_folder(&mut self, folder: &str) {
        for dir in self.manifests.packages(&self.tree, folder) {
            self.add_package(&dir, true);
        }
        for dir in self.plain_packages(folder) {
            let name = SmolStr::from(folder_name(&dir));
            let manifest = Manifest::default();
            let draft = Draft {
                library: layout::library_name(&name, &manifest),
                targets: layout::targets(&self.tree, &dir, &name, &manifest),
                package: name,
                dir: dir.clone(),
                edition: "2024".into(),
                manifest: None,
                dependencies: BTreeMap::new(),
                requirements: Vec::new(),
                member: true,
            };
            self.drafts.insert(dir, draft);
        }
        let loose: BTreeSet<String> = self
            .rust_below(folder)
            .filter(|path| self.package_of(path).is_none())
            .collect();
        self.loose.extend(
            loose::crates(&self.tree, &loose)
                .into_iter()
                .map(|krate| (krate.root, krate.files)),
        );
    }

    /// Folders that look like packages but for the manifest: `src/main.rs` or `src/lib.rs` is there.
    fn plain_packages(&self, folder: &str) -> Vec<String> {
        let roots = self
            .rust_below(folder)
            .filter(|path| matches!(file_name(path), "main.rs" | "lib.rs"));
        let sources = roots
            .map(|path| parent(&path).to_owned())
            .filter(|dir| file_name(dir) == "src");
        let dirs = sources.map(|dir| parent(&dir).to_owned());
        let dirs = dirs.filter(|dir| self.package_of(&format!("{dir}/src")).is_none());
        dirs.collect::<BTreeSet<_>>().into_iter().collect()
    }

    fn rust_below<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = String> + 'a {
        self.tree.below(folder).filter(|path| is_rust(path)).map(str::to_owned)
    }

    /// The innermost package whose folder holds this path.
    fn package_of(&self, path: &str) -> Option<&Draft> {
        let mut folder = path;
        while !folder.is_empty() {
            folder = parent(folder);
            if let Some(draft) = self.drafts.get(folder) {
                return Some(draft);
            }
        }
        None
    }

    /// A manifest between the file and its package, or an excluded folder: the file is not the package's.
    fn is_foreign(&mut self, path: &str, dir: &str) -> bool {
        let mut folder = parent(path);
        while folder != dir && !folder.is_empty() {
            if self.manifests.excluded.contains(folder) {
                return true;
            }
            if self
                .manifests
                .get(&self.tree, folder)
                .is_some_and(|manifest| manifest.is_package())
            {
                return true;
            }
            folder = parent(folder);
        }
        false
    }

    pub(super) fn finish(mut self, options: &Options) -> anyhow::Result<Workspace> {
        let (owners, left_out) = self.owners(options)?;
        let selected = self.selected(options)?;
        let mut workspace = Workspace {
            root: self.root.clone(),
            left_out,
            ..Workspace::default()
        };
        let config = self.config()?;
        self.number(&owners, &config, &mut workspace);
        self.crates(&owners, &mut workspace);
        for file in &mut workspace.files {
            let package = file.krate.map(|krate| &workspace.crates[krate.0 as usize]);
            let in_selected = package.is_none_or(|krate| selected.contains(&krate.package) && self.is_member(krate));
            file.named = self.reported.contains(&file.path);
            file.reported = in_selected && self.reported.iter().any(|report| is_under(&file.path, report));
        }
        self.versions(&mut workspace);
        self.problems(&mut workspace);
        workspace.tree = self.tree;
        Ok(workspace)
    }

    fn is_member(&self, krate: &Crate) -> bool {
        self.drafts
            .get(&krate.dir)
            .is_none_or(|draft| draft.member || krate.manifest.is_none())
    }

    /// Which crate each Rust file belongs to; and the files that are left out.
    fn owners(&mut self, options: &Options) -> anyhow::Result<(Owners, Vec<(String, LeftOut)>)> {
        let excluded = path_globs(options.exclude.iter().map(String::as_str))?;
        let (mut owners, mut left_out) = (Owners::new(), Vec::new());
        for (root, files) in &self.loose {
            let files = files.iter().filter(|file| !excluded.is_match(file));
            owners.extend(files.map(|file| (file.clone(), root.clone())));
        }
        let files: Vec<String> = self.tree.files.keys().filter(|path| is_rust(path)).cloned().collect();
        for path in files {
            let owner = match excluded.is_match(&path) {
                true => Err(LeftOut::Excluded),
                false => self.owner(&path, options),
            };
            match owner {
                Ok(dir) => {
                    owners.entry(path).or_insert(dir);
                }
                Err(why) if !owners.contains_key(&path) => left_out.push((path, why)),
                Err(_) => {}
            }
        }
        Ok((owners, left_out))
    }

    /// The package that a Rust file belongs to, by its folder.
    fn owner(&mut self, path: &str, options: &Options) -> Result<String, LeftOut> {
        let dir = self.package_of(path).map(|draft| draft.dir.clone());
        let dir = dir.ok_or(LeftOut::NoPackage)?;
        if self.is_foreign(path, &dir) {
            return Err(LeftOut::Foreign);
        }
        if !options.all_targets && self.is_for_tests(path, &dir) {
            return Err(LeftOut::Test);
        }
        Ok(dir)
    }

    fn is_for_tests(&self, path: &str, dir: &str) -> bool {
        let draft = &self.drafts[dir];
        let build_script = draft
            .manifest
            .as_ref()
            .map_or("build.rs", |manifest| manifest.build_script());
        layout::is_for_tests(path, dir, build_script, &draft.targets) && !self.is_asked_for(path, dir)
    }

    /// A path inside the package leads to this test: it was meant.
    fn is_asked_for(&self, path: &str, dir: &str) -> bool {
        self.reported
            .iter()
            .any(|report| report != dir && inside(report, dir).is_some() && is_under(path, report))
    }

    /// The packages that are reported on.
    fn selected(&self, options: &Options) -> anyhow::Result<BTreeSet<SmolStr>> {
        let (wanted, excluded) = (name_globs(&options.packages)?, name_globs(&options.exclude_packages)?);
        let all = self.drafts.values().map(|draft| draft.package.clone());
        let all: BTreeSet<SmolStr> = all.chain(self.loose.keys().map(|root| loose_name(root))).collect();
        for (at, package) in options.packages.iter().enumerate() {
            if !all.iter().any(|name| wanted.matches(name.as_str()).contains(&at)) {
                let names: Vec<&str> = all.iter().map(SmolStr::as_str).collect();
                let hint = delivery_grammar::closest(package, &names);
                let hint = hint.map_or(String::new(), |name| format!("; did you mean `{name}`?"));
                bail!("package `{package}` is not there{hint}");
            }
        }
        let is_selected = |name: &SmolStr| {
            (options.packages.is_empty() || wanted.is_match(name.as_str())) && !excluded.is_match(name.as_str())
        };
        Ok(all.into_iter().filter(is_selected).collect())
    }

    /// Where the configuration is, whether it is there or not; what a manifest names has to be there.
    fn config(&mut self) -> anyhow::Result<String> {
        let manifest = self.manifests.get(&self.tree, "");
        match manifest.as_ref().and_then(|manifest| manifest.config_path()) {
            None => Ok("delivery.yaml".to_owned()),
            Some(path) => {
                let path = join("", path);
                if !self.tree.probe(&path) {
                    bail!("Cargo.toml says that the configuration is {path}, and that is not there");
                }
                Ok(path)
            }
        }
    }

    /// Rust files first, then the others.
    fn number(&self, owners: &Owners, config: &str, workspace: &mut Workspace) {
        let kind = |path: &str| match file_name(path) {
            "Cargo.toml" => Some(FileKind::Manifest),
            _ if path == config => Some(FileKind::Config),
            name if name.ends_with(".sql") && is_schema(path) => Some(FileKind::Sql),
            _ => None,
        };
        let rust = owners.keys().map(|path| (path, FileKind::Rust));
        let others = self
            .tree
            .files
            .keys()
            .filter_map(|path| kind(path).map(|kind| (path, kind)));
        for (path, kind) in rust.chain(others) {
            let id = FileId(workspace.files.len() as u32);
            let bytes = self.tree.files.get(path).copied().unwrap_or(0);
            workspace.files.push(FileEntry {
                id,
                path: path.clone(),
                kind,
                krate: None,
                bytes,
                reported: false,
                named: false,
            });
            workspace.by_path.insert(path.clone(), id);
            if kind == FileKind::Config {
                workspace.config = Some(id);
            }
        }
    }

    fn crates(&self, owners: &Owners, workspace: &mut Workspace) {
        let mut numbers = BTreeMap::new();
        let packages = self
            .drafts
            .values()
            .map(|draft| (draft.dir.clone(), self.package(draft, workspace)));
        let loose = self
            .loose
            .keys()
            .map(|root| (root.clone(), loose_crate(root, workspace)));
        let all: Vec<(String, Crate)> = packages.chain(loose).collect();
        for (key, mut krate) in all {
            krate.id = CrateId(workspace.crates.len() as u32);
            numbers.insert(key, krate.id);
            workspace.crates.push(krate);
        }
        for file in &mut workspace.files {
            let owner = owners.get(&file.path).and_then(|owner| numbers.get(owner));
            file.krate = owner.copied().or_else(|| {
                self.package_of(&file.path)
                    .and_then(|draft| numbers.get(&draft.dir))
                    .copied()
            });
        }
    }

    fn package(&self, draft: &Draft, workspace: &Workspace) -> Crate {
        Crate {
            id: CrateId(0),
            name: draft.library.clone(),
            package: draft.package.clone(),
            dir: draft.dir.clone(),
            edition: draft.edition.clone(),
            dependencies: self.dependencies(draft),
            targets: draft
                .targets
                .iter()
                .filter_map(|target| numbered(target, workspace))
                .collect(),
            manifest: workspace
                .file_at(&super::super::join(&draft.dir, "Cargo.toml"))
                .filter(|_| draft.manifest.is_some()),
        }
    }

    /// A dependency that is in the workspace is known by its library's name, unless it was renamed.
    fn dependencies(&self, draft: &Draft) -> BTreeMap<SmolStr, SmolStr> {
        let name_in_code = |key: &SmolStr, package: &SmolStr, renamed: bool| {
            let own = self.drafts.values().find(|other| other.package == *package && !renamed);
            own.map_or_else(|| key.clone(), |own| own.library.clone())
        };
        let named = draft.dependencies.iter();
        named
            .map(|(key, (package, renamed))| (name_in_code(key, package, *renamed), package.clone()))
            .collect()
    }

    fn versions(&self, workspace: &mut Workspace) {
        for path in self.tree.files.keys().filter(|path| file_name(path) == "Cargo.lock") {
            if let Ok(text) = self.tree.read(path) {
                versions::add_locked(&text, &mut workspace.versions);
            }
        }
        let asked = self.drafts.values().flat_map(|draft| &draft.requirements);
        versions::narrow(asked, &mut workspace.versions);
    }

    fn problems(&self, workspace: &mut Workspace) {
        for (path, text, bad) in &self.manifests.bad {
            if let Some(file) = workspace.file_at(path) {
                let lines = Lines::new(text.as_str().into());
                let span = Span {
                    file,
                    start: lines.pos(bad.at.start),
                    end: lines.pos(bad.at.end),
                };
                let message = format!("this manifest could not be read: {}", bad.message.trim_end());
                let help = "the package is taken for one without settings or dependencies";
                workspace.problems.push(Problem::syntax(span, message).with_help(help));
            }
        }
    }
}

fn numbered(target: &DraftTarget, workspace: &Workspace) -> Option<Target> {
    let root = workspace.file_at(&target.path)?;
    Some(Target {
        kind: target.kind,
        root,
        name: target.name.clone(),
    })
}

fn loose_name(root: &str) -> SmolStr {
    let name = file_name(root);
    name.strip_suffix(".rs").unwrap_or(name).into()
}

fn loose_crate(root: &str, workspace: &Workspace) -> Crate {
    let package = loose_name(root);
    let kind = if file_name(root) == "lib.rs" {
        TargetKind::Lib
    } else {
        TargetKind::Bin
    };
    let target = DraftTarget {
        kind,
        path: root.to_owned(),
        name: package.clone(),
    };
    Crate {
        id: CrateId(0),
        name: package.replace('-', "_").into(),
        package,
        dir: parent(root).to_owned(),
        edition: "2024".into(),
        dependencies: BTreeMap::new(),
        targets: numbered(&target, workspace).into_iter().collect(),
        manifest: None,
    }
}

fn is_rust(path: &str) -> bool {
    path.ends_with(".rs")
}

fn is_under(path: &str, folder: &str) -> bool {
    inside(path, folder).is_some()
}

/// Migrations, and the schemas that lie about.
fn is_schema(path: &str) -> bool {
    let folders = parent(path).split('/');
    let in_migrations = folders.into_iter().any(|folder| folder.contains("migration"));
    in_migrations || matches!(file_name(path), "up.sql" | "schema.sql" | "structure.sql" | "init.sql")
}
