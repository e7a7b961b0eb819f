#include "flamingo/media/frame_image.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "flamingo/core/error.h"

namespace flamingo::media {
namespace {

/// RGB bytes of a frame, in its own memory since swscale may write past the end of a row.
FramePtr convert(const AVFrame& frame, const std::string& where) {
  const ScalerPtr scaler(sws_getContext(
      frame.width, frame.height, static_cast<AVPixelFormat>(frame.format), frame.width,
      frame.height, AV_PIX_FMT_RGB24, SWS_BILINEAR | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT, nullptr,
      nullptr, nullptr));
  if (scaler == nullptr) {
    const char* name = av_get_pix_fmt_name(static_cast<AVPixelFormat>(frame.format));
    fail(where, "expected a known pixel format, got {} (number {})",
         name != nullptr ? name : "one without a name", frame.format);
  }
  const int full_range = frame.color_range == AVCOL_RANGE_JPEG ? 1 : 0;
  sws_setColorspaceDetails(scaler.get(), sws_getCoefficients(frame.colorspace), full_range,
                           sws_getCoefficients(SWS_CS_DEFAULT), 1, 0, 1 << 16, 1 << 16);
  FramePtr rgb = make_frame(AV_PIX_FMT_RGB24, frame.height, frame.width);
  const int rows = sws_scale(scaler.get(), frame.data, frame.linesize, 0, frame.height, rgb->data,
                             rgb->linesize);
  require(rows == frame.height, where, "expected to convert a frame, got a failure");
  return rgb;
}

}  // namespace

int matrix_orientation(const int32_t (&matrix)[9]) {
  // x' = a x + c y, y' = b x + d y: either x' follows x and y' follows y, or they change places.
  const int64_t a = matrix[0], b = matrix[1], c = matrix[3], d = matrix[4];
  const bool transposed = std::abs(b) + std::abs(c) > std::abs(a) + std::abs(d);
  const bool mirror_x = (transposed ? c : a) < 0;
  const bool mirror_y = (transposed ? b : d) < 0;
  constexpr int kPlain[2][2] = {{1, 4}, {2, 3}};
  constexpr int kTransposed[2][2] = {{5, 8}, {6, 7}};
  return (transposed ? kTransposed : kPlain)[mirror_x][mirror_y];
}

int frame_orientation(const AVStream& stream, const AVFrame& frame) {
  size_t size = 0;
  const uint8_t* data = av_stream_get_side_data(&stream, AV_PKT_DATA_DISPLAYMATRIX, &size);
  if (data == nullptr) {
    const AVFrameSideData* side = av_frame_get_side_data(&frame, AV_FRAME_DATA_DISPLAYMATRIX);
    if (side != nullptr) {
      data = side->data;
      size = side->size;
    }
  }
  int32_t matrix[9] = {};
  if (data != nullptr && size >= sizeof(matrix)) std::memcpy(matrix, data, sizeof(matrix));
  return matrix_orientation(matrix);
}

Image frame_to_rgb(const AVFrame& frame, const std::string& where) {
  const FramePtr rgb = convert(frame, where);
  Image image{frame.height, frame.width, PixelMode::kRgb, {}, {}, {}};
  image.pixels.resize(3 * image.height * image.width);
  for (int64_t y = 0; y < image.height; ++y) {
    std::copy_n(rgb->data[0] + y * rgb->linesize[0], 3 * image.width,
                image.pixels.data() + 3 * y * image.width);
  }
  return image;
}

}  // namespace flamingo::media
