#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "flamingo/io/crc.h"
#include "tests/io/byte_builder.h"

namespace flamingo::testing {

/// Writes zip archives by hand, the data as given; the public fields below let a test tell one lie
/// at a time.
class ZipBuilder {
 public:
  uint16_t flags = 0;
  uint16_t method = 0;
  std::optional<uint16_t> local_method;  ///< replaces the method in the member header
  std::optional<uint32_t> crc;           ///< replaces the data's
  int64_t size_lie = 0;                  ///< added to the uncompressed size
  int64_t offset_lie = 0;                ///< added to the offset of the member header
  std::string local_name;                ///< replaces the name in the member header

  ZipBuilder& add(std::string_view name, std::string_view data) {
    const uint32_t sum = crc.value_or(io::crc32(as_bytes(data)));
    const auto size = static_cast<uint32_t>(data.size());
    const std::string_view inner = local_name.empty() ? name : std::string_view(local_name);
    directory_.number<uint32_t>(0x02014b50).number<uint32_t>(0).number(flags).number(method);
    directory_.number<uint32_t>(0).number(sum).number(size);
    directory_.number<uint32_t>(size + static_cast<uint32_t>(size_lie));
    directory_.number(static_cast<uint16_t>(name.size())).number<uint32_t>(0);
    directory_.number<uint32_t>(0).number<uint32_t>(0);  // disk and attributes
    directory_.number(
        static_cast<uint32_t>(static_cast<int64_t>(members_.str().size()) + offset_lie));
    directory_.text(name);
    members_.number<uint32_t>(0x04034b50).number<uint16_t>(0).number(flags);
    members_.number(local_method.value_or(method));
    members_.number<uint32_t>(0).number(sum).number(size).number(size);
    members_.number(static_cast<uint16_t>(inner.size())).number<uint16_t>(0);
    members_.text(inner).text(data);
    ++count_;
    return *this;
  }

  std::string members() const { return members_.str(); }
  std::string directory() const { return directory_.str(); }

  /// The archive; `count_lie` is added to the number of members.
  std::string str(int count_lie = 0) const {
    ByteBuilder end;
    end.number<uint32_t>(0x06054b50).number<uint32_t>(0);
    end.number(static_cast<uint16_t>(count_ + count_lie));
    end.number(static_cast<uint16_t>(count_ + count_lie));
    end.number(static_cast<uint32_t>(directory_.str().size()));
    end.number(static_cast<uint32_t>(members_.str().size())).number<uint16_t>(0);
    return members_.str() + directory_.str() + end.str();
  }

 private:
  ByteBuilder members_;
  ByteBuilder directory_;
  uint16_t count_ = 0;
};

}  // namespace flamingo::testing
