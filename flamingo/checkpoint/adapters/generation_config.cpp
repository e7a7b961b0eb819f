#include "flamingo/checkpoint/adapters/generation_config.h"

#include <algorithm>
#include <array>
#include <filesystem>

#include "flamingo/checkpoint/adapters/hf_json.h"

namespace flamingo::checkpoint {
namespace {

using enum FieldUse;

constexpr std::array<Field, 64> kGenerationFields = {{{"eos_token_id", kUsed},
                                                      {"bad_words_ids", kUsed},
                                                      {"suppress_tokens", kUsed},
                                                      {"bos_token_id"},
                                                      {"pad_token_id"},
                                                      {"decoder_start_token_id"},
                                                      {"transformers_version"},
                                                      {"use_cache"},
                                                      {"cache_implementation"},
                                                      {"cache_config"},
                                                      {"return_legacy_cache"},
                                                      {"output_attentions"},
                                                      {"output_hidden_states"},
                                                      {"output_scores"},
                                                      {"output_logits"},
                                                      {"return_dict_in_generate"},
                                                      {"remove_invalid_values"},
                                                      {"renormalize_logits"},
                                                      {"low_memory"},
                                                      {"disable_compile"},
                                                      {"compile_config"},
                                                      {"continuous_batching_config"},
                                                      {"max_length"},
                                                      {"max_new_tokens"},
                                                      {"max_time"},
                                                      {"num_return_sequences"},
                                                      {"prompt_lookup_num_tokens"},
                                                      {"max_matching_ngram_size"},
                                                      {"num_assistant_tokens"},
                                                      {"num_assistant_tokens_schedule"},
                                                      {"assistant_confidence_threshold"},
                                                      {"assistant_early_exit"},
                                                      {"assistant_lookbehind"},
                                                      {"target_lookbehind"},
                                                      {"is_assistant"},
                                                      {"prefill_chunk_size"},
                                                      {"do_sample"},
                                                      {"temperature"},
                                                      {"top_k"},
                                                      {"top_p"},
                                                      {"min_p"},
                                                      {"top_h"},
                                                      {"typical_p"},
                                                      {"epsilon_cutoff"},
                                                      {"eta_cutoff"},
                                                      {"repetition_penalty"},
                                                      {"num_beams"},
                                                      {"num_beam_groups"},
                                                      {"diversity_penalty"},
                                                      {"length_penalty"},
                                                      {"early_stopping"},
                                                      {"penalty_alpha"},
                                                      {"no_repeat_ngram_size"},
                                                      {"encoder_no_repeat_ngram_size"},
                                                      {"encoder_repetition_penalty"},
                                                      {"stop_strings"},
                                                      {"min_length", kNeutral, "[0]"},
                                                      {"min_new_tokens", kNeutral, "[0]"},
                                                      {"sequence_bias", kNeutral, "[{}, []]"},
                                                      {"guidance_scale", kNeutral, "[1]"},
                                                      {"forced_bos_token_id", kNeutral, "[]"},
                                                      {"forced_eos_token_id", kNeutral, "[]"},
                                                      {"forced_decoder_ids", kNeutral, "[[]]"},
                                                      {"constraints", kNeutral, "[]"}}};

/// Settings that would change the text and the defaults of transformers, which need no word.
struct Setting {
  const char* name;
  const char* defaults;  ///< a JSON list
};
constexpr std::array<Setting, 20> kSettings = {{{"do_sample", "[false]"},
                                                {"temperature", "[1]"},
                                                {"top_k", "[50, 0]"},
                                                {"top_p", "[1]"},
                                                {"min_p", "[0]"},
                                                {"top_h", "[]"},
                                                {"typical_p", "[1]"},
                                                {"epsilon_cutoff", "[0]"},
                                                {"eta_cutoff", "[0]"},
                                                {"repetition_penalty", "[1]"},
                                                {"num_beams", "[1]"},
                                                {"num_beam_groups", "[1]"},
                                                {"diversity_penalty", "[0]"},
                                                {"length_penalty", "[1]"},
                                                {"early_stopping", "[false]"},
                                                {"penalty_alpha", "[0]"},
                                                {"no_repeat_ngram_size", "[0]"},
                                                {"encoder_no_repeat_ngram_size", "[0]"},
                                                {"encoder_repetition_penalty", "[1]"},
                                                {"stop_strings", "[[]]"}}};

constexpr std::array<Field, 10> kRareFields = {
    {{"use_mtp"},
     {"max_cache_len"},
     {"assistant_ensemble_weight"},
     {"speculation_type"},
     {"begin_suppress_tokens", kNeutral, "[[]]"},
     {"exponential_decay_length_penalty", kNeutral, "[]"},
     {"token_healing", kNeutral, "[false]"},
     {"watermarking_config", kNeutral, "[]"},
     {"dola_layers", kNeutral, "[]"},
     {"force_words_ids", kNeutral, "[[]]"}}};

std::string shortened(const Json& json) {
  return json.dump(-1, ' ', true, Json::error_handler_t::replace).substr(0, 100);
}

/// One id or a list of them.
std::vector<int32_t> ids_at(const Json& json, const char* name, int64_t vocab,
                            const std::string& where) {
  const auto found = json.find(name);
  if (found == json.end() || found->is_null()) return {};
  std::vector<int64_t> wide;
  if (found->is_array()) {
    wide = field_or(json, name, wide, where);
  } else {
    wide = {field_or(json, name, int64_t{0}, where)};
  }
  std::vector<int32_t> ids;
  for (const int64_t id : wide) {
    require_within(where, name, id, -1, vocab - 1);
    if (id >= 0) ids.push_back(static_cast<int32_t>(id));  // -1: none, as some files write it
  }
  return ids;
}

/// bad_words_ids: lists of ids; those of one token are bans, longer ones need the text before.
void read_bad_words(const Json& json, int64_t vocab, const std::string& where,
                    std::vector<int32_t>& banned) {
  const auto words = field_or(json, "bad_words_ids", std::vector<std::vector<int64_t>>(), where);
  for (const auto& word : words) {
    if (word.size() != 1)
      fail(where + ".bad_words_ids", "expected words of one token, got one of {}", word.size());
    require_within(where, "bad_words_ids", word[0], 0, vocab - 1);
    banned.push_back(static_cast<int32_t>(word[0]));
  }
}

void warn_of_settings(const Json& json, const std::string& where,
                      std::vector<std::string>& warnings) {
  for (const auto& [name, defaults] : kSettings) {
    const auto found = json.find(name);
    if (found == json.end() || found->is_null()) continue;
    const Json usual = Json::parse(defaults);
    if (std::find(usual.begin(), usual.end(), *found) != usual.end()) continue;
    warnings.push_back(where + " asks for " + name + " = " + shortened(*found) +
                       "; sampling follows this program's options alone");
  }
}

}  // namespace

std::span<const Field> generation_fields() { return kGenerationFields; }

GenerationConfig read_generation_config(const std::string& folder, int64_t vocab) {
  GenerationConfig config;
  const auto base = std::filesystem::path(folder);
  const std::string model = (base / "config.json").string();
  const Json outer = read_json_file(model);
  require(outer.is_object(), model, "expected an object");
  config.stop_ids = ids_at(outer, "eos_token_id", vocab, model);
  const std::string path = (base / "generation_config.json").string();
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return config;
  const Json json = read_json_file(path);
  check_fields(json, {kGenerationFields, kRareFields}, path);
  const auto stops = ids_at(json, "eos_token_id", vocab, path);
  if (!stops.empty()) config.stop_ids = stops;  // the newer file decides, as in transformers
  config.banned_ids = ids_at(json, "suppress_tokens", vocab, path);
  read_bad_words(json, vocab, path, config.banned_ids);
  config.warnings = untaken_fields(json, {kGenerationFields, kRareFields}, path);
  warn_of_settings(json, path, config.warnings);
  return config;
}

}  // namespace flamingo::checkpoint
