#pragma once

#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <map>
#include <string>
#include <vector>

extern "C" {
#include <libavcodec/bsf.h>
}

#include "flamingo/media/ffmpeg.h"
#include "tests/media/video_testing.h"

namespace flamingo::media {

/// A clip for tests, in any container and codec of FFmpeg's. Ticks are of 1/25 s.
struct ClipSpec {
  std::string format = "mp4";
  std::string codec = "mpeg4";
  int frames = 60;
  int gop = 10;
  int b_frames = 0;
  std::map<std::string, std::string> codec_options = {};
  std::map<std::string, std::string> format_options = {};
  AVPixelFormat pixel_format = AV_PIX_FMT_YUV420P;
  int height = 48, width = 64;
  std::string filter = {};                                      ///< of bitstreams, after the codec
  int extra_streams = 0;                                        ///< copies, before the clip's own
  bool cover = false;                                           ///< a picture attached in front
  std::function<int64_t(int)> ticks = [](int i) { return i; };  ///< when frame i is shown
  std::function<bool(int)> keep = [](int) { return true; };     ///< packets in the file's order
  std::function<bool(int)> damage = [](int) { return false; };  ///< those whose bytes are noise
  int damage_from = 0;  ///< noise begins at this byte of them
};

/// Muxes to memory, so that the container can go back and complete its header.
class ClipBuilder {
 public:
  explicit ClipBuilder(const ClipSpec& spec) : spec_(spec) {
    silence_ffmpeg();
    check(avformat_alloc_output_context2(&format_, nullptr, spec.format.c_str(), nullptr));
    constexpr int kBuffer = 4096;
    format_->pb = avio_alloc_context(static_cast<uint8_t*>(av_malloc(kBuffer)), kBuffer, 1, this,
                                     nullptr, on_write, on_seek);
    packet_.reset(av_packet_alloc());
  }
  ~ClipBuilder() {
    av_freep(&format_->pb->buffer);
    avio_context_free(&format_->pb);
    avformat_free_context(format_);
    av_bsf_free(&filter_);
  }
  ClipBuilder(const ClipBuilder&) = delete;
  ClipBuilder& operator=(const ClipBuilder&) = delete;

  std::string build() {
    open_codec();
    for (int i = 0; i < spec_.extra_streams + (spec_.cover ? 1 : 0) + 1; ++i) add_stream();
    if (spec_.cover) format_->streams[0]->disposition = AV_DISPOSITION_ATTACHED_PIC;
    Dictionary options;
    for (const auto& [key, value] : spec_.format_options) options.set(key.c_str(), value.c_str());
    check(avformat_write_header(format_, &options.entries));
    for (int i = 0; i < spec_.frames; ++i) encode(frame(i).get());
    encode(nullptr);
    check(av_write_trailer(format_));
    avio_flush(format_->pb);
    return bytes_;
  }

 private:
  static int on_write(void* self, uint8_t* data, int size) {
    auto* builder = static_cast<ClipBuilder*>(self);
    std::string& bytes = builder->bytes_;
    bytes.resize(std::max(bytes.size(), builder->position_ + static_cast<size_t>(size)));
    std::memcpy(bytes.data() + builder->position_, data, static_cast<size_t>(size));
    builder->position_ += static_cast<size_t>(size);
    return size;
  }
  static int64_t on_seek(void* self, int64_t offset, int whence) {
    auto* builder = static_cast<ClipBuilder*>(self);
    if (whence != SEEK_SET) return AVERROR(EINVAL);
    builder->position_ = static_cast<size_t>(offset);
    return offset;
  }

  static void check(int status) { ASSERT_GE(status, 0) << ffmpeg_error(status); }

  void open_codec() {
    const AVCodec* codec = avcodec_find_encoder_by_name(spec_.codec.c_str());
    ASSERT_NE(codec, nullptr) << spec_.codec;
    codec_.reset(avcodec_alloc_context3(codec));
    codec_->height = spec_.height;
    codec_->width = spec_.width;
    codec_->pix_fmt = spec_.pixel_format;
    codec_->time_base = {1, 25};
    codec_->framerate = {25, 1};
    codec_->gop_size = spec_.gop;
    codec_->max_b_frames = spec_.b_frames;
    codec_->thread_count = 1;
    codec_->flags |= AV_CODEC_FLAG_QSCALE;
    codec_->global_quality = FF_QP2LAMBDA * 3;
    if ((format_->oformat->flags & AVFMT_GLOBALHEADER) != 0)
      codec_->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    Dictionary options;
    for (const auto& [key, value] : spec_.codec_options) options.set(key.c_str(), value.c_str());
    check(avcodec_open2(codec_.get(), codec, &options.entries));
    check(av_bsf_list_parse_str(spec_.filter.empty() ? "null" : spec_.filter.c_str(), &filter_));
    check(avcodec_parameters_from_context(filter_->par_in, codec_.get()));
    filter_->time_base_in = codec_->time_base;
    check(av_bsf_init(filter_));
  }

  void add_stream() {
    AVStream* stream = avformat_new_stream(format_, nullptr);
    check(avcodec_parameters_from_context(stream->codecpar, codec_.get()));
    stream->time_base = codec_->time_base;
    stream->avg_frame_rate = codec_->framerate;
  }

  /// numbered_frame(i modulo 20), of the clip's size and pixel format.
  FramePtr frame(int i) const {
    const Image image = numbered_frame(i % 20);
    const ScalerPtr scaler(sws_getContext(64, 48, AV_PIX_FMT_RGB24, spec_.width, spec_.height,
                                          spec_.pixel_format, SWS_BICUBIC | SWS_ACCURATE_RND,
                                          nullptr, nullptr, nullptr));
    FramePtr frame = make_frame(spec_.pixel_format, spec_.height, spec_.width);
    const uint8_t* source[] = {image.pixels.data()};
    const int stride[] = {3 * 64};
    sws_scale(scaler.get(), source, stride, 0, 48, frame->data, frame->linesize);
    frame->pts = spec_.ticks(i);
    frame->quality = FF_QP2LAMBDA * 3;
    return frame;
  }

  void encode(AVFrame* frame) {
    check(avcodec_send_frame(codec_.get(), frame));
    while (avcodec_receive_packet(codec_.get(), packet_.get()) >= 0) {
      const int number = num_packets_++;
      check(av_bsf_send_packet(filter_, packet_.get()));
      check(av_bsf_receive_packet(filter_, packet_.get()));
      if (spec_.damage(number)) {
        Rng rng(static_cast<uint64_t>(number) + 1);
        for (int i = spec_.damage_from; i < packet_->size; ++i)
          packet_->data[i] = static_cast<uint8_t>(rng.below(256));
      }
      if (packet_->duration == 0) packet_->duration = 1;
      if (spec_.keep(number)) write(number);
      av_packet_unref(packet_.get());
    }
  }

  void write(int number) {
    for (unsigned s = 0; s < format_->nb_streams; ++s) {
      const bool cover = spec_.cover && s == 0;
      if (cover && number > 0) continue;
      const PacketPtr copy(av_packet_clone(packet_.get()));
      copy->stream_index = static_cast<int>(s);
      av_packet_rescale_ts(copy.get(), codec_->time_base, format_->streams[s]->time_base);
      check(av_interleaved_write_frame(format_, copy.get()));
    }
  }

  const ClipSpec& spec_;
  std::string bytes_;
  size_t position_ = 0;
  AVFormatContext* format_ = nullptr;
  CodecContextPtr codec_;
  AVBSFContext* filter_ = nullptr;
  PacketPtr packet_;
  int num_packets_ = 0;
};

inline std::string clip_of(const ClipSpec& spec) { return ClipBuilder(spec).build(); }

}  // namespace flamingo::media
