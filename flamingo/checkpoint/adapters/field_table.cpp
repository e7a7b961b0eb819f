#include "flamingo/checkpoint/adapters/field_table.h"

#include <array>
#include <cmath>
#include <type_traits>

namespace flamingo {
namespace {

constexpr const char* kHint = "docs/checkpoint-fields.md lists the fields that are known";

constexpr auto kNeutral = FieldUse::kNeutral;

// Of PretrainedConfig in transformers 4 and 5, and of GenerationConfig, which old files repeat.
constexpr std::array<Field, 66> kTransformers = {{{"architectures"},
                                                  {"model_type", FieldUse::kUsed},
                                                  {"torch_dtype"},
                                                  {"dtype"},
                                                  {"transformers_version"},
                                                  {"name_or_path"},
                                                  {"use_cache"},
                                                  {"return_dict"},
                                                  {"return_dict_in_generate"},
                                                  {"output_hidden_states"},
                                                  {"output_attentions"},
                                                  {"output_scores"},
                                                  {"torchscript"},
                                                  {"use_bfloat16"},
                                                  {"tf_legacy_loss"},
                                                  {"finetuning_task"},
                                                  {"task_specific_params"},
                                                  {"problem_type"},
                                                  {"id2label"},
                                                  {"label2id"},
                                                  {"num_labels"},
                                                  {"tokenizer_class"},
                                                  {"prefix"},
                                                  {"bos_token_id"},
                                                  {"pad_token_id"},
                                                  {"eos_token_id", FieldUse::kUsed},
                                                  {"sep_token_id"},
                                                  {"decoder_start_token_id"},
                                                  {"initializer_range"},
                                                  {"initializer_factor"},
                                                  {"attention_dropout"},
                                                  {"dropout"},
                                                  {"tie_encoder_decoder"},
                                                  {"remove_invalid_values"},
                                                  {"cross_attention_hidden_size"},
                                                  {"max_length"},
                                                  {"min_length"},
                                                  {"max_new_tokens"},
                                                  {"do_sample"},
                                                  {"early_stopping"},
                                                  {"num_beams"},
                                                  {"num_beam_groups"},
                                                  {"num_return_sequences"},
                                                  {"diversity_penalty"},
                                                  {"temperature"},
                                                  {"top_k"},
                                                  {"top_p"},
                                                  {"typical_p"},
                                                  {"repetition_penalty"},
                                                  {"length_penalty"},
                                                  {"no_repeat_ngram_size"},
                                                  {"encoder_no_repeat_ngram_size"},
                                                  {"forced_bos_token_id"},
                                                  {"forced_eos_token_id"},
                                                  {"exponential_decay_length_penalty"},
                                                  {"begin_suppress_tokens"},
                                                  {"suppress_tokens"},
                                                  {"bad_words_ids"},
                                                  {"chunk_size_feed_forward"},
                                                  {"is_encoder_decoder", kNeutral, "[false]"},
                                                  {"is_decoder", kNeutral, "[false, true]"},
                                                  {"add_cross_attention", kNeutral, "[false]"},
                                                  {"pruned_heads", kNeutral, "[{}]"},
                                                  {"attention_bias", kNeutral, "[false]"},
                                                  {"mlp_bias", kNeutral, "[false]"},
                                                  {"quantization_config", kNeutral, "[]"}}};

/// nullptr for an unknown name.
const Field* find_field(const std::string& name,
                        std::initializer_list<std::span<const Field>> tables) {
  for (const auto& table : tables) {
    for (const Field& field : table) {
      if (name == field.name) return &field;
    }
  }
  return nullptr;
}

/// Numbers equal to one part in 2^20: files keep float32.
bool is_same(const Json& a, const Json& b) {
  if (!a.is_number() || !b.is_number()) return a == b;
  return std::abs(a.get<double>() - b.get<double>()) <= std::abs(b.get<double>()) * 0x1p-20;
}

void check_neutral(const Json& value, const Field& field, const std::string& at) {
  if (value.is_null()) return;
  const Json neutral = Json::parse(field.neutral);
  for (const Json& good : neutral) {
    if (is_same(value, good)) return;
  }
  fail(at,
       "expected " + (neutral.empty() ? "no such field" : "one of " + neutral.dump()) + ", got " +
           value.dump(-1, ' ', false, Json::error_handler_t::replace).substr(0, 200),
       "this reader does not compute what the field asks for");
}

void check_field(const std::string& name, const Json& value, const std::string& where,
                 std::initializer_list<std::span<const Field>> tables) {
  const std::string at = where + "." + name.substr(0, 200);
  const Field* field = find_field(name, tables);
  if (field == nullptr) {
    fail(at, "expected a known field, got one that may change the numbers", kHint);
  }
  if (field->use == FieldUse::kNeutral) check_neutral(value, *field, at);
}

/// A scalar of GGUF metadata; lists become a text that no field takes for neutral.
Json as_json(const GgufValue& value) {
  return std::visit(
      [](const auto& held) -> Json {
        if constexpr (requires { typename std::decay_t<decltype(held)>::allocator_type; } &&
                      !std::is_same_v<std::decay_t<decltype(held)>, std::string>) {
          return "a list of " + std::to_string(held.size());
        } else {
          return held;
        }
      },
      value);
}

}  // namespace

void check_fields(const Json& json, std::initializer_list<std::span<const Field>> tables,
                  const std::string& where) {
  require(json.is_object(), where, "expected an object, got " + std::string(json.type_name()));
  for (const auto& [name, value] : json.items()) {
    if (!value.is_null() && !name.starts_with("_")) check_field(name, value, where, tables);
  }
}

void check_metadata(const Gguf& file, const std::string& architecture,
                    std::span<const Field> table) {
  const std::string prefix = architecture + ".";
  for (const auto& [key, value] : file.metadata()) {
    if (!key.starts_with(prefix)) continue;
    const Field* field = find_field(key.substr(prefix.size()), {table});
    if (field != nullptr && field->use != FieldUse::kNeutral) continue;
    check_field(key.substr(prefix.size()), as_json(value), "GGUF: " + architecture, {table});
  }
}

std::span<const Field> transformers_fields() { return kTransformers; }

}  // namespace flamingo
