#pragma once

#include <vector>

#include "flamingo/model/config.h"
#include "flamingo/plan/kept_bytes.h"

namespace flamingo::plan {

/// Pictures that a frozen encoder takes at once.
inline constexpr int64_t kEncodedAtOnce = 64;

/// What training the encoder on `pictures` pictures keeps, part by part of its forward pass.
/// compute_bytes: of a value of the compute type.
std::vector<StepUnit> encoder_units(const vision::EncoderConfig& config, int64_t pictures,
                                    int64_t compute_bytes);

/// Bytes that a frozen encoder works with on `pictures` pictures, features included.
int64_t encoder_buffers(const vision::EncoderConfig& config, int64_t pictures,
                        int64_t compute_bytes);

/// Bytes of the standardised kernels that a frozen NFNet keeps (WsConvImpl::fold).
int64_t folded_bytes(const vision::EncoderConfig& config, int64_t compute_bytes);

}  // namespace flamingo::plan
