#!/bin/sh
# Fails if a finding is denied, if a guarantee became weaker, or if the documentation in the repository is stale.
set -eu
base=${1:-origin/main}
cargo delivery check --baseline delivery-baseline.json
cargo delivery diff "$base"
cargo delivery doc --format markdown --out docs/delivery --check
