#include "flamingo/media/png_packet.h"

extern "C" {
#include <libavutil/intreadwrite.h>
}

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace flamingo::media {

void drop_ancillary_chunks(AVPacket& packet) {
  constexpr int64_t kSignature = 8;
  constexpr int64_t kFrame = 12;  // length, type, CRC
  constexpr uint8_t kAncillary = 0x20;
  if (packet.size < kSignature || av_packet_make_writable(&packet) < 0) return;
  int64_t end = kSignature;
  for (int64_t at = kSignature; at < packet.size;) {
    const uint8_t* chunk = packet.data + at;
    const int64_t left = packet.size - at;
    const bool cut = left < kFrame;
    const int64_t size = cut ? left : std::min(left, AV_RB32(chunk) + kFrame);
    const bool needed =
        cut || (chunk[4] & kAncillary) == 0 || std::memcmp(chunk + 4, "tRNS", 4) == 0;
    if (needed) {
      std::memmove(packet.data + end, chunk, static_cast<size_t>(size));
      end += size;
    }
    at += size;
  }
  av_shrink_packet(&packet, static_cast<int>(end));
}

}  // namespace flamingo::media
