#include "flamingo/media/demuxer.h"

#include <algorithm>
#include <cstring>
#include <string_view>

#include "flamingo/core/error.h"
#include "flamingo/io/file_kind.h"
#include "flamingo/media/codec.h"
#include "flamingo/media/png_packet.h"

namespace flamingo::media {
namespace {

constexpr const char* kFormats = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,gif";
constexpr const char* kNoCodec = "none";
constexpr int kIoBufferBytes = 32 << 10;

/// Refuses every file or address that a playlist or a container wants to open.
int refuse_open(AVFormatContext*, AVIOContext**, const char*, int, AVDictionary**) {
  return AVERROR(EPERM);
}

bool is_cover(const AVStream& stream) {
  return (stream.disposition & AV_DISPOSITION_ATTACHED_PIC) != 0;
}

}  // namespace

Demuxer::Demuxer(std::span<const std::byte> bytes, const std::string& where,
                 const VideoLimits& limits)
    : bytes_(bytes), where_(where), limits_(limits) {
  silence_ffmpeg();
  constexpr uint64_t kMostPixelBytes = 8;  // RGBA of 16 bits
  constexpr uint64_t kSlack = 1 << 20;
  allow_blocks(kSlack +
               std::max(limits.max_bytes,
                        kMostPixelBytes * static_cast<uint64_t>(limits.max_padded_pixels())));
  require(bytes.size() <= limits.max_bytes, where_, "expected at most {} bytes, got {}",
          limits.max_bytes, bytes.size());
  // Each byte a few times, and a buffer anew for every packet of a file that is not interleaved.
  bytes_left_ = 8 * bytes.size() + 2 * kIoBufferBytes * static_cast<uint64_t>(limits.max_packets);
  try {
    open();
    choose_stream();
  } catch (...) {
    close();
    throw;
  }
}

Demuxer::~Demuxer() { close(); }

void Demuxer::close() {
  avformat_close_input(&format_);
  if (io_ != nullptr) av_freep(&io_->buffer);
  avio_context_free(&io_);
}

int Demuxer::on_read(void* self, uint8_t* target, int count) {
  auto* demuxer = static_cast<Demuxer*>(self);
  const auto left = static_cast<int64_t>(demuxer->bytes_.size()) - demuxer->position_;
  const auto n = static_cast<int>(std::min<int64_t>(count, left));
  if (n <= 0) return AVERROR_EOF;
  if (demuxer->bytes_left_ < static_cast<uint64_t>(n)) return AVERROR_EXIT;
  demuxer->bytes_left_ -= static_cast<uint64_t>(n);
  std::memcpy(target, demuxer->bytes_.data() + demuxer->position_, n);
  demuxer->position_ += n;
  return n;
}

int64_t Demuxer::on_seek(void* self, int64_t offset, int whence) {
  auto* demuxer = static_cast<Demuxer*>(self);
  const auto size = static_cast<int64_t>(demuxer->bytes_.size());
  if (whence == AVSEEK_SIZE) return size;
  int64_t base = 0;
  if (whence == SEEK_CUR) base = demuxer->position_;
  if (whence == SEEK_END) base = size;
  if (offset < -base || offset > size - base) return AVERROR(EINVAL);
  demuxer->position_ = base + offset;
  return demuxer->position_;
}

void Demuxer::open() {
  auto* buffer = static_cast<uint8_t*>(av_malloc(kIoBufferBytes));
  io_ = avio_alloc_context(buffer, kIoBufferBytes, 0, this, on_read, nullptr, on_seek);
  if (io_ == nullptr) av_free(buffer);
  format_ = avformat_alloc_context();
  require(io_ != nullptr && format_ != nullptr, where_,
          "expected to start FFmpeg, got out of memory");
  format_->pb = io_;
  format_->io_open = refuse_open;
  format_->max_streams = 64;
  Dictionary options;
  options.set("format_whitelist", kFormats);
  options.set("codec_whitelist", kNoCodec);  // or avformat_find_stream_info would decode
  options.set("protocol_whitelist", "");
  const int status = avformat_open_input(&format_, nullptr, nullptr, &options.entries);
  if (status < 0) refuse_format(status);
}

/// Damage is FFmpeg's to name; a file of another kind is told by its first bytes.
void Demuxer::refuse_format(int status) const {
  const std::string_view kind = io::file_kind(bytes_);
  const bool other = !kind.empty() && !kind.ends_with(" clip") && kind != "a GIF picture";
  fail(where_, "expected an MP4, WebM, Matroska, AVI or GIF clip, got{}",
       other ? " " + std::string(kind) : ": " + ffmpeg_error(status),
       Hint{other ? io::other_kind_hint(bytes_) : ""});
}

int Demuxer::find_stream() {
  int index = av_find_best_stream(format_, AVMEDIA_TYPE_VIDEO, -1, -1, &decoder_, 0);
  for (int i = 0; i < static_cast<int>(format_->nb_streams); ++i) {
    if (index < 0 || !is_cover(*format_->streams[index])) break;  // a cover is the last choice
    const AVCodec* decoder = avcodec_find_decoder(format_->streams[i]->codecpar->codec_id);
    if (is_cover(*format_->streams[i]) || decoder == nullptr || decoder->type != AVMEDIA_TYPE_VIDEO)
      continue;
    index = i;
    decoder_ = decoder;
  }
  return index;
}

void Demuxer::choose_stream() {
  const int index = find_stream();
  require(index >= 0 && decoder_ != nullptr, where_,
          "expected a video stream of a known codec, got none");
  stream_ = format_->streams[index];
  require(stream_->time_base.num > 0 && stream_->time_base.den > 0, where_,
          "expected a time base above 0, got {} / {}", stream_->time_base.num,
          stream_->time_base.den);
  const AVCodecParameters& parameters = *stream_->codecpar;
  if (parameters.width != 0 || parameters.height != 0)  // else the decoder tells
    check_extents(parameters.height, parameters.width, where_, limits_.frame());
  for (unsigned i = 0; i < format_->nb_streams; ++i) {
    if (format_->streams[i] != stream_) format_->streams[i]->discard = AVDISCARD_ALL;
  }
  // Finds the frame rate. Complains that it cannot find the pixel format, as it may not decode.
  avformat_find_stream_info(format_, nullptr);
  copy_parameters();
}

void Demuxer::copy_parameters() {
  parameters_.reset(avcodec_parameters_alloc());
  require(
      parameters_ != nullptr && avcodec_parameters_copy(parameters_.get(), stream_->codecpar) >= 0,
      where_, "expected to copy a codec's parameters, got out of memory");
  const AVCodecDescriptor* codec = avcodec_descriptor_get(parameters_->codec_id);
  times_lie_ = std::string_view(format_->iformat->name) == "avi" && codec != nullptr &&
               (codec->props & AV_CODEC_PROP_REORDER) != 0;
}

bool Demuxer::read(AVPacket& packet) {
  do {
    av_packet_unref(&packet);
    const int status = av_read_frame(format_, &packet);
    require(status != AVERROR_EXIT, where_,
            "expected a file that is read in order, got one that leads in circles");
    if (status < 0) {
      failed_ = status != AVERROR_EOF;
      return false;
    }
    require(++num_packets_ <= limits_.max_packets, where_, "expected at most {} packets, got more",
            limits_.max_packets);
  } while (packet.stream_index != stream_->index || packet.size == 0);  // AVI: the frame stays
  if (times_lie_) packet.pts = AV_NOPTS_VALUE;
  if (parameters_->codec_id == AV_CODEC_ID_PNG) drop_ancillary_chunks(packet);
  return true;
}

bool Demuxer::seek(const KeyPacket& key) {
  const bool by_pts = std::string_view(format_->iformat->name).starts_with("matroska");
  const int64_t time = by_pts || key.dts == AV_NOPTS_VALUE ? key.pts : key.dts;
  num_packets_ = 0;
  return av_seek_frame(format_, stream_->index, time, AVSEEK_FLAG_BACKWARD) >= 0;
}

}  // namespace flamingo::media
