#include "flamingo/cli/media_limits.h"

#include <algorithm>
#include <cctype>
#include <string>

#include "flamingo/cli/number_options.h"

namespace flamingo::cli {
namespace {

/// Makes an option of each field that a config lists.
struct OptionAdder {
  CLI::App& app;
  std::string prefix;

  template <class T>
  void operator()(const char* name, T& field, const char* help) {
    std::string option = prefix + name;
    std::ranges::replace(option, '_', '-');
    std::string text = help;
    text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
    app.add_option(option, field, text)
        ->check(above_zero())
        ->group("Limits of pictures and clips")
        ->capture_default_str();
  }
};

}  // namespace

void add_media_limits(CLI::App& app, media::MediaLimits& limits) {
  OptionAdder image{app, "--image-"};
  limits.image.visit(image);
  OptionAdder clip{app, "--clip-"};
  limits.video.visit(clip);
}

}  // namespace flamingo::cli
