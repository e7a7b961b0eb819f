#include "flamingo/media/video_reader.h"

extern "C" {
#include <libavutil/display.h>
}

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

#include "flamingo/core/error.h"
#include "flamingo/media/codec.h"
#include "flamingo/media/orientation.h"

namespace flamingo {
namespace {

constexpr const char* kFormats = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,gif";
constexpr const char* kCodecs =
    "h264,hevc,mpeg4,mpeg2video,mpeg1video,msmpeg4,msmpeg4v2,h263,vp8,vp9,libdav1d,libaom-av1,"
    "av1,theora,mjpeg,png,gif,ffv1,rawvideo,prores,dvvideo";
constexpr int kIoBufferBytes = 32 << 10;

/// Options for avformat_open_input and avcodec_open2.
struct Dictionary {
  AVDictionary* entries = nullptr;
  ~Dictionary() { av_dict_free(&entries); }
  void set(const char* key, const char* value) { av_dict_set(&entries, key, value, 0); }
};

/// Refuses every file or address that a playlist or a container wants to open.
int refuse_open(AVFormatContext*, AVIOContext**, const char*, int, AVDictionary**) {
  return AVERROR(EPERM);
}

/// The EXIF orientation that stands for the stream's rotation.
int orientation_of(const AVStream& stream) {
  size_t size = 0;
  const uint8_t* data = av_stream_get_side_data(&stream, AV_PKT_DATA_DISPLAYMATRIX, &size);
  int32_t matrix[9];
  if (data == nullptr || size < sizeof(matrix)) return 1;
  std::memcpy(matrix, data, sizeof(matrix));
  const double clockwise = -av_display_rotation_get(matrix);
  if (!std::isfinite(clockwise)) return 1;
  constexpr int kByQuarter[] = {1, 6, 3, 8};
  return kByQuarter[(static_cast<int>(std::lround(clockwise / 90)) + 4) % 4];
}

/// RGB bytes of a frame, in its own memory since swscale may write past the end of a row.
FramePtr to_rgb(const AVFrame& frame, const std::string& where) {
  const ScalerPtr scaler(sws_getContext(
      frame.width, frame.height, static_cast<AVPixelFormat>(frame.format), frame.width,
      frame.height, AV_PIX_FMT_RGB24, SWS_BILINEAR | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT, nullptr,
      nullptr, nullptr));
  require(scaler != nullptr, where, "expected a known pixel format, got another");
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

VideoReader::VideoReader(std::span<const std::byte> bytes, std::string where,
                         const VideoLimits& limits)
    : bytes_(bytes),
      where_(std::move(where)),
      limits_(limits),
      deadline_(std::chrono::steady_clock::now() +
                std::chrono::duration_cast<std::chrono::steady_clock::duration>(
                    std::chrono::duration<double>(limits.max_seconds))),
      packet_(av_packet_alloc()) {
  silence_ffmpeg();
  require(bytes.size() <= limits.max_bytes, where_,
          "expected at most " + std::to_string(limits.max_bytes) + " bytes, got " +
              std::to_string(bytes.size()));
  require(packet_ != nullptr, where_, "expected to start FFmpeg, got out of memory");
  try {
    open_format();
    open_codec();
  } catch (...) {
    close();
    throw;
  }
}

VideoReader::~VideoReader() { close(); }

void VideoReader::close() {
  avformat_close_input(&format_);
  if (io_ != nullptr) av_freep(&io_->buffer);
  avio_context_free(&io_);
}

int VideoReader::on_read(void* self, uint8_t* target, int count) {
  auto* reader = static_cast<VideoReader*>(self);
  const auto left = static_cast<int64_t>(reader->bytes_.size()) - reader->position_;
  const int64_t n = std::min<int64_t>(count, left);
  if (n <= 0) return AVERROR_EOF;
  std::memcpy(target, reader->bytes_.data() + reader->position_, n);
  reader->position_ += n;
  return static_cast<int>(n);
}

int64_t VideoReader::on_seek(void* self, int64_t offset, int whence) {
  auto* reader = static_cast<VideoReader*>(self);
  const auto size = static_cast<int64_t>(reader->bytes_.size());
  if (whence == AVSEEK_SIZE) return size;
  int64_t base = 0;
  if (whence == SEEK_CUR) base = reader->position_;
  if (whence == SEEK_END) base = size;
  if (offset < -base || offset > size - base) return AVERROR(EINVAL);
  reader->position_ = base + offset;
  return reader->position_;
}

int VideoReader::on_interrupt(void* self) {
  return std::chrono::steady_clock::now() > static_cast<VideoReader*>(self)->deadline_ ? 1 : 0;
}

void VideoReader::open_format() {
  auto* buffer = static_cast<uint8_t*>(av_malloc(kIoBufferBytes));
  io_ = avio_alloc_context(buffer, kIoBufferBytes, 0, this, on_read, nullptr, on_seek);
  if (io_ == nullptr) av_free(buffer);
  format_ = avformat_alloc_context();
  require(io_ != nullptr && format_ != nullptr, where_,
          "expected to start FFmpeg, got out of memory");
  format_->pb = io_;
  format_->io_open = refuse_open;
  format_->interrupt_callback = {on_interrupt, this};
  format_->max_streams = 64;
  Dictionary options;
  options.set("format_whitelist", kFormats);
  options.set("codec_whitelist", kCodecs);
  options.set("protocol_whitelist", "");
  int status = avformat_open_input(&format_, nullptr, nullptr, &options.entries);
  if (status >= 0) status = avformat_find_stream_info(format_, nullptr);
  if (status < 0) {
    fail(where_, "expected an MP4, WebM, Matroska, AVI or GIF clip, got: " + ffmpeg_error(status));
  }
}

void VideoReader::open_codec() {
  const int index = av_find_best_stream(format_, AVMEDIA_TYPE_VIDEO, -1, -1, &decoder_, 0);
  require(index >= 0 && decoder_ != nullptr, where_,
          "expected a video stream of a known codec, got none");
  stream_ = format_->streams[index];
  require(stream_->time_base.num > 0 && stream_->time_base.den > 0, where_,
          "expected a time base above 0, got another");
  check_extents(stream_->codecpar->height, stream_->codecpar->width, where_, limits_.frame);
  for (unsigned i = 0; i < format_->nb_streams; ++i) {
    if (format_->streams[i] != stream_) format_->streams[i]->discard = AVDISCARD_ALL;
  }
  codec_.reset(avcodec_alloc_context3(decoder_));
  require(codec_ != nullptr, where_, "expected to start a decoder, got out of memory");
  int status = avcodec_parameters_to_context(codec_.get(), stream_->codecpar);
  codec_->pkt_timebase = stream_->time_base;
  codec_->max_pixels = limits_.frame.max_pixels;
  codec_->thread_count = 2;
  Dictionary options;
  options.set("codec_whitelist", kCodecs);
  if (status >= 0) status = avcodec_open2(codec_.get(), decoder_, &options.entries);
  if (status < 0) fail(where_, "expected a known video codec, got: " + ffmpeg_error(status));
}

void VideoReader::check_deadline() {
  require(on_interrupt(this) == 0, where_,
          "expected to decode the clip within " + std::to_string(limits_.max_seconds) +
              " s, got a slower one");
}

/// Reads the next packet of the stream; false at the end of the file or of what can be read.
bool VideoReader::read_packet() {
  do {
    av_packet_unref(packet_.get());
    const int status = av_read_frame(format_, packet_.get());
    check_deadline();
    if (status < 0) {
      if (status != AVERROR_EOF) ++num_bad_;
      return false;
    }
    require(++num_packets_ <= limits_.max_packets, where_,
            "expected at most " + std::to_string(limits_.max_packets) + " packets, got more");
  } while (packet_->stream_index != stream_->index);
  return true;
}

void VideoReader::send_packet() {
  draining_ = !read_packet();
  if (!draining_ && (packet_->flags & AV_PKT_FLAG_CORRUPT) != 0) {
    ++num_bad_;
    return;
  }
  const int status = avcodec_send_packet(codec_.get(), draining_ ? nullptr : packet_.get());
  if (status < 0 && status != AVERROR_EOF) ++num_bad_;
}

/// Whether the decoder had a good frame ready; damaged ones are counted and dropped.
bool VideoReader::receive_frame(AVFrame& frame) {
  while (true) {
    const int status = avcodec_receive_frame(codec_.get(), &frame);
    if (status == AVERROR(EAGAIN) || status == AVERROR_EOF) return false;
    if (status < 0) {
      ++num_bad_;
      return false;
    }
    const bool damaged =
        (frame.flags & AV_FRAME_FLAG_CORRUPT) != 0 || frame.decode_error_flags != 0;
    if (!damaged) return true;
    ++num_bad_;
    av_frame_unref(&frame);
  }
}

/// Doubles hold every real count of ticks exactly, and no sum of hostile ones overflows.
double VideoReader::to_seconds(double ticks) const {
  return ticks * stream_->time_base.num / stream_->time_base.den;
}

TimedFrame VideoReader::timed(FramePtr frame) {
  TimedFrame result;
  const auto duration = static_cast<double>(std::max<int64_t>(0, frame->pkt_duration));
  double ticks = last_end_ticks_;
  if (frame->best_effort_timestamp != AV_NOPTS_VALUE) {
    const auto stamp = static_cast<double>(frame->best_effort_timestamp);
    if (!first_ticks_) first_ticks_ = stamp;
    ticks = stamp - *first_ticks_;
  }
  last_end_ticks_ = ticks + duration;
  result.seconds = to_seconds(ticks);
  result.end = to_seconds(last_end_ticks_);
  const AVRational rate = stream_->avg_frame_rate;
  if (duration == 0 && rate.num > 0 && rate.den > 0) result.end += av_q2d(av_inv_q(rate));
  result.frame = std::move(frame);
  return result;
}

std::optional<TimedFrame> VideoReader::next() {
  FramePtr frame(av_frame_alloc());
  require(frame != nullptr, where_, "expected a frame, got out of memory");
  while (!receive_frame(*frame)) {
    if (draining_) return std::nullopt;
    send_packet();
  }
  return timed(std::move(frame));
}

double VideoReader::measure_length() {
  std::optional<double> first;
  double end = 0;
  while (read_packet()) {
    const int64_t ticks = packet_->pts != AV_NOPTS_VALUE ? packet_->pts : packet_->dts;
    if (ticks == AV_NOPTS_VALUE || (packet_->flags & AV_PKT_FLAG_DISCARD) != 0) continue;
    const auto start = static_cast<double>(ticks);
    first = std::min(first.value_or(start), start);
    end = std::max(end,
                   start - *first + static_cast<double>(std::max<int64_t>(0, packet_->duration)));
  }
  require(first.has_value(), where_, "expected packets with times, got none");
  return to_seconds(end);
}

Image VideoReader::to_image(const AVFrame& frame) const {
  check_extents(frame.height, frame.width, where_, limits_.frame);
  const FramePtr rgb = to_rgb(frame, where_);
  Image image{frame.height, frame.width, PixelMode::kRgb, {}, {}, {}};
  image.pixels.resize(3 * image.height * image.width);
  for (int64_t y = 0; y < image.height; ++y) {
    std::copy_n(rgb->data[0] + y * rgb->linesize[0], 3 * image.width,
                image.pixels.data() + 3 * y * image.width);
  }
  return apply_orientation(image, orientation_of(*stream_));
}

}  // namespace flamingo
