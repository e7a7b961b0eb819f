#include "flamingo/corpus/recipe.h"

#include "flamingo/core/checked.h"

namespace flamingo::corpus {

void CorpusRecipe::validate() const {
  require(!output.empty(), "recipe.output", "expected a folder, got nothing");
  require(!inputs.empty(), "recipe.inputs", "expected at least one input, got none");
  require_within("recipe", "held_out", held_out, 0, 0.9);
  for (const InputConfig& input : inputs) {
    require(!input.path.empty(), "recipe.inputs.path", "expected a file or folder, got nothing");
    require_within("recipe.inputs", "pages_per_shard", input.pages_per_shard, 1, 1 << 20);
  }
  fetch.validate();
}

}  // namespace flamingo::corpus
