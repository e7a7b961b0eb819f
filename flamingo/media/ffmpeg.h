#pragma once

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/pixdesc.h>
#include <libswscale/swscale.h>
}

#include <memory>
#include <string>

namespace flamingo::media {

/// Owners of FFmpeg's objects.
struct FfmpegFree {
  void operator()(AVCodecContext* context) const { avcodec_free_context(&context); }
  void operator()(AVCodecParameters* parameters) const { avcodec_parameters_free(&parameters); }
  void operator()(AVFrame* frame) const { av_frame_free(&frame); }
  void operator()(AVPacket* packet) const { av_packet_free(&packet); }
  void operator()(SwsContext* context) const { sws_freeContext(context); }
};

/// What FFmpeg made, freed with its owner.
using CodecContextPtr = std::unique_ptr<AVCodecContext, FfmpegFree>;
using CodecParametersPtr = std::unique_ptr<AVCodecParameters, FfmpegFree>;
using FramePtr = std::unique_ptr<AVFrame, FfmpegFree>;
using PacketPtr = std::unique_ptr<AVPacket, FfmpegFree>;
using ScalerPtr = std::unique_ptr<SwsContext, FfmpegFree>;

/// Options for avformat_open_input and avcodec_open2.
struct Dictionary {
  AVDictionary* entries = nullptr;

  Dictionary() = default;
  Dictionary(const Dictionary&) = delete;
  Dictionary& operator=(const Dictionary&) = delete;
  ~Dictionary() { av_dict_free(&entries); }
  void set(const char* key, const char* value) { av_dict_set(&entries, key, value, 0); }
};

/// FFmpeg's text for an error code.
std::string ffmpeg_error(int code);

/// Stops FFmpeg from writing to stderr: a library prints nothing. What it would have written serves
/// once: a codec context whose `opaque` points to a bool gets that set when its decoder makes up
/// parts of a frame that were lost, which decoders of this age tell in no other way.
void silence_ffmpeg();

/// Lets FFmpeg allocate blocks of up to `bytes`, or of what an earlier call let it. Tables of a
/// container and what decoders unpack are bounded by nothing else.
void allow_blocks(size_t bytes);

/// A frame with memory of its own for height x width pixels.
/// Throws Error when FFmpeg refuses.
FramePtr make_frame(AVPixelFormat format, int64_t height, int64_t width);

}  // namespace flamingo::media
