#include "flamingo/io/safetensors_header.h"

#include <limits>
#include <optional>
#include <unordered_set>

#include "flamingo/core/error.h"
#include "nlohmann/json.hpp"

namespace flamingo::io {
namespace {

constexpr size_t kMaxTypeName = 32;

/// Receives the JSON events of a header. Depth 1 holds the entries, depth 2 their fields,
/// depth 3 the two lists of numbers; anything else is refused where it appears.
class HeaderEvents : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit HeaderEvents(const std::string& where) : where_(where) {}

  SafetensorsHeader take() { return std::move(header_); }

  bool null() override { return refuse("null"); }
  bool boolean(bool) override { return refuse("a boolean"); }
  bool number_float(number_float_t, const string_t&) override { return refuse("a fraction"); }
  bool binary(binary_t&) override { return refuse("binary data"); }

  bool number_integer(number_integer_t value) override {
    return refuse("the negative number " + std::to_string(value));
  }

  bool number_unsigned(number_unsigned_t value) override {
    if (list_ == List::kShape) {
      require(value <= uint64_t{std::numeric_limits<int64_t>::max()}, at(),
              "expected extents below 2^63, got {}", value);
      require(shape_->size() < kMaxTensorRank, at(), "expected at most 8 dimensions, got more");
      shape_->push_back(static_cast<int64_t>(value));
    } else if (list_ == List::kOffsets) {
      require(offsets_->size() < 2, at(), "expected two data_offsets, got more");
      offsets_->push_back(value);
    } else {
      refuse("a number");
    }
    return true;
  }

  bool string(string_t& value) override {
    if (depth_ == 2 && in_metadata_) {
      const bool is_new = header_.metadata.emplace(field_, value).second;
      require(is_new, at(), "expected each metadata key once, got a duplicate");
    } else if (depth_ == 2 && field_ == "dtype") {
      require(!type_, at(), "expected one dtype, got two");
      require(value.size() <= kMaxTypeName, at(), "expected a dtype, got a longer text");
      type_ = value;
    } else {
      refuse("a string");
    }
    return true;
  }

  bool start_object(size_t) override {
    require(depth_ < 2, at(), "expected a tensor entry, got a nested object");
    if (++depth_ == 2) {
      in_metadata_ = name_ == "__metadata__";
      type_.reset();
      shape_.reset();
      offsets_.reset();
    }
    return true;
  }

  bool end_object() override {
    if (depth_-- == 2 && !in_metadata_) finish_entry();
    return true;
  }

  bool key(string_t& value) override {
    if (depth_ == 2) {
      field_ = value;
      return true;
    }
    name_ = value;
    field_.clear();
    require(names_.insert(value).second, at(), "expected each name once, got a duplicate");
    require(names_.size() <= kMaxSafetensorsTensors + 1, where_,
            "expected at most 100000 tensors, got more");
    return true;
  }

  bool start_array(size_t) override {
    const bool is_field = depth_ == 2 && !in_metadata_ && list_ == List::kNone;
    if (is_field && field_ == "shape" && !shape_) {
      list_ = List::kShape;
      shape_.emplace();
    } else if (is_field && field_ == "data_offsets" && !offsets_) {
      list_ = List::kOffsets;
      offsets_.emplace();
    } else {
      refuse("a list");
    }
    return true;
  }

  bool end_array() override {
    list_ = List::kNone;
    return true;
  }

  bool parse_error(size_t position, const std::string&,
                   const nlohmann::detail::exception& error) override {
    fail(where_, "expected a JSON header, got a mistake at byte {}: {}", position, error.what());
  }

 private:
  enum class List { kNone, kShape, kOffsets };

  std::string at() const { return where_ + ": " + name_.substr(0, 200); }

  bool refuse(const std::string& what) const {
    fail(at(), "expected {dtype, shape, data_offsets} or text metadata, got {} in \"{}\"", what,
         std::string_view(field_).substr(0, 200));
  }

  void finish_entry() {
    require(type_ && shape_ && offsets_ && offsets_->size() == 2, at(),
            "expected dtype, shape and two data_offsets, got an entry without one of them");
    header_.entries.push_back({name_,
                               *type_,
                               dtype_from_name(*type_),
                               std::move(*shape_),
                               {(*offsets_)[0], (*offsets_)[1]}});
  }

  const std::string& where_;
  SafetensorsHeader header_;
  std::unordered_set<std::string> names_;
  int depth_ = 0;
  bool in_metadata_ = false;
  List list_ = List::kNone;
  std::string name_;
  std::string field_;
  std::optional<std::string> type_;
  std::optional<std::vector<int64_t>> shape_;
  std::optional<std::vector<uint64_t>> offsets_;
};

}  // namespace

SafetensorsHeader parse_safetensors_header(std::string_view json, const std::string& where) {
  require(!json.empty() && json.front() == '{', where, "expected a header that starts with '{'");
  HeaderEvents events(where);
  nlohmann::json::sax_parse(json.begin(), json.end(), &events);
  return events.take();
}

}  // namespace flamingo::io
