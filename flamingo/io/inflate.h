#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace flamingo::io {

/// Whether this build has zlib.
bool has_inflate();

/// Undoes raw deflate (RFC 1951): `compressed` must hold one stream that fills `out` exactly.
/// `where` names it in errors. Throws Error when it is damaged, longer or shorter, or when this
/// build has no zlib.
void inflate_raw(std::span<const std::byte> compressed, std::span<std::byte> out,
                 const std::string& where);

}  // namespace flamingo::io
