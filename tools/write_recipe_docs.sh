#!/usr/bin/env bash
# Writes docs/recipes.md from what the verbs' --explain prints: tools/write_recipe_docs.sh [PROGRAM]
set -euo pipefail
cd "$(dirname "$0")/.."
program=${1:-build/release/bin/flamingo}

# block VERB...: the fields of its recipe.
block() { printf '\n## flamingo %s\n\n```\n' "$*" && "$program" "$@" --explain && printf '```\n'; }

{
  cat <<'TEXT'
# Fields of recipes

A recipe is JSON with `//` comments; what it does not say keeps the default shown here. `NAME --explain SECTION` prints the fields of one
section, `--set train.optimizer.lr=1e-4` changes one for a run, and `flamingo recipe init train -o my.json` writes a recipe with all of
them. `list[].field` is a field of each object in a list; an object that may be null is off where it is null, and its fields have the
defaults shown once it is there.

This page is what the program prints (`tools/write_recipe_docs.sh`); a test compares them.
TEXT
  block train
  block pretrain-vision
  block data build
} > docs/recipes.md.tmp
mv docs/recipes.md.tmp docs/recipes.md
