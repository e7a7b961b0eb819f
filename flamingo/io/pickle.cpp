#include "flamingo/io/pickle.h"

#include <array>
#include <bit>
#include <unordered_map>
#include <utility>

#include "flamingo/core/error.h"
#include "flamingo/io/byte_reader.h"

namespace flamingo {
namespace {

using Kind = PickleValue::Kind;

constexpr uint64_t kMaxBytes = 64ull << 20;
constexpr uint64_t kMaxOpcodes = 1'000'000;
constexpr size_t kMaxGlobalName = 512;
constexpr std::string_view kOrderedDict = "collections.OrderedDict";

/// The stack machine. Every opcode makes at most one value and one stack entry, so that the opcode
/// budget bounds the memory.
class Machine {
 public:
  Machine(std::span<const std::byte> bytes, PickleFilter allowed, std::string_view where)
      : reader_(bytes, where), allowed_(allowed) {}

  PickleGraph run() {
    const Table& table = handlers();
    for (uint64_t count = 0; !stopped_; ++count) {
      require(count < kMaxOpcodes, reader_.where(), "expected at most 1000000 opcodes, got more");
      opcode_ = reader_.read<uint8_t>();
      const Handler handler = table[opcode_];
      if (handler == nullptr) refuse("an opcode that state dicts use");
      (this->*handler)();
    }
    if (reader_.remaining() != 0) refuse("the pickle to end at its STOP opcode");
    if (stack_.size() != 1 || !marks_.empty()) refuse("one value left at the end");
    graph_.root = stack_.back();
    return std::move(graph_);
  }

 private:
  using Handler = void (Machine::*)();
  using Table = std::array<Handler, 256>;

  static const Table& handlers();

  [[noreturn]] void refuse(const std::string& expected) const {
    fail(reader_.where(), "expected " + expected + ", got opcode " + std::to_string(opcode_) +
                              " at byte " + std::to_string(reader_.position()));
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
  /// The value under what was popped, which must be of `kind`.
  PickleValue& top(Kind kind) {
    const PickleRef ref = pop();
    stack_.push_back(ref);
    return checked(ref, kind);
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
  void long1() {
    const auto size = reader_.read<uint8_t>();
    if (size > 8) refuse("an integer of at most 64 bits");
    const auto bytes = reader_.take(size);
    uint64_t value = 0;
    for (size_t i = size; i-- > 0;) value = (value << 8) | std::to_integer<uint64_t>(bytes[i]);
    const int unused = 64 - 8 * size;  // sign extension, written without shifting by 64
    push_int(size == 0 ? 0 : static_cast<int64_t>(value << unused) >> unused);
  }
  void binary_float() {
    const uint64_t bits = __builtin_bswap64(reader_.read<uint64_t>());
    push({.kind = Kind::kFloat, .real = std::bit_cast<double>(bits)});
  }
  void text8() { push_text(reader_.read<uint8_t>()); }
  void text32() { push_text(reader_.read<uint32_t>()); }
  void text64() { push_text(reader_.read<uint64_t>()); }

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
    top(Kind::kList).items.push_back(item);
  }
  void appends() {
    const std::vector<PickleRef> items = pop_to_mark();
    auto& list = top(Kind::kList).items;
    list.insert(list.end(), items.begin(), items.end());
  }
  void set_item() {
    const PickleRef value = pop();
    const PickleRef key = pop();
    auto& dict = top(Kind::kDict).items;
    dict.push_back(key);
    dict.push_back(value);
  }
  void set_items() {
    const std::vector<PickleRef> items = pop_to_mark();
    if (items.size() % 2 != 0) refuse("pairs of key and value");
    auto& dict = top(Kind::kDict).items;
    dict.insert(dict.end(), items.begin(), items.end());
  }

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
    require(allowed_(global), reader_.where(),
            "expected only plain tensors and containers, got the global \"" + global + "\"",
            "files that name other classes or functions are never loaded");
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
  void reduce() {
    const PickleRef arguments = pop();
    const PickleRef callee = pop();
    const bool has_arguments = !checked(arguments, Kind::kTuple).items.empty();
    if (graph_.global_name(checked(callee, Kind::kGlobal)) != kOrderedDict) {
      push_items(Kind::kCall, {callee, arguments});
    } else {
      if (has_arguments) refuse("an OrderedDict built without arguments");
      push_items(Kind::kDict, {});
    }
  }
  void new_object() {
    checked(pop(), Kind::kTuple);  // constructor arguments, which an inert object ignores
    const PickleRef type = pop();
    checked(type, Kind::kGlobal);
    push_items(Kind::kObject, {type});
  }
  void build() {
    const PickleRef state = pop();
    const PickleRef target = pop();
    stack_.push_back(target);
    if (graph_.values[target].kind == Kind::kDict) return;  // an OrderedDict's _metadata
    PickleValue& object = checked(target, Kind::kObject);
    checked(state, Kind::kDict);
    if (object.items.size() != 1) refuse("one BUILD per object");
    object.items.push_back(state);
  }
  void persistent() { push_items(Kind::kPersistent, {pop()}); }

  ByteReader reader_;
  PickleFilter allowed_;
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
        {0x80, &Machine::proto},     {0x95, &Machine::frame},      {'.', &Machine::stop},
        {'(', &Machine::mark},       {'N', &Machine::none},        {0x88, &Machine::new_true},
        {0x89, &Machine::new_false}, {'J', &Machine::int32},       {'K', &Machine::uint8},
        {'M', &Machine::uint16},     {0x8a, &Machine::long1},      {'G', &Machine::binary_float},
        {0x8c, &Machine::text8},     {'X', &Machine::text32},      {0x8d, &Machine::text64},
        {']', &Machine::empty_list}, {')', &Machine::empty_tuple}, {'}', &Machine::empty_dict},
        {'t', &Machine::tuple},      {0x85, &Machine::tuple1},     {0x86, &Machine::tuple2},
        {0x87, &Machine::tuple3},    {'a', &Machine::append},      {'e', &Machine::appends},
        {'s', &Machine::set_item},   {'u', &Machine::set_items},   {'q', &Machine::put8},
        {'r', &Machine::put32},      {0x94, &Machine::memoize},    {'h', &Machine::get8},
        {'j', &Machine::get32},      {'c', &Machine::global},      {0x93, &Machine::stack_global},
        {'R', &Machine::reduce},     {0x81, &Machine::new_object}, {'b', &Machine::build},
        {'Q', &Machine::persistent},
    };
    for (const auto& [opcode, handler] : rows) table[opcode] = handler;
    return table;
  }();
  return kTable;
}

}  // namespace

const char* pickle_kind_name(Kind kind) {
  static constexpr std::array<const char*, 12> kNames = {
      "None",    "a bool", "an integer", "a float", "a string",  "a list",
      "a tuple", "a dict", "a global",   "a call",  "an object", "a persistent id"};
  return kNames[static_cast<size_t>(kind)];
}

PickleGraph parse_pickle(std::span<const std::byte> bytes, PickleFilter allowed,
                         const std::string& where) {
  require(bytes.size() <= kMaxBytes, where,
          "expected a pickle of at most 67108864 bytes, got " + std::to_string(bytes.size()));
  return Machine(bytes, allowed, where).run();
}

}  // namespace flamingo
