#include "flamingo/media/ffmpeg.h"

#include <gtest/gtest.h>

#include "flamingo/core/error.h"

namespace flamingo::media {
namespace {

TEST(FfmpegTest, MakesFrames) {
  const FramePtr frame = make_frame(AV_PIX_FMT_RGB24, 7, 5);
  EXPECT_EQ(frame->height, 7);
  EXPECT_EQ(frame->width, 5);
  EXPECT_GE(frame->linesize[0], 15);
  EXPECT_NE(frame->data[0], nullptr);
}

TEST(FfmpegTest, RefusesImpossibleFrames) {
  EXPECT_THROW(make_frame(AV_PIX_FMT_RGB24, -1, 5), Error);
  EXPECT_THROW(make_frame(AV_PIX_FMT_NONE, 5, 5), Error);
}

TEST(FfmpegTest, ErrorsHaveTexts) {
  EXPECT_FALSE(ffmpeg_error(AVERROR_INVALIDDATA).empty());
  EXPECT_NE(ffmpeg_error(AVERROR_INVALIDDATA), ffmpeg_error(AVERROR_EOF));
}

TEST(FfmpegTest, IsSilent) {
  silence_ffmpeg();
  testing::internal::CaptureStderr();
  av_log(nullptr, AV_LOG_ERROR, "noise\n");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

TEST(FfmpegTest, BlocksAreBounded) {
  constexpr size_t kLarge = size_t{1} << 30;
  allow_blocks(kLarge);
  allow_blocks(1000);  // what was allowed before stays
  EXPECT_EQ(av_malloc(kLarge + 1), nullptr);
  void* block = av_malloc(2000);
  EXPECT_NE(block, nullptr);
  av_free(block);
}

}  // namespace
}  // namespace flamingo::media
