#include "flamingo/media/png_packet.h"

#include <cstring>

#include "flamingo/media/demuxer.h"
#include "tests/media/clip_builder.h"

namespace flamingo::media {
namespace {

std::string fake_chunk(const std::string& kind, const std::string& data) {
  return std::string(3, '\0') + static_cast<char>(data.size()) + kind + data + "CRC.";
}

std::string dropped(const std::string& bytes) {
  const PacketPtr packet(av_packet_alloc());
  EXPECT_EQ(av_new_packet(packet.get(), static_cast<int>(bytes.size())), 0);
  std::memcpy(packet->data, bytes.data(), bytes.size());
  drop_ancillary_chunks(*packet);
  return {reinterpret_cast<const char*>(packet->data), static_cast<size_t>(packet->size)};
}

TEST(PngPacketTest, KeepsWhatPixelsNeed) {
  const std::string signature = "\x89PNG\r\n\x1A\n";
  const std::string head = fake_chunk("IHDR", "head"), colours = fake_chunk("PLTE", "abc"),
                    key = fake_chunk("tRNS", ""), rows = fake_chunk("IDAT", "rows"),
                    end = fake_chunk("IEND", "");
  const std::string needed = signature + head + colours + key + rows + end;
  EXPECT_EQ(dropped(needed), needed);
  EXPECT_EQ(dropped(signature + head + fake_chunk("zTXt", "bomb") + colours + key +
                    fake_chunk("iCCP", "profile") + fake_chunk("iTXt", "") + rows +
                    fake_chunk("eXIf", "x") + end),
            needed);
}

TEST(PngPacketTest, LeavesDamageToTheDecoder) {
  const std::string signature = "\x89PNG\r\n\x1A\n";
  const std::string head = fake_chunk("IHDR", "head");
  const std::string cut = fake_chunk("IDAT", "rows").substr(0, 14);
  for (const std::string& bytes :
       {std::string("\x89PNG"), signature, signature + head + cut, signature + head + "IDAT",
        signature + std::string(4, '\xFF') + "IDAT" + std::string(20, 'x')}) {
    EXPECT_EQ(dropped(bytes), bytes);
  }
  EXPECT_EQ(dropped(signature + head + std::string(4, '\xFF') + "zTXt" + std::string(20, 'x')),
            signature + head);
}

/// FFmpeg's encoder writes pHYs.
TEST(PngPacketTest, EveryPacketOfAClipPassesThroughIt) {
  const std::string bytes = clip_of({.format = "matroska",
                                     .codec = "png",
                                     .frames = 3,
                                     .gop = 1,
                                     .pixel_format = AV_PIX_FMT_RGB24});
  ASSERT_NE(bytes.find("pHYs"), std::string::npos);
  const std::string where = "clip";
  const VideoLimits limits;
  Demuxer demuxer(std::as_bytes(std::span(bytes)), where, limits);
  const PacketPtr packet(av_packet_alloc());
  int count = 0;
  for (; demuxer.read(*packet); ++count) {
    const std::string_view data(reinterpret_cast<const char*>(packet->data),
                                static_cast<size_t>(packet->size));
    EXPECT_EQ(data.find("pHYs"), std::string_view::npos);
  }
  EXPECT_EQ(count, 3);
  EXPECT_EQ(decode_clip(bytes, {.frames = 3}).frames_bad, 0);
}

}  // namespace
}  // namespace flamingo::media
