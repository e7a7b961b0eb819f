#include "flamingo/media/ffmpeg.h"

#include <mutex>

#include "flamingo/core/error.h"

namespace flamingo {

std::string ffmpeg_error(int code) {
  char text[AV_ERROR_MAX_STRING_SIZE] = "";
  av_strerror(code, text, sizeof(text));
  return text;
}

void silence_ffmpeg() {
  static std::once_flag once;
  std::call_once(once, [] { av_log_set_level(AV_LOG_QUIET); });
}

FramePtr make_frame(AVPixelFormat format, int64_t height, int64_t width) {
  FramePtr frame(av_frame_alloc());
  require(frame != nullptr, "make_frame", "expected a frame, got out of memory");
  frame->format = format;
  frame->height = static_cast<int>(height);
  frame->width = static_cast<int>(width);
  const int status = av_frame_get_buffer(frame.get(), 0);
  if (status < 0) fail("make_frame", "expected memory for a frame, got: " + ffmpeg_error(status));
  return frame;
}

}  // namespace flamingo
