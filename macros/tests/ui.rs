//! What the compiler says about attributes, right ones and wrong ones.
//!
//! `TRYBUILD=overwrite cargo test -p delivery --test ui` rewrites the expected messages; read them before committing.

#[test]
fn compiler_messages() {
    let tests = trybuild::TestCases::new();
    tests.pass("tests/ui/pass/*.rs");
    tests.compile_fail("tests/ui/fail/*.rs");
}
