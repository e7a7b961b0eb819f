#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "flamingo/text/tokenizer.h"

namespace flamingo::generate {

/// Token ids of `text`, the beginning of what the answer `ids` says after the token `before`. The
/// answer's own tokens stay as far as they are whole; where the cut divides one, the word from its
/// beginning on is encoded anew, so that decoding the result gives `text`, neither more nor less,
/// and the tokens are those of a prompt with this text. Where no tokens say it (a vocabulary may
/// have none for a part of a character), those whole are returned.
std::vector<int32_t> cut_answer(const text::Tokenizer& tokenizer, int32_t before,
                                std::span<const int32_t> ids, std::string_view text);

}  // namespace flamingo::generate
