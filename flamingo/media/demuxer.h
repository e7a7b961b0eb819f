#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "flamingo/media/ffmpeg.h"
#include "flamingo/media/video.h"
#include "flamingo/media/video_timeline.h"

namespace flamingo::media {

/// Reads the packets of one video stream from memory. Nothing is ever decoded, so that opening a
/// file costs no more than its bytes, whatever sizes it holds.
class Demuxer {
 public:
  /// `bytes`, `where` and `limits` must outlive it. Throws Error: another format, no stream of a
  /// known codec, a frame size over the limits.
  Demuxer(std::span<const std::byte> bytes, const std::string& where, const VideoLimits& limits);
  ~Demuxer();
  Demuxer(const Demuxer&) = delete;
  Demuxer& operator=(const Demuxer&) = delete;

  const AVStream& stream() const { return *stream_; }
  /// The stream's parameters as the file begins. A parser changes the stream's own ones by what it
  /// reads, damage too.
  const AVCodecParameters& parameters() const { return *parameters_; }
  const AVCodec& decoder() const { return *decoder_; }

  /// Reads the next packet that holds anything; false at the end of the file or of what can be
  /// read. Throws Error once over a limit.
  bool read(AVPacket& packet);
  /// Goes to `key`, or some packets before it. False where the container cannot.
  bool seek(const KeyPacket& key);
  /// Whether reading ended with an error.
  bool failed() const { return failed_; }

 private:
  void open();
  [[noreturn]] void refuse_format(int status) const;
  void choose_stream();
  /// Index of the video stream to read, or below 0; sets decoder_.
  int find_stream();
  void copy_parameters();
  void close();

  static int on_read(void* demuxer, uint8_t* target, int count);
  static int64_t on_seek(void* demuxer, int64_t offset, int whence);

  std::span<const std::byte> bytes_;
  const std::string& where_;
  const VideoLimits& limits_;
  int64_t position_ = 0;
  uint64_t bytes_left_ = 0;  ///< that FFmpeg may still read, since a file can send it in circles
  AVIOContext* io_ = nullptr;
  AVFormatContext* format_ = nullptr;
  AVStream* stream_ = nullptr;
  const AVCodec* decoder_ = nullptr;
  CodecParametersPtr parameters_;
  int64_t num_packets_ = 0;
  bool times_lie_ = false;  ///< packets' times are those of decoding
  bool failed_ = false;
};

}  // namespace flamingo::media
