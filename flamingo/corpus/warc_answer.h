#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "flamingo/crawl/fetch_result.h"
#include "flamingo/crawl/http_message.h"
#include "flamingo/crawl/warc.h"

namespace flamingo::corpus {

/// What a server, or an archive in its place, answered for an address.
enum class AnswerKind {
  kPage,      ///< HTML
  kPicture,   ///< by its bytes, whatever its type says; or by its type
  kRedirect,  ///< to message.headers' Location
  kRevisit,   ///< the bytes stand in another record
  kOther,
};

constexpr std::array<std::pair<AnswerKind, const char*>, 5> enum_table(AnswerKind) {
  return {{{AnswerKind::kPage, "page"},
           {AnswerKind::kPicture, "picture"},
           {AnswerKind::kRedirect, "redirect"},
           {AnswerKind::kRevisit, "revisit"},
           {AnswerKind::kOther, "other"}}};
}

/// What a WARC record says of one address.
struct WarcAnswer {
  AnswerKind kind = AnswerKind::kOther;
  crawl::FetchReason reason =
      crawl::FetchReason::kOk;  ///< why its body is of no use; kOk: it is whole
  std::string detail;           ///< what was wrong, in words; empty with kOk
  crawl::HttpMessage message;   ///< without body where there is a reason
};

/// text/html and application/xhtml+xml.
bool is_html_type(std::string_view mime);

/// The answer in a WARC record: a response, a revisit or a resource, which is taken for an answer
/// with status 200. Nothing for other records and for what was not asked over HTTP (dns:).
///
/// HTML is told by its type, or by its bytes where there is no type (see begins_html). Reasons:
/// kCutOff (the body, the archive's copy of it, or the record is not whole), kBadEncoding,
/// kBadReply, kTooLarge, and those of a status other than 200.
std::optional<WarcAnswer> read_answer(const crawl::WarcRecord& record);

}  // namespace flamingo::corpus
