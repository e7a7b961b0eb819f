#include "flamingo/media/video_reader.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "flamingo/media/codec.h"
#include "flamingo/media/container_end.h"
#include "flamingo/media/frame_image.h"
#include "flamingo/media/orientation.h"

namespace flamingo::media {
namespace {

constexpr const char* kCodecs =
    "h264,hevc,mpeg4,mpeg2video,mpeg1video,msmpeg4,msmpeg4v2,h263,vp8,vp9,libdav1d,libaom-av1,"
    "av1,theora,mjpeg,png,gif,ffv1,rawvideo,prores,dvvideo";
constexpr int64_t kWorthASeek = 8;  // packets that are skipped
constexpr int kMostDamagedKeys = 3;
// Frames that an H.264 stream may hold back where neither it nor the container says how many.
constexpr int kGuessedReorderDepth = 4;

}  // namespace

VideoReader::VideoReader(std::span<const std::byte> bytes, const std::string& where,
                         const VideoLimits& limits, bool may_seek)
    : bytes_(bytes),
      where_(where),
      limits_(limits),
      may_seek_(may_seek),
      cut_off_(ends_early(bytes)),
      packet_(av_packet_alloc()) {
  require(packet_ != nullptr, where_, "expected to start FFmpeg, got out of memory");
  read_timeline();
  restart();
}

void VideoReader::read_timeline() {
  Demuxer demuxer(bytes_, where_, limits_);
  while (demuxer.read(*packet_)) timeline_.add(*packet_);
  timeline_.finish();
}

/// Begins anew at the start of the file.
void VideoReader::restart() {
  demuxer_ = std::make_unique<Demuxer>(bytes_, where_, limits_);
  open_codec();
  position_ = -1;
  last_end_ticks_ = 0;
  awaited_.reset();
}

/// Begins anew at a key frame. The first is reached from the start, as what is before it
/// counts.
void VideoReader::jump(size_t key) {
  if (key == 0) return restart();
  if (!demuxer_->seek(timeline_.keys()[key])) {
    may_seek_ = false;
    return restart();
  }
  open_codec();
  awaited_ = key;
  do {
    if (!demuxer_->read(*packet_)) {  // the container's index is wrong
      may_seek_ = false;
      return restart();
    }
  } while (packet_->pts != timeline_.keys()[key].pts);
  position_ = timeline_.keys()[key].index;
  send_packet();
}

/// The key frame that was awaited did not come out first, or is none. A damaged one needs what is
/// before it; where more are at fault, none can be trusted.
void VideoReader::fall_back() {
  if (++num_fallen_back_ <= kMostDamagedKeys) return jump(*awaited_ - 1);
  may_seek_ = false;
  restart();
}

bool VideoReader::approach(double seconds, bool go_on) {
  if (!may_seek_ || timeline_.keys().empty()) {
    if (!go_on) restart();
    return !go_on;
  }
  const AVRational base = demuxer_->stream().time_base;
  const size_t key = timeline_.key_before(first_ticks_.value_or(0) + seconds * base.den / base.num);
  if (go_on && timeline_.keys()[key].index <= position_ + kWorthASeek) return false;
  jump(key);
  return true;
}

TimedFrame VideoReader::last(TimedFrame current) {
  const auto& keys = timeline_.keys();
  if (may_seek_ && !keys.empty() && keys.back().index > position_ + kWorthASeek)
    jump(keys.size() - 1);
  while (auto frame = next()) current = std::move(*frame);
  return current;
}

/// A decoder that has seen nothing yet. Flushing one is not enough: what a damaged header set (the
/// length of MPEG-4's times, say) stays.
void VideoReader::open_codec() {
  draining_ = renewing_ = suspect_ = false;
  group_begin_ = std::numeric_limits<int64_t>::min();
  const AVCodec& decoder = demuxer_->decoder();
  codec_.reset(avcodec_alloc_context3(&decoder));
  require(codec_ != nullptr, where_, "expected to start a decoder, got out of memory");
  int status = avcodec_parameters_to_context(codec_.get(), &demuxer_->parameters());
  codec_->pkt_timebase = demuxer_->stream().time_base;
  codec_->opaque = &concealed_;  // see silence_ffmpeg
  codec_->thread_count = 1;  // with more, what is made of damaged frames depends on their timing
  if (decoder.id == AV_CODEC_ID_H264) {
    const int depth = timeline_.is_timed() ? timeline_.reorder_depth() : kGuessedReorderDepth;
    codec_->has_b_frames = std::max(codec_->has_b_frames, depth);
  }
  Dictionary options;
  options.set("codec_whitelist", kCodecs);
  if (status >= 0) status = avcodec_open2(codec_.get(), &decoder, &options.entries);
  if (status < 0) fail(where_, "expected a known video codec, got: {}", ffmpeg_error(status));
  if (codec_->width != 0 || codec_->height != 0)  // by the container, or the codec's own header
    check_extents(codec_->height, codec_->width, where_, limits_.frame());
  // Decoders count pixels of padding, too; what a frame holds is checked when it is used.
  codec_->max_pixels = limits_.max_padded_pixels();
}

/// Frames that are shown before the key frame which they follow in the file may refer to others
/// that were skipped. What becomes of them is no sign of damage after the key frame.
bool VideoReader::leads_group(int64_t pts) const {
  return pts != AV_NOPTS_VALUE && pts < group_begin_;
}

/// The packet or frame of this time is damaged. A time tells it from others where the file has one
/// for each, else its place does.
void VideoReader::count_bad(int64_t pts) {
  if (!leads_group(pts)) suspect_ = true;
  if (!awaited_ || !leads_group(pts)) bad_.insert(timeline_.is_timed() ? pts : position_);
}

/// Reads the next packet that can be decoded; false at the end.
bool VideoReader::read_packet() {
  while (demuxer_->read(*packet_)) {
    ++position_;
    const bool usable =
        position_ >= timeline_.num_undecodable() && (packet_->flags & AV_PKT_FLAG_CORRUPT) == 0;
    if (usable) return true;
    if ((packet_->flags & AV_PKT_FLAG_DISCARD) == 0) count_bad(packet_->pts);
  }
  if (demuxer_->failed()) bad_.insert(AV_NOPTS_VALUE);  // what cannot be read
  return false;
}

void VideoReader::spend() {
  const int64_t area = int64_t{codec_->width} * codec_->height;
  decoded_ += std::max(area, VideoLimits::kLeastPixels);
  if (decoded_ <= limits_.max_decoded) return;
  throw OverBudget(where_,
                   "expected to decode at most " + std::to_string(limits_.max_decoded) +
                       " pixels, got a clip that takes more",
                   "ask for fewer frames, or raise the limit of decoded pixels");
}

int64_t VideoReader::sent_time() const { return draining_ ? AV_NOPTS_VALUE : packet_->pts; }

/// Sends packet_, or the end of the stream.
void VideoReader::send_packet() {
  const KeyPacket* key = timeline_.key_at(position_);
  if (!draining_ && key != nullptr) group_begin_ = key->pts;
  const int status = avcodec_send_packet(codec_.get(), draining_ ? nullptr : packet_.get());
  note_concealment();
  if (status < 0 && status != AVERROR_EOF) count_bad(sent_time());
  spend();
}

/// What was sent last is the packet of a frame that is partly made up.
void VideoReader::note_concealment() {
  if (!std::exchange(concealed_, false)) return;
  made_up_.insert(packet_->pos);
  if (!leads_group(packet_->pts)) suspect_ = true;
}

/// Whether the decoder had a good frame ready; damaged ones are counted and dropped.
bool VideoReader::receive_frame(AVFrame& frame) {
  while (true) {
    const int status = avcodec_receive_frame(codec_.get(), &frame);
    note_concealment();
    if (status == AVERROR(EAGAIN) || status == AVERROR_EOF) return false;
    if (status < 0) {
      count_bad(sent_time());
      return false;
    }
    const bool damaged = (frame.flags & AV_FRAME_FLAG_CORRUPT) != 0 ||
                         frame.decode_error_flags != 0 ||
                         (frame.pkt_pos >= 0 && made_up_.contains(frame.pkt_pos));
    if (!damaged) return true;
    count_bad(frame.pts);
    av_frame_unref(&frame);
  }
}

/// The next frame of the decoder; null at the end. A decoder that met damage is replaced at the
/// next key frame, so that what is shown from there on is the same whether it was reached by a
/// jump.
FramePtr VideoReader::decode_next() {
  FramePtr frame(av_frame_alloc());
  require(frame != nullptr, where_, "expected a frame, got out of memory");
  while (!receive_frame(*frame)) {
    if (renewing_) {
      open_codec();
    } else if (draining_) {
      return nullptr;
    } else {
      const bool ended = !read_packet();
      renewing_ = !ended && suspect_ && timeline_.key_at(position_) != nullptr;
      draining_ = ended || renewing_;
    }
    send_packet();
  }
  return frame;
}

int64_t VideoReader::time_of(const AVFrame& frame) const {
  const bool own = timeline_.is_timed() && frame.pts != AV_NOPTS_VALUE;
  return own ? frame.pts : frame.best_effort_timestamp;
}

/// Doubles hold every real count of ticks exactly, and no sum of hostile ones overflows.
double VideoReader::to_seconds(double ticks) const {
  const AVRational base = demuxer_->stream().time_base;
  return ticks * base.num / base.den;
}

/// A frame without a time follows the one before it; so do the first ones, up to the first time.
TimedFrame VideoReader::timed(FramePtr frame) {
  auto duration = static_cast<double>(std::max<int64_t>(0, frame->pkt_duration));
  const AVRational rate = demuxer_->stream().avg_frame_rate;
  const AVRational base = demuxer_->stream().time_base;
  if (duration == 0 && rate.num > 0 && rate.den > 0)
    duration = av_q2d(av_inv_q(rate)) * base.den / base.num;
  double ticks = last_end_ticks_;
  if (time_of(*frame) != AV_NOPTS_VALUE) {
    const auto stamp = static_cast<double>(time_of(*frame));
    if (!first_ticks_) first_ticks_ = stamp - last_end_ticks_;
    ticks = stamp - *first_ticks_;
  }
  last_end_ticks_ = ticks + duration;
  return {std::move(frame), to_seconds(ticks), to_seconds(last_end_ticks_)};
}

void VideoReader::check_size(const AVFrame& frame) const {
  check_extents(frame.height, frame.width, where_, limits_.frame());
}

Image VideoReader::to_image(const AVFrame& frame) const {
  check_size(frame);
  return apply_orientation(frame_to_rgb(frame, where_), orientation_.value_or(1));
}

std::optional<TimedFrame> VideoReader::next() {
  while (true) {
    FramePtr frame = decode_next();
    if (awaited_) {
      const int64_t key = timeline_.keys()[*awaited_].pts;
      if (frame && frame->pts != AV_NOPTS_VALUE && frame->pts < key) continue;
      const bool is_key = frame && (frame->key_frame != 0 || frame->pict_type == AV_PICTURE_TYPE_I);
      if (!is_key || frame->pts != key) {
        fall_back();
        continue;
      }
      awaited_.reset();
      num_fallen_back_ = 0;
    }
    if (!frame) return std::nullopt;
    if (!orientation_) orientation_ = frame_orientation(demuxer_->stream(), *frame);
    return timed(std::move(frame));
  }
}

}  // namespace flamingo::media
