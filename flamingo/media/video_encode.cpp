#include <cmath>
#include <memory>
#include <span>
#include <string>

#include "flamingo/core/error.h"
#include "flamingo/core/file.h"
#include "flamingo/media/ffmpeg.h"
#include "flamingo/media/video.h"

namespace flamingo::media {
namespace {

constexpr int kMaxTicksPerSecond = 65535;  // MPEG-4's limit

void expect_ok(int status, const char* what) {
  if (status < 0) {
    fail("encode_video", "expected to {}, got: {}", what, ffmpeg_error(status));
  }
}

const AVCodec& find_encoder(const std::string& name) {
  const AVCodec* codec = avcodec_find_encoder_by_name(name.empty() ? "libx264" : name.c_str());
  if (codec == nullptr && name.empty()) codec = avcodec_find_encoder_by_name("mpeg4");
  require(codec != nullptr && codec->type == AVMEDIA_TYPE_VIDEO, "encode_video",
          "expected a video encoder of FFmpeg's, got \"{}\"", name);
  return *codec;
}

/// An MP4 muxer that writes to memory.
class Mp4Writer {
 public:
  Mp4Writer() {
    silence_ffmpeg();
    expect_ok(avformat_alloc_output_context2(&format_, nullptr, "mp4", nullptr), "start MP4");
    if (avio_open_dyn_buf(&format_->pb) < 0) {
      avformat_free_context(format_);
      fail("encode_video", "expected a buffer, got out of memory");
    }
  }
  ~Mp4Writer() {
    if (format_->pb != nullptr) finish_bytes();
    avformat_free_context(format_);
  }
  Mp4Writer(const Mp4Writer&) = delete;
  Mp4Writer& operator=(const Mp4Writer&) = delete;

  void open(const AVCodec& codec, int64_t height, int64_t width, AVRational rate) {
    packet_.reset(av_packet_alloc());
    codec_.reset(avcodec_alloc_context3(&codec));
    stream_ = avformat_new_stream(format_, nullptr);
    require(packet_ && codec_ && stream_ != nullptr, "encode_video",
            "expected to start an encoder, got out of memory");
    codec_->height = static_cast<int>(height);
    codec_->width = static_cast<int>(width);
    codec_->pix_fmt = AV_PIX_FMT_YUV420P;
    codec_->framerate = rate;
    codec_->time_base = av_inv_q(rate);
    codec_->gop_size = 12;
    codec_->max_b_frames = 0;
    codec_->thread_count = 1;
    codec_->flags |= AV_CODEC_FLAG_GLOBAL_HEADER | AV_CODEC_FLAG_QSCALE;
    codec_->global_quality = FF_QP2LAMBDA * 2;
    AVDictionary* options = nullptr;
    av_dict_set(&options, "crf", "18", 0);  // libx264's quality; others keep the one above
    const int status = avcodec_open2(codec_.get(), &codec, &options);
    av_dict_free(&options);
    expect_ok(status, "open the encoder");
    expect_ok(avcodec_parameters_from_context(stream_->codecpar, codec_.get()), "set up a stream");
    stream_->time_base = codec_->time_base;
    stream_->avg_frame_rate = rate;
    expect_ok(avformat_write_header(format_, nullptr), "write the header");
  }

  /// Encodes a frame; null ends the stream.
  void write(AVFrame* frame) {
    expect_ok(avcodec_send_frame(codec_.get(), frame), "encode a frame");
    while (true) {
      const int status = avcodec_receive_packet(codec_.get(), packet_.get());
      if (status == AVERROR(EAGAIN) || status == AVERROR_EOF) return;
      expect_ok(status, "encode a frame");
      packet_->stream_index = stream_->index;
      packet_->duration = 1;
      av_packet_rescale_ts(packet_.get(), codec_->time_base, stream_->time_base);
      expect_ok(av_interleaved_write_frame(format_, packet_.get()), "write a packet");
    }
  }

  /// Ends the file and returns its bytes.
  std::string finish() {
    write(nullptr);
    expect_ok(av_write_trailer(format_), "write the index");
    return finish_bytes();
  }

 private:
  std::string finish_bytes() {
    uint8_t* data = nullptr;
    const int size = avio_close_dyn_buf(format_->pb, &data);
    format_->pb = nullptr;
    const std::unique_ptr<uint8_t, void (*)(void*)> owner(data, av_free);
    return {reinterpret_cast<const char*>(data), static_cast<size_t>(size)};
  }

  AVFormatContext* format_ = nullptr;
  AVStream* stream_ = nullptr;
  CodecContextPtr codec_;
  PacketPtr packet_;
};

void check_frames(std::span<const Image> frames) {
  require(!frames.empty(), "encode_video", "expected at least one frame, got none");
  const Image& first = frames.front();
  for (const Image& frame : frames) {
    require(
        frame.mode == PixelMode::kRgb && frame.height == first.height &&
            frame.width == first.width &&
            static_cast<int64_t>(frame.pixels.size()) == 3 * frame.height * frame.width,
        "encode_video",
        "expected RGB frames [H, W, 3] of one size, got {} bytes for {} x {} x {} after {} x {}",
        frame.pixels.size(), frame.height, frame.width, frame.channels(), first.height,
        first.width);
  }
  require(first.height >= 16 && first.width >= 16 && first.height <= 8192 && first.width <= 8192 &&
              first.height % 2 == 0 && first.width % 2 == 0,
          "encode_video", "expected even sides in [16, 8192], got {} x {}", first.width,
          first.height);
}

}  // namespace

std::string encode_video(std::span<const Image> frames, double fps, const std::string& codec) {
  check_frames(frames);
  require(std::isfinite(fps) && fps >= 0.01 && fps <= 1000, "encode_video",
          "expected fps in [0.01, 1000], got {}", fps);
  const auto height = static_cast<int>(frames.front().height);
  const auto width = static_cast<int>(frames.front().width);
  Mp4Writer writer;
  writer.open(find_encoder(codec), height, width, av_d2q(fps, kMaxTicksPerSecond));
  const ScalerPtr scaler(sws_getContext(width, height, AV_PIX_FMT_RGB24, width, height,
                                        AV_PIX_FMT_YUV420P, SWS_BICUBIC | SWS_ACCURATE_RND, nullptr,
                                        nullptr, nullptr));
  require(scaler != nullptr, "encode_video", "expected to start a converter, got a failure");
  for (size_t i = 0; i < frames.size(); ++i) {
    const FramePtr yuv = make_frame(AV_PIX_FMT_YUV420P, height, width);
    const uint8_t* source[] = {frames[i].pixels.data()};
    const int stride[] = {3 * width};
    sws_scale(scaler.get(), source, stride, 0, height, yuv->data, yuv->linesize);
    yuv->pts = static_cast<int64_t>(i);
    yuv->quality = FF_QP2LAMBDA * 2;
    writer.write(yuv.get());
  }
  return writer.finish();
}

void write_video(const std::string& path, std::span<const Image> frames, double fps,
                 const std::string& codec) {
  write_file_atomic(path, encode_video(frames, fps, codec));
}

}  // namespace flamingo::media
