#include "flamingo/io/file_kind.h"

#include <algorithm>

namespace flamingo::io {
namespace {

using namespace std::string_view_literals;

struct Signature {
  size_t offset;
  std::string_view magic;
  std::string_view kind;
};

// The first that fits counts. ISO base media files tell their brand after "ftyp".
constexpr Signature kSignatures[] = {
    {0, "\x89PNG\r\n\x1A\n"sv, "a PNG picture"},
    {0, "\xFF\xD8\xFF"sv, "a JPEG picture"},
    {0, "GIF87a"sv, "a GIF picture"},
    {0, "GIF89a"sv, "a GIF picture"},
    {8, "WEBP"sv, "a WebP picture"},
    {0, "II*\0"sv, "a TIFF picture"},
    {0, "MM\0*"sv, "a TIFF picture"},
    {6, "\0\0\0\0\x36\0\0\0"sv, "a BMP picture"},
    {4, "ftypavi"sv, "an AVIF picture"},
    {4, "ftyphe"sv, "a HEIC picture"},
    {4, "ftypmif1"sv, "a HEIC picture"},
    {4, "ftyp"sv, "an MP4 clip"},
    {0, "\x1A\x45\xDF\xA3"sv, "a WebM or Matroska clip"},
    {8, "AVI LIST"sv, "an AVI clip"},
    {0, "%PDF-"sv, "a PDF document"},
    {0, "PK\x03\x04"sv, "a ZIP archive"},
    {0, "\x1F\x8B\x08"sv, "a gzip file"},
    {0, "\x28\xB5\x2F\xFD"sv, "a Zstandard file"},
    {0, "PAR1"sv, "a Parquet table"},
    {0, "GGUF"sv, "a GGUF model"},
    {257, "ustar"sv, "a tar archive"},
};

}  // namespace

std::string_view file_kind(std::span<const std::byte> bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const auto* found = std::ranges::find_if(kSignatures, [&](const Signature& one) {
    return text.size() >= one.offset && text.substr(one.offset).starts_with(one.magic);
  });
  return found == std::end(kSignatures) ? ""sv : found->kind;
}

std::string other_kind(std::span<const std::byte> bytes) {
  const std::string_view kind = file_kind(bytes);
  return std::string(kind.empty() ? "a file that starts otherwise"sv : kind);
}

std::string_view other_kind_hint(std::span<const std::byte> bytes) {
  const std::string_view kind = file_kind(bytes);
  if (kind.ends_with(" picture")) return "a picture goes where pictures are expected: --image";
  if (kind.ends_with(" clip")) return "a clip goes where clips are expected: --video";
  return {};
}

}  // namespace flamingo::io
