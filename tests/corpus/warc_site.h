#pragma once

#include <string>
#include <string_view>

#include "tests/corpus/tiny_site.h"
#include "tests/crawl/warc_builder.h"

namespace flamingo::testing {

/// A WARC response record of an answer with status 200.
inline std::string answer(std::string_view uri, std::string_view type, std::string_view body,
                          std::string_view more_headers = {}) {
  std::string block = "HTTP/1.1 200 OK\r\nContent-Type: " + std::string(type) + "\r\n";
  block += std::string(more_headers) + "\r\n" + std::string(body);
  return warc_record("response", uri, block);
}

/// The records of a small crawl of http://site.example/: pages 0 to 3 with a picture of their own;
/// the pictures of pages 0 and 1 come before the pages, page 3's is not there.
inline std::vector<std::string> site_records() {
  const std::string site = "http://site.example/";
  std::vector<std::string> records;
  const auto add_picture = [&](int i) {
    records.push_back(answer(site + std::to_string(i) + ".png", "image/png",
                             random_picture(static_cast<uint64_t>(i))));
  };
  add_picture(0);
  add_picture(1);
  for (int i = 0; i < 4; ++i) {
    const std::string name = std::to_string(i);
    records.push_back(
        answer(site + name, "text/html; charset=utf-8",
               page_html("page " + name, random_prose(static_cast<uint64_t>(i)), {name + ".png"})));
  }
  add_picture(2);
  return records;
}

}  // namespace flamingo::testing
