#include "flamingo/prompt/task_template.h"

#include <gtest/gtest.h>

#include "tests/io/byte_builder.h"

namespace flamingo::prompt {
namespace {

TEST(TaskTemplate, PaperWordings) {
  EXPECT_EQ(task_template("caption").shot_text({{"text", "A cat."}}), "Output: A cat.");
  EXPECT_EQ(task_template("caption").query_text({}), "Output:");
  const TaskTemplate& vqa = task_template("vqa");
  EXPECT_EQ(vqa.shot_text({{"question", "Who?"}, {"answer", "Me"}}), "Question: Who? Answer: Me");
  EXPECT_EQ(vqa.query_text({{"question", "Who?"}}), "Question: Who? Answer:");
  EXPECT_EQ(vqa.lead_fields(), (std::vector<std::string>{"question"}));
  EXPECT_EQ(task_template("plain").shot_text({{"text", "x"}}), "x");
  EXPECT_EQ(task_template("hateful_memes").query_text({{"meme_text", "hi"}}),
            "is an image with written: \"hi\" on it. Is it hateful? Answer:");
  EXPECT_EQ(task_template("rareact").shot_text({{"text", "cuts an apple"}}),
            "Caption: a person cuts an apple");
}

TEST(TaskTemplate, BracesInValuesStay) {
  EXPECT_EQ(task_template("vqa").query_text({{"question", "{answer}"}}),
            "Question: {answer} Answer:");
}

TEST(TaskTemplate, NamesWhatIsMissing) {
  EXPECT_NE(testing::error_of([] { task_template("vqa").query_text({}); }).find("question"),
            std::string::npos);
  EXPECT_NE(testing::error_of([] { task_template("poem"); }).find("caption"), std::string::npos);
}

}  // namespace
}  // namespace flamingo::prompt
