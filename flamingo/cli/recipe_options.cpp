#include "flamingo/cli/recipe_options.h"

#include "flamingo/core/error.h"

namespace flamingo::cli {

void add_recipe_options(CLI::App& verb, RecipeOptions& options, const std::string& help,
                        const std::string& name, const std::string& example) {
  verb.add_option(name, options.path, help + ", JSON with // comments");
  verb.add_option("--set", options.assignments,
                  "Change a field of the recipe: " + example + " (may be given more than once)")
      ->allow_extra_args(false);
  verb.add_option_function<std::vector<std::string>>(
          "--explain",
          [&options](const std::vector<std::string>& words) {
            options.explain = true;
            if (!words.empty()) options.section = words.front();
          },
          "Print the fields of a recipe, or those of one section (" +
              example.substr(0, example.find_last_of(".=")) +
              "), with types, defaults and what they do")
      ->expected(0, 1);
}

Json recipe_json(const RecipeOptions& options, NoRecipe missing) {
  const bool defaults = options.path.empty() && missing == NoRecipe::kDefaults;
  require(defaults || !options.path.empty(), "--recipe", "expected a file, got none",
          Hint{"--explain shows what it holds, flamingo recipe init writes one"});
  Json json = defaults ? Json::object() : read_json_file(options.path);
  for (const std::string& assignment : options.assignments) set_field(json, assignment);
  return json;
}

}  // namespace flamingo::cli
