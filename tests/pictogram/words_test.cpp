#include "flamingo/pictogram/words.h"

#include <gtest/gtest.h>

namespace flamingo::pictogram {
namespace {

using Words = std::vector<std::string>;

TEST(WordsOf, AreLettersInSmall) {
  EXPECT_EQ(words_of("Red apple, 2 of_them!"), (Words{"red", "apple", "of", "them"}));
  EXPECT_EQ(words_of("man's shoe"), (Words{"man's", "shoe"}));
  EXPECT_EQ(words_of("Rubi\xC3\xA8re"), (Words{"rubi\xC3\xA8re"}));
  EXPECT_EQ(words_of(" 12 - "), Words{});
  EXPECT_EQ(words_of(""), Words{});
}

TEST(Singular, JoinsASingularAndItsPlural) {
  for (const auto& [one, many] :
       {std::pair{"cat", "cats"}, {"cherry", "cherries"}, {"bee", "bees"}})
    EXPECT_EQ(singular(one), singular(many)) << many;
  EXPECT_EQ(singular("glass"), "glass");
  EXPECT_EQ(singular("bus"), "bus");
}

TEST(FamilyOf, IsTheLastWord) {
  EXPECT_EQ(family_of("black cat"), "cat");
  EXPECT_EQ(family_of("cat face"), "cat");
  EXPECT_EQ(family_of("face"), "face");
  EXPECT_EQ(family_of("cherries"), "cherry");
  EXPECT_EQ(family_of("42"), "");
}

}  // namespace
}  // namespace flamingo::pictogram
