#include "flamingo/io/pickle.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/io/pickle_builder.h"

namespace flamingo::io {
namespace {

using testing::as_bytes;
using testing::ByteBuilder;
using testing::error_of;
using testing::pickle;
using testing::pickle_global;
using testing::pickle_int;
using testing::pickle_text;
using Kind = PickleValue::Kind;

/// A pickle with the text that its graph points to.
struct Parsed {
  std::string bytes;
  PickleGraph graph;
  explicit Parsed(const std::string& body)
      : bytes(pickle(body)), graph(parse_pickle(as_bytes(bytes), "x")) {}
  const PickleValue& root() const { return graph[graph.root]; }
  const PickleValue& item(size_t i) const { return graph[root().items.at(i)]; }
};

void expect_pickle_error(const std::string& bytes, const std::string& part) {
  const std::string message = error_of([&] { parse_pickle(as_bytes(bytes), "x"); });
  EXPECT_NE(message.find(part), std::string::npos) << message;
}

TEST(Pickle, ReadsScalars) {
  const Parsed parsed(std::string("(N\x88\x89K\xff") + "M\x34\x12" + "J\xfe\xff\xff\xff" +
                      std::string("\x8a\x00\x8a\x01\x80", 5) + pickle_int(-1) +
                      std::string("G\x3f\xf8\0\0\0\0\0\0", 9) + pickle_text("abc") + "\x8c\x02hi" +
                      "t");
  EXPECT_EQ(parsed.item(0).kind, Kind::kNone);
  EXPECT_EQ(parsed.item(1).kind, Kind::kBool);
  EXPECT_EQ(parsed.item(1).integer, 1);
  EXPECT_EQ(parsed.item(2).integer, 0);
  EXPECT_EQ(parsed.item(3).integer, 255);
  EXPECT_EQ(parsed.item(4).integer, 0x1234);
  EXPECT_EQ(parsed.item(5).integer, -2);
  EXPECT_EQ(parsed.item(6).integer, 0);
  EXPECT_EQ(parsed.item(7).integer, -128);
  EXPECT_EQ(parsed.item(8).integer, -1);
  EXPECT_EQ(parsed.item(9).real, 1.5);
  EXPECT_EQ(parsed.item(10).text, "abc");
  EXPECT_EQ(parsed.item(11).text, "hi");
}

TEST(Pickle, BuildsContainers) {
  const Parsed parsed(
      "](K\x01K\x02"
      "eK\x03\x85"
      "a}K\x04K\x05s(K\x06K\x07uaK\x08K\x09\x86"
      "a"
      ")a");
  EXPECT_EQ(parsed.root().kind, Kind::kList);
  ASSERT_EQ(parsed.root().items.size(), 6u);
  EXPECT_EQ(parsed.item(1).integer, 2);
  EXPECT_EQ(parsed.item(2).kind, Kind::kTuple);
  EXPECT_EQ(parsed.item(3).kind, Kind::kDict);
  EXPECT_EQ(parsed.item(3).items.size(), 4u);
  EXPECT_EQ(parsed.graph[parsed.item(4).items.at(1)].integer, 9);
  EXPECT_TRUE(parsed.item(5).items.empty());
}

TEST(Pickle, SharesMemoizedValues) {
  const Parsed parsed(std::string("(]q\x05h\x05r\x07\0\0\0j\x07\0\0\0t", 17));
  EXPECT_EQ(parsed.root().items, (std::vector<PickleRef>(3, parsed.root().items.at(0))));
}

TEST(Pickle, KeepsCallsAndObjectsAsData) {
  const std::string ordered = pickle_global("collections", "OrderedDict") + ")R";
  const Parsed parsed("(" + pickle_global("m", "f") + "K\x01\x85R" + ordered + "}b" +
                      pickle_global("m", "f") +
                      ")\x81}bK\x02Q\x8c\x01m\x8c\x01"
                      "f\x93t");
  EXPECT_EQ(parsed.item(0).kind, Kind::kCall);
  EXPECT_EQ(parsed.graph.global_name(parsed.graph[parsed.item(0).items.at(0)]), "m.f");
  EXPECT_EQ(parsed.item(1).kind, Kind::kDict);
  EXPECT_EQ(parsed.item(2).kind, Kind::kObject);
  EXPECT_EQ(parsed.item(2).items.size(), 2u);
  EXPECT_EQ(parsed.item(3).kind, Kind::kPersistent);
  EXPECT_EQ(parsed.item(4).kind, Kind::kGlobal);
}

TEST(Pickle, ForeignGlobalsAreOnlyNames) {
  const Parsed parsed("(" + pickle_global("os", "system") + pickle_text("id") + "\x85R" +
                      pickle_global("builtins", "getattr") + "\x8c\x02io\x8c\x04open\x93t");
  EXPECT_EQ(parsed.item(0).kind, Kind::kCall);
  EXPECT_EQ(parsed.graph.global_name(parsed.graph[parsed.item(0).items.at(0)]), "os.system");
  EXPECT_EQ(parsed.graph.global_name(parsed.item(1)), "builtins.getattr");
  EXPECT_EQ(parsed.graph.global_name(parsed.item(2)), "io.open");
  expect_pickle_error(pickle("c" + std::string(600, 'a') + "\nb\n"), "at most 512 bytes");
  expect_pickle_error(pickle("cabc"), "no line end");
}

TEST(Pickle, CallsOfCallsAndTheirItemsAreData) {
  const std::string call = pickle_global("m", "f") + ")R";
  const Parsed parsed("(" + call + ")R" + call + "}bNNs" + call + "Na" + call + "(NNu" +
                      pickle_global("m", "C") + ")}\x92(NN\x90t");
  EXPECT_EQ(parsed.graph[parsed.item(0).items.at(0)].kind, Kind::kCall);
  for (size_t i = 1; i < 4; ++i) EXPECT_EQ(parsed.item(i).kind, Kind::kCall);
  EXPECT_EQ(parsed.item(4).kind, Kind::kObject);
}

TEST(Pickle, MakesDictsOfDefaultDicts) {
  const Parsed parsed(pickle_global("collections", "defaultdict") +
                      pickle_global("builtins", "list") + "\x85RK\x01K\x02s");
  EXPECT_EQ(parsed.root().kind, Kind::kDict);
  EXPECT_EQ(parsed.root().items.size(), 2u);
  const Parsed ordered(pickle_global("collections", "OrderedDict") + "N\x85R");
  EXPECT_EQ(ordered.root().kind, Kind::kCall);
}

TEST(Pickle, PassesBytesSetsAndLargeIntegersBy) {
  const Parsed parsed(
      std::string("(C\x02"
                  "abB\x01\0\0\0z\x8f(K\x01\x90(K\x01\x91",
                  20) +
      std::string("\x8a\x09\0\0\0\0\0\0\0\0\1\x8b\x09\0\0\0\0\0\0\0\0\0\0\0\1", 25) +
      "L99999999999999999999L\nNN0(N1t");
  ASSERT_EQ(parsed.root().items.size(), 8u);
  for (size_t i = 0; i < 7; ++i) EXPECT_EQ(parsed.item(i).kind, Kind::kOther) << i;
  EXPECT_EQ(parsed.item(7).kind, Kind::kNone);
}

TEST(Pickle, ReadsTheTextOfProtocol1) {
  const Parsed parsed("(I01\nI00\nI-7\nL1099511627776L\nt");
  EXPECT_EQ(parsed.item(0).kind, Kind::kBool);
  EXPECT_EQ(parsed.item(0).integer, 1);
  EXPECT_EQ(parsed.item(1).integer, 0);
  EXPECT_EQ(parsed.item(2).integer, -7);
  EXPECT_EQ(parsed.item(3).integer, int64_t{1} << 40);
  expect_pickle_error(pickle("Ix\n"), "expected digits");
  expect_pickle_error(pickle("I1 \n"), "expected digits");
}

TEST(Pickle, RefusesEveryOtherOpcode) {
  const std::string known = std::string("\x80\x95.(N\x88\x89JKM\x8aG\x8cX\x8d])}t\x85\x86\x87") +
                            "aesuqr\x94hjc\x93R\x81" + "bQ\x8bILCB\x8e\x96\x8f\x90\x91\x92" + "01";
  for (int opcode = 0; opcode < 256; ++opcode) {
    const char byte = static_cast<char>(opcode);
    if (known.find(byte) != std::string::npos) continue;
    expect_pickle_error(pickle(std::string(1, byte) + std::string(64, '0')),
                        "an opcode that state dicts");
  }
}

TEST(Pickle, RefusesBrokenStacks) {
  expect_pickle_error(pickle(""), "one value left");
  expect_pickle_error(pickle("NN"), "one value left");
  expect_pickle_error(pickle("(N"), "one value left");
  expect_pickle_error(pickle("\x85"), "a value on the stack");
  expect_pickle_error(pickle("N(\x85"), "a value on the stack");
  expect_pickle_error(pickle("t"), "a MARK");
  expect_pickle_error(pickle("NNa"), "a list on the stack, not None");
  expect_pickle_error(pickle("NNNs"), "a dict on the stack, not None");
  expect_pickle_error(pickle("}(Nu"), "pairs of key and value");
  expect_pickle_error(pickle("h\x01"), "a memo slot that was filled, not 1");
  expect_pickle_error(pickle("q\x01"), "a value on the stack");
  expect_pickle_error(pickle("NN\x93"), "a string on the stack");
  expect_pickle_error(pickle(pickle_global("m", "f") + "NR"), "a tuple on the stack");
  expect_pickle_error(pickle("NN\x81"), "a tuple on the stack");
  expect_pickle_error(pickle("N)N\x92"), "a dict on the stack");
  expect_pickle_error(pickle("](N\x90"), "bytes, a set or a large integer on the stack");
  expect_pickle_error(pickle("N}b"), "an object on the stack");
  const std::string object = pickle_global("m", "f") + ")\x81";
  expect_pickle_error(pickle(object + "}b}b"), "one BUILD");
}

TEST(Pickle, RefusesSizesPastTheEnd) {
  expect_pickle_error("", "expected 1 bytes");
  expect_pickle_error("\x80", "expected 1 bytes");
  expect_pickle_error("\x80\x02N", "expected 1 bytes");
  expect_pickle_error("\x80\x01N.", "protocol 2 to 5, not 1");
  expect_pickle_error("\x80\x06N.", "protocol 2 to 5, not 6");
  expect_pickle_error("\x80\x02N.N", "to end at its STOP");
  expect_pickle_error(pickle(ByteBuilder().text("\x8d").number(1ull << 60).str()), "cut off");
  expect_pickle_error(pickle("X\xff\xff\xff\xff"), "cut off");
  expect_pickle_error(pickle("\x8a\x09" + std::string(7, '\0')), "cut off");
}

TEST(Pickle, HasBudgets) {
  std::string many(1'000'001, 'N');
  expect_pickle_error(pickle(many), "at most 1000000 opcodes");
  expect_pickle_error(std::string((64ull << 20) + 1, 'N'), "at most 67108864 bytes");
}

TEST(Pickle, DeepNestingNeedsNoStack) {
  std::string deep(400'000, ']');
  deep += std::string(399'999, 'a');
  const Parsed parsed(deep);
  EXPECT_EQ(parsed.root().items.size(), 1u);
}

TEST(Pickle, NamesEveryKind) {
  EXPECT_STREQ(pickle_kind_name(Kind::kNone), "None");
  EXPECT_STREQ(pickle_kind_name(Kind::kDict), "a dict");
  EXPECT_STREQ(pickle_kind_name(Kind::kPersistent), "a persistent id");
}

}  // namespace
}  // namespace flamingo::io
