#pragma once

#include <string>
#include <string_view>

namespace flamingo::report {

/// UTF-8 text as the content or a quoted attribute of HTML or XML: <, >, &, " and ' become
/// references, control characters (which XML forbids) U+FFFD.
std::string escape_markup(std::string_view text);

/// "0.3326", "12.4k", "1.6e-05": about `digits` significant ones, short enough for a table or an
/// axis. "not finite" for NaN and infinities.
std::string format_number(double value, int digits = 4);

}  // namespace flamingo::report
