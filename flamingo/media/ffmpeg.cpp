#include "flamingo/media/ffmpeg.h"

#include <cstdarg>
#include <cstring>
#include <mutex>
#include <string_view>

#include "flamingo/core/error.h"

namespace flamingo::media {
namespace {

void on_log(void* object, int /*level*/, const char* format, va_list /*arguments*/) {
  if (object == nullptr || !std::string_view(format).starts_with("concealing ")) return;
  if (std::strcmp((*static_cast<const AVClass**>(object))->class_name, "AVCodecContext") != 0)
    return;
  void* concealed = static_cast<AVCodecContext*>(object)->opaque;
  if (concealed != nullptr) *static_cast<bool*>(concealed) = true;
}

}  // namespace

std::string ffmpeg_error(int code) {
  char text[AV_ERROR_MAX_STRING_SIZE] = "";
  av_strerror(code, text, sizeof(text));
  return text;
}

void silence_ffmpeg() {
  static std::once_flag once;
  std::call_once(once, [] { av_log_set_callback(on_log); });
}

void allow_blocks(size_t bytes) {
  static std::mutex mutex;
  static size_t allowed = 0;
  const std::lock_guard lock(mutex);
  if (bytes <= allowed) return;
  allowed = bytes;
  av_max_alloc(bytes);
}

FramePtr make_frame(AVPixelFormat format, int64_t height, int64_t width) {
  FramePtr frame(av_frame_alloc());
  require(frame != nullptr, "make_frame", "expected a frame, got out of memory");
  frame->format = format;
  frame->height = static_cast<int>(height);
  frame->width = static_cast<int>(width);
  const int status = av_frame_get_buffer(frame.get(), 0);
  if (status < 0) fail("make_frame", "expected memory for a frame, got: {}", ffmpeg_error(status));
  return frame;
}

}  // namespace flamingo::media
