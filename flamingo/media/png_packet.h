#pragma once

#include "flamingo/media/ffmpeg.h"

namespace flamingo::media {

/// Takes the chunks out of a packet of PNG that no pixel depends on: all ancillary ones but tRNS.
/// FFmpeg's decoder inflates text and profiles without a limit, gigabytes of a few megabytes.
void drop_ancillary_chunks(AVPacket& packet);

}  // namespace flamingo::media
