#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "flamingo/kernels/half.h"
#include "flamingo/kernels/kernels.h"
#include "random_weights.h"

namespace flamingo {

/// sum_c w[c] x[c] in double.
inline double dot_in_double(const float* w, const float* x, int64_t count) {
  double sum = 0.0;
  for (int64_t c = 0; c < count; ++c) sum += static_cast<double>(w[c]) * static_cast<double>(x[c]);
  return sum;
}

inline double dot_of_magnitudes(const float* w, const float* x, int64_t count) {
  double sum = 0.0;
  for (int64_t c = 0; c < count; ++c) sum += std::abs(static_cast<double>(w[c]) * x[c]);
  return sum;
}

/// row_products and weighted_sum of `kernels` against sums in double, tails included.
inline void check_plain_kernels(const kernels::Kernels& kernels) {
  for (size_t t = 0; t < kernels::kPlainTypes.size(); ++t) {
    for (const int64_t cols : {1, 7, 16, 64, 100}) {
      const int64_t rows = 9;
      const auto blocks = random_blocks(kernels::kPlainTypes[t], rows, cols, 11);
      const auto weights = decoded(kernels::kPlainTypes[t], blocks);
      const auto x = random_floats(static_cast<size_t>(std::max(rows, cols)), 12);
      std::vector<float> y(static_cast<size_t>(rows));
      kernels.row_products[t](blocks.data(), rows, cols, x.data(), y.data());
      for (int64_t r = 0; r < rows; ++r) {
        const float* row = &weights[static_cast<size_t>(r * cols)];
        EXPECT_NEAR(y[static_cast<size_t>(r)], dot_in_double(row, x.data(), cols),
                    rounding_bound(cols, dot_of_magnitudes(row, x.data(), cols)))
            << kernels.name << " products, type " << t << ", cols " << cols;
      }
      std::vector<float> mixed(static_cast<size_t>(cols));
      kernels.weighted_sum[t](blocks.data(), rows, cols, x.data(), mixed.data());
      for (int64_t c = 0; c < cols; ++c) {
        std::vector<float> column;
        for (int64_t r = 0; r < rows; ++r) {
          column.push_back(weights[static_cast<size_t>(r * cols + c)]);
        }
        EXPECT_NEAR(mixed[static_cast<size_t>(c)], dot_in_double(column.data(), x.data(), rows),
                    rounding_bound(rows, dot_of_magnitudes(column.data(), x.data(), rows)))
            << kernels.name << " mixture, type " << t << ", cols " << cols;
      }
    }
  }
}

/// Both tile products and tile_decode of `kernels` for every quantised type.
inline void check_tile_kernels(const kernels::Kernels& kernels) {
  const int64_t cols = 512;
  const auto x = random_floats(cols, 21);
  const kernels::InputBuffer input = prepared_input(x);
  std::vector<float> rounded(cols);
  for (size_t c = 0; c < cols; ++c) {
    rounded[c] = input.scales[c / 32] * static_cast<float>(input.codes[c]);
  }
  for (size_t t = 0; t < kernels::kQuantisedTypes.size(); ++t) {
    const auto& [type, traits, unpack] = kernels::kQuantisedTypes[t];
    const auto blocks = random_blocks(type, kernels::kTileRows, cols, 22 + t);
    const auto weights = decoded(type, blocks);
    const auto sizes = magnitudes(type, blocks);
    const int64_t groups = cols / traits.group;
    std::vector<std::byte> tile(static_cast<size_t>(groups * kernels::tile_layout(traits).bytes));
    kernels::pack_tile(type, blocks.data(), kernels::kTileRows, cols, tile.data());
    std::vector<float> values(weights.size());
    kernels.tile_decode[t](tile.data(), groups, values.data());
    EXPECT_EQ(values, weights) << kernels.name << " decode " << kernels::block_layout(type).name;
    float exact[kernels::kTileRows];
    float int8[kernels::kTileRows];
    kernels.tile_exact[t](tile.data(), groups, input.view(), exact);
    kernels.tile_int8[t](tile.data(), groups, input.view(), int8);
    for (size_t r = 0; r < kernels::kTileRows; ++r) {
      const float* row = &weights[r * cols];
      const double bound =
          rounding_bound(cols, dot_of_magnitudes(&sizes[r * cols], x.data(), cols));
      EXPECT_NEAR(exact[r], dot_in_double(row, x.data(), cols), bound)
          << kernels.name << " exact " << kernels::block_layout(type).name;
      EXPECT_NEAR(int8[r], dot_in_double(row, rounded.data(), cols), 2.0 * bound)
          << kernels.name << " int8 " << kernels::block_layout(type).name;
    }
  }
}

/// The same codes for the same values, zeros included.
inline void check_prepare(const kernels::Kernels& kernels) {
  auto x = random_floats(160, 31, 3.0);
  std::fill_n(x.begin() + 32, 32, 0.0f);
  const kernels::InputBuffer expected = prepared_input(x);
  kernels::InputBuffer got;
  got.resize(160);
  got.values = x;
  kernels.prepare(160, got);
  EXPECT_EQ(got.codes, expected.codes);
  EXPECT_EQ(got.scales, expected.scales);
  EXPECT_EQ(got.code_sums, expected.code_sums);
  for (size_t i = 0; i < got.value_sums.size(); ++i) {
    double size = 0.0;
    for (size_t c = 16 * i; c < 16 * i + 16; ++c) size += std::abs(x[c]);
    EXPECT_NEAR(got.value_sums[i], expected.value_sums[i], rounding_bound(16, size));
  }
}

/// softmax and swiglu against doubles, for lengths with and without a tail.
inline void check_activations(const kernels::Kernels& kernels) {
  constexpr double kRelative = 16 * 0x1p-24;  // exponential, sum and division together
  for (const size_t n : {1, 8, 16, 37, 200}) {
    const auto x = random_floats(n, 41, 8.0);
    const auto up = random_floats(n, 42);
    const double largest = *std::max_element(x.begin(), x.end());
    double sum = 0.0;
    for (const float value : x) sum += std::exp(value - largest);
    auto weights = x;
    kernels.softmax(weights.data(), static_cast<int64_t>(n));
    auto gated = x;
    kernels.swiglu(gated.data(), up.data(), static_cast<int64_t>(n));
    for (size_t i = 0; i < n; ++i) {
      // exp(x - max) inherits the absolute rounding of its argument as a relative error.
      const double share = std::exp(x[i] - largest) / sum;
      const double argument = 0x1p-23 * std::abs(x[i] - largest);
      EXPECT_NEAR(weights[i], share, share * (kRelative + argument)) << kernels.name << " " << n;
      const double expected = x[i] / (1.0 + std::exp(-static_cast<double>(x[i]))) * up[i];
      EXPECT_NEAR(gated[i], expected, std::abs(expected) * kRelative) << kernels.name << " " << n;
    }
  }
}

/// softmax_bf16 is softmax of the widened sum, rounded: exactly, whatever softmax's own error.
inline void check_softmax_bf16(const kernels::Kernels& kernels) {
  for (const size_t n : {1, 15, 64, 203}) {
    const auto x = random_floats(n, 43, 8.0);
    auto bias = random_floats(n, 44);
    bias[n / 2] = n > 1 ? -std::numeric_limits<float>::infinity() : 0.0f;
    for (const float* added : std::array<const float*, 2>{nullptr, bias.data()}) {
      std::vector<uint16_t> scores(n), weights(n);
      std::vector<float> expected(n), scratch(n);
      for (size_t i = 0; i < n; ++i) {
        scores[i] = kernels::float_to_bf16(x[i]);
        expected[i] = kernels::bf16_to_float(scores[i]) + (added != nullptr ? added[i] : 0.0f);
      }
      const auto count = static_cast<int64_t>(n);
      kernels.softmax(expected.data(), count);
      kernels.softmax_bf16(scores.data(), added, count, scratch.data(), weights.data());
      for (size_t i = 0; i < n; ++i)
        EXPECT_EQ(weights[i], kernels::float_to_bf16(expected[i]))
            << kernels.name << " " << n << " " << i;
      if (added != nullptr && n > 1) {
        EXPECT_LT(kernels::bf16_to_float(weights[n / 2]), 1e-30f);
      }
    }
  }
}

/// swiglu_bf16 against doubles: half a step of bf16 and the kernel's own rounding.
inline void check_swiglu_bf16(const kernels::Kernels& kernels) {
  for (const size_t n : {1, 15, 256, 700}) {
    const auto x = random_floats(n, 45, 8.0);
    const auto up = random_floats(n, 46);
    std::vector<uint16_t> gate_bits(n), up_bits(n), y(n);
    for (size_t i = 0; i < n; ++i) gate_bits[i] = kernels::float_to_bf16(x[i]);
    for (size_t i = 0; i < n; ++i) up_bits[i] = kernels::float_to_bf16(up[i]);
    kernels.swiglu_bf16(gate_bits.data(), up_bits.data(), static_cast<int64_t>(n), y.data());
    for (size_t i = 0; i < n; ++i) {
      const double gate = kernels::bf16_to_float(gate_bits[i]);
      const double expected = gate / (1.0 + std::exp(-gate)) * kernels::bf16_to_float(up_bits[i]);
      EXPECT_NEAR(kernels::bf16_to_float(y[i]), expected, std::abs(expected) * 0x1.01p-8)
          << kernels.name << " " << n << " " << i;
    }
  }
}

/// rms_norm_bf16 against doubles: half a step of bf16 and the rounding of the sum.
inline void check_rms_norm_bf16(const kernels::Kernels& kernels) {
  constexpr float kEps = 1e-3f;
  for (const size_t n : {1, 15, 64, 576, 577}) {
    const auto x = random_floats(n, 47, 0.1);
    const auto weight = random_floats(n, 48);
    std::vector<uint16_t> bits(n), y(n);
    for (size_t i = 0; i < n; ++i) bits[i] = kernels::float_to_bf16(x[i]);
    double squares = 0.0;
    for (const uint16_t value : bits) squares += std::pow(kernels::bf16_to_float(value), 2);
    const double rms = std::sqrt(squares / static_cast<double>(n) + kEps);
    kernels.rms_norm_bf16(bits.data(), weight.data(), kEps, static_cast<int64_t>(n), y.data());
    for (size_t i = 0; i < n; ++i) {
      const double expected = kernels::bf16_to_float(bits[i]) / rms * weight[i];
      EXPECT_NEAR(kernels::bf16_to_float(y[i]), expected, std::abs(expected) * 0x1.01p-8)
          << kernels.name << " " << n << " " << i;
    }
  }
}

/// Bits of bf16 and the values they stand for.
struct Bf16Row {
  std::vector<uint16_t> bits;
  std::vector<double> values;

  Bf16Row(size_t n, uint64_t seed, double scale = 1.0) {
    for (const float x : random_floats(n, seed, scale)) bits.push_back(kernels::float_to_bf16(x));
    for (const uint16_t b : bits) values.push_back(kernels::bf16_to_float(b));
  }
};

/// Whether `got` is `expected` rounded to bf16, give or take fp32's rounding of terms as large as
/// `size`.
inline void expect_bf16(uint16_t got, double expected, double size, const std::string& where) {
  EXPECT_NEAR(kernels::bf16_to_float(got), expected,
              std::abs(expected) * 0x1.01p-8 + size * 0x1p-20)
      << where;
}

inline void check_softmax_gradient(const kernels::Kernels& kernels) {
  for (const size_t n : {1, 15, 64, 203}) {
    const Bf16Row dy(n, 51, 4.0);
    Bf16Row weights(n, 50);
    double mean = 0.0, size = 0.0;
    for (size_t i = 0; i < n; ++i) mean += weights.values[i] * dy.values[i];
    for (size_t i = 0; i < n; ++i) size += std::abs(weights.values[i] * dy.values[i]);
    std::vector<uint16_t> dx(n);
    kernels.softmax_gradient_bf16(weights.bits.data(), dy.bits.data(), static_cast<int64_t>(n),
                                  dx.data());
    for (size_t i = 0; i < n; ++i) {
      const double w = weights.values[i];
      expect_bf16(dx[i], w * (dy.values[i] - mean), std::abs(w) * (size + std::abs(dy.values[i])),
                  kernels.name);
    }
  }
}

inline void check_swiglu_gradient(const kernels::Kernels& kernels) {
  for (const size_t n : {1, 15, 256, 700}) {
    const Bf16Row gate(n, 52, 8.0), up(n, 53), dy(n, 54);
    std::vector<uint16_t> dgate(n), dup(n);
    kernels.swiglu_gradient_bf16(gate.bits.data(), up.bits.data(), dy.bits.data(),
                                 static_cast<int64_t>(n), dgate.data(), dup.data());
    for (size_t i = 0; i < n; ++i) {
      const double g = gate.values[i], s = 1.0 / (1.0 + std::exp(-g));
      const double outer = dy.values[i] * up.values[i];
      expect_bf16(dup[i], dy.values[i] * g * s, 0, kernels.name);
      expect_bf16(dgate[i], outer * s * (1.0 + g * (1.0 - s)), std::abs(outer), kernels.name);
    }
  }
}

inline void check_rms_norm_gradient(const kernels::Kernels& kernels) {
  constexpr float kEps = 1e-3f;
  for (const size_t n : {1, 15, 64, 576, 577}) {
    const Bf16Row x(n, 55, 0.1), dy(n, 56);
    const auto weight = random_floats(n, 57);
    double squares = 0.0, dot = 0.0, size = 0.0;
    for (size_t i = 0; i < n; ++i) squares += x.values[i] * x.values[i];
    for (size_t i = 0; i < n; ++i) dot += x.values[i] * dy.values[i] * weight[i];
    for (size_t i = 0; i < n; ++i) size += std::abs(x.values[i] * dy.values[i] * weight[i]);
    const auto width = static_cast<double>(n);
    const double inverse = 1.0 / std::sqrt(squares / width + kEps);
    std::vector<uint16_t> dx(n);
    kernels.rms_norm_gradient_bf16(x.bits.data(), weight.data(), dy.bits.data(), kEps,
                                   static_cast<int64_t>(n), dx.data());
    for (size_t i = 0; i < n; ++i) {
      const double outer = dy.values[i] * weight[i],
                   along = x.values[i] * inverse * inverse / width;
      expect_bf16(dx[i], inverse * (outer - along * dot),
                  inverse * (std::abs(outer) + std::abs(along) * size), kernels.name);
    }
  }
}

/// log_sum_exp and scaled_exp of both types, with the largest value once and twice.
inline void check_logits(const kernels::Kernels& kernels) {
  for (const size_t n : {1, 15, 256, 700}) {
    Bf16Row x(n, 58, 8.0);
    const size_t first = std::max_element(x.values.begin(), x.values.end()) - x.values.begin();
    x.bits[n - 1] = x.bits[first];
    x.values[n - 1] = x.values[first];
    const std::vector<float> wide(x.values.begin(), x.values.end());
    double sum = 0.0;
    for (const double value : x.values) sum += std::exp(value);
    const auto count = static_cast<int64_t>(n);
    for (const kernels::LogSumExp& got : {kernels.log_sum_exp(wide.data(), count),
                                          kernels.log_sum_exp_bf16(x.bits.data(), count)}) {
      // The sum of positive terms keeps its relative error, which is its logarithm's absolute one.
      const double tolerance = rounding_bound(count + 16, 1) + rounding_bound(1, std::log(sum));
      EXPECT_NEAR(got.value, std::log(sum), tolerance) << kernels.name << " " << n;
      EXPECT_EQ(got.largest, wide[first]) << kernels.name << " " << n;
      EXPECT_EQ(got.at, static_cast<int64_t>(first)) << kernels.name << " " << n;
    }
    std::vector<float> shares(n);
    std::vector<uint16_t> narrow_shares(n);
    const auto shift = static_cast<float>(std::log(sum));
    kernels.scaled_exp(wide.data(), shift, -3.0f, count, shares.data());
    kernels.scaled_exp_bf16(x.bits.data(), shift, -3.0f, count, narrow_shares.data());
    for (size_t i = 0; i < n; ++i) {
      const double expected = -3.0 * std::exp(x.values[i] - shift);
      // exp(x - shift) inherits the absolute rounding of its argument as a relative error.
      const double relative = rounding_bound(8, 1) + 0x1p-23 * std::abs(x.values[i] - shift);
      EXPECT_NEAR(shares[i], expected, std::abs(expected) * relative) << kernels.name << " " << n;
      expect_bf16(narrow_shares[i], expected, std::abs(expected), kernels.name);
    }
  }
  for (const float bad : {std::nanf(""), std::numeric_limits<float>::infinity()}) {
    std::vector<float> values(300, 1.0f);
    values[270] = bad;
    EXPECT_TRUE(std::isnan(kernels.log_sum_exp(values.data(), 300).value)) << kernels.name;
  }
}

inline void check_rotate(const kernels::Kernels& kernels) {
  for (const size_t n : {2, 30, 64, 96}) {
    const Bf16Row x(n, 60), cos(n, 61), sin(n, 62);
    const auto wide = [](const Bf16Row& row) {
      return std::vector<float>(row.values.begin(), row.values.end());
    };
    std::vector<float> y(n);
    std::vector<uint16_t> narrow(n);
    const auto count = static_cast<int64_t>(n);
    kernels.rotate(wide(x).data(), wide(cos).data(), wide(sin).data(), count, y.data());
    kernels.rotate_bf16(x.bits.data(), cos.bits.data(), sin.bits.data(), count, narrow.data());
    for (size_t i = 0; i < n; ++i) {
      const double own = x.values[i] * cos.values[i];
      const double other = x.values[(i + n / 2) % n] * sin.values[i];
      EXPECT_NEAR(y[i], own + other, rounding_bound(2, std::abs(own) + std::abs(other)))
          << kernels.name;
      expect_bf16(narrow[i], own + other, std::abs(own) + std::abs(other), kernels.name);
    }
  }
}

/// Rows of depthwise convolutions beside their definition: borders, rows outside, odd channels.
inline void check_depthwise(const kernels::Kernels& kernels) {
  for (const int64_t channels : {1, 8, 19, 32}) {
    for (const int64_t stride : {1, 2}) {
      const int64_t kernel = 5, width = 13, columns = (width + stride - 1) / stride;
      auto x = random_floats(static_cast<size_t>(kernel * width * channels), 41);
      auto taps = random_floats(static_cast<size_t>(kernel * kernel * channels), 42);
      auto bias = random_floats(static_cast<size_t>(channels), 43);
      std::vector<const float*> rows;
      for (int64_t i = 0; i < kernel; ++i) rows.push_back(x.data() + i * width * channels);
      rows[0] = nullptr;
      kernels::DepthwiseRow row{.rows = rows.data(),
                                .taps = taps.data(),
                                .bias = bias.data(),
                                .kernel = kernel,
                                .stride = stride,
                                .left = 2,
                                .width = width,
                                .columns = columns,
                                .channels = channels,
                                .most = 1};
      std::vector<float> y(static_cast<size_t>(columns * channels), -1);
      kernels.depthwise_row(row, y.data());
      std::vector<float> expected;
      const auto value = [&](int64_t i) {
        return kernels::depthwise_value(row, i / channels, i % channels);
      };
      for (int64_t i = 0; i < columns * channels; ++i) expected.push_back(value(i));
      row.most = std::numeric_limits<float>::infinity();  // now the sums of magnitudes
      for (auto* values : {&x, &taps, &bias}) {
        for (float& number : *values) number = std::abs(number);
      }
      for (int64_t i = 0; i < columns * channels; ++i) {
        EXPECT_NEAR(y[static_cast<size_t>(i)], expected[static_cast<size_t>(i)],
                    2 * rounding_bound(26, value(i)))
            << kernels.name << ", value " << i << " of " << channels << " channels";
      }
    }
  }
}

/// Products of pixels beside their definition: odd numbers of all, cut and whole.
inline void check_pixel_product(const kernels::Kernels& kernels) {
  constexpr float kAny = std::numeric_limits<float>::infinity();
  for (const int64_t pixels : {1, 13, 30}) {
    for (const int64_t in : {1, 40}) {
      for (const int64_t out : {1, 8, 24, 43}) {
        const int64_t padded = (out + kernels::kPanel - 1) / kernels::kPanel * kernels::kPanel;
        auto x = random_floats(static_cast<size_t>(pixels * in), 51);
        auto panels = random_floats(static_cast<size_t>(padded * in), 52);
        auto bias = random_floats(static_cast<size_t>(padded), 53);
        kernels::PixelProduct product{.x = x.data(),
                                      .panels = panels.data(),
                                      .bias = bias.data(),
                                      .pixels = pixels,
                                      .in = in,
                                      .out = out,
                                      .least = in == 1 ? -kAny : 0,
                                      .most = in == 1 ? kAny : 6};
        std::vector<float> y(static_cast<size_t>(pixels * out), -1), expected;
        kernels.pixel_product(product, y.data());
        const auto value = [&](int64_t i) {
          return kernels::pixel_value(product, i / out, i % out);
        };
        for (int64_t i = 0; i < pixels * out; ++i) expected.push_back(value(i));
        product.most = kAny;  // now the sums of magnitudes
        for (auto* values : {&x, &panels, &bias}) {
          for (float& number : *values) number = std::abs(number);
        }
        for (int64_t i = 0; i < pixels * out; ++i) {
          EXPECT_NEAR(y[static_cast<size_t>(i)], expected[static_cast<size_t>(i)],
                      2 * rounding_bound(in + 1, value(i)))
              << kernels.name << ", value " << i << " of " << out << " outputs";
        }
      }
    }
  }
}

/// Everything above, on memory of any alignment and with extremes.
inline void check_kernels(const kernels::Kernels& kernels) {
  check_plain_kernels(kernels);
  check_tile_kernels(kernels);
  check_prepare(kernels);
  check_activations(kernels);
  check_softmax_bf16(kernels);
  check_swiglu_bf16(kernels);
  check_rms_norm_bf16(kernels);
  check_softmax_gradient(kernels);
  check_swiglu_gradient(kernels);
  check_rms_norm_gradient(kernels);
  check_logits(kernels);
  check_rotate(kernels);
  check_depthwise(kernels);
  check_pixel_product(kernels);
  std::vector<float> extremes = {-1e30f, 1e30f, 0.0f, -200.0f, 200.0f, 1.0f, 2.0f, 3.0f,
                                 -1e30f, 1e30f, 0.0f, -200.0f, 200.0f, 1.0f, 2.0f, 3.0f};
  const std::vector<float> ones(extremes.size(), 1.0f);
  kernels.swiglu(extremes.data(), ones.data(), static_cast<int64_t>(extremes.size()));
  for (const float value : extremes) EXPECT_TRUE(std::isfinite(value)) << kernels.name;
  std::vector<float> nan(16, 1.0f);
  nan[3] = std::nanf("");
  kernels.swiglu(nan.data(), ones.data(), 16);
  EXPECT_TRUE(std::isnan(nan[3])) << kernels.name;
}

}  // namespace flamingo
