#pragma once

#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "flamingo/cli/output.h"
#include "flamingo/core/describe.h"

namespace flamingo::cli {

/// What every verb that a recipe describes takes.
struct RecipeOptions {
  std::string path;
  std::vector<std::string> assignments;  ///< of --set, in order
  bool explain = false;
  std::string section;  ///< of --explain; empty: all
};

/// Adds --recipe (or the recipe by another name, as CLI11 writes them), --set and --explain, whose
/// help shows `example`.
void add_recipe_options(CLI::App& verb, RecipeOptions& options, const std::string& help,
                        const std::string& name = "--recipe",
                        const std::string& example = "train.optimizer.lr=1e-4");

/// What a missing --recipe means.
enum class NoRecipe { kError, kDefaults };

/// The recipe's JSON with what --set changes. Throws Error where there is none and one is needed.
Json recipe_json(const RecipeOptions& options, NoRecipe missing = NoRecipe::kError);

/// Prints the fields of a recipe when --explain asks for them; false when it does not.
template <class Recipe>
bool explained(const RecipeOptions& options) {
  if (options.explain) print(to_text(fields_of(describe(Recipe{}), options.section)));
  return options.explain;
}

}  // namespace flamingo::cli
