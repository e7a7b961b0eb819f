#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace flamingo::pictogram {

/// The words of a name in small letters: runs of letters, apostrophes and bytes beyond ASCII.
std::vector<std::string> words_of(std::string_view name);

/// A word without its plural ending, as far as spelling tells: "cherries" -> "cherry", "cats" ->
/// "cat". Equal words stay equal; that is all it is for.
std::string singular(std::string word);

/// What a name is about, a singular: its last word, but for " face". "black cat" and "cat face" are
/// cats. Empty for a name without words.
std::string family_of(std::string_view name);

}  // namespace flamingo::pictogram
