#include "flamingo/corpus/warc_answer.h"

#include <span>
#include <utility>

#include "flamingo/core/ascii.h"
#include "flamingo/core/error.h"
#include "flamingo/crawl/body_sniff.h"
#include "flamingo/media/probe.h"

namespace flamingo::corpus {
namespace {

bool is_redirect(const crawl::HttpMessage& message) {
  const int status = message.status;
  const bool moved = (status >= 301 && status <= 303) || status == 307 || status == 308;
  return moved && !message.headers.value("Location").empty();
}

/// Types that say nothing (mimesniff.spec.whatwg.org, 7).
bool is_unknown_type(std::string_view mime) {
  return mime.find('/') == mime.npos || mime == "unknown/unknown" ||
         mime == "application/unknown" || mime == "*/*";
}

AnswerKind kind_of(const crawl::HttpMessage& message) {
  if (media::image_format(std::as_bytes(std::span(message.body)))) return AnswerKind::kPicture;
  if (is_html_type(message.mime)) return AnswerKind::kPage;
  if (message.mime.starts_with("image/")) return AnswerKind::kPicture;
  const bool html = is_unknown_type(message.mime) && crawl::begins_html(message.body);
  return html ? AnswerKind::kPage : AnswerKind::kOther;
}

void give_up(WarcAnswer& answer, crawl::FetchReason reason, std::string detail) {
  answer.reason = reason;
  answer.detail = std::move(detail);
  answer.message.body.clear();
}

/// What a message with its body means.
WarcAnswer judge(crawl::HttpMessage message) {
  WarcAnswer answer{.message = std::move(message)};
  if (is_redirect(answer.message)) {
    answer.kind = AnswerKind::kRedirect;
    return answer;
  }
  const crawl::FetchReason by_status = crawl::reason_of_status(answer.message.status);
  if (by_status != crawl::FetchReason::kOk) {
    give_up(answer, by_status, "status " + std::to_string(answer.message.status));
    return answer;
  }
  answer.kind = kind_of(answer.message);
  if (answer.message.truncated)
    give_up(answer, crawl::FetchReason::kCutOff, "the body ends too early");
  return answer;
}

WarcAnswer read_response(const crawl::WarcRecord& record) {
  try {
    return judge(crawl::parse_http_response(record.block, record.target_uri));
  } catch (const crawl::HttpBodyError& error) {
    WarcAnswer answer = judge(error.head);
    if (answer.reason == crawl::FetchReason::kOk && answer.kind != AnswerKind::kRedirect)
      give_up(answer, error.reason, error.what());
    return answer;
  } catch (const Error& error) {
    WarcAnswer answer;
    give_up(answer, crawl::FetchReason::kBadReply, error.what());
    return answer;
  }
}

/// The headers, where the record has them; status 304 means the same as 200 here.
WarcAnswer read_revisit(const crawl::WarcRecord& record) {
  WarcAnswer answer{.kind = AnswerKind::kRevisit};
  try {
    std::string_view block = record.block;
    answer.message = crawl::take_http_head(block, record.target_uri);
    if (is_redirect(answer.message)) answer.kind = AnswerKind::kRedirect;
  } catch (const Error&) {
    answer.message = {};  // the standard lets a revisit have none
  }
  return answer;
}

WarcAnswer read_resource(const crawl::WarcRecord& record) {
  crawl::HttpMessage message{.status = 200};
  crawl::parse_content_type(record.headers.value("Content-Type"), message);
  message.body = record.block;
  return judge(std::move(message));
}

bool has_scheme(const crawl::WarcRecord& record, std::string_view scheme) {
  return ascii_iequal(std::string_view(record.target_uri).substr(0, scheme.size()), scheme);
}

/// Whether the record is about a page or file: not dns:, whois:, urn: and their like.
bool is_of_page(const crawl::WarcRecord& record) {
  return has_scheme(record, "http://") || has_scheme(record, "https://") ||
         has_scheme(record, "file://") ||
         (record.type != "resource" && record.block.starts_with("HTTP/"));
}

}  // namespace

bool is_html_type(std::string_view mime) {
  return mime == "text/html" || mime == "application/xhtml+xml";
}

std::optional<WarcAnswer> read_answer(const crawl::WarcRecord& record) {
  if (!is_of_page(record)) return std::nullopt;
  std::optional<WarcAnswer> answer;
  if (record.type == "response") answer = read_response(record);
  if (record.type == "revisit") answer = read_revisit(record);
  if (record.type == "resource") answer = read_resource(record);
  if (!answer || answer->reason != crawl::FetchReason::kOk) return answer;
  const bool has_body =
      answer->kind != AnswerKind::kRedirect && answer->kind != AnswerKind::kRevisit;
  if (has_body && !record.headers.value("WARC-Truncated").empty())
    give_up(*answer, crawl::FetchReason::kCutOff, "the archive kept the beginning only");
  if (has_body && !record.headers.value("WARC-Segment-Number").empty())
    give_up(*answer, crawl::FetchReason::kCutOff, "the record is one of several segments");
  return answer;
}

}  // namespace flamingo::corpus
