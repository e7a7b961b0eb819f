#include "flamingo/io/pickle.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <unordered_map>
#include <utility>

#include "flamingo/core/error.h"
#include "flamingo/io/byte_reader.h"

namespace flamingo::io {
namespace {

using Kind = PickleValue::Kind;

constexpr size_t kMaxBytes = 64u << 20;
constexpr uint64_t kMaxOpcodes = 1'000'000;
constexpr size_t kMaxGlobalName = 512;
constexpr size_t kMaxDigits = 4096;  ///< of an integer written as text
constexpr std::string_view kOrderedDict = "collections.OrderedDict";
constexpr std::string_view kDefaultDict = "collections.defaultdict";

/// The stack machine. Every opcode makes at most one value and one stack entry, so that the opcode
/// budget bounds the memory.
class Machine {
 public:
  Machine(std::span<const std::byte> bytes, std::string_view where) : reader_(bytes, where) {}

  PickleGraph run() {
    const Table& table = handlers();
    for (uint64_t count = 0; !stopped_; ++count) {
      require(count < kMaxOpcodes, reader_.where(), "expected at most 1000000 opcodes, got more");
      opcode_ = reader_.read<uint8_t>();
      const Handler handler = table[opcode_];
      if (handler == nullptr) refuse("an opcode that state dicts use");
      (this->*handler)();
    }
    if (stack_.size() != 1 || !marks_.empty()) refuse("one value left at the end");
    graph_.root = stack_.back();
    graph_.size = reader_.position();
    return std::move(graph_);
  }

 private:
  using Handler = void (Machine::*)();
  using Table = std::array<Handler, 256>;

  static const Table& handlers();

  [[noreturn]] void refuse(const std::string& expected) const {
    fail(reader_.where(), "expected {}, got opcode {} at byte {}", expected, opcode_,
         reader_.position());
  }

  // Stack.

  void push(PickleValue value) {
    stack_.push_back(static_cast<PickleRef>(graph_.values.size()));
    graph_.values.push_back(std::move(value));
  }
  void push_items(Kind kind, std::vector<PickleRef> items) {
    push({.kind = kind, .items = std::move(items)});
  }
  void push_int(int64_t value) { push({.kind = Kind::kInt, .integer = value}); }
  void push_text(uint64_t size) { push({.kind = Kind::kString, .text = reader_.take_text(size)}); }

  PickleRef pop() {
    const size_t floor = marks_.empty() ? 0 : marks_.back();
    if (stack_.size() <= floor) refuse("a value on the stack");
    const PickleRef ref = stack_.back();
    stack_.pop_back();
    return ref;
  }
  std::vector<PickleRef> pop_to_mark() {
    if (marks_.empty()) refuse("a MARK on the stack");
    const auto begin = stack_.begin() + static_cast<ptrdiff_t>(marks_.back());
    std::vector<PickleRef> items(begin, stack_.end());
    stack_.erase(begin, stack_.end());
    marks_.pop_back();
    return items;
  }
  /// The value under what was popped.
  PickleValue& top() {
    const PickleRef ref = pop();
    stack_.push_back(ref);
    return graph_.values[ref];
  }
  /// The same as a container of `kind` to add to; nullptr for an object or a call, whose additions
  /// are dropped.
  PickleValue* target(Kind kind) {
    PickleValue& value = top();
    if (value.kind == Kind::kObject || value.kind == Kind::kCall) return nullptr;
    return &checked(stack_.back(), kind);
  }
  PickleValue& checked(PickleRef ref, Kind kind) {
    PickleValue& value = graph_.values[ref];
    if (value.kind != kind) {
      refuse(std::string(pickle_kind_name(kind)) + " on the stack, not " +
             pickle_kind_name(value.kind));
    }
    return value;
  }

  // Handlers, one per opcode.

  void proto() {
    const auto version = reader_.read<uint8_t>();
    if (version < 2 || version > 5) refuse("protocol 2 to 5, not " + std::to_string(version));
  }
  void frame() { reader_.read<uint64_t>(); }
  void stop() { stopped_ = true; }
  void mark() { marks_.push_back(stack_.size()); }

  void none() { push({}); }
  void new_true() { push({.kind = Kind::kBool, .integer = 1}); }
  void new_false() { push({.kind = Kind::kBool, .integer = 0}); }
  void int32() { push_int(reader_.read<int32_t>()); }
  void uint8() { push_int(reader_.read<uint8_t>()); }
  void uint16() { push_int(reader_.read<uint16_t>()); }
  void push_long(uint64_t size) {
    const auto bytes = reader_.take(size);
    if (size > 8) return push({.kind = Kind::kOther});
    uint64_t value = 0;
    for (size_t i = size; i-- > 0;) value = (value << 8) | std::to_integer<uint64_t>(bytes[i]);
    const int unused = 64 - 8 * static_cast<int>(size);  // sign extension, never by 64 bits
    push_int(size == 0 ? 0 : static_cast<int64_t>(value << unused) >> unused);
  }
  void long1() { push_long(reader_.read<uint8_t>()); }
  void long4() { push_long(reader_.read<uint32_t>()); }
  /// Protocol 1 writes True and False as "I01" and "I00", and large integers as digits with an L.
  void text_int() {
    std::string_view digits = reader_.take_line(kMaxDigits);
    if (digits == "01" || digits == "00") {
      return push({.kind = Kind::kBool, .integer = digits == "01"});
    }
    if (digits.ends_with('L')) digits.remove_suffix(1);
    int64_t value = 0;
    const char* end = digits.data() + digits.size();
    const auto result = std::from_chars(digits.data(), end, value);
    if (result.ec == std::errc::result_out_of_range) return push({.kind = Kind::kOther});
    if (result.ec != std::errc() || result.ptr != end) refuse("digits");
    push_int(value);
  }
  void binary_float() {
    const uint64_t bits = __builtin_bswap64(reader_.read<uint64_t>());
    push({.kind = Kind::kFloat, .real = std::bit_cast<double>(bits)});
  }
  void text8() { push_text(reader_.read<uint8_t>()); }
  void text32() { push_text(reader_.read<uint32_t>()); }
  void text64() { push_text(reader_.read<uint64_t>()); }
  void skip_bytes(uint64_t size) {
    reader_.take(size);
    push({.kind = Kind::kOther});
  }
  void bytes8() { skip_bytes(reader_.read<uint8_t>()); }
  void bytes32() { skip_bytes(reader_.read<uint32_t>()); }
  void bytes64() { skip_bytes(reader_.read<uint64_t>()); }

  void empty_list() { push_items(Kind::kList, {}); }
  void empty_tuple() { push_items(Kind::kTuple, {}); }
  void empty_dict() { push_items(Kind::kDict, {}); }
  void tuple() { push_items(Kind::kTuple, pop_to_mark()); }
  void tuple_of(size_t count) {
    std::vector<PickleRef> items(count);
    for (size_t i = count; i-- > 0;) items[i] = pop();
    push_items(Kind::kTuple, std::move(items));
  }
  void tuple1() { tuple_of(1); }
  void tuple2() { tuple_of(2); }
  void tuple3() { tuple_of(3); }
  void append() {
    const PickleRef item = pop();
    if (PickleValue* list = target(Kind::kList)) list->items.push_back(item);
  }
  void appends() {
    const std::vector<PickleRef> items = pop_to_mark();
    PickleValue* list = target(Kind::kList);
    if (list != nullptr) list->items.insert(list->items.end(), items.begin(), items.end());
  }
  void set_item() {
    const PickleRef value = pop();
    const PickleRef key = pop();
    PickleValue* dict = target(Kind::kDict);
    if (dict != nullptr) dict->items.insert(dict->items.end(), {key, value});
  }
  void set_items() {
    const std::vector<PickleRef> items = pop_to_mark();
    if (items.size() % 2 != 0) refuse("pairs of key and value");
    PickleValue* dict = target(Kind::kDict);
    if (dict != nullptr) dict->items.insert(dict->items.end(), items.begin(), items.end());
  }
  void empty_set() { push({.kind = Kind::kOther}); }
  void add_items() {
    pop_to_mark();
    target(Kind::kOther);
  }
  void frozen_set() {
    pop_to_mark();
    push({.kind = Kind::kOther});
  }
  void drop() { pop(); }
  void drop_to_mark() { pop_to_mark(); }

  void put(uint32_t slot) {
    const PickleRef ref = pop();
    stack_.push_back(ref);
    memo_[slot] = ref;
  }
  void get(uint32_t slot) {
    const auto it = memo_.find(slot);
    if (it == memo_.end()) refuse("a memo slot that was filled, not " + std::to_string(slot));
    stack_.push_back(it->second);
  }
  void put8() { put(reader_.read<uint8_t>()); }
  void put32() { put(reader_.read<uint32_t>()); }
  void memoize() { put(static_cast<uint32_t>(memo_.size())); }
  void get8() { get(reader_.read<uint8_t>()); }
  void get32() { get(reader_.read<uint32_t>()); }

  void push_global(std::string_view module, std::string_view name) {
    if (module.size() + name.size() > kMaxGlobalName) refuse("a shorter global name");
    std::string global = std::string(module) + "." + std::string(name);
    push({.kind = Kind::kGlobal, .integer = static_cast<int64_t>(graph_.global_names.size())});
    graph_.global_names.push_back(std::move(global));
  }
  void global() {
    const std::string_view module = reader_.take_line(kMaxGlobalName);
    push_global(module, reader_.take_line(kMaxGlobalName));
  }
  void stack_global() {
    const std::string_view name = checked(pop(), Kind::kString).text;
    push_global(checked(pop(), Kind::kString).text, name);
  }
  /// Whether calling `callee` with `arguments` makes a dict; its factory and items come by opcodes.
  bool makes_dict(PickleRef callee, PickleRef arguments) const {
    const PickleValue& value = graph_.values[callee];
    if (value.kind != Kind::kGlobal) return false;
    const std::string& name = graph_.global_name(value);
    return name == kDefaultDict || (name == kOrderedDict && graph_.values[arguments].items.empty());
  }
  void reduce() {
    const PickleRef arguments = pop();
    const PickleRef callee = pop();
    checked(arguments, Kind::kTuple);
    if (makes_dict(callee, arguments)) return push_items(Kind::kDict, {});
    push_items(Kind::kCall, {callee, arguments});
  }
  void new_object() {
    checked(pop(), Kind::kTuple);  // constructor arguments, which an inert object ignores
    push_items(Kind::kObject, {pop()});
  }
  void new_object_ex() {
    checked(pop(), Kind::kDict);
    new_object();
  }
  void build() {
    const PickleRef state = pop();
    PickleValue& object = top();
    // The _metadata of an OrderedDict, the content of an array.
    if (object.kind == Kind::kDict || object.kind == Kind::kCall) return;
    if (checked(stack_.back(), Kind::kObject).items.size() != 1) refuse("one BUILD per object");
    object.items.push_back(state);
  }
  void persistent() { push_items(Kind::kPersistent, {pop()}); }

  ByteReader reader_;
  PickleGraph graph_;
  std::vector<PickleRef> stack_;
  std::vector<size_t> marks_;
  std::unordered_map<uint32_t, PickleRef> memo_;
  uint8_t opcode_ = 0;
  bool stopped_ = false;
};

const Machine::Table& Machine::handlers() {
  static constexpr Table kTable = [] {
    Table table{};
    const std::pair<uint8_t, Handler> rows[] = {
        {0x80, &Machine::proto},     {0x95, &Machine::frame},       {'.', &Machine::stop},
        {'(', &Machine::mark},       {'N', &Machine::none},         {0x88, &Machine::new_true},
        {0x89, &Machine::new_false}, {'J', &Machine::int32},        {'K', &Machine::uint8},
        {'M', &Machine::uint16},     {0x8a, &Machine::long1},       {'G', &Machine::binary_float},
        {0x8c, &Machine::text8},     {'X', &Machine::text32},       {0x8d, &Machine::text64},
        {']', &Machine::empty_list}, {')', &Machine::empty_tuple},  {'}', &Machine::empty_dict},
        {'t', &Machine::tuple},      {0x85, &Machine::tuple1},      {0x86, &Machine::tuple2},
        {0x87, &Machine::tuple3},    {'a', &Machine::append},       {'e', &Machine::appends},
        {'s', &Machine::set_item},   {'u', &Machine::set_items},    {'q', &Machine::put8},
        {'r', &Machine::put32},      {0x94, &Machine::memoize},     {'h', &Machine::get8},
        {'j', &Machine::get32},      {'c', &Machine::global},       {0x93, &Machine::stack_global},
        {'R', &Machine::reduce},     {0x81, &Machine::new_object},  {'b', &Machine::build},
        {'Q', &Machine::persistent}, {0x8b, &Machine::long4},       {'I', &Machine::text_int},
        {'L', &Machine::text_int},   {'C', &Machine::bytes8},       {'B', &Machine::bytes32},
        {0x8e, &Machine::bytes64},   {0x96, &Machine::bytes64},     {0x8f, &Machine::empty_set},
        {0x90, &Machine::add_items}, {0x91, &Machine::frozen_set},  {0x92, &Machine::new_object_ex},
        {'0', &Machine::drop},       {'1', &Machine::drop_to_mark},
    };
    for (const auto& [opcode, handler] : rows) table[opcode] = handler;
    return table;
  }();
  return kTable;
}

}  // namespace

const char* pickle_kind_name(Kind kind) {
  static constexpr std::array<const char*, 13> kNames = {"None",
                                                         "a bool",
                                                         "an integer",
                                                         "a float",
                                                         "a string",
                                                         "a list",
                                                         "a tuple",
                                                         "a dict",
                                                         "a global",
                                                         "a call",
                                                         "an object",
                                                         "a persistent id",
                                                         "bytes, a set or a large integer"};
  return kNames[static_cast<size_t>(kind)];
}

PickleGraph parse_pickle(std::span<const std::byte> bytes, const std::string& where) {
  require(bytes.size() <= kMaxBytes, where, "expected a pickle of at most 67108864 bytes, got {}",
          bytes.size());
  PickleGraph graph = parse_first_pickle(bytes, where);
  require(graph.size == bytes.size(), where,
          "expected the pickle to end at its STOP opcode, got {} more bytes",
          bytes.size() - graph.size);
  return graph;
}

PickleGraph parse_first_pickle(std::span<const std::byte> bytes, const std::string& where) {
  return Machine(bytes.first(std::min(bytes.size(), kMaxBytes)), where).run();
}

}  // namespace flamingo::io
