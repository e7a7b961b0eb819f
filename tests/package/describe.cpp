// Uses the installed library as the README shows, without weights: a model's parts, and a prompt's
// tokens.
#include <flamingo/generate/model_bundle.h>
#include <flamingo/model/parameter_table.h>
#include <flamingo/model/presets.h>

#include <iostream>

int main() {
  const auto table = flamingo::model::parameter_table(
      flamingo::model::flamingo_preset("flamingo-3b"), "flamingo-3b");
  std::cout << flamingo::model::to_text(table).substr(0, 200) << "\n";
  const auto prompt = flamingo::prompt::prompt_from_marks("<image>Output:", {"cat.png"}, {});
  return prompt.media().size() == 1 ? 0 : 1;
}
