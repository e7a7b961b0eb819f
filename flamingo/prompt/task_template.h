#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace flamingo::prompt {

/// How a task words its few-shot prompts: a shot is "<image>" + lead + answer, a query "<image>" +
/// lead.
///
///   plain         <image>{text}
///   caption       <image>Output: {text}
///   vqa           <image>Question: {question} Answer: {answer}
///   hateful_memes <image>is an image with written: "{meme_text}" on it. Is it hateful? Answer:
///   {answer} rareact       <image>Caption: a person {text}
///
/// Source: paper, appendix B.1.5 (prompts of the evaluation).
struct TaskTemplate {
  std::string name;
  std::string lead;          ///< text before the answer, with fields in braces
  std::string answer_field;  ///< the field that follows the lead after a space

  /// Names of the fields in the lead, in order.
  std::vector<std::string> lead_fields() const;
  /// The lead with its fields filled in. Throws Error naming `where` and a missing field.
  std::string query_text(const std::map<std::string, std::string>& fields,
                         std::string_view where = "template") const;
  /// query_text and the answer.
  std::string shot_text(const std::map<std::string, std::string>& fields,
                        std::string_view where = "template") const;
};

/// The template called `name`. Throws Error naming `where` and the known names.
const TaskTemplate& task_template(std::string_view name, std::string_view where = "template");

}  // namespace flamingo::prompt
