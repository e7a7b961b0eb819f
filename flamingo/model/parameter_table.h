#pragma once

#include <string>
#include <vector>

#include "flamingo/core/config.h"
#include "flamingo/model/config.h"

namespace flamingo::model {

/// Weights of one name and shape; "*" stands for the numbers of a list.
struct WeightRow {
  std::string name;            ///< "lm.layers.*.mlp.up_proj.weight"
  std::vector<int64_t> shape;  ///< of one of them
  int64_t count = 1;           ///< how many
  bool trainable = false;
};

/// One of the model's parts.
struct PartRow {
  std::string name;       ///< "vision encoder", ..., "total"
  int64_t frozen = 0;     ///< parameters
  int64_t trainable = 0;  ///< parameters
  std::string paper;      ///< the paper's figure as printed, or empty
};

/// A figure of the paper that fits only one reading of it.
struct Reading {
  std::string what;  ///< "LM, 40 blocks (table of shapes)"
  int64_t parameters = 0;
  std::string paper;  ///< the paper's figure as printed
};

/// Bytes of weights, and of what training keeps per weight; activations are not included.
struct MemoryRow {
  std::string what;  ///< "inference, bf16"
  int64_t bytes = 0;
};

/// What a model is made of, worked out on the meta device: nothing is allocated.
struct ParameterTable {
  std::string name;  ///< of the preset, or empty
  std::vector<PartRow> parts;
  std::vector<WeightRow> weights;
  std::vector<Reading> readings;
  std::vector<MemoryRow> memory;
};

/// The table of a config frozen as the paper does. A preset's name adds the paper's figures.
/// Throws Error when the config does not hold together.
ParameterTable parameter_table(const FlamingoConfig& config, const std::string& preset = {});

/// The table as aligned text, one row a line.
std::string to_text(const ParameterTable& table);
/// The table as JSON.
Json to_json(const ParameterTable& table);

}  // namespace flamingo::model
