#include "flamingo/io/tar.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "flamingo/core/error.h"
#include "flamingo/io/file_kind.h"

namespace flamingo::io {
namespace {

constexpr uint64_t kBlock = 512;
constexpr uint64_t kMaxNameBytes = 4096;
constexpr uint64_t kPlainNameBytes = 100;
constexpr uint64_t kPlainSizeLimit = 1ull << 33;  // eleven octal digits
constexpr std::string_view kPosixMagic("ustar\0", 6);

using Bytes = std::span<const std::byte>;

/// A field of a header block: offset and length in bytes (POSIX.1-2001, ustar interchange format).
struct Field {
  size_t offset;
  size_t size;
};
constexpr Field kName{0, 100};
constexpr Field kMode{100, 8};
constexpr Field kUser{108, 8};
constexpr Field kGroup{116, 8};
constexpr Field kSize{124, 12};
constexpr Field kTime{136, 12};
constexpr Field kChecksum{148, 8};
constexpr Field kType{156, 1};
constexpr Field kMagic{257, 6};
constexpr Field kVersion{263, 2};
constexpr Field kPrefix{345, 155};
constexpr Field kGnuSparseExtended{482, 1};
constexpr size_t kSparseMapExtended = 504;

std::string_view text_of(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::string_view raw_field(Bytes block, Field field) {
  return text_of(block.subspan(field.offset, field.size));
}

std::string_view until_zero(std::string_view text) { return text.substr(0, text.find('\0')); }

/// A number in base 256, big endian after a marker bit; nothing when negative or over 63 bits.
std::optional<uint64_t> parse_binary(std::string_view field) {
  uint64_t value = static_cast<uint8_t>(field[0]) & 0x7F;
  for (const char c : field.substr(1)) {
    if (value >> 55) return std::nullopt;
    value = value << 8 | static_cast<uint8_t>(c);
  }
  return value;
}

/// A number in octal between spaces, ended by a zero byte, or in base 256; an empty field is 0.
std::optional<uint64_t> parse_number(std::string_view field) {
  if (static_cast<uint8_t>(field[0]) & 0x80) return parse_binary(field);
  std::string_view digits = until_zero(field);
  digits.remove_prefix(std::min(digits.find_first_not_of(' '), digits.size()));
  digits = digits.substr(0, digits.find_last_not_of(' ') + 1);
  if (digits.empty()) return 0;
  uint64_t value = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value, 8);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

std::optional<uint64_t> parse_decimal(std::string_view digits) {
  uint64_t value = 0;
  const char* end = digits.data() + digits.size();
  const auto [stop, error] = std::from_chars(digits.data(), end, value);
  if (error != std::errc() || stop != end) return std::nullopt;
  return value;
}

/// Sum of the bytes of a header, its checksum field counted as spaces.
template <class Byte>
int64_t header_sum(std::string_view block) {
  int64_t sum = static_cast<int64_t>(' ' * kChecksum.size);
  for (size_t i = 0; i < block.size(); ++i) {
    const bool in_field = i >= kChecksum.offset && i < kChecksum.offset + kChecksum.size;
    if (!in_field) sum += static_cast<Byte>(block[i]);
  }
  return sum;
}

/// Old writers summed signed bytes, so both sums are good.
bool checksum_fits(Bytes block) {
  const auto stored = parse_number(raw_field(block, kChecksum));
  if (!stored) return false;
  const auto sum = static_cast<int64_t>(*stored);
  return sum == header_sum<uint8_t>(text_of(block)) || sum == header_sum<int8_t>(text_of(block));
}

/// Folders, links, devices and pipes have no data, whatever their size field says.
bool has_data(char type) { return type < '1' || type > '6'; }

/// Type letters that describe the next member instead of being one.
bool is_extension(char type) { return std::string_view("LKxXg").find(type) != std::string::npos; }

bool is_file_type(char type) { return type == '0' || type == '\0' || type == '7'; }

uint64_t round_up(uint64_t size) { return (size + kBlock - 1) / kBlock * kBlock; }

void put(std::string& block, Field field, std::string_view text) {
  block.replace(field.offset, text.size(), text);
}

/// `value` as `digits` octal digits.
void put_octal(std::string& block, Field field, size_t digits, uint64_t value) {
  for (size_t i = digits; i-- > 0; value /= 8)
    block[field.offset + i] = static_cast<char>('0' + value % 8);
}

std::string plain_header(std::string_view name, uint64_t size, char type) {
  std::string block(kBlock, '\0');
  put(block, kName, name);
  put_octal(block, kMode, kMode.size - 1, 0644);
  put_octal(block, kUser, kUser.size - 1, 0);
  put_octal(block, kGroup, kGroup.size - 1, 0);
  put_octal(block, kSize, kSize.size - 1, size);
  put_octal(block, kTime, kTime.size - 1, 0);
  put(block, kType, {&type, 1});
  put(block, kMagic, kPosixMagic);
  put(block, kVersion, "00");
  put_octal(block, kChecksum, 6, static_cast<uint64_t>(header_sum<uint8_t>(block)));
  block[kChecksum.offset + 7] = ' ';  // after a zero byte, as is the custom
  return block;
}

/// "LENGTH key=value\n", where the length counts its own digits too.
std::string pax_record(std::string_view key, std::string_view value) {
  const std::string tail = " " + std::string(key) + "=" + std::string(value) + "\n";
  size_t length = tail.size();
  while (std::to_string(length).size() + tail.size() != length)
    length = std::to_string(length).size() + tail.size();
  return std::to_string(length) + tail;
}

}  // namespace

struct TarReader::Header {
  char type = '0';
  uint64_t size = 0;
  std::string name;
  bool sparse_extended = false;  ///< of GNU sparse files: blocks of the map follow
};

TarReader::TarReader(Bytes bytes, std::string where, TarLimits limits)
    : bytes_(bytes), where_(std::move(where)), limits_(limits) {}

void TarReader::refuse(const std::string& message) const {
  fail(where_, "{} at offset {}", message, header_at_, Hint{"the archive is cut off or damaged"});
}

/// Of a block without its checksum: is this an archive at all?
void TarReader::refuse_header(Bytes block) const {
  const std::string_view kind = header_at_ == 0 ? file_kind(bytes_) : std::string_view();
  if (!kind.empty()) fail(where_, "expected a tar archive, got {}", kind);
  const auto stored = parse_number(raw_field(block, kChecksum));
  refuse("expected a header with its checksum " +
         std::to_string(header_sum<uint8_t>(text_of(block))) + ", got " +
         (stored ? std::to_string(*stored) : "other bytes"));
}

Bytes TarReader::take(uint64_t size) {
  const uint64_t left = bytes_.size() - position_;
  if (size > left) {
    refuse("expected " + std::to_string(size) + " more bytes, got " + std::to_string(left) +
           " for the header");
  }
  const Bytes part = bytes_.subspan(position_, size);
  position_ += size;
  return part;
}

/// Data and the zeros that fill its last block, which the end of the file may cut off; takes none
/// of it when it is over `max_size`.
Bytes TarReader::take_data(uint64_t size, uint64_t max_size) {
  if (size > max_size) {
    refuse("expected at most " + std::to_string(max_size) + " bytes, got " + std::to_string(size) +
           " for the header");
  }
  const Bytes data = take(size);
  take(std::min((kBlock - size % kBlock) % kBlock, bytes_.size() - position_));
  return data;
}

/// The next header, or nothing at the end of the file.
std::optional<TarReader::Header> TarReader::read_header() {
  header_at_ = position_;
  if (!skip_end_mark()) return std::nullopt;
  header_at_ = position_;
  const Bytes block = take(kBlock);
  if (!checksum_fits(block)) refuse_header(block);
  Header header;
  header.type = raw_field(block, kType)[0];
  const auto size = parse_number(raw_field(block, kSize));
  if (!size) refuse("expected a size, got other bytes in the header");
  header.size = *size;
  header.name = until_zero(raw_field(block, kName));
  const std::string_view prefix = until_zero(raw_field(block, kPrefix));
  if (raw_field(block, kMagic) == kPosixMagic && !prefix.empty()) {
    header.name = std::string(prefix) + "/" + header.name;
  }
  header.sparse_extended = raw_field(block, kGnuSparseExtended)[0] != '\0';
  return header;
}

/// Takes the zeros in front of the next header; false where none follows. A reader that stopped at
/// the first mark would lose the members of archives after it without a word.
bool TarReader::skip_end_mark() {
  const uint64_t begin = position_;
  const auto rest = bytes_.subspan(position_);
  const auto first = std::ranges::find_if(rest, [](std::byte b) { return b != std::byte{0}; });
  const auto num_zeros = static_cast<uint64_t>(first - rest.begin());
  const bool at_end = num_zeros == rest.size();
  if (!at_end) {
    position_ += num_zeros / kBlock * kBlock;
    if (position_ == begin) return true;
    global_.clear();
    ++num_archives_;
    return true;
  }
  if (num_zeros < 2 * kBlock) warn_of_missing_mark();
  position_ = bytes_.size();
  if (num_archives_ > 1)
    warnings_.push_back(std::to_string(num_archives_) +
                        " archives are after each other; they are read as one");
  return false;
}

void TarReader::warn_of_missing_mark() {
  if (num_members_ == 0) refuse("expected a member or two zero blocks, got the end of the file");
  warnings_.push_back(
      "the archive has no end mark, so that members may be missing; the last is \"" + last_name_ +
      "\"");
}

void TarReader::skip_sparse_map(bool extended) {
  while (extended) extended = take(kBlock)[kSparseMapExtended] != std::byte{0};
}

/// Records "LENGTH key=value\n"; the length counts its whole record. An empty value unsets a key.
void TarReader::read_pax(Bytes data, Records& records) const {
  std::string_view rest = text_of(data);
  while (!rest.empty() && rest[0] != '\0') {
    const size_t space = rest.substr(0, 20).find(' ');
    const auto length = parse_decimal(rest.substr(0, space == rest.npos ? 0 : space));
    if (!length || *length < space + 3 || *length > rest.size() || rest[*length - 1] != '\n')
      refuse("expected pax records with their lengths, got other bytes in the header");
    const std::string_view record = rest.substr(space + 1, *length - space - 2);
    const size_t equals = record.find('=');
    if (equals == record.npos) refuse("expected a pax record key=value, got no '=' in the header");
    records.insert_or_assign(std::string(record.substr(0, equals)), record.substr(equals + 1));
    rest.remove_prefix(*length);
  }
}

/// Adds what an extension header says to the records of the next member, or of all later ones.
void TarReader::read_extension(const Header& header, Records& local) {
  if (header.type == 'L') {
    const auto name = take_data(header.size, limits_.max_name_bytes + 1);
    local.insert_or_assign("path", std::string(until_zero(text_of(name))));
  } else if (header.type == 'K') {  // the target of a link, which is skipped anyway
    take_data(header.size, limits_.max_header_bytes);
  } else {
    const auto records = take_data(header.size, limits_.max_header_bytes);
    read_pax(records, header.type == 'g' ? global_ : local);
  }
}

/// The member's own pax record, else the global one; null where it is absent or unset.
const std::string* TarReader::record(const Records& local, std::string_view key) const {
  for (const Records* records : {&local, &global_}) {
    const auto it = records->find(key);
    if (it != records->end()) return it->second.empty() ? nullptr : &it->second;
  }
  return nullptr;
}

uint64_t TarReader::data_size(const Header& header, const Records& local) const {
  if (!has_data(header.type)) return 0;
  const std::string* value = record(local, "size");
  if (value == nullptr) return header.size;
  const auto size = parse_decimal(*value);
  if (!size)
    refuse("expected a pax size, got " + std::to_string(value->size()) +
           " bytes of other text in front of the header");
  return *size;
}

std::string TarReader::member_name(const Header& header, const Records& local) const {
  const std::string* path = record(local, "path");
  const std::string& name = path != nullptr ? *path : header.name;
  if (name.empty() || name.size() > limits_.max_name_bytes || name.find('\0') != name.npos) {
    refuse("expected a name of 1 to " + std::to_string(limits_.max_name_bytes) +
           " bytes without zeros, got " + std::to_string(name.size()) + " bytes in the header");
  }
  return name;
}

bool TarReader::is_regular_file(const Header& header, const Records& local) {
  const auto sparse = local.lower_bound("GNU.sparse.");
  const bool is_sparse = sparse != local.end() && sparse->first.starts_with("GNU.sparse.");
  const bool is_old_folder = header.type == '\0' && header.name.ends_with('/');
  return is_file_type(header.type) && !is_sparse && !is_old_folder;
}

std::optional<TarMember> TarReader::next() {
  require(!damaged_, where_, "expected no read after damage, got one");
  damaged_ = true;  // until the member is there: what follows damage cannot be trusted
  auto member = next_file();
  damaged_ = false;
  return member;
}

std::optional<TarMember> TarReader::next_file() {
  Records local;
  while (!ended_) {
    const uint64_t archive = num_archives_;
    const auto header = read_header();
    if (!local.empty() && (!header || num_archives_ != archive))
      refuse("expected a member after its pax header, got the end");
    if (!header) {
      ended_ = true;
      break;
    }
    if (++num_members_ > limits_.max_members)
      refuse("expected at most " + std::to_string(limits_.max_members) + " members, got one more");
    if (is_extension(header->type)) {
      read_extension(*header, local);
      continue;
    }
    if (header->type == 'S') skip_sparse_map(header->sparse_extended);
    const uint64_t size = data_size(*header, local);
    const uint64_t offset = position_;
    const Bytes data = take_data(size, bytes_.size());
    if (is_regular_file(*header, local))
      return TarMember{last_name_ = member_name(*header, local), offset, data};
    ++num_skipped_;
    local.clear();
  }
  return std::nullopt;
}

TarIndex index_tar(Bytes bytes, const std::string& where, const TarLimits& limits) {
  TarReader reader(bytes, where, limits);
  TarIndex index;
  while (auto member = reader.next()) index.members.push_back(std::move(*member));
  index.warnings = reader.warnings();
  return index;
}

std::string tar_header(std::string_view name, uint64_t size) {
  if (name.empty() || name.size() > kMaxNameBytes || name.find('\0') != name.npos)
    fail("tar_header", "expected a name of 1 to 4096 bytes without zeros, got \"{}\"",
         until_zero(name.substr(0, 100)));
  std::string records;
  if (name.size() > kPlainNameBytes) records += pax_record("path", name);
  if (size >= kPlainSizeLimit) records += pax_record("size", std::to_string(size));
  std::string blocks;
  if (!records.empty()) {
    blocks = plain_header("pax_header", records.size(), 'x') + records;
    blocks.resize(round_up(blocks.size()), '\0');
  }
  return blocks +
         plain_header(name.substr(0, kPlainNameBytes), size < kPlainSizeLimit ? size : 0, '0');
}

TarWriter::TarWriter(const std::string& path)
    : path_(path), file_(std::make_unique<AtomicFile>(path)) {}

/// Takes the file away, so that it is given up unless the caller puts it back.
std::unique_ptr<AtomicFile> TarWriter::take_file() {
  require(file_ != nullptr, path_,
          "expected an archive that is open, got one finished or given up");
  return std::move(file_);
}

void TarWriter::add(std::string_view name, std::string_view data) {
  const std::string header = tar_header(name, data.size());
  auto file = take_file();
  file->write(header);
  file->write(data);
  file->write(std::string(round_up(data.size()) - data.size(), '\0'));
  file_ = std::move(file);
}

void TarWriter::finish() {
  const auto file = take_file();
  file->write(std::string(2 * kBlock, '\0'));
  file->commit();
}

}  // namespace flamingo::io
